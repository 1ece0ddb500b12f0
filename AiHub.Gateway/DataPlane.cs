using AiHub.Domain;
using AiHub.Domain.Accounts;
using AiHub.Domain.Storage;
using AiHub.Gateway.Access;
using AiHub.Gateway.Billing;
using AiHub.Gateway.Caching;
using AiHub.Gateway.Capture;
using AiHub.Gateway.Chat;
using AiHub.Gateway.Dialects.Anthropic;
using AiHub.Gateway.Dialects.Completions;
using AiHub.Gateway.Dialects.OpenRouter;
using AiHub.Gateway.Dialects.Responses;
using AiHub.Gateway.Errors;
using AiHub.Gateway.Guardrails;
using AiHub.Gateway.Management;
using AiHub.Gateway.Metering;
using AiHub.Gateway.Modalities;
using AiHub.Gateway.Models;
using AiHub.Gateway.Providers;
using AiHub.Gateway.Routing;
using AiHub.ServiceDefaults;
using Microsoft.Extensions.Options;
using Microsoft.SemanticKernel;

namespace AiHub.Gateway;

/// <summary>What programs call with an API key: the OpenAI surface, under <c>/v1</c> and without it.</summary>
public static class DataPlane
{
    private const string AnyOrigin = "data-plane";

    public static TBuilder AddDataPlane<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        var services = builder.Services;

        services.AddSingleton<GatewayTelemetry>();
        services.AddSingleton<ChangeFeed>();
        services.AddHostedService(provider => provider.GetRequiredService<ChangeFeed>());

        services.AddSingleton<ApiKeys>();
        services.AddSingleton<OwnKeys>();
        services.AddSingleton<GuardrailSecrets>();

        services.AddHubKeyRing<HubDb>(builder.Configuration, ProtectionKeys.Read, ProtectionKeys.Keep);
        services.AddSingleton<VendorSecrets>();
        services.AddSingleton<VendorSettings>();
        services.AddSingleton<Catalogue>();
        services.AddHostedService(provider => provider.GetRequiredService<Catalogue>());
        services.AddSingleton<Func<CatalogueSnapshot>>(provider => () => provider.GetRequiredService<Catalogue>().Current);
        services.AddSingleton<UpstreamHealth>();
        services.AddSingleton<RetryBudget>();
        services.AddSingleton<EndpointPace>();
        services.AddSingleton<EndpointFigures>();
        services.AddHostedService(provider => provider.GetRequiredService<EndpointFigures>());
        services.AddSingleton<HealthReports>();
        services.AddSingleton<Affinity>();
        services.AddOptions<RoutingOptions>().BindConfiguration(RoutingOptions.Section).ValidateOnStart();
        services.AddSingleton<Router>();
        services.AddSingleton<ModelListings>();

        services.AddOptions<AnswerCacheOptions>().BindConfiguration(AnswerCacheOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<AnswerCacheOptions>, AnswerCacheOptionsValidator>();
        services.AddSingleton<AnswerCache>();

        services.AddSingleton<HandlerPool>();
        services.AddSingleton<ConnectorRegistry>();
        services.AddSingleton<KernelServices>();
        services.AddSingleton(provider => new Kernel(provider.GetRequiredService<KernelServices>()));
        services.AddSingleton<ProviderSet>();

        services.AddSingleton<TokenCounter>();
        services.AddActivatedSingleton<TokenCounter>();
        services.AddSingleton<Leases>();
        services.AddHostedService(provider => provider.GetRequiredService<Leases>());
        services.AddLedger();
        services.AddOptions<MeteringOptions>().BindConfiguration(MeteringOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<OutputLengths>();
        services.AddHostedService(provider => provider.GetRequiredService<OutputLengths>());
        services.AddSingleton<Funds>();
        services.AddSingleton<Meter>();
        services.AddSingleton<Judges>();
        services.AddSingleton<InputGuard>();
        services.AddSingleton<OutputGuard>();
        services.AddSingleton<SurfaceGuard>();
        services.AddSingleton<ContentCapture>();
        services.AddHostedService(provider => provider.GetRequiredService<ContentCapture>());
        services.AddSingleton<TextCalls>();
        services.AddSingleton<SurfaceCalls>();
        services.AddResponses();

        services.AddExceptionHandler<ErrorAnswers>();
        // Keys are sent by hand, never by a browser on its own, so any page may call with the key it was given.
        services.AddCors(cors => cors.AddPolicy(AnyOrigin, policy => policy.AllowAnyOrigin().AllowAnyHeader().AllowAnyMethod().WithExposedHeaders("*").SetPreflightMaxAge(TimeSpan.FromDays(1))));

        return builder;
    }

    public static WebApplication MapDataPlane(this WebApplication app)
    {
        app.UseWhen(
            context => !context.Request.Path.StartsWithSegments(ManagementApi.Path),
            plane => plane.UseStatusCodePages(ErrorAnswers.FillAsync));
        app.UseCors();

        // Some clients are given an address that ends in /v1, some add it themselves, and some are given it and add it again.
        foreach (var prefix in (ReadOnlySpan<string>)["/v1", "", "/v1/v1"])
        {
            var surface = Surface(prefix);
            surface.MapChat();
            surface.MapCompletions();
            surface.MapResponses();
            surface.MapMessages();
            surface.MapSurfaces();
            surface.MapModels();
            surface.MapBalance();
        }

        foreach (var prefix in (ReadOnlySpan<string>)["/anthropic/v1", "/anthropic"])
        {
            var surface = Surface(prefix);
            surface.MapMessages();
            surface.MapModels();
        }

        Surface("/api/v1").MapOpenRouter();

        RouteGroupBuilder Surface(string prefix) => app.MapGroup(prefix).RequireCors(AnyOrigin).ExcludeFromDescription();

        return app;
    }
}
