using AiHub.Contracts;
using AiHub.Portal.Management;
using AiHub.Portal.Resources;
using AiHub.Portal.Usage;
using Microsoft.AspNetCore.Components;

namespace AiHub.Portal.Budgets;

public sealed partial class NewBudgetPage
{
    private IReadOnlyList<ModelView> _models = null!;
    private VendorNames _vendors = null!;
    private IReadOnlyList<TeamView> _teams = [];
    private IReadOnlyList<MemberView> _members = [];
    private IReadOnlyList<ApiKeyView> _keys = [];
    private ProblemView? _problem;
    private bool _badAlerts;

    [SupplyParameterFromForm]
    public NewBudgetInput Input { get; set; } = null!;

    /// <summary>Whom the budget is for, to begin with.</summary>
    [SupplyParameterFromQuery]
    public string? Subject { get; set; }

    [CascadingParameter]
    public required HttpContext HttpContext { get; set; }

    private (string Scope, IReadOnlyList<(Guid Id, string Name)> Choices)[] Subjects =>
    [
        ("team", [.. _teams.Select(team => (team.Id, team.Name))]),
        ("user", [.. _members.Select(member => (member.UserId, member.DisplayName))]),
        ("key", [.. _keys.Select(key => (key.Id, key.Name))]),
    ];

    private IReadOnlyList<string> SubjectErrors => _problem.ErrorsOf("subject_id");

    private IReadOnlyList<string> CountsErrors => [.. _problem.ErrorsOf("model"), .. _problem.ErrorsOf("vendor")];

    private IReadOnlyList<string> AlertErrors => _badAlerts ? [Text.NewBudget_AlertsBad] : _problem.ErrorsOf("alert_at");

    protected override async Task OnInitializedAsync()
    {
        Input ??= new NewBudgetInput { Unit = Session.Organization.Currency, Subject = Subject };
        var ct = HttpContext.RequestAborted;
        var (models, teams, members, keys) = (Management.ModelsAsync(ct), Management.AllTeamsAsync(ct), Management.AllMembersAsync(ct), Management.AllKeysAsync(ct));
        var vendors = VendorNames.LoadAsync(Management, ct);
        await Task.WhenAll(models, teams, members, keys, vendors);
        _vendors = await vendors;
        (_teams, _members, _keys, _models) = (await teams, await members, await keys, (await models).Data);
    }

    private async Task CreateAsync()
    {
        if (!Input.TryRead(out var request))
        {
            _badAlerts = true;
            return;
        }

        (var created, _problem) = await Management.CreateBudgetAsync(request, HttpContext.RequestAborted);
        if (created is not null)
        {
            Navigation.NavigateTo("/budgets?created=true");
        }
    }
}
