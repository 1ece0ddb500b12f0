using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace AiHub.Tests.Deploy;

/// <summary>The workflows of .github, which run nowhere but there: that they are whole, may do no more than they need, and call what exists.</summary>
public sealed partial class WorkflowTests
{
    private static readonly Dictionary<string, YamlMappingNode> Workflows = Directory.EnumerateFiles(Path.Combine(Repository.Root, ".github", "workflows"))
        .ToDictionary(path => Path.GetFileName(path), path => Load(File.ReadAllText(path)));

    public static TheoryData<string> Files => [.. Workflows.Keys];

    [Theory]
    [MemberData(nameof(Files))]
    public void Actions_are_pinned_by_commit_and_jobs_end_and_may_little(string file)
    {
        var workflow = Workflows[file];
        Assert.Equal("read", Text(workflow["permissions"]["contents"]));
        Assert.Single(((YamlMappingNode)workflow["permissions"]).Children);

        foreach (var (name, job) in ((YamlMappingNode)workflow["jobs"]).Children)
        {
            Assert.True(((YamlMappingNode)job).Children.ContainsKey("timeout-minutes"), $"{name} may run for ever.");
            Assert.Matches(@"^ubuntu-\d+\.\d+$", Text(job["runs-on"]));
            Assert.NotEmpty(Steps(job));
            Assert.All(Steps(job), step => Assert.True(step.Children.ContainsKey("uses") != step.Children.ContainsKey("run"), $"A step of {name} does nothing, or two things."));
        }

        // The version stands beside the commit, for people and for Dependabot.
        var uses = Uses().Matches(File.ReadAllText(Path.Combine(Repository.Root, ".github", "workflows", file))).Select(line => line.Groups["what"].Value).ToList();
        Assert.NotEmpty(uses);
        Assert.All(uses, use => Assert.Matches(Pinned(), use));

        // One action is one version everywhere.
        Assert.All(uses.GroupBy(use => use.Split('@')[0].Split('/')[0..2].Aggregate((owner, name) => $"{owner}/{name}")), same => Assert.Single(same.Select(use => use.Split('@')[1]).Distinct()));

        // What an event says never becomes part of a script.
        Assert.DoesNotContain(Jobs(file).SelectMany(Steps).Where(step => step.Children.ContainsKey("run")), step => Text(step["run"]).Contains("${{ github.event", StringComparison.Ordinal));
    }

    [Fact]
    public void What_a_change_has_to_pass_is_there()
    {
        var runs = Workflows.Keys.SelectMany(Jobs).SelectMany(Steps).Select(step => step.Children.TryGetValue("run", out var run) ? Text(run) : Text(step["uses"])).ToList();

        // Build, tests and browser: .ci/run; then the same on real servers, analysis, images, chart, scripts, published programs, supply chain.
        Assert.All(
            [".ci/run", "github/codeql-action/analyze@", "docker compose build", "docker compose up --detach --wait", "helm lint deploy/helm/aihub --strict", "kubeconform", "shellcheck .ci/run deploy/*.sh", "deploy/smoke.sh", ".ci/supply-chain --strict", "-p:AspirePackages=true"],
            needed => Assert.Contains(runs, run => run.Contains(needed, StringComparison.Ordinal)));
        Assert.Contains("chromium", Repository.Read(".ci/run"), StringComparison.Ordinal);
        Assert.Equal(["postgres", "redis"], ((YamlMappingNode)Workflows["ci.yml"]["jobs"]["test-on-services"]["services"]).Children.Keys.Select(Text));

        foreach (Match script in Script().Matches(string.Join('\n', runs)))
        {
            var path = Path.Combine(Repository.Root, script.Value);
            Assert.True(File.Exists(path), $"{script.Value} does not exist.");
            Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(path).HasFlag(UnixFileMode.UserExecute), $"{script.Value} cannot be run.");
        }
    }

    [Fact]
    public void The_servers_of_the_tests_are_those_that_are_deployed()
    {
        var services = (YamlMappingNode)Workflows["ci.yml"]["jobs"]["test-on-services"]["services"];
        var deployed = ComposeFile.Variables();

        Assert.Equal((deployed["POSTGRES_IMAGE"], deployed["REDIS_IMAGE"]), (Text(services["postgres"]["image"]), Text(services["redis"]["image"])));
    }

    [Fact]
    public void The_part_of_the_suite_that_runs_on_those_servers_exists()
    {
        var filter = Jobs("ci.yml").SelectMany(Steps).Select(step => step.Children.TryGetValue("run", out var run) ? Text(run) : "").Single(run => run.Contains("--filter", StringComparison.Ordinal));
        var spaces = typeof(WorkflowTests).Assembly.GetTypes().Select(type => type.FullName!).ToList();

        var named = Filter().Matches(filter).Select(part => part.Groups["name"].Value).ToList();
        Assert.NotEmpty(named);
        Assert.All(named, name => Assert.Contains(spaces, space => space.Contains(name, StringComparison.Ordinal)));
    }

    [Fact]
    public void Dependencies_of_every_kind_are_kept_up_to_date()
    {
        var updates = ((YamlSequenceNode)Load(Repository.Read(".github/dependabot.yml"))["updates"]).Children.ToDictionary(update => Text(update["package-ecosystem"]), update => Text(update["directory"]));

        Assert.Equal(["docker", "github-actions", "npm", "nuget"], updates.Keys.Order(StringComparer.Ordinal));
        Assert.All(updates.Values, folder => Assert.True(Directory.Exists(Path.Combine(Repository.Root, folder.TrimStart('/'))), folder));
        Assert.True(File.Exists(Path.Combine(Repository.Root, updates["npm"].TrimStart('/'), "package.json")));
        Assert.NotEmpty(Directory.EnumerateFiles(Path.Combine(Repository.Root, updates["docker"].TrimStart('/')), "*Dockerfile"));
    }

    private static IEnumerable<YamlNode> Jobs(string file) => ((YamlMappingNode)Workflows[file]["jobs"]).Children.Values;

    private static IEnumerable<YamlMappingNode> Steps(YamlNode job) => ((YamlSequenceNode)job["steps"]).Children.Cast<YamlMappingNode>();

    private static YamlMappingNode Load(string text)
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(text));
        return (YamlMappingNode)yaml.Documents[0].RootNode;
    }

    private static string Text(YamlNode node) => ((YamlScalarNode)node).Value!;

    [GeneratedRegex("uses: (?<what>.+)$", RegexOptions.Multiline)]
    private static partial Regex Uses();

    [GeneratedRegex("^[a-z-]+/[a-z-]+(?:/[a-z-]+)?@[0-9a-f]{40} # v[0-9.]+$")]
    private static partial Regex Pinned();

    [GeneratedRegex(@"(?<=^|\n)(?:\.ci|deploy)/[a-z0-9-]+(?:\.sh)?")]
    private static partial Regex Script();

    [GeneratedRegex("FullyQualifiedName~(?<name>[A-Za-z.]+)")]
    private static partial Regex Filter();
}
