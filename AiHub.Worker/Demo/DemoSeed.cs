using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Accounts;
using AiHub.Domain.Catalog;
using AiHub.Domain.Payments;
using AiHub.Domain.Quotas;
using AiHub.Domain.Tenancy;
using AiHub.Domain.Usage;
using AiHub.Worker.Migration;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;

namespace AiHub.Worker.Demo;

/// <summary>
/// The worker run as a job that brings the database up to date and tells it a month of a small company: people, teams, keys, budgets, top-ups, and
/// every call held and settled by the ledger at its own moment. Nothing is made up that the hub itself could not have written.
/// </summary>
internal static class DemoSeed
{
    public const string Argument = "demo";
    public const string Email = "demo@example.com";

    /// <summary>Known to everybody, so the job runs in development only.</summary>
    public const string Password = "silk road demo";

    private const int UsualDays = 34;
    private const int CallsPerWorkday = 260;
    private const int AtOnce = 32;

    private static readonly (string Team, string[] People)[] Company =
    [
        ("搜索 Search", ["Lin Yue", "Chen Hao"]),
        ("客服 Support", ["Zhao Min", "Amina Karim"]),
        ("数据 Data", ["Wang Lei", "Tomás Ruiz"]),
    ];

    /// <summary>Which team uses what, how often, and how long prompts and answers are there.</summary>
    private static readonly Habit[] Habits =
    [
        new(0, "search-prod", "anthropic/claude-haiku-4-5", 0.22, 2_400, 320, CacheShare: 0.55),
        new(0, "search-prod", "qwen/qwen3.8-flash", 0.20, 1_800, 260, CacheShare: 0.30),
        new(0, "search-dev", "openai/gpt-6-luna", 0.08, 1_200, 500, CacheShare: 0.10),
        new(1, "support-bot", "openai/gpt-6-sol", 0.16, 3_100, 420, CacheShare: 0.60),
        new(1, "support-bot", "anthropic/claude-sonnet-5", 0.10, 2_800, 650, CacheShare: 0.45),
        new(1, "support-eval", "google/gemini-3.8-flash", 0.06, 900, 240, CacheShare: 0),
        new(2, "batch-labels", "z-ai/glm-5.3-flash", 0.10, 1_500, 90, CacheShare: 0.20),
        new(2, "notebooks", "qwen/qwen3.8-max", 0.05, 4_200, 1_400, CacheShare: 0.15),
        new(2, "notebooks", "x-ai/grok-4.7", 0.03, 2_600, 900, CacheShare: 0),
    ];

    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(IConfiguration configuration, IHostEnvironment environment, TimeProvider time, TextWriter output, TextWriter errors, CancellationToken ct)
    {
        if (!environment.IsDevelopment())
        {
            await errors.WriteLineAsync("The demo makes an account whose password everybody knows, so it runs in development only.");
            return 1;
        }

        var now = time.GetUtcNow();
        var days = configuration.GetValue("Demo:Days", UsualDays);
        var start = now.AddDays(-days);
        // The catalogue's prices are valid from the day they are imported; here that is the first day of the story.
        var code = await Migrate.RunAsync(configuration, new Earlier(start.AddDays(-1)), output, errors, ct);
        if (code != 0)
        {
            return code;
        }

        var connection = configuration.GetConnectionString("hub")!;
        await using var db = new HubDb(new DbContextOptionsBuilder<HubDb>().UseNpgsql(connection).Options);
        await db.PrepareUsageMonthsAsync(start, ct);
        await db.PrepareUsageMonthsAsync(now, ct);
        if (await db.Users.AnyAsync(user => user.NormalizedEmail == Email.ToUpperInvariant(), ct))
        {
            await output.WriteLineAsync($"The demo is there already: sign in as {Email} with the password '{Password}'.");
            return 0;
        }

        var (organization, people, teams) = await FoundAsync(db, start, ct);
        var keys = await GiveKeysAsync(db, organization, people, teams, start, ct);
        await SetBudgetsAsync(db, organization, teams, keys, people[0], start, ct);

        await using var ledger = new Ledger(connection, time, NullLogger<Ledger>.Instance);
        var (calls, refused) = await LiveAsync(db, ledger, organization, people[0], teams, keys, start, now, ct);
        await db.RollUpUsageAsync(ct);

        await output.WriteLineAsync($"A month of {organization.Name}: {calls} calls, {refused} refused by budgets.");
        await output.WriteLineAsync($"Sign in as {Email} with the password '{Password}'. A key of theirs: {keys[0].Secret}");
        return 0;
    }

