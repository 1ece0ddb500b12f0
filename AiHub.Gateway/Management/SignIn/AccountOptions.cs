using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace AiHub.Gateway.Management.SignIn;

/// <summary>What accounts must have, and where their people find the portal.</summary>
public sealed class AccountOptions
{
    public const string Section = "Accounts";

    /// <summary>The portal's public address: where links in mails lead, where passkeys belong, where identity providers send people back to.</summary>
    [Required(ErrorMessage = "Mails and passkeys need the portal's public address. Set Accounts__PortalUrl.")]
    public Uri PortalUrl { get; set; } = new("http://localhost:5081");

    /// <summary>Nobody makes keys or accepts invitations before their address is verified.</summary>
    public bool RequireVerifiedEmail { get; set; }

    public string Page(string pathAndQuery) => PortalUrl.GetLeftPart(UriPartial.Authority) + PortalUrl.AbsolutePath.TrimEnd('/') + pathAndQuery;

    public string Origin => PortalUrl.GetLeftPart(UriPartial.Authority);
}

/// <summary>A list of passwords known from breaches, asked by the first five digits of a password's SHA-1 (k-anonymity).</summary>
public sealed class BreachListOptions
{
    public const string Section = "Accounts:BreachList";

    /// <summary>Followed by the five digits; null: nobody is asked.</summary>
    public Uri? Url { get; set; }

    public bool AllowPrivateNetwork { get; set; }

    [Range(typeof(TimeSpan), "00:00:00.1", "00:00:30")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(3);
}

[OptionsValidator]
public sealed partial class AccountOptionsValidator : IValidateOptions<AccountOptions>;

[OptionsValidator]
public sealed partial class BreachListOptionsValidator : IValidateOptions<BreachListOptions>;
