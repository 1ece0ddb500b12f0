using System.Text.RegularExpressions;
using AiHub.Domain.Catalog;
using AiHub.Tests.Docs;
using YamlDotNet.RepresentationModel;

namespace AiHub.Tests.Deploy;

/// <summary>A variable that nobody reads is a setting that does not work: what the deployment files set is compared with what the programs know.</summary>
public sealed partial class SettingsTests
{
    /// <summary>What .NET, ASP.NET Core, OpenTelemetry and Aspire's service discovery read.</summary>
    private static readonly string[] Frameworks =
    [
        "DOTNET_ENVIRONMENT", "DOTNET_EnableDiagnostics", "ASPNETCORE_HTTP_PORTS", "OTEL_SERVICE_NAME", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG",
        "ConnectionStrings__hub", "ConnectionStrings__cache", "services__gateway__http__0",
        // The migration's; Kubernetes puts these two into the connection strings.
        "Database__AppPassword", "OWNER_PASSWORD", "HUB_APP_PASSWORD",
    ];

    private static readonly Dictionary<string, string> Secrets = new()
    {
        ["API_HOST"] = "api.example.com",
        ["PORTAL_HOST"] = "hub.example.com",
        ["POSTGRES_PASSWORD"] = "p",
        ["HUB_APP_PASSWORD"] = "a",
        ["REDIS_PASSWORD"] = "r",
    };

    [Fact]
    public void Everything_that_a_service_is_told_is_an_option_it_has()
    {
        var compose = ComposeFile.Read(Secrets);
        var told = Deployment.Replicas.Append("migrate").SelectMany(service => compose.EnvironmentOf(service).Keys)
            .Concat(Chart.Render([.. Chart.Required, ("telemetry.otlpEndpoint", "http://collector:4317")]).SelectMany(document => document.AllNodes.OfType<YamlMappingNode>())
                .Where(node => node.Children.ContainsKey("env")).SelectMany(node => ((YamlSequenceNode)node["env"]).Children).Select(variable => ((YamlScalarNode)variable["name"]).Value!))
            .Concat(new[] { "gateway", "worker", "portal" }.SelectMany(service => Setting().Matches(ImageEnvironment().Match(Repository.Read($"deploy/{service}.Dockerfile")).Value).Select(setting => setting.Groups["name"].Value)))
            .Concat(new[] { "vendors", "worker" }.SelectMany(Example))
            .Distinct().ToList();

        Assert.True(told.Count > 40, string.Join(' ', told));
        Assert.Equal([], told.Where(variable => !Frameworks.Contains(variable) && !IsOption(variable) && !IsOfAVendor(variable)));
    }

    [Fact]
    public void What_the_proxy_reads_is_what_it_is_told()
    {
        var read = Placeholder().Matches(Repository.Read("deploy/Caddyfile")).Select(placeholder => placeholder.Groups["name"].Value).Distinct().Order(StringComparer.Ordinal);

        // The ports are inside the container; outside of one there may be others.
        Assert.Equal(ComposeFile.Read(Secrets).EnvironmentOf("proxy").Keys.Order(StringComparer.Ordinal), read.Except(["CADDY_HTTP_PORT", "CADDY_HTTPS_PORT"]));
    }

    [Fact]
    public void Every_channel_and_the_mail_server_can_be_set_up_from_the_example()
    {
        var example = Example("worker").Select(variable => variable.Replace("__", ":", StringComparison.Ordinal)).ToList();

        // What replaces another way of doing it (certificates for keys), or has a default that is right, is in the pages only.
        string[] inPagesOnly =
        [
            "Payments:Stripe:ApiBase", "Payments:Stripe:PreviousWebhookSecret", "Payments:Alipay:Gateway", "Payments:Alipay:AppCertificate", "Payments:Alipay:AlipayCertificate",
            "Payments:Alipay:AlipayRootCertificate", "Payments:WechatPay:BaseUrl", "Payments:WechatPay:DownloadCertificates", "Payments:WechatPay:ConnectUrl",
            "Payments:WechatPay:AppUrl", "Payments:PublicUrl", "Payments:PortalUrl", "Mail:Folder",
        ];
        Assert.Equal([], ProductOptions.All.Select(option => option.Setting).Where(setting => setting.StartsWith("Payments:", StringComparison.Ordinal) || setting.StartsWith("Mail:", StringComparison.Ordinal))
            .Except(inPagesOnly).Where(setting => !example.Any(given => given == setting || given.StartsWith($"{setting}:", StringComparison.Ordinal))));
    }

    private static bool IsOption(string variable)
    {
        var setting = variable.Replace("__", ":", StringComparison.Ordinal);
        return ProductOptions.All.Any(option => option.Setting == setting
            || (option.Kind.Contains(":0", StringComparison.Ordinal) && Item().Replace(setting, "") == option.Setting)
            || (option.Kind.StartsWith("by name", StringComparison.Ordinal) && setting.StartsWith($"{option.Setting}:", StringComparison.Ordinal)));
    }

    // Vendors:{id}:… has no option type, for its ids are the operator's; the page lists its fields.
    private static bool IsOfAVendor(string variable) =>
        CatalogData.Shipped().Vendors.Any(vendor => vendor.KeyVariable == variable)
        || (VendorSetting().Match(variable) is { Success: true } setting && Repository.Read("docs/en/configuration.md").Contains($"__{setting.Groups["field"].Value}=", StringComparison.Ordinal));

    private static IEnumerable<string> Example(string name) => Setting().Matches(Repository.Read($"deploy/{name}.env.example")).Select(setting => setting.Groups["name"].Value);

    [GeneratedRegex("(?:^(?:# )?|ENV |(?<= ))(?<name>[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9…]+|__[A-Za-z0-9…]+)+)=", RegexOptions.Multiline)]
    private static partial Regex Setting();

    [GeneratedRegex("^ENV .*$", RegexOptions.Multiline)]
    private static partial Regex ImageEnvironment();

    [GeneratedRegex(@"\{\$(?<name>[A-Z_]+)")]
    private static partial Regex Placeholder();

    [GeneratedRegex(@":\d+$")]
    private static partial Regex Item();

    [GeneratedRegex("^Vendors__[a-z0-9-]+__(?:Models__\\d+__)?(?<field>[A-Za-z]+)$")]
    private static partial Regex VendorSetting();
}
