using System.Globalization;
using AiHub.Contracts;
using AiHub.Portal.Management;
using AiHub.Portal.Resources;
using Microsoft.AspNetCore.Components;

namespace AiHub.Portal.Keys;

public sealed partial class NewKeyPage
{
    private IReadOnlyList<ModelView> _models = [];
    private CreatedApiKey? _created;
    private ProblemView? _problem;
    private bool _badLimit;

    [SupplyParameterFromForm]
    public NewKeyInput Input { get; set; } = null!;

    [CascadingParameter]
    public required HttpContext HttpContext { get; set; }

    /// <summary>The models the new key may call.</summary>
    private IReadOnlyList<string> CallableModels => _created is { AllowedModels.Count: > 0 } created
        ? created.AllowedModels
        : [.. _models.Select(model => model.Id)];

    /// <summary>The chosen one if the key may call it; null where no model can be called at all.</summary>
    private string? SnippetModel => CallableModels.FirstOrDefault(model => model == Input.Model) ?? CallableModels.FirstOrDefault();

    private IReadOnlyList<string> PerMinuteErrors => _badLimit ? [Text.NewKey_PerMinuteBad] : _problem.ErrorsOf("limits.requests_per_minute");

    protected override async Task OnInitializedAsync()
    {
        Input ??= new NewKeyInput { Name = Text.NewKey_DefaultName };
        _models = (await Management.ModelsAsync(HttpContext.RequestAborted)).Data;
        Input.Model ??= FirstModel.Of(_models);
    }

    private async Task CreateAsync()
    {
        if (!Input.TryReadLimit(out var limit))
        {
            _badLimit = true;
            return;
        }

        var expires = Input.ExpiresInDays is { } days ? Time.Now.AddDays(days) : (DateTimeOffset?)null;
        var request = new NewApiKey(Input.Name?.Trim() ?? string.Empty, expires, Input.AllowedModels, new KeyLimits(limit));

        (_created, _problem) = await Management.CreateKeyAsync(request, HttpContext.RequestAborted);
    }

}

/// <summary>The form as it was filled in.</summary>
public sealed class NewKeyInput
{
    public static readonly IReadOnlyList<int> ExpiryChoices = [30, 90, 365];

    public string? Name { get; set; }
    public string? Model { get; set; }
    public int? ExpiresInDays { get; set; }
    public string? RequestsPerMinute { get; set; }
    public List<string>? AllowedModels { get; set; }

    public bool HasOptions => ExpiresInDays is not null || !string.IsNullOrEmpty(RequestsPerMinute) || AllowedModels is { Count: > 0 };

    /// <summary>Text, not a number, so that what cannot be read comes back to be corrected.</summary>
    public bool TryReadLimit(out int? limit)
    {
        limit = null;
        if (string.IsNullOrWhiteSpace(RequestsPerMinute))
        {
            return true;
        }

        if (!int.TryParse(RequestsPerMinute, NumberStyles.None, CultureInfo.InvariantCulture, out var value))
        {
            return false;
        }

        limit = value;
        return true;
    }
}