    private static async Task<(Organization Organization, User[] People, Team[] Teams)> FoundAsync(HubDb db, DateTimeOffset start, CancellationToken ct)
    {
        var founder = await RegisterAsync(db, Email, "Mei Zhang 张梅", "丝路机器人 Silk Road Robotics", PlanIds.Pro, start, ct);
        var organization = founder.Organization;
        var people = new List<User> { founder.User };
        var teams = new List<Team>();
        foreach (var (at, name) in Company.SelectMany(team => team.People).Select((name, index) => (start.AddHours(2 + (index * 3)), name)))
        {
            people.Add((await RegisterAsync(db, $"{name.Split(' ')[0].ToLowerInvariant()}@example.com", name, $"{name}", PlanIds.Free, at, ct)).User);
        }

        await db.InOrganizationAsync(organization.Id, async () =>
        {
            foreach (var (index, (name, _)) in Company.Index())
            {
                var team = new Team { Id = Guid.CreateVersion7(start.AddHours(1)), OrganizationId = organization.Id, Name = name, CreatedAt = start.AddHours(1) };
                teams.Add(team);
                db.Teams.Add(team);
                foreach (var (position, person) in people.Skip(1 + (index * 2)).Take(2).Index())
                {
                    db.Memberships.Add(new Membership { OrganizationId = organization.Id, UserId = person.Id, Role = position == 0 ? Role.Admin : Role.Developer, CreatedAt = person.CreatedAt });
                    db.TeamMemberships.Add(new TeamMembership { OrganizationId = organization.Id, TeamId = team.Id, UserId = person.Id, Role = position == 0 ? TeamRole.Lead : TeamRole.Member, CreatedAt = person.CreatedAt });
                }
            }

            await db.SaveChangesAsync(ct);
            foreach (var team in teams)
            {
                await db.AuditAsync(new AuditActor(people[0].Id), "team.created", team.Id.ToString(), null, new { name = team.Name }, team.CreatedAt, ct);
            }
        }, ct);
        db.ChangeTracker.Clear();
        return (organization, [.. people], [.. teams]);
    }

    private static async Task<(User User, Organization Organization)> RegisterAsync(HubDb db, string email, string name, string organizationName, string plan, DateTimeOffset at, CancellationToken ct)
    {
        var user = new User
        {
            Id = Guid.CreateVersion7(at),
            Email = email,
            NormalizedEmail = email.ToUpperInvariant(),
            EmailConfirmed = true,
            DisplayName = name,
            SecurityStamp = Guid.CreateVersion7(at).ToString("N"),
            ConcurrencyStamp = Guid.CreateVersion7(at).ToString("N"),
            LockoutEnabled = true,
            CreatedAt = at,
        };
        user.PasswordHash = new PasswordHasher<User>().HashPassword(user, Password);
        var organization = new Organization { Id = Guid.CreateVersion7(at), Name = organizationName, Personal = true, Currency = Currency.USD, TimeZone = Organization.DefaultTimeZone, CreatedAt = at };
        await db.InOrganizationAsync(organization.Id, async () =>
        {
            db.Users.Add(user);
            await db.SaveChangesAsync(ct);
            await db.OpenOrganizationAsync(organization, user.Id, plan, at, ct);
            await db.AuditAsync(new AuditActor(user.Id), "user.registered", user.Id.ToString(), null, new { email }, at, ct);
        }, ct);
        db.ChangeTracker.Clear();
        return (user, organization);
    }

