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

    public static readonly NewApiKey NewKey = new("build server", new DateTimeOffset(2027, 1, 31, 0, 0, 0, TimeSpan.Zero), ["sim/echo"], new KeyLimits(5), AllowedIps: ["192.0.2.0/24"], Tags: new Dictionary<string, string> { ["project"] = "search" });
    public static readonly CreatedApiKey CreatedKey = new(Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120003"), "ai-hub-…", "build server", "ai-hub-Ab3d", "9xYz", Moment, NewKey.ExpiresAt, ["sim/echo"], new KeyLimits(5));
    public static readonly ApiKeyView Key = new(CreatedKey.Id, "build server", "ai-hub-Ab3d", "9xYz", "Lin", Moment, NewKey.ExpiresAt, null, ["sim/echo"], new KeyLimits(5),
        User.Id, null, true, ["models"], [], ["192.0.2.0/24"], new Dictionary<string, string> { ["project"] = "search" }, null);

    public static readonly ApiKeyChange KeyChange = new("build server, old", Enabled: false);
    public static readonly KeyRotation Rotation = new(3600);

    public static readonly UsageCurrent Current = new("free", Period, new QuotaView(10_000, 1500, 0, 8500, Period.EndsAt), new RateView(10), "USD", "0.00126", "0", 42, SomeTokens);
    public static readonly UsageHistory History = new(new DateOnly(2026, 1, 31), new DateOnly(2026, 1, 31), "Asia/Shanghai", "USD", [new UsageDay(new DateOnly(2026, 1, 31), 42, 1, SomeTokens, 1500, "0.00126", "0")]);
    public static readonly UsageCost Cost = new(new DateOnly(2026, 1, 1), new DateOnly(2026, 1, 31), "Asia/Shanghai", "USD", "model", [Group], Group with { Id = "", Label = "" });
    public static readonly UsageRequest Request = new(
        Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120004"), Moment, "deepseek/deepseek-v4-flash", "deepseek", Key.Id, "build server", "openai.chat", "succeeded", null, true, "stop",
        SomeTokens, "vendor", 1500, 1500, "0.00126", "0", "USD", 1840, 310, Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120005"));

    public static readonly PlanView Plan = new("free", "Free", "0", "USD", 10_000, 10, false);
    public static readonly SubscriptionView Subscription = new(Plan, "active", Period, false);
    public static readonly WalletView Wallet = new("USD", "20", "5", "0.25", "24.75");
    public static readonly ModelView Model = new("deepseek/deepseek-v4-flash", "DeepSeek V4 Flash", "deepseek", 1_000_000, 65_536, ["text"], ["text"], new PriceView("USD", "0.15", "0.6", "0.03"), 1m, 1m);
}
