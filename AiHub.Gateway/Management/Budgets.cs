using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Quotas;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Access;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Management;

/// <summary>What an organization, its teams, users and keys may spend in a period, and where they stand.</summary>
public static class Budgets
{
    /// <summary>Bounds what every call of an organization has to be counted against.</summary>
    public const int Most = 1_000;

    internal const string Tokens = "tokens";
    private static readonly int[] UsualAlerts = [50, 80, 95, 100];

    public static void MapBudgets(this IEndpointRouteBuilder api)
    {
        var budgets = api.MapGroup("/organizations/{id}/budgets").WithTags("Budgets");

        budgets.MapPost("/", CreateAsync)
            .InOrganizationOfPath(Permission.BudgetsWrite)
            .Describe("createBudget", new("Set a budget", "设置预算"),
                new("It counts from the beginning of its period: what has been used since then and what calls under way hold is in it at once.", "预算从其周期开始时计算：此前已用及进行中调用预留的部分立即计入。"),
                BudgetExamples.New, BudgetExamples.Budget)
            .Refuses(ProblemKind.BudgetLimitReached);

        budgets.MapGet("/", ListAsync)
            .InOrganizationOfPath(Permission.BudgetsRead)
            .Describe("listBudgets", new("List budgets", "列出预算"), new("With what is used, held and free in the current period of each.", "包含各预算当前周期的已用、预留与剩余。"), null, new Page<BudgetView>([BudgetExamples.Budget], null));

        budgets.MapGet("/{budget_id}", FindAsync)
            .InOrganizationOfPath(Permission.BudgetsRead)
            .Parameter("budget_id", BudgetExamples.Id, "uuid", BudgetExamples.Budget.Id)
            .Describe("getBudget", new("Get a budget", "查询预算"), new("With what is used, held and free in its current period.", "包含当前周期的已用、预留与剩余。"), null, BudgetExamples.Budget)
            .Refuses(ProblemKind.BudgetNotFound);

        budgets.MapPatch("/{budget_id}", ChangeAsync)
            .InOrganizationOfPath(Permission.BudgetsWrite)
            .Parameter("budget_id", BudgetExamples.Id, "uuid", BudgetExamples.Budget.Id)
            .Describe("changeBudget", new("Change a budget, or raise it for a time", "修改预算或临时提额"),
                new("Holds for the next call. What it counts and its period stay; for another, set another budget.", "自下一次调用起生效。计量对象与周期不可更改；如需更改，请另设预算。"), BudgetExamples.Change, BudgetExamples.Budget)
            .Refuses(ProblemKind.BudgetNotFound);

        budgets.MapDelete("/{budget_id}", EndAsync)
            .InOrganizationOfPath(Permission.BudgetsWrite)
            .Parameter("budget_id", BudgetExamples.Id, "uuid", BudgetExamples.Budget.Id)
            .Describe("deleteBudget", new("Remove a budget", "删除预算"), new("It refuses nothing from now on; what it counted stays in the records.", "此后不再限制调用；已计数据仍保留在记录中。"))
            .Refuses(ProblemKind.BudgetNotFound);
    }

    /// <summary>Reads and checks a new budget; what is wrong is added to <paramref name="errors"/> under <paramref name="prefix"/>.</summary>
    public static Budget? Read(NewBudget request, string prefix, Guid subjectId, Member member, DateTimeOffset now, FieldErrors errors)
    {
        if (request.Unit != Tokens && request.Unit != member.Organization.Currency.ToString())
        {
            errors.Add($"{prefix}unit", FieldText.OneOf, $"{Tokens}, {member.Organization.Currency}");
            return null;
        }

        if (request is { Model: not null, Vendor: not null })
        {
            errors.Add($"{prefix}vendor", FieldText.ModelOrVendor);
        }

        if (request.Anchor > now)
        {
            errors.Add($"{prefix}anchor", FieldText.Past);
        }

        var amount = ReadAmount(request.Amount, request.Unit, member, $"{prefix}amount", errors);
        CheckAlerts(request.AlertAt, $"{prefix}alert_at", errors);
        return errors.Any ? null : new Budget
        {
            Id = Guid.CreateVersion7(now),
            OrganizationId = member.OrganizationId,
            Scope = Enum.Parse<BudgetScope>(request.Scope, ignoreCase: true),
            SubjectId = subjectId,
            ModelId = request.Model,
            VendorId = request.Vendor,
            Unit = request.Unit == Tokens ? Budget.Tokens : request.Unit,
            Amount = amount,
            Period = Enum.Parse<BudgetPeriod>(request.Period, ignoreCase: true),
            Alignment = Enum.Parse<BudgetAlignment>(request.Alignment, ignoreCase: true),
            Anchor = request.Anchor?.Cut() ?? now,
            Hard = request.Hard,
            AlertAt = [.. (request.AlertAt ?? UsualAlerts).Distinct().Order()],
            CreatedAt = now,
            CreatedBy = member.UserId,
        };
    }

