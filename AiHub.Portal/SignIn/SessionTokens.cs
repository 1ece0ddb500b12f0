using System.Globalization;
using AiHub.Contracts;
using Microsoft.AspNetCore.Authentication;

namespace AiHub.Portal.SignIn;

/// <summary>The tokens of one sign-in, as the encrypted cookie keeps them.</summary>
public sealed record SessionTokens(string Access, string Refresh, DateTimeOffset AccessEndsAt)
{
    private const string AccessName = "access";
    private const string RefreshName = "refresh";
    private const string EndsAtName = "access_ends_at";

    public static SessionTokens Of(TokenPair pair, DateTimeOffset now) =>
        new(pair.AccessToken, pair.RefreshToken, now.AddSeconds(pair.ExpiresIn));

    public static SessionTokens? From(AuthenticationProperties? properties) =>
        properties?.GetTokenValue(AccessName) is { } access
        && properties.GetTokenValue(RefreshName) is { } refresh
        && DateTimeOffset.TryParse(properties.GetTokenValue(EndsAtName), CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var endsAt)
            ? new SessionTokens(access, refresh, endsAt)
            : null;

    public AuthenticationProperties ToProperties()
    {
        var properties = new AuthenticationProperties { IsPersistent = true };
        properties.StoreTokens(
        [
            new AuthenticationToken { Name = AccessName, Value = Access },
            new AuthenticationToken { Name = RefreshName, Value = Refresh },
            new AuthenticationToken { Name = EndsAtName, Value = AccessEndsAt.ToString("O", CultureInfo.InvariantCulture) },
        ]);
        return properties;
    }
}
