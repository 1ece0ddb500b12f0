using Microsoft.EntityFrameworkCore;

namespace AiHub.Domain.Catalog;

/// <summary>Data that cannot be a catalogue; the message says what to correct and where.</summary>
public sealed class CatalogException(string message) : Exception(message);

/// <summary>What an import changed.</summary>
public sealed record Imported(int Vendors, int Models, int Upstreams, int PricesAdded, int PricesEnded);

public static class CatalogImport
{
    /// <summary>
    /// Makes the catalogue say what <paramref name="data"/> says. A changed price ends the old row and adds a new one from <paramref name="now"/>;
    /// a price somebody approved is theirs and stays. What the data does not mention is left alone. Importing the same again changes nothing.
    /// </summary>
    public static async Task<Imported> ImportCatalogAsync(this HubDb db, CatalogData data, DateTimeOffset now, CancellationToken ct)
    {
        var vendors = await db.Vendors.ToDictionaryAsync(vendor => vendor.Id, ct);
        foreach (var entry in data.Vendors)
        {
            Write(db, vendors, entry, data.Source);
        }

        var models = await db.Models.ToDictionaryAsync(model => model.Id, ct);
        foreach (var entry in data.Models)
        {
            Write(db, models, entry, now);
        }

        RefuseSharedNames(models.Values);
        var vendorsChanged = Changed<Vendor>(db);
        var modelsChanged = Changed<Model>(db);

        var upstreams = await db.Upstreams.ToDictionaryAsync(upstream => (upstream.ModelId, upstream.VendorId, upstream.VendorModel), ct);
        var prices = (await db.Prices.Where(price => price.ValidTo == null).ToListAsync(ct)).ToLookup(price => price.UpstreamId);
        var (added, ended) = (0, 0);

        foreach (var model in data.Models)
        {
            foreach (var entry in model.Upstreams)
            {
                if (!vendors.ContainsKey(entry.Vendor))
                {
                    throw new CatalogException($"Model '{model.Id}' names the vendor '{entry.Vendor}', which is not in the catalogue.");
                }

                var upstream = Write(db, upstreams, model.Id, entry, now);
                var (plus, minus) = Reprice(db, [.. prices[upstream.Id]], Rows(model.Id, upstream.Id, entry, data.Source, now), now);
                (added, ended) = (added + plus, ended + minus);
            }
        }

        var imported = new Imported(vendorsChanged, modelsChanged, Changed<Upstream>(db), added, ended);
        await db.SaveChangesAsync(ct);
        db.ChangeTracker.Clear();
        return imported;
    }

    private static void Write(HubDb db, Dictionary<string, Vendor> vendors, CatalogData.VendorEntry entry, string source)
    {
        if (!Uri.TryCreate(entry.BaseUrl, UriKind.Absolute, out var url) || url.Scheme is not ("https" or "http"))
        {
            throw new CatalogException($"The base URL of vendor '{entry.Id}' is not an http or https URL: '{entry.BaseUrl}'.");
        }

        if (!vendors.TryGetValue(entry.Id, out var vendor))
        {
            vendor = new Vendor { Id = entry.Id, Name = entry.Name, BaseUrl = entry.BaseUrl, Dialect = entry.Dialect, Source = source };
            vendors.Add(vendor.Id, vendor);
            db.Vendors.Add(vendor);
        }

        (vendor.Name, vendor.BaseUrl, vendor.Dialect, vendor.KeyVariable) = (entry.Name, entry.BaseUrl, entry.Dialect, entry.KeyVariable);
        (vendor.Quirks, vendor.Source) = (entry.Quirks ?? [], source);
    }

    private static void Write(HubDb db, Dictionary<string, Model> models, CatalogData.ModelEntry entry, DateTimeOffset now)
    {
        if (entry.Id.Split('/') is not [{ Length: > 0 }, { Length: > 0 }])
        {
            throw new CatalogException($"A model's id is 'author/slug', not '{entry.Id}'.");
        }

        if (!models.TryGetValue(entry.Id, out var model))
        {
            model = new Model { Id = entry.Id, Name = entry.Name, CreatedAt = now };
            models.Add(model.Id, model);
            db.Models.Add(model);
        }

        (model.Name, model.ContextLength, model.MaxOutputTokens) = (entry.Name, entry.ContextLength, entry.MaxOutputTokens);
        if (entry.Weights is { } weights)
        {
            model.Weights = new Weights(weights.Input, weights.CacheRead, weights.Output);
        }

        model.Aliases = Unchanged(model.Aliases, entry.Aliases);
        model.InputModalities = Unchanged(model.InputModalities, entry.InputModalities);
        model.OutputModalities = Unchanged(model.OutputModalities, entry.OutputModalities);
    }

    private static string[] Unchanged(string[] present, string[] wanted) => present.AsSpan().SequenceEqual(wanted) ? present : wanted;

    private static void RefuseSharedNames(IEnumerable<Model> models)
    {
        var shared = models.SelectMany(model => model.Aliases.Append(model.Id).Distinct()).GroupBy(name => name).FirstOrDefault(names => names.Count() > 1);
        if (shared is not null)
        {
            throw new CatalogException($"Two models would answer to the name '{shared.Key}'.");
        }
    }

    private static Upstream Write(
        HubDb db, Dictionary<(string, string, string), Upstream> upstreams, string modelId, CatalogData.UpstreamEntry entry, DateTimeOffset now)
    {
        if (!upstreams.TryGetValue((modelId, entry.Vendor, entry.Model), out var upstream))
        {
            upstream = new Upstream { Id = Guid.CreateVersion7(now), ModelId = modelId, VendorId = entry.Vendor, VendorModel = entry.Model };
            upstreams.Add((modelId, entry.Vendor, entry.Model), upstream);
            db.Upstreams.Add(upstream);
        }

        (upstream.Priority, upstream.Weight) = (entry.Priority, entry.Weight);
        return upstream;
    }

    private static IEnumerable<PriceRow> Rows(string modelId, Guid upstreamId, CatalogData.UpstreamEntry entry, string source, DateTimeOffset now) =>
        from prices in entry.Prices
        from tier in prices.Value
        from price in tier.Components()
        select new PriceRow
        {
            Id = Guid.CreateVersion7(now),
            UpstreamId = upstreamId,
            Component = price.Component,
            Currency = prices.Key,
            NanosPerMillion = Money.TryParse(price.Text, prices.Key, out var money) && money.Nanos >= 0
                ? money.Nanos
                : throw new CatalogException($"The {price.Component} price of '{modelId}' at '{entry.Vendor}' is not a price per million tokens: '{price.Text}'."),
            MinPromptTokens = tier.MinPromptTokens,
            ValidFrom = now,
            Source = source,
        };

    private static (int Added, int Ended) Reprice(HubDb db, List<PriceRow> open, IEnumerable<PriceRow> wanted, DateTimeOffset now)
    {
        var (added, ended) = (0, 0);
        foreach (var price in wanted)
        {
            var present = open.Find(row =>
                row.Component == price.Component && row.Currency == price.Currency && row.MinPromptTokens == price.MinPromptTokens);
            if (present is not null && (present.ApprovedBy is not null || present.NanosPerMillion == price.NanosPerMillion))
            {
                continue;
            }

            if (present is not null)
            {
                present.ValidTo = now;
                ended++;
            }

            db.Prices.Add(price);
            added++;
        }

        return (added, ended);
    }

    private static int Changed<T>(HubDb db) where T : class =>
        db.ChangeTracker.Entries<T>().Count(entry => entry.State is EntityState.Added or EntityState.Modified);
}