    /// <summary>A key's own budget as the general kind of it.</summary>
    public static NewBudget Of(KeyBudget budget) => new(budget.Amount, budget.Unit, "key", Period: budget.Period, Hard: budget.Hard);

    /// <summary>The budget each of these keys was given for itself.</summary>
    public static async Task<Dictionary<Guid, BudgetView>> OfKeysAsync(HubDb db, Member member, Guid[] keys, DateTimeOffset now, CancellationToken ct) =>
        (await ViewsAsync(db, member, budget => budget.Scope == BudgetScope.Key && keys.Contains(budget.SubjectId) && budget.ModelId == null && budget.VendorId == null, now, ct))
            .GroupBy(view => view.SubjectId).ToDictionary(views => views.Key, views => views.Last());

    /// <summary>
    /// Gives a key another budget of its own. One of the same unit and period goes on counting where it is. What somebody else set,
    /// only those may change who manage budgets.
    /// </summary>
    public static async Task<Refused?> ChangeOfKeyAsync(
        HubDb db, KeyBudget asked, Guid keyId, Member member, AuditActor actor, FieldErrors errors, DateTimeOffset now, CancellationToken ct)
    {
        if (Read(Of(asked), "budget.", keyId, member, now, errors) is not { } wanted)
        {
            return errors.Refuse();
        }

        var existing = await db.Budgets.AsNoTracking()
            .Where(row => row.Scope == BudgetScope.Key && row.SubjectId == keyId && row.ModelId == null && row.VendorId == null && row.EndedAt == null).ToListAsync(ct);
        if (existing.Exists(row => row.CreatedBy != member.UserId) && !member.May(Permission.BudgetsWrite))
        {
            return MemberOfOrganization.RoleNotAllowed(Permission.BudgetsWrite, member.Role);
        }

        var same = existing.Find(row => row.Unit == wanted.Unit && row.Period == wanted.Period && row.Alignment == wanted.Alignment);
        foreach (var other in existing.Where(row => row != same))
        {
            await db.EndBudgetAsync(other, now, ct);
            await db.AuditAsync(actor, "budget.removed", other.Id.ToString(), Noted(other), null, now, ct);
        }

        if (same is null)
        {
            await db.SetAsync(wanted, actor, now, ct);
            return null;
        }

        var changed = Changed(same, wanted.Amount, wanted.Hard, same.AlertAt, same.RaisedAmount, same.RaisedUntil);
        await db.ChangeBudgetAsync(changed, ct);
        await db.AuditAsync(actor, "budget.changed", same.Id.ToString(), Noted(same), Noted(changed), now, ct);
        return null;
    }

    /// <summary>Sets it, and writes down who did. Inside the organization.</summary>
    public static async Task SetAsync(this HubDb db, Budget budget, AuditActor actor, DateTimeOffset now, CancellationToken ct)
    {
        await db.AddBudgetAsync(budget, ct);
        await db.AuditAsync(actor, "budget.created", budget.Id.ToString(), null, Noted(budget), now, ct);
    }

