using AiHub.Gateway.Metering;
using AiHub.Gateway.Providers;

namespace AiHub.Gateway.Chat;

/// <summary>An answer in one piece, sent when its usage is durable.</summary>
internal sealed class Completion(Call call, IAsyncEnumerable<ReplyChunk> answer, ClientAnswer client) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        using var _ = client;
        ReplyChunk whole = default;
        await foreach (var piece in answer)
        {
            whole = piece;
        }

        var json = await client.WholeAsync(whole, call.Usage!);
        var response = httpContext.Response;
        response.ContentType = "application/json";
        response.ContentLength = json.Length;
        await response.BodyWriter.WriteAsync(json, httpContext.RequestAborted);
    }
}
