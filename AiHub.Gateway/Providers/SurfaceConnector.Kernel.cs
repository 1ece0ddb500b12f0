using System.Text.Json;
using System.Text.Json.Nodes;
using AiHub.Gateway.Modalities;
using Microsoft.Extensions.AI;
using Microsoft.SemanticKernel;
using Microsoft.SemanticKernel.AudioToText;
using Microsoft.SemanticKernel.TextToAudio;
using Microsoft.SemanticKernel.TextToImage;
using TextContent = Microsoft.SemanticKernel.TextContent;

namespace AiHub.Gateway.Providers;

#pragma warning disable SKEXP0001 // Semantic Kernel calls its services for images and sound experimental; it has no others.

/// <summary>The same connector to plain Semantic Kernel callers, who have texts and sounds and no request.</summary>
public sealed partial class SurfaceConnector : IEmbeddingGenerator<string, Embedding<float>>, ITextToImageService, ITextToAudioService, IAudioToTextService
{
    public IReadOnlyDictionary<string, object?> Attributes { get; } = new Dictionary<string, object?>
    {
        ["ModelId"] = target.Model,
        ["Endpoint"] = target.ChatUrl.GetLeftPart(UriPartial.Authority),
    };

    public async Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        var body = new JsonObject { ["input"] = new JsonArray([.. values.Select(value => (JsonNode)value)]) };
        if (options?.Dimensions is { } dimensions)
        {
            body["dimensions"] = dimensions;
        }

        using var answer = JsonDocument.Parse(await AskAsync(Surface.Embeddings, body, cancellationToken));
        return [.. answer.RootElement.GetProperty("data").EnumerateArray()
            .OrderBy(one => one.GetProperty("index").GetInt32())
            .Select(one => new Embedding<float>(one.GetProperty("embedding").EnumerateArray().Select(number => number.GetSingle()).ToArray()) { ModelId = target.Model })];
    }

    public async Task<IReadOnlyList<ImageContent>> GetImageContentsAsync(
        TextContent input, PromptExecutionSettings? executionSettings = null, Kernel? kernel = null, CancellationToken cancellationToken = default)
    {
        using var answer = JsonDocument.Parse(await AskAsync(Surface.ImageGenerations, Body("prompt", input.Text, executionSettings), cancellationToken));
        return [.. answer.RootElement.GetProperty("data").EnumerateArray().Select(image => image.TryGetProperty("b64_json", out var data)
            ? new ImageContent(data.GetBytesFromBase64(), "image/png")
            : new ImageContent(new Uri(image.GetProperty("url").GetString()!)))];
    }

    public async Task<IReadOnlyList<AudioContent>> GetAudioContentsAsync(
        string text, PromptExecutionSettings? executionSettings = null, Kernel? kernel = null, CancellationToken cancellationToken = default)
    {
        var exchange = new UpstreamExchange();
        var sound = await AskAsync(Request(Surface.Speech, Body("input", text, executionSettings)), exchange, cancellationToken)
            .AggregateAsync(new MemoryStream(), static (all, piece) =>
            {
                all.Write(piece.Json.Span);
                return all;
            }, cancellationToken);
        return [new AudioContent(sound.ToArray(), exchange.ContentType)];
    }

    public async Task<IReadOnlyList<TextContent>> GetTextContentsAsync(
        AudioContent content, PromptExecutionSettings? executionSettings = null, Kernel? kernel = null, CancellationToken cancellationToken = default)
    {
        using var form = new MultipartFormDataContent
        {
            { new StringContent(target.Model), "model" },
            { new ByteArrayContent(content.Data?.ToArray() ?? throw new ArgumentException("The sound has no data.", nameof(content))), "file", "audio" },
        };
        foreach (var (name, value) in executionSettings?.ExtensionData ?? new Dictionary<string, object>())
        {
            form.Add(new StringContent(value.ToString()!), name);
        }

        var outcome = await FormRequest.ReadAsync(Surface.Transcriptions, form.Headers.ContentType!.ToString(), await form.ReadAsStreamAsync(cancellationToken), cancellationToken);
        using var request = outcome.Request ?? throw new ArgumentException(outcome.Error!.Message, nameof(content));
        using var answer = JsonDocument.Parse(await WholeAsync(request, cancellationToken));
        return [new TextContent(answer.RootElement.GetProperty("text").GetString(), target.Model)];
    }

    object? IEmbeddingGenerator.GetService(Type serviceType, object? serviceKey) => serviceKey is null && serviceType.IsInstanceOfType(this) ? this : null;

    void IDisposable.Dispose()
    {
        // The registry owns the connector, and the pool its connections; whoever asked for a service only borrows it.
    }

    private Task<ReadOnlyMemory<byte>> AskAsync(Surface surface, JsonObject body, CancellationToken ct) => WholeAsync(Request(surface, body), ct);

    private async Task<ReadOnlyMemory<byte>> WholeAsync(SurfaceRequest request, CancellationToken ct) => (await AskAsync(request, new UpstreamExchange(), ct).FirstAsync(ct)).Json;

    private static JsonObject Body(string field, string? text, PromptExecutionSettings? settings)
    {
        var body = new JsonObject { [field] = text };
        foreach (var (name, value) in settings?.ExtensionData ?? new Dictionary<string, object>())
        {
            body[name] = JsonSerializer.SerializeToNode(value);
        }

        return body;
    }

    private SurfaceRequest Request(Surface surface, JsonObject body)
    {
        body["model"] = target.Model;
        var outcome = JsonRequest.Parse(surface, JsonSerializer.SerializeToUtf8Bytes(body));
        return outcome.Request ?? throw new ArgumentException(outcome.Error!.Message, nameof(body));
    }
}
