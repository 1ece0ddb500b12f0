using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace AiHub.Tests.Deploy;

public sealed partial class ComposeTests
{
    [Fact]
    public void Every_variable_is_explained_and_no_explained_one_is_unknown()
    {
        var example = Explained();
        var asked = ComposeFile.Variables();

        Assert.Empty(asked.Keys.Except(example.Keys));
        // Compose reads that one itself.
        Assert.Empty(example.Keys.Except(asked.Keys).Except(["COMPOSE_PROFILES"]));
        foreach (var (name, fallback) in asked.Where(variable => variable.Value is { Length: > 0 } && !variable.Value.Contains('$', StringComparison.Ordinal)))
        {
            Assert.True(example[name] is null || example[name] == fallback, $"{name} is {fallback} in compose.yaml and {example[name]} in .env.example.");
        }

        Assert.Equal(["API_HOST", "HUB_APP_PASSWORD", "PORTAL_HOST", "POSTGRES_PASSWORD", "REDIS_PASSWORD"], example.Where(variable => asked.TryGetValue(variable.Key, out var fallback) && fallback is null && variable.Value == "").Select(variable => variable.Key).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_services_run_without_root_privileges_or_a_writable_disk_and_are_given_time_to_drain()
    {
        var services = ComposeFile.Read(new Dictionary<string, string>()).Services;

        foreach (var replica in Deployment.Replicas.Append("migrate"))
        {
            var service = services[replica];
            Assert.Equal("true", Text(service["read_only"]));
            Assert.Equal(["ALL"], Items(service["cap_drop"]));
            Assert.Contains("no-new-privileges:true", Items(service["security_opt"]));
            Assert.Equal("11m", Text(service["stop_grace_period"]));
        }

        Assert.All(Deployment.Replicas, replica => Assert.True(services[replica].ContainsKey("healthcheck")));
        Assert.DoesNotContain(services.Keys.Where(name => name != "proxy"), name => services[name].ContainsKey("ports"));
        foreach (var dockerfile in new[] { "gateway", "worker", "portal" })
        {
            var text = Repository.Read($"deploy/{dockerfile}.Dockerfile");
            Assert.Contains("USER $APP_UID", text, StringComparison.Ordinal);
            Assert.Contains("HEALTHCHECK", text, StringComparison.Ordinal);
            Assert.Equal(2, FromLine().Count(text));
        }

        static string? Text(YamlNode node) => ((YamlScalarNode)node).Value;
        static IEnumerable<string?> Items(YamlNode node) => ((YamlSequenceNode)node).Children.Select(Text);
    }

    [Fact]
    public void What_a_service_says_itself_goes_before_what_it_shares()
    {
        var environment = ComposeFile.Read(new Dictionary<string, string>
        {
            ["API_HOST"] = "api.example.com",
            ["PORTAL_HOST"] = "hub.example.com",
            ["POSTGRES_PASSWORD"] = "p",
            ["HUB_APP_PASSWORD"] = "a",
            ["REDIS_PASSWORD"] = "r",
        }).EnvironmentOf("gateway-2");

        Assert.Equal("Host=postgres;Port=5432;Database=hub;Username=hub_app;Password=a;Maximum Pool Size=50", environment["ConnectionStrings__hub"]);
        Assert.Equal("redis:6379,password=r", environment["ConnectionStrings__cache"]);
        Assert.Equal("gateway", environment["OTEL_SERVICE_NAME"]);
    }

    /// <summary>NAME=value as <c>.env.example</c> has it; null for what it only shows in a comment.</summary>
    private static Dictionary<string, string?> Explained() => Setting().Matches(Repository.Read("deploy/.env.example"))
        .ToDictionary(line => line.Groups["name"].Value, line => line.Groups["comment"].Success ? null : line.Groups["value"].Value);

    [GeneratedRegex("^(?<comment># ?)?(?<name>[A-Z][A-Z_]+)=(?<value>.*)$", RegexOptions.Multiline)]
    private static partial Regex Setting();

    [GeneratedRegex("^FROM ", RegexOptions.Multiline)]
    private static partial Regex FromLine();
}
