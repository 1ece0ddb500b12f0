using AiHub.Gateway.Dialects.OpenAI;
using AiHub.Gateway.Metering;
using AiHub.Gateway.Providers;

namespace AiHub.Gateway.Chat;

/// <summary>An answer in one piece, sent when its usage is durable.</summary>
internal sealed class Completion(Call call, IAsyncEnumerable<ReplyChunk> answer) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        ReplyChunk whole = default;
        await foreach (var piece in answer)
        {
            whole = piece;
        }

        var json = WholeAnswer.ForClient(whole.Json, whole.Facts, $"chatcmpl-{call.Id:N}", call.ReceivedAt, call.Request.Model, call.Usage!.Tokens);
        var response = httpContext.Response;
        response.ContentType = "application/json";
        response.ContentLength = json.Length;
        response.WriteAihubHeaders(call, httpContext.RequestServices.GetRequiredService<TimeProvider>());
        await response.BodyWriter.WriteAsync(json, httpContext.RequestAborted);
    }
}