    private static async Task<List<DemoKey>> GiveKeysAsync(HubDb db, Organization organization, User[] people, Team[] teams, DateTimeOffset start, CancellationToken ct)
    {
        var keys = new List<DemoKey>();
        await db.InOrganizationAsync(organization.Id, async () =>
        {
            foreach (var (index, (team, name)) in Habits.Select(habit => (habit.Team, habit.Key)).Distinct().Index())
            {
                var secret = ApiKeySecret.Generate();
                var (prefix, lastFour) = ApiKeySecret.Display(secret);
                var at = start.AddHours(4 + index);
                var key = new ApiKey
                {
                    Id = Guid.CreateVersion7(at),
                    OrganizationId = organization.Id,
                    TeamId = teams[team].Id,
                    UserId = people[1 + (team * 2) + (index % 2)].Id,
                    Name = name,
                    Hash = ApiKeySecret.Hash(secret),
                    Prefix = prefix,
                    LastFour = lastFour,
                    CreatedAt = at,
                    Tags = new Dictionary<string, string> { ["project"] = name.Split('-')[0] },
                    RequestsPerMinute = name == "search-dev" ? 60 : null,
                    AllowedModels = name == "support-eval" ? ["google/gemini-3.8-flash", "openai/gpt-6-luna"] : [],
                };
                keys.Add(new DemoKey(key, secret));
                db.ApiKeys.Add(key);
            }

            await db.SaveChangesAsync(ct);
            foreach (var (key, _) in keys)
            {
                await db.AuditAsync(new AuditActor(key.UserId), "api_key.created", key.Id.ToString(), null, new { name = key.Name, prefix = key.Prefix }, key.CreatedAt, ct);
            }
        }, ct);
        db.ChangeTracker.Clear();
        return keys;
    }

    private static Task SetBudgetsAsync(HubDb db, Organization organization, Team[] teams, List<DemoKey> keys, User owner, DateTimeOffset start, CancellationToken ct) =>
        db.InOrganizationAsync(organization.Id, async () =>
        {
            var at = start.AddHours(6);
            await AddAsync(BudgetScope.Organization, organization.Id, 120, BudgetPeriod.Month, hard: false);
            await AddAsync(BudgetScope.Team, teams[0].Id, 40, BudgetPeriod.Month, hard: true);
            await AddAsync(BudgetScope.Team, teams[1].Id, 60, BudgetPeriod.Month, hard: true);
            await AddAsync(BudgetScope.Key, keys.First(key => key.Key.Name == "notebooks").Key.Id, 1, BudgetPeriod.Day, hard: true);

            async Task AddAsync(BudgetScope scope, Guid subject, int dollars, BudgetPeriod period, bool hard)
            {
                var budget = new Budget
                {
                    Id = Guid.CreateVersion7(at),
                    OrganizationId = organization.Id,
                    Scope = scope,
                    SubjectId = subject,
                    Unit = nameof(Currency.USD),
                    Amount = dollars * Money.NanosPerUnit,
                    Period = period,
                    Alignment = BudgetAlignment.Calendar,
                    Anchor = at,
                    Hard = hard,
                    AlertAt = [80, 100],
                    CreatedAt = at,
                    CreatedBy = owner.Id,
                };
                await db.AddBudgetAsync(budget, ct);
                await db.AuditAsync(new AuditActor(owner.Id), "budget.created", budget.Id.ToString(), null, new { scope = budget.Scope.ToString(), amount = $"{dollars}.00", unit = budget.Unit }, at, ct);
            }
        }, ct);

