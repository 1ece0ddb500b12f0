using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Management;

/// <summary>What whoever runs the hub does with its customers: see all organizations, stop one, let it go on.</summary>
public static class Operators
{
    public static void MapOperators(this IEndpointRouteBuilder api)
    {
        api.MapPost("/auth/operator", ClaimAsync)
            .WithTags("Administration")
            .RequireAuthorization(Policies.SignedIn)
            .Describe("claimOperator", new("Become the hub's operator", "成为平台运营者"),
                new("With the set-up token that was printed when the database was first migrated. It works once; a new hub has no other way in.", "使用首次迁移数据库时输出的初始化令牌。该令牌只能使用一次，新平台没有任何默认账号。"),
                OrganizationExamples.Claim)
            .Refuses(ProblemKind.InvalidSetupToken, ProblemKind.TooManyAttempts, ProblemKind.SessionRequired);

        var organizations = api.MapGroup("/admin/organizations").WithTags("Administration");

        organizations.MapGet("/", ListAsync)
            .RequireAuthorization(Policies.Operator)
            .Parameter("search", new("Part of the name or of the owner's address, or the whole id.", "名称或所有者邮箱的一部分，或完整编号。"))
            .Parameter("cursor", Texts.Cursor)
            .Parameter("limit", Texts.Limit, example: "50")
            .Describe("listAllOrganizations", new("List all organizations", "列出全部组织"), new("Newest first. For operators.", "按创建时间从新到旧排列。仅限平台运营者。"), null, new Page<HubOrganizationView>([OrganizationExamples.OfHub], null))
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.InvalidRequest);

