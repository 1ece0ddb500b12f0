using System.Globalization;

namespace AiHub.Gateway.Errors;

/// <summary>Every answer names its request: the id a usage record is filed under, and the one to ask support about.</summary>
public static class RequestIds
{
    public const string Header = "x-request-id";

    /// <summary>Where Anthropic's clients look for it.</summary>
    public const string AnthropicHeader = "request-id";

    private static readonly object Item = new();

    public static Guid RequestId(this HttpContext context) => (Guid)context.Items[Item]!;

    public static IApplicationBuilder UseRequestIds(this IApplicationBuilder app)
    {
        var time = app.ApplicationServices.GetRequiredService<TimeProvider>();
        return app.Use((context, next) =>
        {
            var id = Guid.CreateVersion7(time.GetUtcNow());
            context.Items[Item] = id;
            context.TraceIdentifier = id.ToString("D", CultureInfo.InvariantCulture);
            // Error handling clears the headers of an answer that failed; this is set when the answer starts, so it stays.
            context.Response.OnStarting(static state =>
            {
                var answered = (HttpContext)state;
                answered.Response.Headers[Header] = answered.TraceIdentifier;
                if (answered.ErrorShape() == ErrorShape.Anthropic)
                {
                    answered.Response.Headers[AnthropicHeader] = answered.TraceIdentifier;
                }

                return Task.CompletedTask;
            }, context);

            return next(context);
        });
    }
}
