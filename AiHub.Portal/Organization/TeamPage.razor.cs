using AiHub.Contracts;
using AiHub.Portal.Resources;
using AiHub.Portal.Usage;
using Microsoft.AspNetCore.Components;

namespace AiHub.Portal.Organization;

public sealed partial class TeamPage
{
    private static readonly IReadOnlyList<string> TeamRoles = ["member", "lead"];

    private TeamView _team = null!;
    private IReadOnlyList<TeamMemberView> _members = [];
    private IReadOnlyList<MemberView> _everybody = [];
    private IReadOnlyList<BudgetView> _budgets = [];
    private KeyLimits _limits = new();
    private KeyLimits _plan = new();
    private PolicyView _policy = null!;
    private VendorNames _vendors = null!;
    private IReadOnlyList<GuardrailView> _guardrails = [];

    [Parameter]
    public Guid Id { get; set; }

    private string Here => $"/organization/teams/{Id}";

    /// <summary>Leads run their team; owners and admins run all.</summary>
    private bool MayRun => Session.May("teams.write") || _members.Any(member => IsSelf(member) && member.Role == "lead");

    private IReadOnlyList<MemberView> Outside => [.. _everybody.Where(member => !_members.Any(known => known.UserId == member.UserId))];

    private string? DoneText => Done switch
    {
        "added" => Text.Team_Added,
        "role" => Text.Members_RoleDone,
        "removed" => Text.Team_Removed,
        "renamed" => Text.Team_Renamed,
        "limits" => Text.Limits_Saved,
        "policy" => Text.Policy_Saved,
        _ => null,
    };

    protected override async Task OnInitializedAsync()
    {
        var (team, members, everybody, budgets, limits, policy, guardrails) = (
            Management.TeamAsync(Id, Ct), Management.TeamMembersAsync(Id, Ct), Management.AllMembersAsync(Ct), Management.BudgetsAsync(Ct), Management.LimitsAsync(Ct), Management.PolicyAsync(Id, Ct), Management.GuardrailsAsync(Ct));
        var vendors = VendorNames.LoadAsync(Management, Ct);
        await Task.WhenAll(team, members, everybody, budgets, limits, policy, guardrails, vendors);
        (_members, _everybody, _policy, _vendors) = (await members, await everybody, await policy, await vendors);
        _budgets = [.. (await budgets).Where(budget => budget.Scope == "team" && budget.SubjectId == Id)];
        // The organization's look at the team's calls too.
        _guardrails = [.. (await guardrails).Where(guardrail => guardrail.TeamId is null || guardrail.TeamId == Id)];
        _plan = (await limits).Plan;
        _limits = (await limits).Teams.FirstOrDefault(row => row.Id == Id)?.Limits ?? new KeyLimits();
        _team = await team;
    }

    private bool IsSelf(TeamMemberView member) => member.UserId == Session.Me!.User.Id;

    private async Task AddAsync()
    {
        if (Posted.Id("member") is { } member)
        {
            await DoAsync("add", Management.PutTeamMemberAsync(Id, member, Posted.Text("role"), Ct), $"{Here}?done=added");
        }
    }

    private Task PutAsync(Guid member) => DoAsync($"role-{member}", Management.PutTeamMemberAsync(Id, member, Posted.Text("role"), Ct), $"{Here}?done=role");

    private Task RemoveAsync(TeamMemberView member) =>
        DoAsync($"remove-{member.UserId}", Management.RemoveTeamMemberAsync(Id, member.UserId, Ct), $"{Here}?done=removed");

    private Task RenameAsync() => DoAsync("rename", Management.RenameTeamAsync(Id, Posted.Text("name"), Ct), $"{Here}?done=renamed");

    private Task DissolveAsync() => DoAsync("dissolve", Management.DissolveTeamAsync(Id, Ct), "/organization/teams?done=dissolved");

    private async Task SetLimitsAsync()
    {
        if (LimitsForm.Read(Posted) is not { } limits)
        {
            Refuse("limits", LimitsForm.FirstUnreadable(Posted), Text.Limits_Bad);
            return;
        }

        await DoAsync("limits", Management.PutLimitsAsync($"teams/{Id}", limits, Ct), $"{Here}?done=limits");
    }
}
