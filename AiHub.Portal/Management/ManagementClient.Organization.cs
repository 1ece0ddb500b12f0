using System.Net;
using AiHub.Contracts;

namespace AiHub.Portal.Management;

/// <summary>The organization: who belongs to it, what it allows, what was done in it.</summary>
public sealed partial class ManagementClient
{
    public Task<Answer<OrganizationView>> OpenOrganizationAsync(NewOrganization request, CancellationToken ct) =>
        AskAsync<OrganizationView>(HttpMethod.Post, "organizations", request, ct);

    public Task<ProblemView?> ChangeOrganizationAsync(OrganizationChange request, CancellationToken ct) =>
        TryAsync(HttpMethod.Patch, $"organizations/{session.Organization.Id}", request, ct);

    public Task<ProblemView?> TransferAsync(Guid heir, CancellationToken ct) => TryAsync(HttpMethod.Post, OfOrganization("transfer"), new OwnershipTransfer(heir), ct);

    public Task<ProblemView?> CloseOrganizationAsync(CancellationToken ct) => TryAsync(HttpMethod.Delete, $"organizations/{session.Organization.Id}", null, ct);

    public Task<ProblemView?> ChangeRoleAsync(Guid userId, string role, CancellationToken ct) =>
        TryAsync(HttpMethod.Patch, OfOrganization($"members/{userId}"), new RoleChange(role), ct);

    /// <summary>Removes a member; oneself, to leave.</summary>
    public Task<ProblemView?> RemoveMemberAsync(Guid userId, CancellationToken ct) => TryAsync(HttpMethod.Delete, OfOrganization($"members/{userId}"), null, ct);

    public Task<Answer<MemberView>> CreateServiceAccountAsync(NewServiceAccount request, CancellationToken ct) =>
        AskAsync<MemberView>(HttpMethod.Post, OfOrganization("service-accounts"), request, ct);

    public async Task<IReadOnlyList<InvitationView>> InvitationsAsync(CancellationToken ct) =>
        (await GetAsync<Page<InvitationView>>(OfOrganization("invitations"), ct)).Data;

    public Task<Answer<CreatedInvitation>> InviteAsync(NewInvitation request, CancellationToken ct) =>
        AskAsync<CreatedInvitation>(HttpMethod.Post, OfOrganization("invitations"), request, ct);

    public Task<ProblemView?> RevokeInvitationAsync(Guid id, CancellationToken ct) => TryAsync(HttpMethod.Delete, OfOrganization($"invitations/{id}"), null, ct);

    public Task<Answer<InvitationPreview>> PreviewInvitationAsync(string token, CancellationToken ct) =>
        AskAsync<InvitationPreview>(HttpMethod.Post, "invitations/preview", new InvitationToken(token), ct);

    public Task<Answer<OrganizationView>> AcceptInvitationAsync(string token, CancellationToken ct) =>
        AskAsync<OrganizationView>(HttpMethod.Post, "invitations/accept", new InvitationToken(token), ct);

    public Task<Answer<TeamView>> CreateTeamAsync(string name, CancellationToken ct) => AskAsync<TeamView>(HttpMethod.Post, OfOrganization("teams"), new NewTeam(name), ct);

    public Task<TeamView> TeamAsync(Guid id, CancellationToken ct) => GetAsync<TeamView>(OfOrganization($"teams/{id}"), ct);

    public Task<ProblemView?> RenameTeamAsync(Guid id, string name, CancellationToken ct) => TryAsync(HttpMethod.Patch, OfOrganization($"teams/{id}"), new NewTeam(name), ct);

    public Task<ProblemView?> DissolveTeamAsync(Guid id, CancellationToken ct) => TryAsync(HttpMethod.Delete, OfOrganization($"teams/{id}"), null, ct);

    public async Task<IReadOnlyList<TeamMemberView>> TeamMembersAsync(Guid id, CancellationToken ct) =>
        (await GetAsync<Page<TeamMemberView>>(OfOrganization($"teams/{id}/members"), ct)).Data;

    public Task<ProblemView?> PutTeamMemberAsync(Guid team, Guid user, string role, CancellationToken ct) =>
        TryAsync(HttpMethod.Put, OfOrganization($"teams/{team}/members/{user}"), new TeamRoleChange(role), ct);

    public Task<ProblemView?> RemoveTeamMemberAsync(Guid team, Guid user, CancellationToken ct) => TryAsync(HttpMethod.Delete, OfOrganization($"teams/{team}/members/{user}"), null, ct);

    /// <param name="team">Null: the organization's own.</param>
    public Task<PolicyView> PolicyAsync(Guid? team, CancellationToken ct) => GetAsync<PolicyView>(PolicyPath(team), ct);

    public Task<ProblemView?> PutPolicyAsync(Guid? team, PolicyRules rules, CancellationToken ct) => TryAsync(HttpMethod.Put, PolicyPath(team), rules, ct);

    public Task<LimitsView> LimitsAsync(CancellationToken ct) => GetAsync<LimitsView>("limits", ct);

