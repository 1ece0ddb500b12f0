using Microsoft.EntityFrameworkCore;

namespace AiHub.Domain.Catalog;

/// <summary>What an import changed.</summary>
public sealed record Imported(int Vendors, int Models, int Upstreams, int PricesAdded, int PricesEnded, int PricesProposed = 0);

public static class CatalogImport
{
    private const int Portion = 100;

    /// <summary>
    /// Makes the catalogue say what <paramref name="data"/> says. A changed price ends the old row and adds a new one from <paramref name="now"/>,
    /// or is proposed if nobody answers for the data; a price somebody approved is theirs and stays. What an operator manages and what the data does
    /// not mention is left alone. Importing the same again changes nothing.
    /// </summary>
    /// <param name="tell">Is told how many models are saved of how many, every now and then. Who gives it has a transaction around the import.</param>
    public static async Task<Imported> ImportCatalogAsync(this HubDb db, CatalogData data, DateTimeOffset now, CancellationToken ct, Func<int, int, Task>? tell = null)
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

        var upstreams = await db.Upstreams.ToDictionaryAsync(upstream => (upstream.ModelId, upstream.VendorId, upstream.VendorModel, upstream.Region, upstream.KeyPool), ct);
        var prices = (await db.Prices.Where(price => price.ValidTo == null && price.CustomerId == null).ToListAsync(ct)).ToLookup(price => price.UpstreamId);
        var priced = await db.Prices.Where(price => price.CustomerId == null).Select(price => price.UpstreamId).Distinct().ToHashSetAsync(ct);
        var proposals = (await db.PriceProposals.ToListAsync(ct)).ToLookup(proposal => proposal.Slot);
        var rate = Rate(data.UsdCny);
        var (upstreamsChanged, added, ended, proposed) = (0, 0, 0, 0);

        foreach (var (index, model) in data.Models.Index())
        {
            if (tell is not null && index % Portion == 0)
            {
                upstreamsChanged += Changed<Upstream>(db);
                await db.SaveChangesAsync(ct);
                await tell(index, data.Models.Count);
            }

            foreach (var entry in model.Upstreams)
            {
                if (!vendors.ContainsKey(entry.Vendor))
                {
                    throw new CatalogException($"Model '{model.Id}' names the vendor '{entry.Vendor}', which is not in the catalogue.", CatalogFault.VendorUnknown, model.Id, entry.Vendor);
                }

                var upstream = Write(db, upstreams, model.Id, entry, now);
                var wanted = InBothCurrencies([.. Rows(model.Id, upstream.Id, entry, data.Source, now)], rate, now);
                // What has no price yet cannot be called, so a first price changes nobody's bill.
                if (data.Proposes && priced.Contains(upstream.Id))
                {
                    proposed += Propose(db, [.. prices[upstream.Id]], proposals, wanted, now);
                    continue;
                }

                var (plus, minus) = Reprice(db, [.. prices[upstream.Id]], wanted, now);
                (added, ended) = (added + plus, ended + minus);
            }
        }

        var holidays = (await db.Holidays.ToListAsync(ct)).Select(holiday => (holiday.Calendar, holiday.Day)).ToHashSet();
        db.Holidays.AddRange(data.Holidays
            .SelectMany(calendar => calendar.Value.Select(day => (Calendar: calendar.Key, Day: day)))
            .Where(holiday => holidays.Add(holiday))
            .Select(holiday => new Holiday { Calendar = holiday.Calendar, Day = holiday.Day }));

        var imported = new Imported(vendorsChanged, modelsChanged, upstreamsChanged + Changed<Upstream>(db), added, ended, proposed);
        await db.SaveChangesAsync(ct);
        db.ChangeTracker.Clear();
        if (tell is not null)
        {
            await tell(data.Models.Count, data.Models.Count);
        }

