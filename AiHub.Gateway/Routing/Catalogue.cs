using System.Collections.Concurrent;
using System.Collections.Frozen;
using AiHub.Domain;
using AiHub.Domain.Catalog;
using AiHub.Gateway.Providers;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Routing;

/// <summary>
/// The catalogue in memory: models, who serves them and for how much. Read again whenever the database says that it changed;
/// the new one, with its connectors, takes the old one's place in one step.
/// </summary>
public sealed partial class Catalogue : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _changed = new(1);
    private readonly IServiceScopeFactory _scopes;
    private readonly VendorSettings _vendors;
    private readonly ConnectorRegistry _connectors;
    private readonly TaskCompletionSource _loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ILogger<Catalogue> _logger;

    public Catalogue(IServiceScopeFactory scopes, VendorSettings vendors, ConnectorRegistry connectors, ChangeFeed changes, ILogger<Catalogue> logger)
    {
        (_scopes, _vendors, _connectors, _logger) = (scopes, vendors, connectors, logger);
        changes.Restarted += Reload;
        changes.Changed += change =>
        {
            if (change.Table is "vendors" or "models" or "upstreams" or "prices" or "price_discounts" or "vendor_keys" or "holidays")
            {
                Reload();
            }
        };
    }

    public CatalogueSnapshot Current { get; private set; } = CatalogueSnapshot.Empty;

    /// <summary>Completes when the catalogue has been read once.</summary>
    public Task Loaded => _loaded.Task;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await _changed.WaitAsync(stoppingToken);
            try
            {
                await LoadAsync(stoppingToken);
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                LogNotLoaded(failure);
                await Task.Delay(Pause, stoppingToken);
                Reload();
            }
        }
    }

    public override void Dispose()
    {
        _changed.Dispose();
        base.Dispose();
    }

    // Many changes at once are one reason to read once.
    private void Reload()
    {
        if (_changed.CurrentCount == 0)
        {
            _changed.Release();
        }
    }

    private async Task LoadAsync(CancellationToken ct)
    {
        await using var scope = _scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<HubDb>();

        var vendors = await db.Vendors.AsNoTracking().ToDictionaryAsync(vendor => vendor.Id, ct);
        var models = await db.Models.AsNoTracking().Where(model => model.Enabled).ToListAsync(ct);
        var upstreams = await db.Upstreams.AsNoTracking().Where(upstream => upstream.Enabled).ToListAsync(ct);
        var prices = await db.Prices.AsNoTracking().ToListAsync(ct);
        var discounts = await db.PriceDiscounts.AsNoTracking().ToListAsync(ct);
        var holidays = await db.Holidays.AsNoTracking().ToListAsync(ct);
        var limits = models.ToDictionary(model => model.Id, model => (long?)model.MaxOutputTokens);

        var keys = await db.VendorKeys.AsNoTracking().ToListAsync(ct);
        var served = new List<ServedUpstream>();
        var open = new List<ServedUpstream>();
        foreach (var group in upstreams.GroupBy(upstream => upstream.VendorId))
        {
            served.AddRange(Served(vendors[group.Key], group, keys, limits));
            open.AddRange(Open(vendors[group.Key], group, limits));
        }

        _connectors.Apply(served.Select(serving => new ConnectorSpec(serving.Key, VendorSettings.Connector(serving.Vendor), serving.Target)));
        Current = new CatalogueSnapshot(models, served, prices, new Holidays(holidays), open, discounts);
        _loaded.TrySetResult();
    }

    // What is wrong with one vendor is no reason to go on with yesterday's prices of all the others.
    private List<ServedUpstream> Served(Vendor vendor, IEnumerable<Upstream> upstreams, List<VendorKey> keys, Dictionary<string, long?> limits)
    {
        try
        {
            return
            [
                .. upstreams.SelectMany(upstream => _vendors.Targets(vendor, upstream, keys, limits.GetValueOrDefault(upstream.ModelId))
                    .Select(reached => new ServedUpstream(upstream, vendor, reached.Target, reached.Credential))),
            ];
        }
        catch (Exception failure) when (failure is InvalidOperationException or ArgumentException or FormatException or OverflowException)
        {
            LogLeftOut(vendor.Id, failure.Message);
            return [];
        }
    }

    // The vendors that organizations can call with keys of their own, whether the hub has a key there or not.
    private List<ServedUpstream> Open(Vendor vendor, IEnumerable<Upstream> upstreams, Dictionary<string, long?> limits)
    {
        try
        {
            return
            [
                .. upstreams.Select(upstream => (Upstream: upstream, Target: _vendors.OpenTarget(vendor, upstream, limits.GetValueOrDefault(upstream.ModelId))))
                    .Where(reached => reached.Target is not null)
                    .Select(reached => new ServedUpstream(reached.Upstream, vendor, reached.Target!, vendor.Id))
                    // Another pool of the hub's keys is nothing to others.
                    .DistinctBy(reached => (reached.Upstream.ModelId, reached.Target.ChatUrl)),
            ];
        }
        catch (Exception failure) when (failure is InvalidOperationException or ArgumentException or FormatException or OverflowException)
        {
            // Has been logged for the hub's own keys.
            return [];
        }
    }

    [LoggerMessage(LogLevel.Error, "Vendor {Vendor} serves nothing until its row is corrected: {Reason}")]
    private partial void LogLeftOut(string vendor, string reason);

    [LoggerMessage(LogLevel.Error, "The catalogue could not be read; the last one stays in use.")]
    private partial void LogNotLoaded(Exception failure);
}

