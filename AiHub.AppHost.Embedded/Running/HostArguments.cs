namespace AiHub.AppHost.Embedded.Running;

/// <summary>The switches of the embedded host; everything else on the command line is configuration.</summary>
internal sealed record HostArguments(bool Fresh, bool NoDashboard, bool Help, string[] Configuration)
{
    public const string HelpText = """
        Runs AI Hub: a database, a cache, the services, and the Aspire dashboard. Ctrl+C stops all of it.

          --fresh          start with empty data
          --no-dashboard   leave the dashboard out
          --demo           a month of a small company to look at, beside your own data
          --help           show this

        Anything else is configuration, for instance
          Ports:gateway=6080              another port (gateway, portal, worker, simulators, postgres, cache, dashboard)
          ConnectionStrings:hub=Host=…    a PostgreSQL of your own (15 or newer); ConnectionStrings:cache=… a Redis
          DataDirectory=/somewhere        where the data goes instead of .data
        """;

    public static HostArguments Parse(string[] arguments)
    {
        string[] switches = ["--fresh", "--no-dashboard", "--help", "-h"];

        return new HostArguments(
            arguments.Contains("--fresh"),
            arguments.Contains("--no-dashboard"),
            arguments.Contains("--help") || arguments.Contains("-h"),
            [.. arguments.Except(switches)]);
    }
}
