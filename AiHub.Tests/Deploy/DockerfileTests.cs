using System.Text.RegularExpressions;
using System.Xml.Linq;
using YamlDotNet.RepresentationModel;

namespace AiHub.Tests.Deploy;

/// <summary>What a linter would say of the Dockerfiles, and what it could not know: that a build finds every project it restores.</summary>
public sealed partial class DockerfileTests
{
    public static TheoryData<string> Services => ["Gateway", "Worker", "Portal"];

    [Theory]
    [MemberData(nameof(Services))]
    public void It_is_built_in_two_stages_from_images_that_can_be_pinned_and_runs_as_nobody_special(string service)
    {
        var steps = Read(service);
        var froms = steps.Where(step => step.Instruction == "FROM").Select(step => step.Arguments).ToList();

        Assert.Equal(["${SDK_IMAGE} AS build", "${RUNTIME_IMAGE}"], froms);
        Assert.All(new[] { "SDK_IMAGE", "RUNTIME_IMAGE" }, image => Assert.Contains(steps.TakeWhile(step => step.Instruction != "FROM"), step => step.Instruction == "ARG" && step.Arguments.StartsWith($"{image}=mcr.microsoft.com/dotnet/", StringComparison.Ordinal)));
        Assert.DoesNotContain(steps, step => step.Instruction is "ADD" or "MAINTAINER" or "VOLUME");
        Assert.DoesNotContain(steps, step => step.Arguments.Contains(":latest", StringComparison.Ordinal) || step.Arguments.Contains("sudo ", StringComparison.Ordinal) || step.Arguments.Contains("curl ", StringComparison.Ordinal));
        Assert.All(steps.Where(step => step.Instruction == "WORKDIR"), step => Assert.StartsWith("/", step.Arguments, StringComparison.Ordinal));

        // What is shipped: what was built, and nothing that a build needed or that could be changed at run time.
        var last = steps.SkipWhile(step => step.Arguments != "${RUNTIME_IMAGE}").ToList();
        Assert.Equal(["FROM", "WORKDIR", "COPY", "USER", "ENV", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT"], last.Select(step => step.Instruction));
        Assert.Equal("--from=build /app .", last.Single(step => step.Instruction == "COPY").Arguments);
        Assert.Equal("$APP_UID", last.Single(step => step.Instruction == "USER").Arguments);
        Assert.Equal($"""["dotnet", "AiHub.{service}.dll"]""", last.Single(step => step.Instruction == "ENTRYPOINT").Arguments);

        // One and the same question, however the container is run.
        var asked = ((YamlSequenceNode)((YamlMappingNode)ComposeFile.Read(new Dictionary<string, string>()).Services[$"{service.ToLowerInvariant()}-1"]["healthcheck"])["test"]).Children.Select(part => ((YamlScalarNode)part).Value);
        var check = CommandPart().Matches(last.Single(step => step.Instruction == "HEALTHCHECK").Arguments).Select(part => Regex.Unescape(part.Groups["text"].Value));
        Assert.Equal(asked.Skip(1), check);
    }

    [Theory]
    [MemberData(nameof(Services))]
    public void It_brings_every_project_that_is_restored_and_no_other(string service)
    {
        var copied = Read(service).Where(step => step.Instruction == "COPY" && step.Arguments.Contains(".csproj", StringComparison.Ordinal)).Select(step => step.Arguments.Split(' ')[0]);
        var needed = new HashSet<string>();
        Need($"AiHub.{service}/AiHub.{service}.csproj");

        Assert.Equal(needed.Order(StringComparer.Ordinal), copied.Order(StringComparer.Ordinal));

        // And what stands beside the solution and changes what a build does.
        var first = Read(service).First(step => step.Instruction == "COPY").Arguments.Split(' ')[..^1];
        Assert.Equal(
            Directory.EnumerateFiles(Repository.Root).Select(Path.GetFileName).Where(name => name is "global.json" or ".editorconfig" or "BannedSymbols.txt" or "nuget.config" || name!.StartsWith("Directory.", StringComparison.Ordinal)).Order(StringComparer.Ordinal),
            first.Order(StringComparer.Ordinal));

        void Need(string project)
        {
            if (!needed.Add(project))
            {
                return;
            }

            foreach (var reference in XDocument.Parse(Repository.Read(project)).Descendants("ProjectReference"))
            {
                Need(Path.GetRelativePath(Repository.Root, Path.GetFullPath(Path.Combine(Repository.Root, Path.GetDirectoryName(project)!, (string)reference.Attribute("Include")!))));
            }
        }
    }

    [Fact]
    public void Nothing_secret_and_nothing_built_gets_into_a_build()
    {
        var left = Repository.Read(".dockerignore").Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.All(["**/bin", "**/obj", ".git", "**/*.env", "deploy/certs"], path => Assert.Contains(path, left));
    }

    [Fact]
    public void Every_image_of_compose_can_be_pinned()
    {
        foreach (var (name, service) in ComposeFile.Read(new Dictionary<string, string>()).Services)
        {
            Assert.Matches(PinnedImage(), ((YamlScalarNode)service["image"]).Value);
            Assert.True(service.ContainsKey("logging") && service.ContainsKey("restart"), name);
        }
    }

    private static List<(string Instruction, string Arguments)> Read(string service) =>
        [.. Step().Matches(Continued().Replace(Comment().Replace(Repository.Read($"deploy/{service.ToLowerInvariant()}.Dockerfile"), ""), " ")).Select(step => (step.Groups["instruction"].Value, step.Groups["arguments"].Value.Trim()))];

    [GeneratedRegex("^#.*\n", RegexOptions.Multiline)]
    private static partial Regex Comment();

    [GeneratedRegex(@" \\\n *")]
    private static partial Regex Continued();

    [GeneratedRegex("^(?<instruction>[A-Z]+) (?<arguments>.*)$", RegexOptions.Multiline)]
    private static partial Regex Step();

    [GeneratedRegex("\"(?<text>(?:[^\"\\\\]|\\\\.)*)\"")]
    private static partial Regex CommandPart();

    // The whole name is a variable, so that name@sha256:… can be put there; ours are named by version, others are never "latest".
    [GeneratedRegex(@"^\$\{[A-Z]+_IMAGE:-(?:aihub/[a-z]+:\$\{AIHUB_VERSION:-latest\}|[a-z]+:\d[\w.-]*)\}$")]
    private static partial Regex PinnedImage();
}
