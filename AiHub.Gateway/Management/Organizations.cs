using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Accounts;
using AiHub.Domain.Quotas;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Access;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Management;

/// <summary>The organizations a person belongs to: opened, renamed, handed over, closed.</summary>
public static class Organizations
{
    /// <summary>Every organization starts with free tokens, so one person may not open them without end.</summary>
    public const int MostOwned = 10;

    public static void MapOrganizations(this IEndpointRouteBuilder api)
    {
        var organizations = api.MapGroup("/organizations").WithTags("Organizations");

        organizations.MapGet("/", ListAsync)
            .RequireAuthorization(Policies.SignedIn)
            .Describe("listOrganizations", new("List your organizations", "列出您的组织"), new("The personal one first.", "个人组织排在最前。"), null, new Page<OrganizationView>([Examples.Organization], null))
            .Refuses(ProblemKind.SessionRequired);

        organizations.MapPost("/", OpenAsync)
            .RequireAuthorization(Policies.SignedIn)
            .Describe("createOrganization", new("Open an organization", "创建组织"),
                new("It starts on the Free plan with its first tokens, and you own it.", "新组织从免费版开始并获得首期额度，您是其所有者。"),
                OrganizationExamples.New, OrganizationExamples.Company)
            .Refuses(ProblemKind.OrganizationLimitReached, ProblemKind.SessionRequired);

        organizations.MapGet("/{id}", Find)
            .InOrganizationOfPath(Permission.OrganizationRead)
            .Describe("getOrganization", new("Get one of your organizations", "查询您的某个组织"), new("With your role in it.", "包含您在其中的角色。"), null, Examples.Organization);

        organizations.MapPatch("/{id}", ChangeAsync)
            .InOrganizationOfPath(Permission.OrganizationWrite)
            .Describe("changeOrganization", new("Change an organization", "修改组织"), new("Its name and time zone. The currency stays what it is.", "可修改名称与时区。结算货币不可更改。"),
                OrganizationExamples.Change, OrganizationExamples.Company);

        organizations.MapPost("/{id}/transfer", TransferAsync)
            .InOrganizationOfPath(Permission.OrganizationTransfer)
            .Describe("transferOrganization", new("Hand an organization over", "转让组织"),
                new("Another member becomes the owner and you become an admin. A personal organization cannot be handed over.", "由另一名成员成为所有者，您将变为管理员。个人组织不可转让。"),
                OrganizationExamples.Transfer)
            .Refuses(ProblemKind.MemberNotFound, ProblemKind.PersonalOrganization);

        organizations.MapDelete("/{id}", CloseAsync)
            .InOrganizationOfPath(Permission.OrganizationClose)
            .Describe("closeOrganization", new("Close an organization", "关闭组织"),
                new("For good: its keys are revoked and nobody belongs to it any more; its books are kept. It must be on the Free plan with an empty wallet.", "永久关闭：其密钥全部吊销，成员不再可见，账目予以保留。组织须为免费版且钱包余额为零。"))
            .Refuses(ProblemKind.PersonalOrganization, ProblemKind.OrganizationNotEmpty);
    }

    public static OrganizationView View(OrganizationOfUser row) =>
        new(row.Id, row.Name, Wire.Name(row.Role), row.PlanId, row.Currency.ToString(), row.TimeZone, row.Personal, row.CachesAnswers);

    private static async Task<Ok<Page<OrganizationView>>> ListAsync(Person person, HubDb db, CancellationToken ct)
    {
        var rows = await db.OrganizationsOfUser(person.UserId).OrderByDescending(row => row.Personal && row.Role == Role.Owner).ThenBy(row => row.CreatedAt).ToListAsync(ct);
        return TypedResults.Ok(new Page<OrganizationView>([.. rows.Select(View)], null));
    }

    private static Ok<OrganizationView> Find(Member member) => TypedResults.Ok(View(member.Organization));

    private static async Task<Results<Created<OrganizationView>, Refused>> OpenAsync(
        NewOrganization request, Person person, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        if (request.TimeZone is { } zone && !await db.IsTimeZoneAsync(zone, ct))
        {
            return NoTimeZone(http);
        }

        if (await db.OrganizationsOfUser(person.UserId).CountAsync(row => row.Role == Role.Owner, ct) >= MostOwned)
        {
            return Refused.Because(ProblemKind.OrganizationLimitReached, MostOwned);
        }

        var now = time.Now();
        var language = http.Request.Language();
        var currency = request.Currency is { } asked ? Enum.Parse<Currency>(asked) : language == Language.Zh ? Currency.CNY : Currency.USD;
        var organization = new Organization
        {
            Id = Guid.CreateVersion7(now),
            Name = request.Name.Trim(),
            Currency = currency,
            TimeZone = request.TimeZone ?? (currency == Currency.CNY ? Organization.DefaultTimeZone : "UTC"),
            CreatedAt = now,
        };

        await db.InOrganizationAsync(organization.Id, async () =>
        {
            await db.OpenOrganizationAsync(organization, person.UserId, PlanIds.Free, now, ct);
            await db.AuditAsync(http.Actor(), "organization.created", organization.Id.ToString(), null, Told(organization), now, ct);
        }, ct);

        return TypedResults.Created(
            $"{ManagementApi.Path}/organizations/{organization.Id}",
            new OrganizationView(organization.Id, organization.Name, Wire.Name(Role.Owner), PlanIds.Free, currency.ToString(), organization.TimeZone, Personal: false));
    }