/// <summary>A model's serving by a vendor that is switched on, with one of the keys the endpoint may use.</summary>
/// <param name="Credential">Which key: its id, or the vendor's for the one that configuration holds.</param>
public sealed record ServedUpstream(Upstream Upstream, Vendor Vendor, WireTarget Target, string Credential)
{
    public string Key { get; } = Credential == Vendor.Id ? Upstream.Id.ToString() : $"{Upstream.Id}:{Credential}";

    public Guid CredentialId { get; } = Guid.TryParse(Credential, out var id) ? id : Guid.Empty;
}

/// <summary>The catalogue at one moment. Never changes.</summary>
public sealed class CatalogueSnapshot
{
    public static readonly CatalogueSnapshot Empty = new([], [], [], Holidays.None);

    private readonly FrozenDictionary<string, Model> _byName;
    private readonly FrozenDictionary<string, ServedUpstream[]> _upstreams;
    private readonly FrozenDictionary<string, ServedUpstream[]> _open;
    private readonly PriceBook _book;
    private readonly DateTimeOffset[] _priceChanges;
    private readonly FrozenDictionary<Guid, Upstream> _priced;
    private readonly FrozenDictionary<Guid, ModelKind> _kinds;
    private readonly ILookup<Guid, PriceDiscount> _discounts;
    private readonly bool _hours;
    private readonly ConcurrentDictionary<(Guid, Currency, string, Guid?), (DateTimeOffset Until, PriceList? Prices)> _prices = new();

