using AiHub.Contracts;
using AiHub.Portal.Resources;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;

namespace AiHub.Portal.Account;

public sealed partial class SecurityPage
{
    // The first that fits: browsers also say the names of those after them.
    private static readonly (string Mark, string Name)[] Programs = [("Edg", "Edge"), ("OPR/", "Opera"), ("MicroMessenger/", "WeChat"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari")];
    private static readonly (string Mark, string Name)[] Systems = [("Windows", "Windows"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Mac OS X", "macOS"), ("Android", "Android"), ("Linux", "Linux")];

    private SecurityView _security = null!;
    private IReadOnlyList<SessionView> _sessions = [];
    private ProblemView? _emailProblem;
    private ProblemView? _passwordProblem;
    private ProblemView? _beginProblem;
    private ProblemView? _confirmProblem;
    private ProblemView? _codeProblem;
    private NewAuthenticator? _setup;
    private RecoveryCodes? _codes;
    private string? _done;

    [SupplyParameterFromForm(FormName = "email")]
    public EmailInput? Email { get; set; }

    [SupplyParameterFromForm(FormName = "password")]
    public PasswordInput? Password { get; set; }

    [SupplyParameterFromForm(FormName = "two-factor-begin")]
    public BeginInput? Begin { get; set; }

    [SupplyParameterFromForm(FormName = "two-factor-confirm")]
    public ConfirmInput? Confirm { get; set; }

    [SupplyParameterFromForm(FormName = "two-factor-code")]
    public CodeInput? Code { get; set; }

    /// <summary>What was just done.</summary>
    [SupplyParameterFromQuery]
    public string? Done { get; set; }

    [CascadingParameter]
    public required HttpContext HttpContext { get; set; }

    private string? DoneText => (_done ?? Done) switch
    {
        "session" => Text.Sessions_Ended,
        "passkey" => Text.Passkeys_Added,
        "passkey-deleted" => Text.Passkeys_Deleted,
        "passkey-renamed" => Text.Passkeys_Renamed,
        "mail" => Text.Security_MailSent,
        "address" => Text.Email_Sent,
        "mail-later" => Text.Security_MailLater,
        "password" => Text.Security_PasswordChanged,
        "disabled" => Text.TwoFactor_Disabled,
        _ => null,
    };

    protected override async Task OnInitializedAsync()
    {
        // What a form was posted with, if one was; the rest stands empty.
        Email ??= new EmailInput();
        Password ??= new PasswordInput();
        Begin ??= new BeginInput();
        Confirm ??= new ConfirmInput();
        Code ??= new CodeInput();
        // A form that is posted must be on the page again before it is read.
        _setup = Confirm.Secret is { } secret ? new NewAuthenticator(secret, Confirm.Uri ?? string.Empty) : null;
        await LoadAsync();
    }

    /// <summary>A browser and what it runs on; all that it said of itself where it is none we know.</summary>
    private static string Program(string agent)
    {
        var (program, system) = (NameIn(Programs), NameIn(Systems));
        return program is null ? agent : system is null ? program : $"{program} · {system}";

        string? NameIn((string Mark, string Name)[] known) => known.FirstOrDefault(one => agent.Contains(one.Mark, StringComparison.Ordinal)).Name;
    }

    private static string Groups(string secret) => string.Join(' ', secret.Chunk(4).Select(part => new string(part)));

    private async Task LoadAsync()
    {
        _sessions = await Management.SessionsAsync(HttpContext.RequestAborted);
        _security = await Management.SecurityAsync(HttpContext.RequestAborted);
    }

    private async Task ChangeEmailAsync()
    {
        _emailProblem = await Management.ChangeEmailAsync(new EmailChange(Email!.New?.Trim() ?? string.Empty, Email.Password is { Length: > 0 } password ? password : null), HttpContext.RequestAborted);
        if (_emailProblem is null)
        {
            _done = "address";
            Email = new EmailInput();
        }
    }

    private async Task ChangePasswordAsync()
    {
        _passwordProblem = await Management.ChangePasswordAsync(new PasswordChange(Password!.Current ?? string.Empty, Password.New ?? string.Empty), HttpContext.RequestAborted);
        if (_passwordProblem is null)
        {
            _done = "password";
            await LoadAsync();
        }
    }

    private async Task BeginAsync() =>
        (_setup, _beginProblem) = await Management.BeginTwoFactorAsync(Begin!.Password is { Length: > 0 } password ? password : null, HttpContext.RequestAborted);

    private async Task ConfirmAsync()
    {
        (_codes, _confirmProblem) = await Management.ConfirmTwoFactorAsync(Confirm!.Code?.Trim() ?? string.Empty, HttpContext.RequestAborted);
        _setup = _codes is null ? new NewAuthenticator(Confirm.Secret ?? string.Empty, Confirm.Uri ?? string.Empty) : null;
        await LoadAsync();
    }

    private async Task UseCodeAsync()
    {
        var code = Code!.Value?.Trim() ?? string.Empty;
        if (Code.Action == "disable")
        {
            _codeProblem = await Management.DisableTwoFactorAsync(code, HttpContext.RequestAborted);
            _done = _codeProblem is null ? "disabled" : null;
        }
        else
        {
            (_codes, _codeProblem) = await Management.RenewRecoveryCodesAsync(code, HttpContext.RequestAborted);
        }

        await LoadAsync();
    }

    public sealed class EmailInput
    {
        public string? New { get; set; }
        public string? Password { get; set; }
    }

    public sealed class PasswordInput
    {
        public string? Current { get; set; }
        public string? New { get; set; }
    }

    public sealed class BeginInput
    {
        public string? Password { get; set; }
    }

    public sealed class ConfirmInput
    {
        public string? Secret { get; set; }
        public string? Uri { get; set; }
        public string? Code { get; set; }
    }

    public sealed class CodeInput
    {
        public string? Value { get; set; }
        public string? Action { get; set; }
    }
}
