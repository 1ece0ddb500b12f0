using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace AiHub.Tests.Deploy;

/// <summary>The chart, read and rendered without Helm; the workflows lint and render it with Helm itself, and check it against Kubernetes' schemas.</summary>
public sealed partial class ChartTests
{
    private static readonly string[] Services = ["gateway", "worker", "portal"];

    /// <summary>Ways to install it that take other branches of the templates.</summary>
    public static TheoryData<string> Installations => [.. Sets.Keys];

    private static readonly Dictionary<string, (string Path, object? Value)[]> Sets = new()
    {
        ["as it comes"] = [],
        ["without what can be switched off"] = [("gateway.autoscaling.enabled", false), ("networkPolicy.enabled", false), ("ingress.enabled", false), ("telemetry.scrapeAnnotations", false)],
        ["secrets of one's own"] = [("secrets.existing", "hub-secrets"), ("secrets.vendors", "hub-vendors"), ("secrets.worker", "hub-payments"), ("image.pullSecrets", new List<object?> { new Dictionary<string, object?> { ["name"] = "registry" } })],
        ["digests, TLS and telemetry"] =
        [
            ("image.registry", "registry.example.com"), ("gateway.digest", $"sha256:{new string('a', 64)}"), ("image.tag", "1.2.3"), ("ingress.tls.api", "api-tls"), ("ingress.tls.portal", "portal-tls"),
            ("telemetry.otlpEndpoint", "http://otel-collector.monitoring:4317"), ("postgresql.parameters", "SSL Mode=VerifyFull"), ("gateway.extraEnv", new Dictionary<string, object?> { ["Gateway__MaxRequestBytes"] = 1d }),
        ],
    };

    [Fact]
    public void Templates_use_only_values_that_exist_and_end_what_they_begin()
    {
        var values = Paths(Chart.Load("values.yaml"), "").ToHashSet();
        foreach (var template in Directory.EnumerateFiles(Path.Combine(Chart.Folder, "templates")))
        {
            var text = File.ReadAllText(template);
            Assert.Equal([], Value().Matches(text).Select(value => value.Groups["path"].Value).Except(values));
            Assert.True(Begin().Count(text) == End().Count(text), $"{template} does not end what it begins.");
            Assert.Equal(text.Split("{{").Length, text.Split("}}").Length);
        }
    }

    [Fact]
    public void Every_value_is_used()
    {
        var templates = string.Concat(Directory.EnumerateFiles(Path.Combine(Chart.Folder, "templates")).Select(File.ReadAllText));
        // The three services are gone through by name, and what belongs together is taken whole.
        var unused = Leaves(Chart.Load("values.yaml"), "").Where(path => !path.Split('.').Any(part => Uses(templates, part)));
        Assert.Empty(unused);

        static bool Uses(string text, string part) => text.Contains($".{part}", StringComparison.Ordinal);
    }

    [Fact]
    public void The_chart_waits_longer_than_a_replica_drains()
    {
        var server = (YamlMappingNode)Chart.Load("values.yaml")["server"];
        var drain = TimeSpan.Parse(Text(server["drainTimeout"]), null) + TimeSpan.Parse(Text(server["readinessDelay"]), null);

        Assert.True(int.Parse(Text(server["terminationGracePeriodSeconds"]), null) > drain.TotalSeconds);
    }

