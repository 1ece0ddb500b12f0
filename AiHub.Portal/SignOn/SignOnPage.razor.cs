using AiHub.Contracts;
using AiHub.Portal.Resources;
using AiHub.Portal.SignIn;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;

namespace AiHub.Portal.SignOn;

public sealed partial class SignOnPage
{
    private static readonly string[] Roles = ["developer", "viewer", "billing"];

    private bool _loaded;
    private SignOnView? _signOn;
    private IReadOnlyList<ScimTokenView> _tokens = [];
    private CreatedScimToken? _created;
    private ProblemView? _problem;
    private ProblemView? _proofProblem;
    private ProblemView? _tokenProblem;
    private string? _done;

    [SupplyParameterFromForm(FormName = "sign-on")]
    public SignOnInput Input { get; set; } = null!;

    [SupplyParameterFromForm(FormName = "scim-token")]
    public TokenInput? Token { get; set; }

    [SupplyParameterFromQuery]
    public string? Done { get; set; }

    [CascadingParameter]
    public required HttpContext HttpContext { get; set; }

    private string CallbackUri => $"{HttpContext.Request.Scheme}://{HttpContext.Request.Host}{SignOnTicket.CallbackPath}";

    private string? DoneText => (_done ?? Done) switch
    {
        "saved" => Text.SignOnPage_Saved,
        "proven" => Text.SignOnPage_ProvenNow,
        "ended" => Text.SignOnPage_Ended,
        "revoked" => Text.Scim_Revoked,
        _ => null,
    };

    protected override async Task OnInitializedAsync()
    {
        var posted = Input is not null;
        Token ??= new TokenInput();
        if (!Session.Organization.Personal)
        {
            _signOn = await Management.SignOnAsync(HttpContext.RequestAborted);
            await LoadTokensAsync();
        }

        Input = posted ? Input! : _signOn is { } kept
            ? new SignOnInput { Issuer = kept.Issuer, ClientId = kept.ClientId, Domain = kept.Domain, Role = kept.DefaultRole, Enabled = kept.Enabled, Required = kept.Required }
            : new SignOnInput { Role = Roles[0], Enabled = true };
        _loaded = true;
    }

    private async Task LoadTokensAsync()
    {
        if (Session.May("provisioning.write"))
        {
            _tokens = await Management.ScimTokensAsync(HttpContext.RequestAborted);
        }
    }

    private async Task SaveAsync()
    {
        var change = new SignOnChange(
            Input.Issuer?.Trim() ?? string.Empty, Input.ClientId?.Trim() ?? string.Empty, Input.Domain?.Trim() ?? string.Empty,
            Input.ClientSecret is { Length: > 0 } secret ? secret : null, Input.Role ?? Roles[0], Input.Enabled, Input.Required);
        (var saved, _problem) = await Management.PutSignOnAsync(change, HttpContext.RequestAborted);
        if (saved is not null)
        {
            (_signOn, _done) = (saved, "saved");
        }
    }

    private async Task ProveAsync()
    {
        (var proven, _proofProblem) = await Management.VerifySignOnDomainAsync(HttpContext.RequestAborted);
        if (proven is not null)
        {
            (_signOn, _done) = (proven, "proven");
        }
    }

    private async Task CreateTokenAsync()
    {
        (_created, _tokenProblem) = await Management.CreateScimTokenAsync(Token!.Name?.Trim() ?? string.Empty, HttpContext.RequestAborted);
        if (_created is not null)
        {
            Token = new TokenInput();
        }

        await LoadTokensAsync();
    }

    public sealed class SignOnInput
    {
        public string? Issuer { get; set; }
        public string? ClientId { get; set; }
        public string? ClientSecret { get; set; }
        public string? Domain { get; set; }
        public string? Role { get; set; }
        public bool Enabled { get; set; }
        public bool Required { get; set; }
    }

    public sealed class TokenInput
    {
        public string? Name { get; set; }
    }
}
