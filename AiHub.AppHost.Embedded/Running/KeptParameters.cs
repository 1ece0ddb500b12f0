using System.Text.Json;
using Aspire.Hosting;

namespace AiHub.AppHost.Embedded.Running;

/// <summary>Made-up passwords, kept beside the data they protect; readable by their owner alone.</summary>
internal sealed class KeptParameters
{
    private static readonly Lock Changing = new();
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true };

    private readonly string _file;

    private KeptParameters(string dataFolder) => _file = Path.Combine(dataFolder, "parameters.json");

    public static KeptParameters Of(IDistributedApplicationBuilder builder) => new(HostSettings.DataFolderOf(builder.Configuration, builder.AppHostDirectory));

    public string GetOrAdd(string name, Func<string> make)
    {
        lock (Changing)
        {
            var values = File.Exists(_file) ? JsonSerializer.Deserialize<SortedDictionary<string, string>>(File.ReadAllText(_file))! : [];
            if (values.TryGetValue(name, out var value))
            {
                return value;
            }

            values[name] = value = make();
            Directory.CreateDirectory(Path.GetDirectoryName(_file)!);
            var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            using var content = new FileStream(_file, options);
            JsonSerializer.Serialize(content, values, Readable);

            return value;
        }
    }
}
