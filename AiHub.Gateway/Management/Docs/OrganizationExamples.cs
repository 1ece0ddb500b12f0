using AiHub.Contracts;

namespace AiHub.Gateway.Management.Docs;

/// <summary>Examples of organizations, their people and what is decided about them.</summary>
public static class OrganizationExamples
{
    private static readonly DateTimeOffset Moment = new(2026, 1, 31, 8, 30, 0, TimeSpan.Zero);
    private static readonly Guid WeiId = Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120011");
    private static readonly Guid TeamId = Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120012");

    public static readonly OrganizationView Company = new(Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120010"), "Acme", "owner", "free", "USD", "Asia/Shanghai", false);
    public static readonly NewOrganization New = new("Acme", "USD", "Asia/Shanghai");
    public static readonly OrganizationChange Change = new("Acme Ltd", null);
    public static readonly OwnershipTransfer Transfer = new(WeiId);
    public static readonly MemberView Member = new(WeiId, "person", "wei@example.com", "Wei", "developer", [TeamId], Moment);
    public static readonly RoleChange Role = new("developer");
    public static readonly NewServiceAccount NewServiceAccount = new("nightly build", "developer", TeamId);
    public static readonly MemberView ServiceAccount = new(Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120013"), "service_account", null, "nightly build", "developer", [TeamId], Moment);
    public static readonly NewInvitation NewInvitation = new("wei@example.com", "developer", TeamId);
    public static readonly CreatedInvitation CreatedInvitation = new(Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120014"), "ain_…", "wei@example.com", "developer", TeamId, Moment, Moment.AddDays(7));
    public static readonly InvitationView Invitation = new(CreatedInvitation.Id, "wei@example.com", "developer", TeamId, "Lin", Moment, Moment.AddDays(7));
    public static readonly InvitationToken Token = new("ain_…");
    public static readonly InvitationPreview Preview = new("Acme", "wei@example.com", "developer", "Search", "Lin", Moment.AddDays(7));
    public static readonly NewTeam NewTeam = new("Search");
    public static readonly TeamView Team = new(TeamId, "Search", 4, 2, Moment);
    public static readonly TeamMemberView TeamMember = new(WeiId, "Wei", "lead", Moment);
    public static readonly TeamRoleChange TeamRole = new("lead");
    public static readonly AuditEntryView Audit = new(
        3, Moment, "team.renamed", TeamId.ToString(), WeiId, "Wei", null, "192.0.2.7", Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120015"),
        System.Text.Json.JsonSerializer.SerializeToElement(new { name = "Search" }), System.Text.Json.JsonSerializer.SerializeToElement(new { name = "Ranking" }),
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08");
    public static readonly AuditVerification Verification = new(true, null, 3, Audit.Hash);
    public static readonly PolicyRules Rules = new(DeniedVendors: ["openai"], Country: "CN", ZeroRetention: true, RequiredTags: ["project"]);
    public static readonly PolicyView Policy = new([], ["openai"], [], [], "CN", true, ["project"], Moment);
    public static readonly SessionView Session = new(Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120016"), Moment, "Mozilla/5.0", "192.0.2.7", true);
    public static readonly PasswordChange Password = new("a sentence only I know", "another sentence only I know");
    public static readonly OperatorClaim Claim = new("ais_…");
    public static readonly HubOrganizationView OfHub = new(Company.Id, "Acme", false, "active", "USD", "free", "lin@example.com", 4, Moment);
    public static readonly NewCreditLimit Credit = new("1000.00", "Contract of May, paid monthly.");
    public static readonly StatusReason Reason = new("The invoice of May is overdue.");
}
