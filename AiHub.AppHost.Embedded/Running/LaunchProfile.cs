using System.Text.Json;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace AiHub.AppHost.Embedded.Running;

/// <summary>How a project wants to be started: an entry of its <c>Properties/launchSettings.json</c>.</summary>
internal sealed record LaunchProfile(string Name, IReadOnlyList<Uri> Urls, IReadOnlyDictionary<string, string> EnvironmentVariables) : IResourceAnnotation
{
    public const string NameVariable = "DOTNET_LAUNCH_PROFILE";

    private static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>The profile named like the AppHost's own, else the first that starts the project; null when there is none.</summary>
    public static LaunchProfile? Choose(string projectPath, string? appHostProfile)
    {
        var profiles = Read(projectPath);

        return profiles.FirstOrDefault(profile => profile.Name == appHostProfile) ?? profiles.FirstOrDefault();
    }

    /// <exception cref="DistributedApplicationException">The project has no such profile.</exception>
    public static LaunchProfile Get(string projectPath, string name) =>
        Read(projectPath).FirstOrDefault(profile => profile.Name == name)
        ?? throw new DistributedApplicationException($"{Path.GetFileNameWithoutExtension(projectPath)} has no launch profile '{name}'.");

    private static List<LaunchProfile> Read(string projectPath)
    {
        var file = Path.Combine(Path.GetDirectoryName(projectPath)!, "Properties", "launchSettings.json");
        if (!File.Exists(file))
        {
            return [];
        }

        using var content = File.OpenRead(file);
        using var settings = JsonDocument.Parse(content, Lenient);

        return [.. settings.RootElement.GetProperty("profiles").EnumerateObject().Where(IsProject).Select(Of)];
    }

    private static bool IsProject(JsonProperty profile) => profile.Value.TryGetProperty("commandName", out var command) && command.ValueEquals("Project");

    private static LaunchProfile Of(JsonProperty profile) => new(
        profile.Name,
        // Without a development certificate there is no https.
        profile.Value.TryGetProperty("applicationUrl", out var urls)
            ? [.. urls.GetString()!.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(url => new Uri(url)).Where(url => url.Scheme == Uri.UriSchemeHttp)]
            : [],
        profile.Value.TryGetProperty("environmentVariables", out var variables)
            ? variables.EnumerateObject().ToDictionary(variable => variable.Name, variable => variable.Value.GetString()!)
            : []);
}