        organizations.MapPost("/{id}/suspend", SuspendAsync)
            .RequireAuthorization(Policies.Operator)
            .Parameter("id", Texts.OrganizationId, "uuid", OrganizationExamples.OfHub.Id)
            .Describe("suspendOrganization", new("Suspend an organization", "停用组织"), new("Its calls are refused within a second; its members can still sign in and pay. For operators.", "其调用在一秒内被拒绝；成员仍可登录与付款。仅限平台运营者。"),
                OrganizationExamples.Reason, OrganizationExamples.OfHub)
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.OrganizationNotFound);

        organizations.MapPost("/{id}/reactivate", ReactivateAsync)
            .RequireAuthorization(Policies.Operator)
            .Parameter("id", Texts.OrganizationId, "uuid", OrganizationExamples.OfHub.Id)
            .Describe("reactivateOrganization", new("Reactivate an organization", "恢复组织"), new("Its calls are admitted again. For operators.", "恢复其调用。仅限平台运营者。"),
                OrganizationExamples.Reason, OrganizationExamples.OfHub)
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.OrganizationNotFound);

        organizations.MapPut("/{id}/credit-limit", CreditAsync)
            .RequireAuthorization(Policies.Operator)
            .Parameter("id", Texts.OrganizationId, "uuid", OrganizationExamples.OfHub.Id)
            .Describe("setCreditLimit", new("Set an organization's credit limit", "设置组织的授信额度"),
                new("How far below zero its purchased balance may go before its calls are refused; for customers who pay afterwards. Not below what is owed already. For operators.", "充值余额可透支到何种程度才拒绝其调用，用于后付费客户；不得低于当前欠款。仅限平台运营者。"),
                OrganizationExamples.Credit, Examples.Wallet)
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.OrganizationNotFound, ProblemKind.InvalidRequest);
    }

    private static async Task<Results<Ok<WalletView>, Refused>> CreditAsync(
        string id, NewCreditLimit request, Person person, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        if (!Guid.TryParse(id, out var organizationId) || await FindAsync(db, id, ct) is not { Status: not OrganizationStatus.Closed } found)
        {
            return Refused.Because(ProblemKind.OrganizationNotFound);
        }

        var errors = new FieldErrors(http.Request.Language());
        if (!Money.TryParse(request.Amount, found.Currency, out var limit) || limit.Nanos < 0)
        {
            errors.Add("amount", FieldText.MoneyAmount);
            return errors.Refuse();
        }

        var before = (await Billing.WalletOfAsync(db, organizationId, found.Currency, ct)).CreditLimit;
        var changed = await db.InOrganizationAsync(organizationId, async () =>
        {
            await db.Database.ExecuteSqlAsync($"select set_config('app.operator_id', {person.UserId.ToString()}, true)", ct);
            if (!await db.Database.SqlQuery<bool>($"select change_credit_limit({organizationId}, {limit.Nanos}) as \"Value\"").SingleAsync(ct))
            {
                return false;
            }

            await db.AuditAsync(http.Actor(), "organization.credit_changed", id, new { creditLimit = before }, new { creditLimit = limit.ToDecimalString(), request.Reason }, time.Now(), ct);
            return true;
        }, ct);
        if (!changed)
        {
            errors.Add("amount", FieldText.Owed);
            return errors.Refuse();
        }

        return TypedResults.Ok(await Billing.WalletOfAsync(db, organizationId, found.Currency, ct));
    }

    private static async Task<Results<NoContent, Refused>> ClaimAsync(
        OperatorClaim request, Person person, HttpContext http, HubDb db, AttemptLimits limits, TimeProvider time, CancellationToken ct)
    {
        if (limits.SignIn(ClientAddress.Network(http), person.UserId.ToString()) is { } wait)
        {
            return Refused.Later(ProblemKind.TooManyAttempts, wait);
        }

        var now = time.Now();
        var claimed = await db.InPersonalOrganizationAsync(person.UserId, async () =>
        {
            if (!await db.ClaimOperatorAsync(request.SetupToken, person.UserId, now, ct))
            {
                return false;
            }

            await db.AuditAsync(http.Actor(), "operator.claimed", person.UserId.ToString(), null, null, now, ct);
            return true;
        }, ct);

        return claimed ? TypedResults.NoContent() : Refused.Because(ProblemKind.InvalidSetupToken);
    }

    private static async Task<Results<Ok<Page<HubOrganizationView>>, Refused>> ListAsync(
        string? search, string? cursor, string? limit, HttpContext http, HubDb db, CancellationToken ct)
    {
        var asked = new Asked(http);
        var (text, after, size) = (asked.Word("search", search), asked.Cursor(cursor), asked.Limit(limit));
        if (asked.Errors.Any)
        {
            return asked.Errors.Refuse();
        }

        var organizations = db.OrganizationsOfHub(string.IsNullOrWhiteSpace(text) ? null : text.Trim()).AsNoTracking();
        if (after is { } last)
        {
            organizations = organizations.Where(row => row.CreatedAt < last.At || (row.CreatedAt == last.At && row.Id < last.Id));
        }

        var rows = await organizations.OrderByDescending(row => row.CreatedAt).ThenByDescending(row => row.Id).Take(size + 1).ToListAsync(ct);
        var shown = rows.Take(size).ToList();
        return TypedResults.Ok(new Page<HubOrganizationView>(
            [.. shown.Select(View)],
            rows.Count > size ? new Cursor(shown[^1].CreatedAt, shown[^1].Id).ToString() : null));
    }

    private static Task<Results<Ok<HubOrganizationView>, Refused>> SuspendAsync(
        string id, StatusReason request, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct) =>
        SetAsync(id, OrganizationStatus.Suspended, "organization.suspended", request, http, db, time, ct);

    private static Task<Results<Ok<HubOrganizationView>, Refused>> ReactivateAsync(
        string id, StatusReason request, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct) =>
        SetAsync(id, OrganizationStatus.Active, "organization.reactivated", request, http, db, time, ct);

    private static async Task<Results<Ok<HubOrganizationView>, Refused>> SetAsync(
        string id, OrganizationStatus status, string action, StatusReason request, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        if (await FindAsync(db, id, ct) is not { Status: not OrganizationStatus.Closed } found)
        {
            return Refused.Because(ProblemKind.OrganizationNotFound);
        }

        var organizationId = found.Id;
        var now = time.Now();
        await db.InOrganizationAsync(organizationId, async () =>
        {
            await db.SetStatusAsync(organizationId, status, ct);
            await db.AuditAsync(http.Actor(), action, id, new { status = Wire.Name(found.Status) }, new { status = Wire.Name(status), request.Reason }, now, ct);
        }, ct);

        return TypedResults.Ok(View((await FindAsync(db, id, ct))!));
    }

    internal static async Task<OrganizationOfHub?> FindAsync(HubDb db, string id, CancellationToken ct) => Guid.TryParse(id, out var parsed)
        ? await db.OrganizationsOfHub(parsed.ToString()).AsNoTracking().FirstOrDefaultAsync(row => row.Id == parsed, ct)
        : null;

    internal static HubOrganizationView View(OrganizationOfHub row) => new(
        row.Id, row.Name, row.Personal, Wire.Name(row.Status), row.Currency.ToString(), row.PlanId, row.OwnerEmail, row.Members, row.CreatedAt);
}
