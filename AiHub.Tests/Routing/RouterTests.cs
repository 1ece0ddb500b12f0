using System.Collections.Frozen;
using System.Net;
using AiHub.Domain;
using AiHub.Domain.Catalog;
using AiHub.Gateway.Access;
using AiHub.Gateway.Metering;
using AiHub.Gateway.Providers;
using AiHub.Gateway.Routing;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace AiHub.Tests.Routing;

/// <summary>Who is asked, in which order, by every rule that orders; on catalogues made up for it.</summary>
public sealed class RouterTests
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 27, 12, 0, 0, TimeSpan.Zero));
    private readonly UpstreamHealth _health;
    private readonly EndpointPace _pace;
    private readonly Affinity _affinity;
    private readonly List<Model> _models = [];
    private readonly List<ServedUpstream> _served = [];
    private readonly List<PriceRow> _prices = [];
    private readonly List<PriceDiscount> _discounts = [];

    public RouterTests() => (_health, _pace, _affinity) = (new UpstreamHealth(_time), new EndpointPace(_time), new Affinity(_time));

    [Fact]
    public void The_lowest_priority_is_asked_first_and_equals_share_by_weight()
    {
        Serve("m/one", ("last", 1, 1, 1), ("heavy", 1, 3, 0), ("light", 1, 1, 0));

        var first = Enumerable.Range(0, 2_000).Select(_ => Vendors(Plan("m/one"))).ToList();

        Assert.All(first, order => Assert.Equal("last", order[^1]));
        Assert.InRange(first.Count(order => order[0] == "heavy"), 1_350, 1_650);
    }

    [Fact]
    public void Weight_alone_decides_when_asked_to()
    {
        Serve("m/one", ("late", 1, 3, 9), ("early", 1, 1, 0));

        var first = Enumerable.Range(0, 2_000).Count(_ => Vendors(Plan("m/one", policy: RoutePolicy.Weighted))[0] == "late");

        Assert.InRange(first, 1_350, 1_650);
    }

    [Fact]
    public void Half_the_price_gets_four_times_the_calls()
    {
        Serve("m/one", ("cheap", 1, 1, 0), ("dear", 2, 1, 0));

        var cheap = Enumerable.Range(0, 2_000).Count(_ => Vendors(Plan("m/one", policy: RoutePolicy.Price))[0] == "cheap");

        Assert.InRange(cheap, 1_520, 1_680);
    }

    [Fact]
    public void A_sort_by_price_asks_the_cheapest_first_always()
    {
        Serve("m/one", ("dear", 3, 9, 0), ("cheap", 1, 1, 5), ("middle", 2, 1, 1));

        Assert.Equal(["cheap", "middle", "dear"], Vendors(Plan("m/one", new() { Sort = RouteSort.Price })));
        Assert.Equal(["cheap", "middle", "dear"], Vendors(Plan("m/one:floor")));
    }

    [Fact]
    public void A_sort_by_latency_asks_who_began_soonest_lately_and_whoever_is_unknown_before()
    {
        Serve("m/one", ("slow", 1, 1, 0), ("fast", 1, 1, 0));
        _pace.Served(Id("slow"), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(4), 100);
        Assert.Equal(["fast", "slow"], Vendors(Plan("m/one", new() { Sort = RouteSort.Latency })));

        _pace.Served(Id("fast"), TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(4), 100);
        Assert.Equal(["slow", "fast"], Vendors(Plan("m/one", new() { Sort = RouteSort.Latency })));
    }

    [Fact]
    public void A_sort_by_throughput_asks_who_writes_fastest_first()
    {
        Serve("m/one", ("slow", 1, 1, 0), ("fast", 1, 1, 0));
        _pace.Served(Id("slow"), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(11), 100);
        _pace.Served(Id("fast"), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(6), 100);

        Assert.Equal(["fast", "slow"], Vendors(Plan("m/one", new() { Sort = RouteSort.Throughput })));
        Assert.Equal(["fast", "slow"], Vendors(Plan("m/one:nitro")));
    }

    [Fact]
    public void A_request_orders_allows_and_ignores_vendors()
    {
        Serve("m/one", ("a", 1, 1, 0), ("b", 1, 1, 1), ("c", 1, 1, 2));

        Assert.Equal(["c", "b", "a"], Vendors(Plan("m/one", new() { Order = ["c", "B", "unknown"] })));
        Assert.Equal(["b", "c"], Vendors(Plan("m/one", new() { Only = ["c", "b"] })));
        Assert.Equal(["a", "c"], Vendors(Plan("m/one", new() { Ignore = ["b"] })));
        Assert.Equal(RouteRefusalReason.NoneFits, Plan("m/one", new() { Only = ["nobody"] }).Refusal);
    }

    [Fact]
    public void Without_fallbacks_only_the_first_endpoint_is_asked_with_whichever_of_its_keys()
    {
        Serve("m/one", ("a", 1, 1, 0), ("b", 1, 1, 1));
        Serve("m/two", ("c", 1, 1, 0));
        AddKey("a");

        var plan = Plan("m/one", new() { AllowFallbacks = false, FallbackModels = ["m/two"] });

        Assert.Equal(["a", "a"], Vendors(plan));
    }

    [Fact]
    public void Nobody_dearer_than_the_request_agrees_to_is_asked()
    {
        Serve("m/one", ("dear", 3, 1, 0), ("cheap", 1, 1, 1));

        Assert.Equal(["cheap"], Vendors(Plan("m/one", new() { MaxPrice = new MaxPrice(Currency.USD, PromptNanos: 2 * Money.NanosPerUnit) })));
        Assert.Equal(["cheap"], Vendors(Plan("m/one", new() { MaxPrice = new MaxPrice(Currency.USD, CompletionNanos: 4 * Money.NanosPerUnit) })));
        Assert.Equal(RouteRefusalReason.NoneFits, Plan("m/one", new() { MaxPrice = new MaxPrice(Currency.USD, PromptNanos: 1) }).Refusal);
        // What is not priced in the currency of the limit is not known to be within it.
        Assert.Equal(RouteRefusalReason.NoneFits, Plan("m/one", new() { MaxPrice = new MaxPrice(Currency.CNY, PromptNanos: long.MaxValue) }).Refusal);
    }

    [Fact]
    public void Whoever_insists_on_parameters_gets_only_models_known_to_have_them()
    {
        Serve("m/one", ("a", 1, 1, 0)).SupportedParameters = ["tools", "temperature"];

        Assert.NotNull(Plan("m/one", new() { RequireParameters = true, Parameters = ["tools"] }).Plan);
        Assert.Equal(RouteRefusalReason.NoneFits, Plan("m/one", new() { RequireParameters = true, Parameters = ["tools", "logprobs"] }).Refusal);
        Assert.NotNull(Plan("m/one", new() { Parameters = ["logprobs"] }).Plan);
    }

    [Fact]
    public void Data_policies_take_only_vendors_known_to_keep_to_them()
    {
        Serve("m/one", ("unknown", 1, 1, 0), ("keeps", 1, 1, 1), ("clean", 1, 1, 2));
        Vendor("keeps").RetainsPrompts = true;
        Vendor("keeps").TrainsOnPrompts = false;
        Vendor("clean").RetainsPrompts = false;
        Vendor("clean").TrainsOnPrompts = false;

        Assert.Equal(["clean"], Vendors(Plan("m/one", new() { DenyDataCollection = true })));
        Assert.Equal(["clean"], Vendors(Plan("m/one", new() { ZeroDataRetention = true })));
        Assert.Equal(["clean"], Vendors(Plan("m/one", caller: Caller(new OrganizationPolicy { DenyDataCollection = true }))));
    }

    [Fact]
    public void An_organization_allows_vendors_models_and_countries()
    {
        Serve("m/one", ("cn", 1, 1, 1), ("us", 1, 1, 0));
        Serve("m/two", ("us2", 1, 1, 0));
        Vendor("cn").Country = "CN";
        Vendor("us").Country = "US";

        Assert.Equal(["cn"], Vendors(Plan("m/one", caller: Caller(new OrganizationPolicy { Country = "CN" }))));
        Assert.Equal(["us"], Vendors(Plan("m/one", caller: Caller(new OrganizationPolicy { AllowedVendors = FrozenSet.Create("us") }))));
        Assert.Equal(RouteRefusalReason.NotAllowed, Plan("m/two", caller: Caller(new OrganizationPolicy { AllowedModels = FrozenSet.Create("m/one") })).Refusal);
        // A vendor whose country nobody knows is of none.
        Assert.Equal(RouteRefusalReason.NoneFits, Plan("m/two", caller: Caller(new OrganizationPolicy { Country = "CN" })).Refusal);
        Assert.Equal(["m/one"], Router().Callable(Caller(new OrganizationPolicy { Country = "CN" })).Select(model => model.Id));
    }

    [Fact]
    public void Models_to_fall_back_on_come_after_the_one_asked_for_and_stand_in_for_it()
    {
        Serve("m/one", ("a", 1, 1, 0));
        Serve("m/two", ("b", 1, 1, 0));

        var plan = Plan("m/one", new() { FallbackModels = ["m/none", "m/two"] }).Plan!;
        Assert.Equal([("m/one", "a"), ("m/two", "b")], plan.Upstreams.Select(upstream => (upstream.Model.Id, upstream.VendorId)));
        Assert.Equal("m/one", plan.Model.Id);

        Assert.Equal("m/two", Plan("m/none", new() { FallbackModels = ["m/two"] }).Plan!.Model.Id);
        Assert.Equal(RouteRefusalReason.UnknownModel, Plan("m/none", new() { FallbackModels = ["m/none2"] }).Refusal);
    }

    [Fact]
    public void Auto_takes_the_best_model_that_can_answer_and_keeps_the_others_ready()
    {
        Serve("m/second", ("a", 1, 1, 0)).AutoRank = 2;
        Serve("m/first", ("b", 1, 1, 0)).AutoRank = 1;
        Serve("m/other", ("c", 1, 1, 0));

        Assert.Equal(["m/first", "m/second"], Plan("auto").Plan!.Upstreams.Select(upstream => upstream.Model.Id));
        Assert.Equal("m/second", Plan("openrouter/auto", caller: Caller() with { AllowedModels = FrozenSet.Create("m/second") }).Plan!.Model.Id);
    }

    [Fact]
    public void A_suffix_is_no_part_of_a_name_unless_a_model_has_it()
    {
        Serve("m/one", ("a", 1, 1, 0));
        Serve("m/llama3:8b", ("b", 1, 1, 0));
        Serve("m/gift", ("c", 0, 1, 0));

        Assert.Equal("m/llama3:8b", Plan("m/llama3:8b").Plan!.Model.Id);
        Assert.Equal("m/llama3:8b", Plan("m/llama3:8b:nitro").Plan!.Model.Id);
        Assert.Equal(RouteRefusalReason.UnknownModel, Plan("m/one:unheard").Refusal);
        Assert.Equal(RouteRefusalReason.NoneFits, Plan("m/one:free").Refusal);
        Assert.Equal("m/gift", Plan("m/gift:free").Plan!.Model.Id);
    }

    [Fact]
    public void What_has_no_price_in_the_caller_s_currency_or_service_class_is_refused()
    {
        Serve("m/one", ("a", 1, 1, 0));

        Assert.Equal(RouteRefusalReason.Unpriced, Plan("m/one", caller: Caller() with { Currency = Currency.CNY }).Refusal);
        Assert.Equal(RouteRefusalReason.Unpriced, Plan("m/one", new() { ServiceTier = "priority" }).Refusal);
        Assert.Empty(Router().Callable(Caller() with { Currency = Currency.CNY }));
    }

    [Fact]
    public void One_that_rests_is_asked_last()
    {
        Serve("m/one", ("a", 1, 1, 0), ("b", 1, 1, 1));
        var plan = Plan("m/one").Plan!;
        _health.Failed(plan.Upstreams[0], new UpstreamException(ProviderFailure.Unavailable, "", retryAfter: TimeSpan.FromSeconds(20)), Guid.Empty);

        Assert.Equal(["b", "a"], Vendors(Plan("m/one")));
        _time.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal(["a", "b"], Vendors(Plan("m/one")));
    }

    [Fact]
    public void A_busy_key_rests_alone()
    {
        Serve("m/one", ("a", 1, 1, 0), ("b", 1, 1, 1));
        AddKey("a");
        var first = Plan("m/one").Plan!.Upstreams[0];

        _health.Failed(first, new UpstreamException(ProviderFailure.Busy, "", HttpStatusCode.TooManyRequests, retryAfter: TimeSpan.FromSeconds(7)), Guid.Empty);

        var plan = Plan("m/one").Plan!;
        Assert.Equal(["a", "b", "a"], plan.Upstreams.Select(upstream => upstream.VendorId));
        Assert.Equal(first.Credential, plan.Upstreams[^1].Credential);
        _time.Advance(TimeSpan.FromSeconds(7));
        Assert.Equal(["a", "a", "b"], Vendors(Plan("m/one")));
    }

    [Fact]
    public void A_conversation_stays_where_it_was_answered()
    {
        Serve("m/one", ("a", 1, 1, 0), ("b", 1, 1, 0), ("c", 1, 1, 0));
        var caller = Caller();
        var places = Enumerable.Range(0, 30).Select(number => Vendors(Plan("m/one", caller: caller, chat: Chat($"talk {number}")))[0]).ToList();
        Assert.Equal(["a", "b", "c"], places.Distinct().Order());

        // The same on every replica, and whatever is said later.
        Assert.Equal(places, Enumerable.Range(0, 30).Select(number => Vendors(Plan("m/one", caller: caller, chat: Chat($"talk {number}", "and then?")))[0]));

        // It had to move, and stays there.
        var plan = Plan("m/one", caller: caller, chat: Chat("talk 0")).Plan!;
        _affinity.Answered(plan.Conversation!.Value, plan.Upstreams[1].Key);
        Assert.Equal(plan.Upstreams[1].VendorId, Vendors(Plan("m/one", caller: caller, chat: Chat("talk 0", "and then?")))[0]);
        _time.Advance(TimeSpan.FromHours(2));
        Assert.Equal(plan.Upstreams[0].VendorId, Vendors(Plan("m/one", caller: caller, chat: Chat("talk 0", "and then?")))[0]);
    }

    [Fact]
    public void A_named_conversation_stays_together_whatever_it_begins_with_and_never_leaves_its_organization()
    {
        Serve("m/one", ("a", 1, 1, 0), ("b", 1, 1, 0));
        var session = new RoutePreferences { Session = "s-1" };
        var caller = Caller();

        var name = Plan("m/one", session, chat: Chat("one"), caller: caller).Plan!.Conversation;
        Assert.NotNull(name);
        Assert.Equal(name, Plan("m/one", session, chat: Chat("two"), caller: caller).Plan!.Conversation);
        Assert.NotEqual(name, Plan("m/one", session, chat: Chat("one"), caller: Caller()).Plan!.Conversation);
    }

    [Fact]
    public void What_is_held_what_is_charged_and_what_is_chosen_by_price_follow_the_discount_and_the_vendor_s_cost_does_not()
    {
        Serve("m/one", ("cheap", 4, 1, 0), ("dear", 6, 1, 0));
        var caller = Caller();
        var used = new Consumption(new TokenUsage(1_000_000, OutputText: 1_000_000));
        _discounts.Add(new PriceDiscount
        {
            Id = Guid.CreateVersion7(),
            CustomerId = caller.OrganizationId,
            VendorId = "dear",
            ModelPattern = "m/*",
            BasisPoints = 5_000,
            ValidFrom = _time.GetUtcNow(),
            ValidTo = _time.GetUtcNow().AddHours(1),
            Source = "contract",
        });
        var router = Router(RoutePolicy.Cheapest);

        var theirs = router.Plan("m/one", caller, Guid.CreateVersion7(), RoutePreferences.None, default).Plan!;
        Assert.Equal([("dear", "9", "18"), ("cheap", "12", "12")], theirs.Upstreams.Select(Costs));
        Assert.Equal("12", SurfaceCall.Dearest(theirs, used).ToDecimalString());
        var others = router.Plan("m/one", Caller(), Guid.CreateVersion7(), RoutePreferences.None, default).Plan!;
        Assert.Equal([("cheap", "12", "12"), ("dear", "18", "18")], others.Upstreams.Select(Costs));

        // It ends when it was agreed to, without anybody having to tell.
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Equal([("cheap", "12", "12"), ("dear", "18", "18")], router.Plan("m/one", caller, Guid.CreateVersion7(), RoutePreferences.None, default).Plan!.Upstreams.Select(Costs));

        (string, string, string) Costs(PlannedUpstream upstream) => upstream.Settle(used) is var (charge, vendorCost)
            ? (upstream.VendorId, charge.Cost.ToDecimalString(), vendorCost.ToDecimalString())
            : default;
    }

    private RouteOutcome Plan(
        string model, RoutePreferences? preferences = null, ReadOnlyMemory<byte> chat = default, Caller? caller = null, RoutePolicy policy = RoutePolicy.Priority) =>
        Router(policy).Plan(model, caller ?? Caller(), Guid.CreateVersion7(), preferences ?? RoutePreferences.None, chat);

    private Router Router(RoutePolicy policy = RoutePolicy.Priority)
    {
        var snapshot = new CatalogueSnapshot(_models, _served, _prices, Holidays.None, discounts: _discounts);
        return new Router(() => snapshot, _health, _pace, _affinity, Options.Create(new RoutingOptions { Policy = policy }), _time);
    }

    private Model Serve(string id, params (string Vendor, int Dollars, int Weight, int Priority)[] endpoints)
    {
        var model = new Model { Id = id, Name = id, CreatedAt = DateTimeOffset.UnixEpoch };
        _models.Add(model);
        foreach (var (vendor, dollars, weight, priority) in endpoints)
        {
            var upstream = new Upstream { Id = Guid.CreateVersion7(), ModelId = id, VendorId = vendor, VendorModel = "x", Weight = weight, Priority = priority };
            _served.Add(new ServedUpstream(
                upstream,
                new Vendor { Id = vendor, Name = vendor, BaseUrl = $"https://{vendor}.test/v1", Dialect = "openai", Source = "test" },
                new WireTarget(vendor, new Uri($"https://{vendor}.test/v1/chat/completions"), "x", null, VendorQuirks.None, UpstreamTimeouts.Default),
                vendor));
            _prices.AddRange(Price(upstream, PriceComponent.Input, dollars), Price(upstream, PriceComponent.Output, dollars * 2));
        }

        return model;
    }

    private void AddKey(string vendor)
    {
        var serving = _served.Single(served => served.Vendor.Id == vendor);
        _served.Add(serving with { Credential = Guid.CreateVersion7().ToString() });
    }

    private Vendor Vendor(string id) => _served.First(served => served.Vendor.Id == id).Vendor;

    private Guid Id(string vendor) => _served.First(served => served.Vendor.Id == vendor).Upstream.Id;

    private static List<string> Vendors(RouteOutcome outcome) => [.. outcome.Plan!.Upstreams.Select(upstream => upstream.VendorId)];

    private static Caller Caller(OrganizationPolicy? policy = null) => new()
    {
        KeyId = Guid.CreateVersion7(),
        UserId = Guid.CreateVersion7(),
        OrganizationId = Guid.CreateVersion7(),
        Currency = Currency.USD,
        Plan = CallerPlan.None,
        Policy = policy ?? OrganizationPolicy.Unrestricted,
    };

    private static byte[] Chat(params string[] said) => System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(new
    {
        model = "m/one",
        messages = said.SelectMany(text => (object[])[new { role = "system", content = "be brief" }, new { role = "user", content = text }, new { role = "assistant", content = "so" }]),
    });

    private static PriceRow Price(Upstream upstream, PriceComponent component, long dollars) => new()
    {
        Id = Guid.CreateVersion7(),
        UpstreamId = upstream.Id,
        Component = component,
        Currency = Currency.USD,
        NanosPerMillion = dollars * Money.NanosPerUnit,
        ValidFrom = DateTimeOffset.UnixEpoch,
        Source = "test",
    };
}