    [Theory]
    [MemberData(nameof(Installations))]
    public void It_renders_and_everything_that_is_named_is_there(string installation)
    {
        var documents = Chart.Render([.. Chart.Required, .. Sets[installation]]);

        Assert.All(documents, document => Assert.False(string.IsNullOrEmpty(Text(document["apiVersion"]))));
        Assert.All(documents, document => Assert.InRange(NameOf(document).Length, 1, 63));
        Assert.Equal(documents.Count, documents.Select(document => (Kind(document), NameOf(document))).Distinct().Count());
        Assert.DoesNotContain(documents.SelectMany(document => document.AllNodes).OfType<YamlScalarNode>(), scalar => scalar.Value is { } text && (text.Contains("<no value>", StringComparison.Ordinal) || text.Contains("e+0", StringComparison.Ordinal)));

        var pods = documents.Where(document => Kind(document) is "Deployment" or "Job").Select(document => document["spec"]["template"]).ToList();
        Assert.Equal(4, pods.Count);
        foreach (var selector in documents.SelectMany(Selectors))
        {
            Assert.True(pods.Any(pod => Labels(selector).All(label => Labels(pod["metadata"]["labels"]).Contains(label))), $"Nothing is selected by {selector}.");
        }

        var services = documents.Where(document => Kind(document) == "Service").ToDictionary(NameOf, document => Each(document["spec"]["ports"]).Select(port => Text(port["name"])).ToList());
        foreach (var backend in documents.Where(document => Kind(document) == "Ingress").SelectMany(document => document.AllNodes.OfType<YamlMappingNode>()).Where(node => node.Children.ContainsKey("service")).Select(node => node["service"]))
        {
            Assert.Contains(Text(backend["port"]["name"]), services[Text(backend["name"])]);
        }

        foreach (var autoscaler in documents.Where(document => Kind(document) == "HorizontalPodAutoscaler"))
        {
            Assert.Contains(documents, document => Kind(document) == "Deployment" && NameOf(document) == Text(autoscaler["spec"]["scaleTargetRef"]["name"]));
        }

        // Every secret a pod reads is the chart's own or the one that was named.
        var kept = documents.Where(document => Kind(document) == "Secret").SelectMany(secret => ((YamlMappingNode)secret["stringData"]).Children.Keys.Select(key => (NameOf(secret), Text(key)))).ToList();
        var read = pods.SelectMany(pod => pod.AllNodes.OfType<YamlMappingNode>()).Where(node => node.Children.ContainsKey("secretKeyRef")).Select(node => (Text(node["secretKeyRef"]["name"]), Text(node["secretKeyRef"]["key"]))).Distinct().ToList();
        Assert.NotEmpty(read);
        Assert.All(read, secret => Assert.True(kept.Contains(secret) || secret.Item1 == "hub-secrets", $"Nobody keeps {secret}."));
        Assert.Equal(installation == "secrets of one's own", kept.Count == 0);
        Assert.Equal(4 * (installation == "digests, TLS and telemetry" ? 1 : 0), documents.Count(document => Kind(document) is "Deployment" or "Job" && Text(Container(document)["image"]).StartsWith("registry.example.com/aihub/", StringComparison.Ordinal)));
    }

