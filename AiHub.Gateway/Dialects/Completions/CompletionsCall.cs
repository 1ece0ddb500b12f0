using System.Buffers;
using System.Text.Json;
using AiHub.Gateway.Dialects.Anthropic;
using AiHub.Gateway.Dialects.Responses;
using AiHub.Gateway.Metering;

namespace AiHub.Gateway.Dialects.Completions;

/// <summary>A legacy completion of one prompt.</summary>
internal sealed class CompletionsCall : ClientRequest, IDisposable
{
    private readonly ArrayBufferWriter<byte> _chat = new(1024);
    private readonly List<string> _dropped = [];

    public CompletionsCall(ReadOnlyMemory<byte> json, CompletionsRequest request, TokenCounter counter) : base(WireDialect.Completions, json)
    {
        Request = request;
        var prompt = request.Prompts[0];
        if (prompt.ValueKind == JsonValueKind.String)
        {
            Prompt.Append(prompt.Escaped());
        }
        else
        {
            Prompt.AppendPlain(System.Text.Encoding.UTF8.GetBytes(counter.Text(request.Model, prompt.EnumerateArray().Select(token => token.GetInt32()))));
        }

        Prompt.Close();
        request.WriteChat(Prompt, _chat, _dropped);
    }

    public CompletionsRequest Request { get; }

    public JsonText Prompt { get; } = new();

    public override ChatWords ToChat(ChatExtras extras) => new(_chat.WrittenMemory, _dropped);

    public void Dispose()
    {
        Prompt.Dispose();
        Request.Dispose();
    }
}