    public CatalogueSnapshot(
        IReadOnlyList<Model> models, IReadOnlyList<ServedUpstream> upstreams, IReadOnlyList<PriceRow> prices, Holidays holidays, IReadOnlyList<ServedUpstream>? open = null,
        IReadOnlyList<PriceDiscount>? discounts = null)
    {
        open ??= [];
        discounts ??= [];
        Models = models;
        _book = new PriceBook(prices, holidays);
        _hours = prices.Any(row => row.Hours.Length > 0);
        _discounts = discounts.ToLookup(discount => discount.CustomerId);
        _priceChanges =
        [
            .. prices.Select(row => (row.ValidFrom, row.ValidTo)).Concat(discounts.Select(discount => (discount.ValidFrom, discount.ValidTo)))
                .SelectMany(span => (DateTimeOffset[])[span.ValidFrom, span.ValidTo ?? DateTimeOffset.MaxValue]).Distinct().Order(),
        ];
        _upstreams = upstreams.GroupBy(serving => serving.Upstream.ModelId).ToFrozenDictionary(group => group.Key, group => group.ToArray());

        _open = open.GroupBy(serving => serving.Upstream.ModelId).ToFrozenDictionary(group => group.Key, group => group.ToArray());

        var kinds = models.ToDictionary(model => model.Id, model => model.Kind);
        _priced = upstreams.Concat(open).Select(serving => serving.Upstream).DistinctBy(upstream => upstream.Id).ToFrozenDictionary(upstream => upstream.Id);
        _kinds = _priced.Values.ToFrozenDictionary(upstream => upstream.Id, upstream => kinds.GetValueOrDefault(upstream.ModelId));

        // An id always means its own model, whatever aliases others claim; among aliases the first model keeps it.
        var names = models.ToDictionary(model => model.Id, StringComparer.OrdinalIgnoreCase);
        foreach (var model in models)
        {
            foreach (var alias in model.Aliases)
            {
                names.TryAdd(alias, model);
            }
        }

        _byName = names.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);
        AutoModels = [.. models.Where(model => model.AutoRank is not null).OrderBy(model => model.AutoRank).Select(model => model.Id)];
    }

    public IReadOnlyList<Model> Models { get; }

    /// <summary>What <c>auto</c> chooses from, best first.</summary>
    public IReadOnlyList<string> AutoModels { get; }

    public Model? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>True for the name that leaves the choice of a model to the hub, unless a model has that name.</summary>
    public bool IsAuto(string name) => name is "auto" or "openrouter/auto" && Find(name) is null;

    /// <returns>Null when the endpoint, its model or its vendor is switched off.</returns>
    public ServedUpstream? Serving(Guid endpoint) =>
        _upstreams.Values.SelectMany(served => served).FirstOrDefault(served => served.Upstream.Id == endpoint && Models.Any(model => model.Id == served.Upstream.ModelId));

    /// <summary>The servings of a model by vendors that are switched on; an endpoint with several keys is there with each of them.</summary>
    public IReadOnlyList<ServedUpstream> UpstreamsOf(Model model) => _upstreams.GetValueOrDefault(model.Id) ?? [];

    /// <summary>The servings of a model by vendors that whoever brings a key can call.</summary>
    public IReadOnlyList<ServedUpstream> OpenOf(Model model) => _open.GetValueOrDefault(model.Id) ?? [];

    /// <summary>Whether there are prices, now or at another time, that were agreed with this organization alone.</summary>
    public bool HasAgreed(Guid customer) => _book.Customers.Contains(customer) || _discounts.Contains(customer);

    /// <param name="customer">The organization that is to pay; null asks for the list prices.</param>
    /// <returns>Null when the upstream is not priced in that currency, or for that service class, then.</returns>
    public PriceList? PricesOf(Guid upstream, Currency currency, DateTimeOffset now, string serviceTier = "", Guid? customer = null)
    {
        // Most customers have agreed nothing of their own and share one answer.
        customer = customer is { } asking && HasAgreed(asking) ? customer : null;
        // Prices stand still between two changes of any row.
        if (_prices.TryGetValue((upstream, currency, serviceTier, customer), out var known) && now < known.Until)
        {
            return known.Prices;
        }

        var discount = customer is { } agreed && _priced.TryGetValue(upstream, out var priced) ? PriceDiscount.Of(_discounts[agreed], priced.VendorId, priced.ModelId, now) : null;
        var prices = _book.At(upstream, currency, now, _kinds.GetValueOrDefault(upstream), serviceTier, customer, discount);
        _prices[(upstream, currency, serviceTier, customer)] = (NextChange(now), prices);
        return prices;
    }

    private DateTimeOffset NextChange(DateTimeOffset now)
    {
        var change = Array.Find(_priceChanges, change => change > now);
        var until = change == default ? DateTimeOffset.MaxValue : change;
        if (!_hours)
        {
            return until;
        }

        // Hours begin and end on whole minutes, in every time zone.
        var minute = new DateTimeOffset(now.UtcTicks / TimeSpan.TicksPerMinute * TimeSpan.TicksPerMinute, TimeSpan.Zero).AddMinutes(1);
        return minute < until ? minute : until;
    }
}
