using AiHub.Contracts;

namespace AiHub.Gateway.Management.Docs;

/// <summary>What the API reference shows: values of the contracts themselves, so an example cannot be out of date.</summary>
public static class Examples
{
    private static readonly DateTimeOffset Moment = new(2026, 1, 31, 8, 30, 0, TimeSpan.Zero);
    private static readonly UserView User = new(Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120001"), "lin@example.com", "Lin", Moment);
    private static readonly TokensView SomeTokens = new(1200, 300, 1000, 120, 1500);
    private static readonly PeriodView Period = new(new DateTimeOffset(2025, 12, 31, 16, 0, 0, TimeSpan.Zero), new DateTimeOffset(2026, 1, 31, 16, 0, 0, TimeSpan.Zero));
    private static readonly UsageGroup Group = new("deepseek/deepseek-v4-flash", "DeepSeek V4 Flash", 42, 1, SomeTokens, 1500, "0.00126", "0");

    private const string Access = "ait_…";
    private const string RefreshToken = "air_…";

    public static readonly OrganizationView Organization = new(Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120002"), "Lin's organization", "owner", "free", "USD", "Asia/Shanghai", true);
    public static readonly RegisterRequest Register = new("lin@example.com", "a sentence only I know", "Lin", null, "USD", "Asia/Shanghai");
    public static readonly Registered Registered = new(User, Organization, Access, RefreshToken, 900);
    public static readonly LoginRequest Login = new("lin@example.com", "a sentence only I know");
    public static readonly RefreshRequest Refresh = new(RefreshToken);
    public static readonly TokenPair Tokens = new(Access, RefreshToken, 900);
    public static readonly Me Me = new(User, Organization, [Organization], ["organization.read", "keys.write"], false);

    public static readonly KeyLimits KeyLimits = new(5, 100_000, 4);
    public static readonly LimitsView Limits = new(
        new KeyLimits(10), new KeyLimits(), [new SubjectLimits(Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120006"), "search", new KeyLimits(8, 200_000))], []);
    public static readonly NewApiKey NewKey = new("build server", new DateTimeOffset(2027, 1, 31, 0, 0, 0, TimeSpan.Zero), ["sim/echo"], new KeyLimits(5), AllowedIps: ["192.0.2.0/24"], Tags: new Dictionary<string, string> { ["project"] = "search" });
    public static readonly CreatedApiKey CreatedKey = new(Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120003"), "ai-hub-…", "build server", "ai-hub-Ab3d", "9xYz", Moment, NewKey.ExpiresAt, ["sim/echo"], new KeyLimits(5));
    public static readonly ApiKeyView Key = new(CreatedKey.Id, "build server", "ai-hub-Ab3d", "9xYz", "Lin", Moment, NewKey.ExpiresAt, null, ["sim/echo"], new KeyLimits(5),
        User.Id, null, true, ["models"], [], ["192.0.2.0/24"], new Dictionary<string, string> { ["project"] = "search" }, null);

    public static readonly ApiKeyChange KeyChange = new("build server, old", Enabled: false);
    public static readonly KeyRotation Rotation = new(3600);

    public static readonly UsageCurrent Current = new("free", Period, new QuotaView(10_000, 1500, 0, 8500, Period.EndsAt), new RateView(10), "USD", "0.00126", "0", 42, SomeTokens);
    public static readonly UsageHistory History = new(new DateOnly(2026, 1, 31), new DateOnly(2026, 1, 31), "Asia/Shanghai", "USD", [new UsageDay(new DateOnly(2026, 1, 31), 42, 1, SomeTokens, 1500, "0.00126", "0")]);
    public static readonly UsageCost Cost = new(new DateOnly(2026, 1, 1), new DateOnly(2026, 1, 31), "Asia/Shanghai", "USD", "model", [Group], Group with { Id = "", Label = "" });
    public static readonly UsageSeries Series = new(new DateOnly(2026, 1, 31), new DateOnly(2026, 1, 31), "Asia/Shanghai", "USD", "model",
        [new UsageSeriesGroup("deepseek/deepseek-v4-flash", "DeepSeek V4 Flash", false, [new UsageDay(new DateOnly(2026, 1, 31), 42, 1, SomeTokens, 1500, "0.00126", "0")])]);
    public static readonly UsageHours Hours = new(new DateOnly(2026, 1, 31), new DateOnly(2026, 1, 31), "Asia/Shanghai", "USD", [new UsageHour(new DateTimeOffset(2026, 1, 31, 8, 0, 0, TimeSpan.Zero), 42, 1, SomeTokens, 1500, "0.00126", "0")]);
    public static readonly UsageRequest Request = new(
        Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120004"), Moment, "deepseek/deepseek-v4-flash", "deepseek", Key.Id, "build server", "openai.chat", "succeeded", null, true, "stop",
        SomeTokens, "vendor", 1500, 1500, "0.00126", "0", "USD", 1840, 310, Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120005"), User.Id, null, ["project:search"], new UnitsView(0, 0, 0, 0),
        [new AttemptView("deepseek", Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac12000f"), 4, 1830, 300, 200, null)]);

    public static readonly ChargeExplanation Explanation = new(
        Request,
        [
            new ChargeLineView("input_uncached", 200, "input", Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120007"), "0.15", "0.00003"),
            new ChargeLineView("output_text", 300, "output", Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120008"), "0.6", "0.00018"),
        ],
        [
            new ExplainedPrice(Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120007"), "input", "0.15", "USD", 0, "", "", Moment, null, "vendor's price page", null),
            new ExplainedPrice(Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120008"), "output", "0.6", "USD", 0, "", "", Moment, null, "vendor's price page", null),
        ],
        "0.00021", "0", "0.00021", "USD", 500, 500,
        new WeightsView(1m, 1m, "⌈200 × 1 + 0 × 1 + 300 × 1⌉ = 500"),
        [new PaymentView("allowance", "500", "TOK")],
        [new LotDrawView(Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120009"), "allowance", "grant", null, "500", "TOK", Period.StartsAt, Period.EndsAt)],
        [new BudgetDrawView(BudgetExamples.Budget.Id, "key", Key.Id, "build server", null, null, "USD", "month", true, "0.0005", "0.00021", BudgetExamples.Budget.PeriodStartsAt, BudgetExamples.Budget.ResetsAt, null)],
        new HoldView(Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120005"), "settled", Moment, Moment, 1200, "0", "0", [new LotHoldView(Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120009"), "allowance", "1200", Period.StartsAt, Period.EndsAt)]),
        new JournalView(Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120005"), "settle", Moment, Moment, [new EntryView("allowance", "-500", "TOK"), new EntryView("tokens_used", "500", "TOK")]));

    public static readonly HealthBoard Health = new(Moment,
    [
        new ModelHealth("deepseek/deepseek-v4-flash", "DeepSeek V4 Flash", "operational", 1, 0.9993, 420, 71.5, [new DayHealth(new DateOnly(2026, 1, 31), 0.9993)],
            [new EndpointHealth("deepseek", "", "operational", 0.9981, 420, 71.5)]),
    ]);

    public static readonly NewAlertChannel NewAlertChannel = new("email", "finance", "finance@example.com", null, "en");
    public static readonly AlertChannelView AlertChannel = new(Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac12000a"), "email", "finance", "finance@example.com", "en", Moment);
    public static readonly CreatedAlertChannel CreatedAlertChannel = new(Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac12000b"), "webhook", "pager", "https://pager.example.com/…", "en", Moment, "whsec_…");
    public static readonly NewAlertRule NewAlertRule = new("quota", "monthly quota", [50, 80, 95, 100]);
    public static readonly AlertRuleView AlertRule = new(Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac12000c"), "quota", "monthly quota", [50, 80, 95, 100], null, "USD", [], Moment);
    public static readonly AlertFiringView AlertFiring = new(
        Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac12000d"), "quota", AlertRule.Id, "monthly quota", 80, "8000", "10000", "TOK", Period.EndsAt, Moment,
        [new AlertDeliveryView(Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac12000e"), AlertChannel.Id, "sent", 1, null, Moment)]);

    public static readonly PlanView Plan = new("free", "Free", "0", "USD", 10_000, 10, false);
    public static readonly SubscriptionView Subscription = new(Plan, "active", Period, false);
    public static readonly WalletView Wallet = new("USD", "20", "5", "0.25", "24.75");
    public static readonly ModelView Model = new("deepseek/deepseek-v4-flash", "DeepSeek V4 Flash", "deepseek", 1_000_000, 65_536, ["text"], ["text"], new PriceView("USD", "0.15", "0.6", "0.03"), 1m, 1m);
    public static readonly PublicModelView PublicModel = new(
        "deepseek/deepseek-v4-flash", "DeepSeek V4 Flash", "chat", [new PublicVendorView("deepseek", "DeepSeek", "CN", true, null)], 1_000_000, 65_536, ["text"], ["text"], ["tools"],
        [new PriceView("USD", "0.15", "0.6", "0.03"), new PriceView("CNY", "1", "4", "0.2")], 1m, 1m, true, false, Moment);
}