        return imported;
    }

    private static void Write(HubDb db, Dictionary<string, Vendor> vendors, CatalogData.VendorEntry entry, string source)
    {
        if (!Uri.TryCreate(entry.BaseUrl, UriKind.Absolute, out var url) || url.Scheme is not ("https" or "http"))
        {
            throw new CatalogException($"The base URL of vendor '{entry.Id}' is not an http or https URL: '{entry.BaseUrl}'.", CatalogFault.AddressBad, entry.Id, entry.BaseUrl);
        }

        if (!vendors.TryGetValue(entry.Id, out var vendor))
        {
            vendor = new Vendor { Id = entry.Id, Name = entry.Name, BaseUrl = entry.BaseUrl, Dialect = entry.Dialect, Source = source };
            vendors.Add(vendor.Id, vendor);
            db.Vendors.Add(vendor);
        }
        else if (vendor.Managed)
        {
            return;
        }

        (vendor.Name, vendor.BaseUrl, vendor.Dialect, vendor.KeyVariable) = (entry.Name, entry.BaseUrl, entry.Dialect, entry.KeyVariable);
        (vendor.Country, vendor.RetainsPrompts, vendor.TrainsOnPrompts) = (entry.Country, entry.RetainsPrompts, entry.TrainsOnPrompts);
        (vendor.Quirks, vendor.Source) = (entry.Quirks ?? [], source);
    }

    private static void Write(HubDb db, Dictionary<string, Model> models, CatalogData.ModelEntry entry, DateTimeOffset now)
    {
        if (entry.Id.Split('/') is not [{ Length: > 0 }, { Length: > 0 }])
        {
            throw new CatalogException($"A model's id is 'author/slug', not '{entry.Id}'.", CatalogFault.ModelIdBad, entry.Id);
        }

        if (!models.TryGetValue(entry.Id, out var model))
        {
            model = new Model { Id = entry.Id, Name = entry.Name, CreatedAt = now };
            models.Add(model.Id, model);
            db.Models.Add(model);
        }
        else if (model.Managed)
        {
            return;
        }

        (model.AutoRank, model.Source) = (entry.AutoRank, entry.Source);
        model.SupportedParameters = Unchanged(model.SupportedParameters, entry.SupportedParameters ?? []);
        (model.Name, model.Kind, model.ContextLength, model.MaxOutputTokens) = (entry.Name, entry.Kind, entry.ContextLength, entry.MaxOutputTokens);
        if (entry.Weights is { } weights)
        {
            model.Weights = new Weights(
                weights.Input, weights.CacheRead, weights.Output, weights.Image, weights.Second, weights.Character, weights.SearchUnit);
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
            throw new CatalogException($"Two models would answer to the name '{shared.Key}'.", CatalogFault.NameTaken, shared.Key);
        }
    }

    private static Upstream Write(
        HubDb db, Dictionary<(string, string, string, string, string), Upstream> upstreams, string modelId, CatalogData.UpstreamEntry entry, DateTimeOffset now)
    {
        var name = (modelId, entry.Vendor, entry.Model, entry.Region, entry.KeyPool);
        if (!upstreams.TryGetValue(name, out var upstream))
        {
            upstream = new Upstream
            {
                Id = Guid.CreateVersion7(now),
                ModelId = modelId,
                VendorId = entry.Vendor,
                VendorModel = entry.Model,
                Region = entry.Region,
                KeyPool = entry.KeyPool,
            };
            upstreams.Add(name, upstream);
            db.Upstreams.Add(upstream);
        }
        else if (upstream.Managed)
        {
            return upstream;
        }

        (upstream.Priority, upstream.Weight, upstream.BaseUrl) = (entry.Priority, entry.Weight, entry.BaseUrl);
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
            NanosPerMillion = NanosPerMillion(price.Text, price.Component, prices.Key)
                ?? throw new CatalogException($"The {price.Component} price of '{modelId}' at '{entry.Vendor}' is not a price: '{price.Text}'.", CatalogFault.PriceBad, price.Component.ToString(), modelId, entry.Vendor, price.Text),
            MinPromptTokens = tier.MinPromptTokens,
            ServiceTier = tier.ServiceTier,
            Hours = tier.Hours.Length == 0 || PriceHours.TryParse(tier.Hours, out _)
                ? tier.Hours
                : throw new CatalogException($"The hours of a price of '{modelId}' at '{entry.Vendor}' cannot be read: '{tier.Hours}'.", CatalogFault.HoursBad, modelId, entry.Vendor, tier.Hours),
            ValidFrom = now,
            Source = tier.Source ?? source,
        };

    /// <summary>A price as people quote it, as a row keeps it.</summary>
    /// <returns>Null when it is not a price: negative, too fine or too large.</returns>
    public static long? NanosPerMillion(string? text, PriceComponent component, Currency currency)
    {
        if (!Money.TryParse(text, currency, out var money) || money.Nanos < 0)
        {
            return null;
        }

        var nanos = (Int128)money.Nanos * (1_000_000 / component.Per());
        return nanos <= long.MaxValue ? (long)nanos : null;
    }

    private static Money? Rate(string? text) =>
        text is null ? null
        : Money.TryParse(text, Currency.CNY, out var rate) && rate.Nanos > 0 ? rate
        : throw new CatalogException($"'{text}' is not what a dollar costs in yuan.", CatalogFault.RateBad, text);

    private static List<PriceRow> InBothCurrencies(List<PriceRow> rows, Money? rate, DateTimeOffset now)
    {
        if (rate is not { } yuan || rows.Select(row => row.Currency).Distinct().Count() != 1)
        {
            return rows;
        }

        var other = rows[0].Currency == Currency.USD ? Currency.CNY : Currency.USD;
        return
        [
            .. rows,
            .. rows.Select(row => new PriceRow
            {
                Id = Guid.CreateVersion7(now),
                UpstreamId = row.UpstreamId,
                Component = row.Component,
                Currency = other,
                NanosPerMillion = Exchanged(row.NanosPerMillion, other, yuan.Nanos),
                MinPromptTokens = row.MinPromptTokens,
                ServiceTier = row.ServiceTier,
                Hours = row.Hours,
                ValidFrom = row.ValidFrom,
                Source = $"{row.Source}; at {yuan.ToDecimalString()} CNY/USD",
            }),
        ];
    }

    // To a ten-thousandth, and up: a price read from the other currency is never below it.
    private static long Exchanged(long nanos, Currency to, long rate)
    {
        const long Step = 100_000;
        var exact = to == Currency.CNY ? (Int128)nanos * rate / Money.NanosPerUnit : ((Int128)nanos * Money.NanosPerUnit + rate - 1) / rate;
        return checked((long)((exact + Step - 1) / Step * Step));
    }

    private static int Propose(
        HubDb db, List<PriceRow> open, ILookup<PriceSlot, PriceProposal> known, IEnumerable<PriceRow> wanted, DateTimeOffset now)
    {
        var proposed = 0;
        foreach (var price in wanted)
        {
            // A figure that was decided upon once is not asked about again.
            if (open.Exists(row => row.Slot == price.Slot && row.NanosPerMillion == price.NanosPerMillion)
                || known[price.Slot].Any(proposal => proposal.NanosPerMillion == price.NanosPerMillion))
            {
                continue;
            }

            db.PriceProposals.Add(PriceProposal.Of(price, now));
            proposed++;
        }

        return proposed;
    }

    private static (int Added, int Ended) Reprice(HubDb db, List<PriceRow> open, IEnumerable<PriceRow> wanted, DateTimeOffset now)
    {
        var (added, ended) = (0, 0);
        foreach (var price in wanted)
        {
            var present = open.Find(row => row.Slot == price.Slot);
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
