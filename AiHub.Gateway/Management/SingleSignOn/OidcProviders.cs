using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using AiHub.Gateway.Management.SignIn;
using AiHub.Outbound;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace AiHub.Gateway.Management.SingleSignOn;

/// <summary>A person, as their identity provider vouches for them.</summary>
public sealed record VouchedPerson(string Subject, string Email, string? Name);

/// <summary>The provider, or what it sent, is not to be believed. The reason is for the organization's log, not for the visitor.</summary>
public sealed class SignOnException(string reason, Exception? inner = null) : Exception(reason, inner);

/// <summary>
/// Talks to identity providers (OpenID Connect). Their addresses come from customers, so every request goes through the guarded door, and nothing
/// they say is believed before its signature, issuer, audience, time and nonce are right.
/// </summary>
public sealed class OidcProviders : IDisposable
{
    private const int LargestAnswer = 512 * 1024;
    private const int LargestSubject = 255;

    private static readonly TimeSpan Kept = TimeSpan.FromHours(1);

    // A token with an unknown key is a reason to look for new keys, but not to be made to ask as often as somebody sends such tokens.
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(2);

    private static readonly string[] Algorithms =
    [
        SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512,
        SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.RsaSsaPssSha384, SecurityAlgorithms.RsaSsaPssSha512,
        SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.EcdsaSha512,
    ];

    private readonly ConcurrentDictionary<string, Known> _known = new(StringComparer.Ordinal);
    private readonly JsonWebTokenHandler _tokens = new() { MapInboundClaims = false };
    private readonly HttpMessageInvoker _invoker;
    private readonly GuardedHttp _outbound;
    private readonly TimeProvider _time;

    public OidcProviders(GuardedHttp outbound, TimeProvider time)
    {
        (_outbound, _time) = (outbound, time);
        _invoker = new HttpMessageInvoker(outbound.ForCustomers(Patience));
    }

    public void Dispose() => _invoker.Dispose();

    /// <summary>Whether a URL may be a provider's.</summary>
    public bool Accepts(string url) => OutboundAddress.IsForCustomers(url, _outbound.CustomersMayGoPrivate);

    /// <summary>What the provider says of itself. Throws <see cref="SignOnException"/>, and nothing else, when it cannot be believed.</summary>
    public async Task<OpenIdConnectConfiguration> DiscoverAsync(string issuer, CancellationToken ct) => (await KnownAsync(issuer, ct)).Configuration;