    private static async Task<Results<Ok<OrganizationView>, Refused>> ChangeAsync(
        OrganizationChange request, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        if (request.TimeZone is { } zone && !await db.IsTimeZoneAsync(zone, ct))
        {
            return NoTimeZone(http);
        }

        var now = time.Now();
        var changed = await db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            var organization = await db.Organizations.SingleAsync(ct);
            var before = Told(organization);
            organization.Name = request.Name?.Trim() ?? organization.Name;
            organization.TimeZone = request.TimeZone ?? organization.TimeZone;
            organization.CachesAnswers = request.CachesAnswers ?? organization.CachesAnswers;
            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(), "organization.changed", organization.Id.ToString(), before, Told(organization), now, ct);
            return organization;
        }, ct);

        return TypedResults.Ok(View(member.Organization) with { Name = changed.Name, TimeZone = changed.TimeZone, CachesAnswers = changed.CachesAnswers });
    }

    private static async Task<Results<NoContent, Refused>> TransferAsync(
        OwnershipTransfer request, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        if (member.Organization.Personal)
        {
            return Refused.Because(ProblemKind.PersonalOrganization);
        }

        var now = time.Now();
        var refusal = await db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            await db.LockMembersAsync(ct);
            if (!await db.IsStillAsync(member, ct))
            {
                return MemberOfOrganization.RoleNotAllowed(Permission.OrganizationTransfer, member.Role);
            }

            var isPerson = await db.Users.AnyAsync(user => user.Id == request.UserId && user.ServiceAccountOf == null, ct);
            if (request.UserId == member.UserId || !isPerson || await db.Memberships.FirstOrDefaultAsync(row => row.UserId == request.UserId, ct) is not { } heir)
            {
                return Refused.Because(ProblemKind.MemberNotFound);
            }

            var before = new { owner = member.UserId, role = Wire.Name(heir.Role) };
            heir.Role = Role.Owner;
            await db.SaveChangesAsync(ct);
            await db.Memberships.Where(row => row.UserId == member.UserId).ExecuteUpdateAsync(set => set.SetProperty(row => row.Role, Role.Admin), ct);
            await db.AuditAsync(http.Actor(), "organization.transferred", member.OrganizationId.ToString(), before, new { owner = heir.UserId }, now, ct);
            return null;
        }, ct);

        return refusal is null ? TypedResults.NoContent() : refusal;
    }

    private static async Task<Results<NoContent, Refused>> CloseAsync(Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        if (member.Organization.Personal)
        {
            return Refused.Because(ProblemKind.PersonalOrganization);
        }

        var now = time.Now();
        var refusal = await db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            await db.LockMembersAsync(ct);
            if (!await db.IsStillAsync(member, ct))
            {
                return MemberOfOrganization.RoleNotAllowed(Permission.OrganizationClose, member.Role);
            }

            var owes = await db.Balances.AnyAsync(
                balance => balance.Held != 0 || (balance.Posted != 0 && db.Accounts.Any(account => account.Id == balance.AccountId && account.Kind == AccountKind.WalletPurchased)), ct);
            if (owes || member.Organization.PlanId != PlanIds.Free)
            {
                return Refused.Because(ProblemKind.OrganizationNotEmpty);
            }

            var revoked = await db.ApiKeys.Where(key => key.RevokedAt == null).ExecuteUpdateAsync(set => set.SetProperty(key => key.RevokedAt, now), ct);
            await db.AuditAsync(http.Actor(), "organization.closed", member.OrganizationId.ToString(), new { name = member.Organization.Name }, new { revokedKeys = revoked }, now, ct);
            await db.SetStatusAsync(member.OrganizationId, OrganizationStatus.Closed, ct);
            return null;
        }, ct);

        return refusal is null ? TypedResults.NoContent() : refusal;
    }

    /// <returns>False when that was its status before.</returns>
    internal static Task<bool> SetStatusAsync(this HubDb db, Guid id, OrganizationStatus status, CancellationToken ct) =>
        db.Database.SqlQuery<bool>($"select set_organization_status({id}, {Wire.Name(status)}) as \"Value\"").SingleAsync(ct);

    private static Refused NoTimeZone(HttpContext http)
    {
        var errors = new FieldErrors(http.Request.Language());
        errors.Add("time_zone", FieldText.TimeZone);
        return errors.Refuse();
    }

    private static object Told(Organization organization) => new { organization.Name, currency = organization.Currency.ToString(), organization.TimeZone, organization.CachesAnswers };
}