    [Fact]
    public void It_says_what_it_needs_to_be_told()
    {
        foreach (var missing in Chart.Required)
        {
            var said = Assert.Throws<InvalidOperationException>(() => Chart.Render([.. Chart.Required.Where(given => given != missing)])).Message;
            Assert.Contains(missing.Path, said, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Its_pods_have_no_root_no_writable_disk_and_no_privileges_and_are_asked_how_they_are()
    {
        var documents = Chart.Render(Chart.Required);
        foreach (var document in documents.Where(document => Kind(document) is "Deployment" or "Job"))
        {
            var pod = document["spec"]["template"]["spec"];
            var container = Container(document);
            Assert.Equal(("true", "RuntimeDefault", "false"), (Text(pod["securityContext"]["runAsNonRoot"]), Text(pod["securityContext"]["seccompProfile"]["type"]), Text(pod["automountServiceAccountToken"])));
            Assert.NotEqual("0", Text(pod["securityContext"]["runAsUser"]));
            Assert.Equal(("false", "true", "ALL"), (Text(container["securityContext"]["allowPrivilegeEscalation"]), Text(container["securityContext"]["readOnlyRootFilesystem"]), Text(Assert.Single(Each(container["securityContext"]["capabilities"]["drop"])))));
            Assert.True(((YamlMappingNode)container["resources"]["limits"]).Children.ContainsKey("memory"));
            if (Kind(document) == "Deployment")
            {
                Assert.Equal(("/ready", "/ready", "/alive"), (Text(container["startupProbe"]["httpGet"]["path"]), Text(container["readinessProbe"]["httpGet"]["path"]), Text(container["livenessProbe"]["httpGet"]["path"])));
                Assert.All(new[] { "startupProbe", "readinessProbe", "livenessProbe" }, probe => Assert.Equal("private", Text(container[probe]["httpGet"]["port"])));
                Assert.Equal("0", Text(document["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"]));
            }
        }

        // Nobody from outside comes to the private port.
        Assert.DoesNotContain(documents.Where(document => Kind(document) == "Service").SelectMany(document => Each(document["spec"]["ports"])), port => Text(port["targetPort"]) != "http");
    }

    [Fact]
    public void It_tells_a_service_the_same_as_compose_does()
    {
        var documents = Chart.Render([.. Chart.Required, ("telemetry.otlpEndpoint", "http://collector:4317")]);
        var compose = ComposeFile.Read(new Dictionary<string, string> { ["API_HOST"] = "a", ["PORTAL_HOST"] = "b", ["POSTGRES_PASSWORD"] = "p", ["HUB_APP_PASSWORD"] = "h", ["REDIS_PASSWORD"] = "r" });

        foreach (var (name, counterpart) in Services.Select(service => (service, $"{service}-1")).Append(("migrate", "migrate")))
        {
            var chart = Each(Container(documents.Single(document => Kind(document) is "Deployment" or "Job" && NameOf(document) == $"hub-{name}"))["env"]).Select(variable => Text(variable["name"]));

            Assert.Equal(Kinds(compose.EnvironmentOf(counterpart).Keys), Kinds(chart));
        }

        // How many networks are trusted differs, and Kubernetes needs a variable to put a password into a connection string.
        static IEnumerable<string> Kinds(IEnumerable<string> names) =>
            names.Select(name => Index().Replace(name, "__n")).Except(["HUB_APP_PASSWORD", "OWNER_PASSWORD"]).Distinct().Order(StringComparer.Ordinal);
    }

    private static string Kind(YamlNode document) => Text(document["kind"]);

    private static string NameOf(YamlNode document) => Text(document["metadata"]["name"]);

    private static YamlNode Container(YamlNode document) => Assert.Single(Each(document["spec"]["template"]["spec"]["containers"]));

    private static IEnumerable<YamlNode> Each(YamlNode list) => ((YamlSequenceNode)list).Children;

    private static IEnumerable<(string, string)> Labels(YamlNode labels) => ((YamlMappingNode)labels).Children.Select(label => (Text(label.Key), Text(label.Value)));

    // What a Service, a Deployment, a disruption budget, a network policy and a spread select pods by.
    private static IEnumerable<YamlNode> Selectors(YamlMappingNode document) => document.AllNodes.OfType<YamlMappingNode>()
        .SelectMany(node => node.Children.Where(child => child.Key is YamlScalarNode { Value: "matchLabels" }).Select(child => child.Value))
        .Where(labels => Labels(labels).All(label => label.Item1 != "kubernetes.io/metadata.name"))
        .Concat(Kind(document) == "Service" ? [document["spec"]["selector"]] : []);

    private static string Text(YamlNode node) => ((YamlScalarNode)node).Value!;

    private static IEnumerable<string> Paths(YamlMappingNode node, string prefix) => node.Children.SelectMany(child =>
        child.Value is YamlMappingNode inner
            ? Paths(inner, $"{prefix}{Text(child.Key)}.").Prepend($"{prefix}{Text(child.Key)}")
            : [$"{prefix}{Text(child.Key)}"]);

    private static IEnumerable<string> Leaves(YamlMappingNode node, string prefix) => node.Children.SelectMany(child =>
        child.Value is YamlMappingNode { Children.Count: > 0 } inner ? Leaves(inner, $"{prefix}{Text(child.Key)}.") : [$"{prefix}{Text(child.Key)}"]);

    [GeneratedRegex(@"__\d+$")]
    private static partial Regex Index();

    [GeneratedRegex(@"\.Values\.(?<path>[A-Za-z.]+[A-Za-z])")]
    private static partial Regex Value();

    [GeneratedRegex(@"\{\{-? *(?:if|range|with|define|block) ")]
    private static partial Regex Begin();

    [GeneratedRegex(@"\{\{-? *end *-?\}\}")]
    private static partial Regex End();
}