    /// <param name="subject">organization, or teams/ or members/ with an id.</param>
    public Task<ProblemView?> PutLimitsAsync(string subject, KeyLimits limits, CancellationToken ct) => TryAsync(HttpMethod.Put, $"limits/{subject}", limits, ct);

    public Task<Answer<Page<AuditEntryView>>> AuditLogAsync(AuditQuery query, string? cursor, CancellationToken ct) =>
        AskAsync<Page<AuditEntryView>>(HttpMethod.Get, Query(OfOrganization("audit-log"), [.. query.Parameters, ("limit", "50"), ("cursor", cursor)]), null, ct);

    public Task<AuditVerification> VerifyAuditLogAsync(CancellationToken ct) => GetAsync<AuditVerification>(OfOrganization("audit-log/verification"), ct);

    /// <summary>The log as a file, passed on as it arrives.</summary>
    public async Task<HttpResponseMessage> ExportAuditLogAsync(AuditQuery query, CancellationToken ct)
    {
        var response = await SendAsync(HttpMethod.Get, Query(OfOrganization("audit-log/export"), [.. query.Parameters]), null, session.AccessToken, ct, completion: HttpCompletionOption.ResponseHeadersRead);
        return response.IsSuccessStatusCode ? response : throw await FailureAsync(response, ct);
    }

    public Task<BudgetView> BudgetAsync(Guid id, CancellationToken ct) => GetAsync<BudgetView>(OfOrganization($"budgets/{id}"), ct);

    public Task<ProblemView?> ChangeBudgetAsync(Guid id, BudgetChange request, CancellationToken ct) => TryAsync(HttpMethod.Patch, OfOrganization($"budgets/{id}"), request, ct);

    public async Task<IReadOnlyList<AlertChannelView>> AlertChannelsAsync(CancellationToken ct) => (await GetAsync<Page<AlertChannelView>>("alerts/channels", ct)).Data;

    public Task<Answer<CreatedAlertChannel>> AddAlertChannelAsync(NewAlertChannel request, CancellationToken ct) =>
        AskAsync<CreatedAlertChannel>(HttpMethod.Post, "alerts/channels", request, ct);

    public Task<ProblemView?> RemoveAlertChannelAsync(Guid id, CancellationToken ct) => TryAsync(HttpMethod.Delete, $"alerts/channels/{id}", null, ct);

    public Task<ProblemView?> TestAlertChannelAsync(Guid id, CancellationToken ct) => TryAsync(HttpMethod.Post, $"alerts/channels/{id}/test", null, ct);

    public async Task<IReadOnlyList<AlertRuleView>> AlertRulesAsync(CancellationToken ct) => (await GetAsync<Page<AlertRuleView>>("alerts/rules", ct)).Data;

    public Task<Answer<AlertRuleView>> AddAlertRuleAsync(NewAlertRule request, CancellationToken ct) => AskAsync<AlertRuleView>(HttpMethod.Post, "alerts/rules", request, ct);

    public Task<ProblemView?> RemoveAlertRuleAsync(Guid id, CancellationToken ct) => TryAsync(HttpMethod.Delete, $"alerts/rules/{id}", null, ct);

    public Task<Page<AlertFiringView>> AlertFiringsAsync(string? cursor, CancellationToken ct) =>
        GetAsync<Page<AlertFiringView>>(Query("alerts/firings", ("limit", "20"), ("cursor", cursor)), ct);

    public Task<ProblemView?> RetryAlertAsync(Guid delivery, CancellationToken ct) => TryAsync(HttpMethod.Post, $"alerts/deliveries/{delivery}/retry", null, ct);

    private string PolicyPath(Guid? team) => OfOrganization(team is { } id ? $"teams/{id}/policy" : "policy");

    /// <returns>What the visitor can act on; null when it was done. What is gone already counts as a problem here, so that nobody is told of something that did not happen.</returns>
    private async Task<ProblemView?> TryAsync(HttpMethod method, string path, object? body, CancellationToken ct)
    {
        using var response = await SendAsync(method, path, body, session.AccessToken, ct);
        return response.IsSuccessStatusCode ? null : await ProblemAsync(response, ct);
    }

    private static async Task<ManagementException> FailureAsync(HttpResponseMessage response, CancellationToken ct)
    {
        using (response)
        {
            return new ManagementException(response.StatusCode, response.StatusCode < HttpStatusCode.InternalServerError ? await ProblemAsync(response, ct) : null);
        }
    }
}

/// <summary>What of the audit log is asked for; as the address of the page has it.</summary>
public sealed record AuditQuery(string? Action, string? ActorId, string? Subject, string? From, string? To)
{
    public IEnumerable<(string Name, string? Value)> Parameters =>
        new (string Name, string? Value)[] { ("action", Action), ("actor_id", ActorId), ("subject", Subject), ("from", From), ("to", To) }
            .Where(parameter => !string.IsNullOrWhiteSpace(parameter.Value));
}
