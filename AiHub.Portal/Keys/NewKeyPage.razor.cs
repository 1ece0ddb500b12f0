using AiHub.Contracts;
using AiHub.Portal.Management;
using AiHub.Portal.Resources;
using AiHub.Portal.Usage;
using Microsoft.AspNetCore.Components;

namespace AiHub.Portal.Keys;

public sealed partial class NewKeyPage
{
    private const string ServiceAccount = "service_account";

    private IReadOnlyList<ModelView> _models = [];
    private VendorNames _vendors = new([]);
    private IReadOnlyList<TeamView> _teams = [];
    private IReadOnlyList<MemberView> _accounts = [];
    private Dictionary<string, string[]> _problems = [];
    private CreatedApiKey? _created;
    private ProblemView? _problem;

    [SupplyParameterFromForm]
    public KeyInput Input { get; set; } = null!;

    /// <summary>A model somebody comes from.</summary>
    [SupplyParameterFromQuery]
    public string? Model { get; set; }

    [CascadingParameter]
    public required HttpContext HttpContext { get; set; }

    /// <summary>What a first call can be about.</summary>
    private IEnumerable<string> ChatModels => _models.Where(model => model.Kind == FirstModel.Chat).Select(model => model.Id);

    /// <summary>Those of them the new key may call.</summary>
    private IReadOnlyList<string> CallableModels =>
        [.. ChatModels.Where(model => _created is not { AllowedModels.Count: > 0 } created || created.AllowedModels.Contains(model))];

    /// <summary>The chosen one if the key may call it; null where it may call none.</summary>
    private string? SnippetModel => CallableModels.FirstOrDefault(model => model == Input.Model) ?? CallableModels.FirstOrDefault();

    protected override async Task OnInitializedAsync()
    {
        Input ??= new KeyInput { Name = Text.NewKey_DefaultName };
        var ct = HttpContext.RequestAborted;
        var (models, teams, members, vendors) = (Management.ModelsAsync(ct), Management.AllTeamsAsync(ct), Management.AllMembersAsync(ct), VendorNames.LoadAsync(Management, ct));
        await Task.WhenAll(models, teams, members, vendors);
        _vendors = await vendors;
        (_models, _teams) = ((await models).Data, await teams);
        _accounts = Session.May("keys.manage") ? [.. (await members).Where(member => member.Kind == ServiceAccount)] : [];
        Input.Model ??= ChatModels.FirstOrDefault(model => model == Model) ?? FirstModel.Of(_models);
    }

    private async Task CreateAsync()
    {
        var expires = Input.ExpiresInDays is { } days ? Time.Now.AddDays(days) : (DateTimeOffset?)null;
        if (Input.ToNew(expires, out _problems) is { } request)
        {
            (_created, _problem) = await Management.CreateKeyAsync(request, HttpContext.RequestAborted);
        }
    }

    private IReadOnlyList<string> ErrorsOf(string field) => _problems.TryGetValue(field, out var messages) ? messages : _problem.ErrorsOf(field);
}
