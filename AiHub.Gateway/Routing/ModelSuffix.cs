namespace AiHub.Gateway.Routing;

/// <summary>What may follow a model's name: <c>:nitro</c> is a sort by throughput, <c>:floor</c> by price, <c>:free</c> takes only what costs nothing.</summary>
internal readonly record struct ModelSuffix(string Model, RouteSort? Sort, bool FreeOnly)
{
    public static ModelSuffix Read(string name, RouteSort? sort, CatalogueSnapshot snapshot)
    {
        // A colon may be part of a name, too: llama3:8b.
        if (name.LastIndexOf(':') is var colon && (colon < 0 || snapshot.Find(name) is not null))
        {
            return new ModelSuffix(name, sort, false);
        }

        var model = name[..colon];
        return name[(colon + 1)..] switch
        {
            "nitro" => new ModelSuffix(model, RouteSort.Throughput, false),
            "floor" => new ModelSuffix(model, RouteSort.Price, false),
            "free" => new ModelSuffix(model, sort, true),
            _ => new ModelSuffix(name, sort, false),
        };
    }
}
