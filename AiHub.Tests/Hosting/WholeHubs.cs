namespace AiHub.Tests.Hosting;

/// <summary>Tests that start the hub as a dozen processes: after all others and one after another, so that nobody starves.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class WholeHubs
{
    public const string Name = "Whole hubs";
}