    /// <summary>Day after day: what begins and ends with it, the top-ups, and its calls in the order they came in.</summary>
    private static async Task<(int Calls, int Refused)> LiveAsync(
        HubDb db, Ledger ledger, Organization organization, User owner, Team[] teams, List<DemoKey> keys, DateTimeOffset start, DateTimeOffset now, CancellationToken ct)
    {
        var upstreams = await db.Upstreams.AsNoTracking().OrderBy(upstream => upstream.Priority).ToListAsync(ct);
        var book = new PriceBook(await db.Prices.AsNoTracking().ToListAsync(ct));
        var models = await db.Models.AsNoTracking().ToDictionaryAsync(model => model.Id, ct);
        var habits = Habits.Where(habit => models.ContainsKey(habit.Model) && Serves(habit.Model, now) is not null).ToList();
        var chance = new Random(20261128);
        var (made, refused) = (0, 0);

        for (var day = start; day < now; day = day.AddDays(1))
        {
            await db.InOrganizationAsync(organization.Id, () => db.GrantPeriodsAsync(day, ct), ct);
            await ledger.ExpireAsync(day, 100, ct);
            if ((day - start).Days % 10 == 0)
            {
                await TopUpAsync(db, organization, owner, (day - start).Days % 20 == 0 ? PaymentChannelId.WechatPay : PaymentChannelId.Stripe, 5_000, day.AddHours(1), ct);
            }

            var weekend = day.ToOffset(TimeSpan.FromHours(8)).DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday;
            var growth = 0.7 + (0.6 * (day - start).TotalDays / (now - start).TotalDays);
            var moments = Enumerable.Range(0, (int)(CallsPerWorkday * growth * (weekend ? 0.25 : 1)))
                .Select(_ => day.AddHours(WorkingHour(chance)).AddSeconds(chance.NextDouble() * 3600)).Where(at => at < now.AddMinutes(-1)).Order().ToList();
            var calls = moments.Select(at => Call(at)).ToList();
            foreach (var together in calls.Chunk(AtOnce))
            {
                var outcomes = await Task.WhenAll(together.Select(call => MakeAsync(call)));
                made += outcomes.Count(was => was);
                refused += outcomes.Count(was => !was);
            }
        }

        return (made, refused);

        Upstream? Serves(string model, DateTimeOffset at) => upstreams.FirstOrDefault(upstream => upstream.ModelId == model && book.At(upstream.Id, Currency.USD, at) is not null);

        UsageRecord Call(DateTimeOffset at)
        {
            var habit = Pick(habits, chance);
            var upstream = Serves(habit.Model, at)!;
            var (input, output) = ((long)(habit.Input * Spread(chance)) + 20, (long)(habit.Output * Spread(chance)) + 8);
            var fate = chance.NextDouble();
            var status = fate < 0.012 ? UsageStatus.Failed : fate < 0.03 ? UsageStatus.Cancelled : UsageStatus.Succeeded;
            var read = (long)(input * habit.CacheShare * chance.NextDouble());
            var tokens = status == UsageStatus.Failed ? default : new TokenUsage(input - read, read, OutputText: status == UsageStatus.Cancelled ? output / 3 : output);
            var charge = tokens.Total == 0 ? new Charge(new Money(0, Currency.USD), []) : book.At(upstream.Id, Currency.USD, at)!.Price(tokens);
            var first = TimeSpan.FromMilliseconds(180 + (chance.NextDouble() * 900));
            var key = keys.First(candidate => candidate.Key.Name == habit.Key).Key;
            return new UsageRecord
            {
                Id = Guid.CreateVersion7(at),
                OrganizationId = organization.Id,
                TeamId = teams[habit.Team].Id,
                UserId = key.UserId,
                KeyId = key.Id,
                ModelId = habit.Model,
                UpstreamId = upstream.Id,
                VendorId = upstream.VendorId,
                Surface = habit.Model.StartsWith("anthropic/", StringComparison.Ordinal) ? "anthropic.messages" : "openai.chat",
                OccurredAt = at,
                Tokens = tokens,
                Source = UsageSource.Vendor,
                Status = status,
                ErrorCode = status == UsageStatus.Failed ? "upstream_unavailable" : null,
                Streamed = chance.NextDouble() < 0.8,
                FinishReason = status == UsageStatus.Succeeded ? "stop" : null,
                PlanTokens = models[habit.Model].Weights.PlanTokens(tokens),
                Cost = charge.Cost,
                VendorCostNanos = charge.Cost.Nanos,
                PriceRows = charge.PriceRows,
                Tags = [.. key.Tags.Values],
                Latency = first + TimeSpan.FromMilliseconds(output * 9),
                TimeToFirstToken = status == UsageStatus.Failed ? null : first,
                Attempts = chance.NextDouble() < 0.03 ? 2 : 1,
            };
        }

        async Task<bool> MakeAsync(UsageRecord usage)
        {
            var outcome = await ledger.HoldAsync(
                new HoldRequest(usage.Id, usage.OrganizationId, usage.TeamId, usage.UserId, usage.KeyId,
                    Math.Max(1, usage.PlanTokens), Math.Max(1, usage.PlanTokens), usage.Cost, usage.OccurredAt, TimeSpan.FromMinutes(5))
                {
                    Models = [usage.ModelId],
                    Vendors = [usage.VendorId],
                },
                ct);
            if (outcome.Hold is not { } hold)
            {
                return false;
            }

            await ledger.SettleAsync(new Settlement(hold.Id, usage, usage.OccurredAt + usage.Latency), ct);
            return true;
        }
    }

