using System.Security.Cryptography;
using AiHub.Contracts;
using AiHub.Domain.Access;
using AiHub.Gateway.Management.Admin;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using AiHub.Gateway.Management.SingleSignOn;
using AiHub.Gateway.Scim;
using AiHub.ServiceDefaults;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;
using Scalar.AspNetCore;

namespace AiHub.Gateway.Management;

/// <summary>The management API: accounts, keys, usage, billing and catalogue under <c>/api/v1</c>, and its reference under <c>/docs</c>.</summary>
public static class ManagementApi
{
    public const string Path = "/api/v1";
    public const int MaxBodyBytes = 64 * 1024;

    public static TBuilder AddManagement<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        var services = builder.Services;

        services.ConfigureHttpJsonOptions(options => Json.ConfigureStrict(options.SerializerOptions));
        services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
        services.AddExceptionHandler<ScimFailures>();
        services.AddExceptionHandler<RefusedRequests>();
        services.AddOptions<AttemptOptions>().BindConfiguration(AttemptOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<AttemptLimits>();

        services.AddSingleton<OwnKeyTests>();
        services.AddOptions<AccountOptions>().BindConfiguration(AccountOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<AccountOptions>, AccountOptionsValidator>();
        services.AddRegistrationOptions();
        services.AddSignInParts();

        services.AddScoped<UserStore>();
        services.AddScoped<People>();
        services.AddSingleton<ILookupNormalizer, UpperInvariantLookupNormalizer>();
        services.AddSingleton<IPasswordHasher<User>, PasswordHasher<User>>();
        services.AddSingleton<IdentityErrorDescriber>();
        services.Configure<PasswordHasherOptions>(options => options.IterationCount = PasswordRules.Iterations);
        services.Configure<IdentityOptions>(options =>
        {
            options.Lockout.MaxFailedAccessAttempts = 5;
            options.Lockout.DefaultLockoutTimeSpan = TimeSpan.FromMinutes(15);
        });

        // It looks at every request and says of each with an API key that it is no session: a line per call for nothing.
        builder.Logging.AddFilter(typeof(BearerSessions).FullName, LogLevel.Warning);
        services.AddAuthentication().AddScheme<AuthenticationSchemeOptions, BearerSessions>(BearerSessions.SchemeName, null);
        services.AddAuthorization();
        services.AddScoped<IAuthorizationHandler, MemberOfOrganization>();
        services.AddScoped<IAuthorizationHandler, OperatorOfHub>();
        services.AddSingleton<IAuthorizationMiddlewareResultHandler, RefusedAuthorization>();

        services.AddProblemDetails();
        services.AddApiReference();

        return builder;
    }

    public static WebApplication MapManagement(this WebApplication app)
    {
        // Named, because left to the framework they would run before UseExceptionHandler, and a lost database would be answered by nobody.
        app.UseAuthentication();
        app.UseAuthorization();

        app.UseWhen(context => context.Request.Path.StartsWithSegments(Path), api =>
        {
            api.UseStatusCodePages(RefusedRequests.FillAsync);
            api.Use((context, next) =>
            {
                if (context.GetEndpoint()?.Metadata.GetMetadata<ManagementEndpoint>() is not null)
                {
                    AnswerHeaders.Set(context);
                }

                return next(context);
            });
        });

        var api = app.MapGroup(Path).WithMetadata(new ManagementEndpoint(), new RequestSizeLimitAttribute(MaxBodyBytes));
        api.AddEndpointFilter(RequestRules.Filter);
        api.MapRegistrations();
        api.MapAccounts();
        api.MapCredentials();
        api.MapEmails();
        api.MapPasswords();
        api.MapTwoFactors();
        api.MapPasskeys();
        api.MapSignOn();
        api.MapSignOnSettings();
        api.MapScimTokens();
        api.MapKeys();
        api.MapRateLimits();
        api.MapUsageReports();
        api.MapUsageRequests();
        api.MapUsageExplanations();
        api.MapUsageExport();
        api.MapUsageSeries();
        api.MapAlerts();
        api.MapOrganizations();
        api.MapMembers();
        api.MapInvitations();
        api.MapTeams();
        api.MapAuditLogs();
        api.MapOrganizationPolicies();
        api.MapOwnVendorKeys();
        api.MapGuardrails();
        api.MapGuardrailTrials();
        api.MapCapturedContents();
        api.MapOperators();
        api.MapBudgets();
        api.MapLedgerAudits();
        api.MapBilling();
        api.MapLedgerEntries();
        api.MapOrders();
        api.MapSubscriptions();
        api.MapPaymentMethods();
        api.MapRedemptions();
        api.MapInvoices();
        api.MapFapiaos();
        api.MapModelCatalog();
        api.MapPublicCatalog();
        api.MapModelHealths();
        api.MapAdminVendors();
        api.MapAdminBalances();
        api.MapAdminEndpoints();
        api.MapAdminModels();
        api.MapAdminPrices();
        api.MapAdminImports();
        api.MapAdminContracts();
        api.MapAdminDiscounts();
        api.MapAdminCodes();
        api.MapAdminOrganizations();
        api.MapAdminHealth();
        api.MapAdminInvoices();
        api.MapAdminFapiao();
        api.MapAdminFinance();
        api.MapAdminOrders();
        api.MapAdminDisputes();
        api.MapAdminBills();

        app.UseScim();
        app.MapScim();
        app.MapReference();
        return app;
    }

    private static void MapReference(this WebApplication app)
    {
        app.MapOpenApi("/openapi/{documentName}.json");
        app.MapProblemPage();
        app.MapScalarApiReference("/docs", (options, context) =>
        {
            var chinese = context.Request.Language() == Language.Zh;
            var nonce = RandomNumberGenerator.GetHexString(32);
            options
                .WithTitle("AI Hub API")
                .AddDocument(ApiReference.English, "English", "/openapi/{documentName}.json", !chinese)
                .AddDocument(ApiReference.Chinese, "简体中文", "/openapi/{documentName}.json", chinese)
                .AddPreferredSecuritySchemes(ApiReference.SessionScheme)
                .WithNonce(nonce)
                .DisableDefaultFonts();

            // The page must work where there is no internet, and tell nobody that it was opened.
            options.Telemetry = false;
            options.ShowDeveloperTools = DeveloperToolsVisibility.Never;
            options.HideClientButton = true;
            options.Agent = new ScalarAgentOptions { Disabled = true };
            options.Mcp = new ScalarMcpOptions { Disabled = true };
            context.Response.Headers.ContentSecurityPolicy =
                $"default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'";
            context.Response.Headers.XContentTypeOptions = "nosniff";
        });
    }
}
