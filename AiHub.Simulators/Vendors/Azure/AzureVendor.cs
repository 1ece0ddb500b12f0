using AiHub.Simulators.Vendors.OpenAI;

namespace AiHub.Simulators.Vendors.Azure;

/// <summary>An Azure OpenAI resource, at <c>/vendors/azure</c>: a deployment for every simulated model, a key in <c>api-key</c>, a version in the URL.</summary>
public static class AzureVendor
{
    public static void MapAzureVendor(this WebApplication app)
    {
        var vendor = app.MapGroup("/vendors/azure");
        vendor.MapPost("/openai/deployments/{deployment}/chat/completions", (HttpContext context, string deployment) => Exchange.RunAzureAsync(context, deployment, ChatEndpoint.AnswerAsync));
        vendor.Map("/{**rest}", context => Exchange.RunAzureAsync(context, "", (exchange, ct) => exchange.RefuseAsync(new OpenAIError(404, "Resource not found", Code: "404"), ct)));
    }
}