    private static async Task TopUpAsync(HubDb db, Organization organization, User payer, PaymentChannelId channel, long cents, DateTimeOffset at, CancellationToken ct)
    {
        var order = new PaymentOrder
        {
            Id = Guid.CreateVersion7(at),
            OrganizationId = organization.Id,
            UserId = payer.Id,
            Purpose = PaymentPurpose.TopUp,
            Channel = channel,
            Scene = PaymentScene.Desktop,
            ClientAddress = "192.0.2.10",
            Currency = Currency.USD,
            AmountMinor = cents,
            OutTradeNo = $"demo{at.ToUnixTimeMilliseconds()}",
            CreatedAt = at,
            ExpiresAt = at.AddMinutes(15),
        };
        await db.InOrganizationAsync(organization.Id, async () =>
        {
            db.PaymentOrders.Add(order);
            await db.SaveChangesAsync(ct);
        }, ct);
        db.ChangeTracker.Clear();
        var outcome = await db.CreditOrderAsync(
            order.Id, new PaymentProof(channel, "demo", "demo", nameof(Currency.USD), cents, $"demo-{order.OutTradeNo}", at.AddMinutes(1)), "demo", "demo", at.AddMinutes(1), ct);
        if (outcome != CreditOutcome.Credited)
        {
            throw new InvalidOperationException($"The demo's payment was not credited: {outcome}.");
        }
    }

    private static Habit Pick(List<Habit> habits, Random chance)
    {
        var at = chance.NextDouble() * habits.Sum(habit => habit.Share);
        foreach (var habit in habits)
        {
            at -= habit.Share;
            if (at <= 0)
            {
                return habit;
            }
        }

        return habits[^1];
    }

    // Long tails, as prompts have them.
    private static double Spread(Random chance) => Math.Exp((chance.NextDouble() + chance.NextDouble() + chance.NextDouble() - 1.5) * 1.2);

    // The days of the story begin at the hour the demo is started; what matters is that some hours are busier than others.
    private static int WorkingHour(Random chance) => chance.NextDouble() < 0.75 ? chance.Next(0, 10) : chance.Next(0, 24);

    private sealed record Habit(int Team, string Key, string Model, double Share, int Input, int Output, double CacheShare);

    private sealed record DemoKey(ApiKey Key, string Secret);

    private sealed class Earlier(DateTimeOffset moment) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => moment;
    }
}
