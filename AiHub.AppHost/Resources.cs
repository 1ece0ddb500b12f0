namespace AiHub.AppHost;

/// <summary>What the parts of the system are called: in the dashboard, to each other, and in tests.</summary>
public static class Resources
{
    public const string Postgres = "postgres";

    /// <summary>The database, as the role that may do everything; only <see cref="Migrate"/> gets it.</summary>
    public const string Hub = "hub";

    /// <summary>The database, as the role the services sign in with; they know it as <see cref="Hub"/>.</summary>
    public const string HubApp = "hub-app";

    public const string Cache = "cache";
    public const string Migrate = "migrate";
    public const string Gateway = "gateway";
    public const string Worker = "worker";
    public const string Portal = "portal";
    public const string Simulators = "simulators";
}