    private static async Task<Results<Created<BudgetView>, Refused>> CreateAsync(
        NewBudget request, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        var errors = new FieldErrors(http.Request.Language());
        var subject = request.Scope == "organization" ? member.OrganizationId : request.SubjectId ?? Guid.Empty;
        if (request.Scope != "organization" && request.SubjectId is null)
        {
            errors.Add("subject_id", FieldText.Required);
        }

        if (request.Model is { } model && !await db.Models.AnyAsync(row => row.Id == model, ct))
        {
            errors.Add("model", FieldText.UnknownModels, model);
        }

        if (request.Vendor is { } vendor && !await db.Vendors.AnyAsync(row => row.Id == vendor, ct))
        {
            errors.Add("vendor", FieldText.NotHere);
        }

        var budget = Read(request, "", subject, member, now, errors);
        if (budget is null || errors.Any)
        {
            return errors.Refuse();
        }

        var refusal = await db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            if (!await IsHereAsync(db, budget, ct))
            {
                errors.Add("subject_id", FieldText.NotHere);
                return errors.Refuse();
            }

            if (await db.Budgets.CountAsync(row => row.EndedAt == null, ct) >= Most)
            {
                return Refused.Because(ProblemKind.BudgetLimitReached, Most);
            }

            await db.SetAsync(budget, http.Actor(), now, ct);
            return null;
        }, ct);

        return refusal is null
            ? TypedResults.Created($"{ManagementApi.Path}/organizations/{member.OrganizationId}/budgets/{budget.Id}", (await ViewAsync(db, member, budget.Id, now, ct))!)
            : refusal;
    }

    private static async Task<Ok<Page<BudgetView>>> ListAsync(Member member, HubDb db, TimeProvider time, CancellationToken ct) =>
        TypedResults.Ok(new Page<BudgetView>(await ViewsAsync(db, member, _ => true, time.Now(), ct), null));

    private static async Task<Results<Ok<BudgetView>, Refused>> FindAsync(
        [FromRoute(Name = "budget_id")] string which, Member member, HubDb db, TimeProvider time, CancellationToken ct) =>
        Guid.TryParse(which, out var id) && await ViewAsync(db, member, id, time.Now(), ct) is { } view
            ? TypedResults.Ok(view)
            : Refused.Because(ProblemKind.BudgetNotFound);

    private static async Task<Results<Ok<BudgetView>, Refused>> ChangeAsync(
        [FromRoute(Name = "budget_id")] string which, BudgetChange request, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        var errors = new FieldErrors(http.Request.Language());
        var refusal = !Guid.TryParse(which, out var id) ? Refused.Because(ProblemKind.BudgetNotFound) : await db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            if (await db.Budgets.AsNoTracking().FirstOrDefaultAsync(row => row.Id == id && row.EndedAt == null, ct) is not { } before)
            {
                return Refused.Because(ProblemKind.BudgetNotFound);
            }

            var unit = before.Unit == Budget.Tokens ? Tokens : before.Unit;
            var amount = request.Amount is { } asked ? ReadAmount(asked, unit, member, "amount", errors) : before.Amount;
            var (raised, until) = request.Raise switch
            {
                null => (before.RaisedAmount, before.RaisedUntil),
                { Amount: null, Until: null } => (null, null),
                var raise => (raise.Amount is { } more ? ReadAmount(more, unit, member, "raise.amount", errors) : (long?)null, raise.Until?.Cut()),
            };
            if ((raised is null) != (until is null))
            {
                errors.Add(raised is null ? "raise.amount" : "raise.until", FieldText.Required);
            }
            else if (request.Raise is not null && until <= now)
            {
                errors.Add("raise.until", FieldText.Future);
            }

            CheckAlerts(request.AlertAt, "alert_at", errors);
            if (errors.Any)
            {
                return errors.Refuse();
            }

            var after = Changed(
                before, amount, request.Hard ?? before.Hard, request.AlertAt is { } alerts ? [.. alerts.Distinct().Order()] : before.AlertAt, raised, until);
            await db.ChangeBudgetAsync(after, ct);
            await db.AuditAsync(http.Actor(), "budget.changed", id.ToString(), Noted(before), Noted(after), now, ct);
            return null;
        }, ct);

        return refusal is null ? TypedResults.Ok((await ViewAsync(db, member, id, now, ct))!) : refusal;
    }

    private static async Task<Results<NoContent, Refused>> EndAsync(
        [FromRoute(Name = "budget_id")] string which, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        var isEnded = Guid.TryParse(which, out var id) && await db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            if (await db.Budgets.AsNoTracking().FirstOrDefaultAsync(row => row.Id == id && row.EndedAt == null, ct) is not { } budget)
            {
                return false;
            }

            await db.EndBudgetAsync(budget, now, ct);
            await db.AuditAsync(http.Actor(), "budget.removed", id.ToString(), Noted(budget), null, now, ct);
            return true;
        }, ct);

        return isEnded ? TypedResults.NoContent() : Refused.Because(ProblemKind.BudgetNotFound);
    }

    private static Budget Changed(Budget budget, long amount, bool isHard, int[] alertAt, long? raisedAmount, DateTimeOffset? raisedUntil) => new()
    {
        Id = budget.Id,
        OrganizationId = budget.OrganizationId,
        Scope = budget.Scope,
        SubjectId = budget.SubjectId,
        ModelId = budget.ModelId,
        VendorId = budget.VendorId,
        Unit = budget.Unit,
        Amount = amount,
        Period = budget.Period,
        Alignment = budget.Alignment,
        Anchor = budget.Anchor,
        Hard = isHard,
        RaisedAmount = raisedAmount,
        RaisedUntil = raisedUntil,
        AlertAt = alertAt,
        CreatedAt = budget.CreatedAt,
        CreatedBy = budget.CreatedBy,
    };

    private static long ReadAmount(string text, string unit, Member member, string field, FieldErrors errors)
    {
        var tokens = 0L;
        var money = Money.Zero(member.Organization.Currency);
        var isRead = unit == Tokens
            ? long.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out tokens)
            : Money.TryParse(text, member.Organization.Currency, out money) && money.Nanos >= 0;
        if (!isRead)
        {
            errors.Add(field, unit == Tokens ? FieldText.TokenAmount : FieldText.MoneyAmount);
        }

        return unit == Tokens ? tokens : money.Nanos;
    }

    private static void CheckAlerts(IReadOnlyList<int>? alerts, string field, FieldErrors errors)
    {
        if (alerts?.Any(percent => percent is < 1 or > 1_000) == true)
        {
            errors.Add(field, FieldText.Range, 1, 1_000);
        }
    }

    private static Task<bool> IsHereAsync(HubDb db, Budget budget, CancellationToken ct) => budget.Scope switch
    {
        BudgetScope.Team => db.Teams.AnyAsync(team => team.Id == budget.SubjectId, ct),
        BudgetScope.User => db.Memberships.AnyAsync(member => member.UserId == budget.SubjectId, ct),
        BudgetScope.Key => db.ApiKeys.AnyAsync(key => key.Id == budget.SubjectId && key.RevokedAt == null, ct),
        _ => Task.FromResult(true),
    };

    private static object Noted(Budget budget) => new
    {
        scope = Wire.Name(budget.Scope),
        budget.SubjectId,
        budget.ModelId,
        budget.VendorId,
        unit = UnitOf(budget),
        amount = Said(budget, budget.Amount),
        period = Wire.Name(budget.Period),
        alignment = Wire.Name(budget.Alignment),
        budget.Hard,
        budget.AlertAt,
        raisedAmount = budget.RaisedAmount is { } raised ? Said(budget, raised) : null,
        budget.RaisedUntil,
    };

    private static string UnitOf(Budget budget) => budget.Unit == Budget.Tokens ? Tokens : budget.Unit;

    /// <summary>Tokens, or a decimal string of money.</summary>
    private static string Said(Budget budget, long amount) => budget.Unit == Budget.Tokens
        ? amount.ToString(System.Globalization.CultureInfo.InvariantCulture)
        : new Money(amount, Enum.Parse<Currency>(budget.Unit)).ToDecimalString();

    private static async Task<BudgetView?> ViewAsync(HubDb db, Member member, Guid id, DateTimeOffset now, CancellationToken ct) =>
        (await ViewsAsync(db, member, budget => budget.Id == id, now, ct)).SingleOrDefault();

    /// <summary>The budgets there are, as the portal shows them.</summary>
    public static async Task<List<BudgetView>> ViewsAsync(
        HubDb db, Member member, System.Linq.Expressions.Expression<Func<Budget, bool>> which, DateTimeOffset now, CancellationToken ct)
    {
        var rows = await db.InOrganizationAsync(
            member.OrganizationId,
            () => db.Budgets.AsNoTracking().Where(budget => budget.EndedAt == null).Where(which)
                .OrderBy(budget => budget.CreatedAt).ThenBy(budget => budget.Id)
                .Select(budget => new
                {
                    Budget = budget,
                    Window = db.BudgetWindows.FirstOrDefault(window => window.BudgetId == budget.Id && window.StartsAt <= now && (window.EndsAt == null || window.EndsAt > now)),
                    Team = db.Teams.Where(team => team.Id == budget.SubjectId).Select(team => team.Name).FirstOrDefault(),
                    User = db.Users.Where(user => user.Id == budget.SubjectId).Select(user => user.DisplayName).FirstOrDefault(),
                    Key = db.ApiKeys.Where(key => key.Id == budget.SubjectId).Select(key => key.Name).FirstOrDefault(),
                    SetBy = db.Users.Where(user => user.Id == budget.CreatedBy).Select(user => user.DisplayName).FirstOrDefault(),
                })
                .ToListAsync(ct),
            ct);

        return rows.ConvertAll(row =>
        {
            var (budget, window) = (row.Budget, row.Window);
            var (limit, used, held) = (budget.LimitAt(now), window?.Used ?? 0, window?.Held ?? 0);
            return new BudgetView(
                budget.Id, Wire.Name(budget.Scope), budget.SubjectId,
                budget.Scope switch { BudgetScope.Organization => member.Organization.Name, BudgetScope.Team => row.Team, BudgetScope.User => row.User, _ => row.Key },
                budget.ModelId, budget.VendorId, UnitOf(budget), Say(budget.Amount), Wire.Name(budget.Period), Wire.Name(budget.Alignment),
                budget.Anchor, budget.Hard, budget.AlertAt,
                budget.RaisedAmount is { } raised ? new BudgetRaise(Say(raised), budget.RaisedUntil) : null,
                Say(limit), Say(used), Say(held), Say(Math.Max(0, limit - used - held)),
                window is { EndsAt: not null } ? window.StartsAt : null, window?.EndsAt, row.SetBy, budget.CreatedAt);

            string Say(long amount) => Said(budget, amount);
        });
    }
}