    /// <summary>Exchanges a code for an ID token and checks it. Throws <see cref="SignOnException"/>, and nothing else.</summary>
    public async Task<VouchedPerson> ExchangeAsync(
        string issuer, string clientId, string? clientSecret, string redirectUri, string code, string verifier, string nonce, CancellationToken ct)
    {
        var known = await KnownAsync(issuer, ct);
        var fields = new Dictionary<string, string>
        {
            ["grant_type"] = "authorization_code",
            ["code"] = code,
            ["redirect_uri"] = redirectUri,
            ["code_verifier"] = verifier,
            ["client_id"] = clientId,
        };
        using var request = new HttpRequestMessage(HttpMethod.Post, known.Configuration.TokenEndpoint);
        if (clientSecret is not null)
        {
            // Basic unless the provider knows the other way alone; it is what the standard wants everybody to know.
            if (known.Configuration.TokenEndpointAuthMethodsSupported is { Count: > 0 } methods && !methods.Contains("client_secret_basic"))
            {
                fields["client_secret"] = clientSecret;
            }
            else
            {
                var pair = $"{WebUtility.UrlEncode(clientId)}:{WebUtility.UrlEncode(clientSecret)}";
                request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(pair)));
                fields.Remove("client_id");
            }
        }

        request.Content = new FormUrlEncodedContent(fields);
        var (status, body) = await SendAsync(request, ct);
        string idToken;
        try
        {
            using var answer = JsonDocument.Parse(body);
            if (status != HttpStatusCode.OK)
            {
                var error = answer.RootElement.TryGetProperty("error", out var named) && named.ValueKind == JsonValueKind.String ? named.GetString() : "";
                throw new SignOnException(string.Create(CultureInfo.InvariantCulture, $"The provider refused the code: {(int)status} {error}"));
            }

            idToken = answer.RootElement.GetProperty("id_token").GetString() ?? "";
        }
        catch (Exception failure) when (failure is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new SignOnException("The provider's answer to the code cannot be understood.", failure);
        }

        return await CheckAsync(idToken, known, issuer, clientId, nonce, ct);
    }

    private async Task<VouchedPerson> CheckAsync(string idToken, Known known, string issuer, string clientId, string nonce, CancellationToken ct)
    {
        var result = await ValidateAsync(idToken, known, issuer, clientId);
        if (result.Exception is SecurityTokenSignatureKeyNotFoundException && await LookAgainAsync(issuer, known, ct) is { } renewed)
        {
            result = await ValidateAsync(idToken, renewed, issuer, clientId);
        }

        if (!result.IsValid)
        {
            throw new SignOnException($"The ID token is not valid: {result.Exception.GetType().Name}", result.Exception);
        }

        var token = (JsonWebToken)result.SecurityToken;
        if (!token.TryGetPayloadValue<string>("nonce", out var said) || !Same(said, nonce))
        {
            throw new SignOnException("The ID token answers another question: its nonce is wrong.");
        }

        if ((token.Audiences.Count() > 1 || token.TryGetPayloadValue<string>("azp", out _)) && !(token.TryGetPayloadValue<string>("azp", out var party) && party == clientId))
        {
            throw new SignOnException("The ID token was made for another client: azp is wrong.");
        }

        if (token.Subject is not { Length: > 0 and <= LargestSubject } subject)
        {
            throw new SignOnException("The ID token names nobody: sub is missing or too long.");
        }

        if (!token.TryGetPayloadValue<string>("email", out var email) || !email.Contains('@', StringComparison.Ordinal) || email.Length > 254 || email.Any(char.IsControl) || email.Any(char.IsWhiteSpace))
        {
            throw new SignOnException("The ID token has no e-mail address. The provider has to release the claim “email”.");
        }

        // Some providers leave it out; the domain itself is proven. One that says no is taken at its word.
        if (token.TryGetPayloadValue<object>("email_verified", out var verified) && !string.Equals(Convert.ToString(verified, CultureInfo.InvariantCulture), "true", StringComparison.OrdinalIgnoreCase))
        {
            throw new SignOnException("The provider has not verified the e-mail address.");
        }

        token.TryGetPayloadValue<string>("name", out var name);
        return new VouchedPerson(subject, email, name is { Length: > 0 and <= 100 } && !name.Any(char.IsControl) ? name : null);
    }

    private Task<TokenValidationResult> ValidateAsync(string idToken, Known known, string issuer, string clientId) => _tokens.ValidateTokenAsync(idToken, new TokenValidationParameters
    {
        ValidIssuer = issuer,
        ValidAudience = clientId,
        IssuerSigningKeys = known.Keys,
        // Without this, a key set with several keys would be tried in turn for a token that names none of them.
        TryAllIssuerSigningKeys = false,
        ValidAlgorithms = Algorithms,
        RequireSignedTokens = true,
        RequireExpirationTime = true,
        ValidateIssuer = true,
        ValidateAudience = true,
        ValidateLifetime = true,
        // The hub's clock, which is not always the machine's.
        LifetimeValidator = (from, until, _, _) =>
        {
            var now = _time.GetUtcNow().UtcDateTime;
            return until is { } end && end > now - Skew && (from is null || from < now + Skew);
        },
    });

    private static bool Same(string left, string right) =>
        System.Security.Cryptography.CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(left), Encoding.UTF8.GetBytes(right));

    private async Task<Known> KnownAsync(string issuer, CancellationToken ct) =>
        _known.TryGetValue(issuer, out var known) && _time.GetUtcNow() - known.At < Kept ? known : await LookAsync(issuer, ct);

    /// <returns>Null when it was looked for a moment ago: then the token is to blame.</returns>
    private async Task<Known?> LookAgainAsync(string issuer, Known stale, CancellationToken ct) =>
        _known.TryGetValue(issuer, out var current) && current != stale ? current
        : _time.GetUtcNow() - stale.At < BetweenLooks && stale.LookedAgain ? null
        : await LookAsync(issuer, ct, again: true);

    private async Task<Known> LookAsync(string issuer, CancellationToken ct, bool again = false)
    {
        if (!Accepts(issuer))
        {
            throw new SignOnException("The issuer's address is not one that may be asked.");
        }

        OpenIdConnectConfiguration configuration;
        IList<SecurityKey> keys;
        try
        {
            configuration = OpenIdConnectConfiguration.Create(await GetAsync(issuer.TrimEnd('/') + "/.well-known/openid-configuration", ct));
            if (!string.Equals(configuration.Issuer, issuer, StringComparison.Ordinal))
            {
                throw new SignOnException($"The provider calls itself “{configuration.Issuer}”.");
            }

            if (!Accepts(configuration.AuthorizationEndpoint) || !Accepts(configuration.TokenEndpoint) || !Accepts(configuration.JwksUri))
            {
                throw new SignOnException("One of the provider's endpoints is missing or not https.");
            }

            keys = new JsonWebKeySet(await GetAsync(configuration.JwksUri, ct)).GetSigningKeys();
        }
        catch (Exception failure) when (failure is not (SignOnException or OperationCanceledException))
        {
            throw new SignOnException("The provider's description of itself cannot be understood.", failure);
        }

        return _known[issuer] = new Known(configuration, keys, _time.GetUtcNow(), again);
    }

    private async Task<string> GetAsync(string url, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        var (status, body) = await SendAsync(request, ct);
        return status == HttpStatusCode.OK ? body : throw new SignOnException(string.Create(CultureInfo.InvariantCulture, $"{new Uri(url).Host} answered {(int)status}."));
    }

    private async Task<(HttpStatusCode Status, string Body)> SendAsync(HttpRequestMessage request, CancellationToken ct)
    {
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        request.Headers.UserAgent.ParseAdd("AI-Hub");
        using var limit = new CancellationTokenSource(Patience, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ct);
        try
        {
            using var answer = await _invoker.SendAsync(request, either.Token);
            return (answer.StatusCode, await AnswerBody.ReadAsync(answer, LargestAnswer, either.Token));
        }
        catch (Exception failure) when (!ct.IsCancellationRequested)
        {
            throw new SignOnException($"{request.RequestUri!.Host} cannot be reached.", failure);
        }
    }

    private sealed record Known(OpenIdConnectConfiguration Configuration, IList<SecurityKey> Keys, DateTimeOffset At, bool LookedAgain);
}
