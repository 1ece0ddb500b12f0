using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace AiHub.Simulators.Identity;

/// <summary>A program that may ask who somebody is.</summary>
/// <param name="Secret">Null for a public client.</param>
public sealed record IdentityClient(string ClientId, string? Secret, IReadOnlyList<string> RedirectUris);

/// <summary>What one authorization is good for, until it is exchanged.</summary>
public sealed record Authorization(
    string ClientId, string RedirectUri, string CodeChallenge, string Nonce, string Email, string Name, string Subject, DateTimeOffset At)
{
    public int Exchanges;
}

/// <summary>What goes wrong with the next tokens.</summary>
public sealed record IdentityFault(
    string? Nonce = null, string? Audience = null, string? Issuer = null, string? Algorithm = null, int? ExpiresInSeconds = null,
    bool? EmailVerified = null, bool ForeignKey = false, bool TamperEmail = false, string? AuthorizedParty = null);

/// <summary>One company's OpenID Connect provider: its keys, its clients, and the codes it has given out.</summary>
public sealed class IdentityProvider(string name, TimeProvider time) : IDisposable
{
    public static readonly TimeSpan CodeLifetime = TimeSpan.FromMinutes(1);
    public static readonly TimeSpan TokenLifetime = TimeSpan.FromMinutes(5);

    private readonly Lock _keyLock = new();
    private readonly List<(string Id, RSA Key)> _keys = [NewKey()];
    private readonly RSA _foreign = RSA.Create(2048);
    private IdentityFault _fault = new();

    public ConcurrentDictionary<string, IdentityClient> Clients { get; } = new();

    public ConcurrentDictionary<string, Authorization> Codes { get; } = new();

    /// <summary>How often the keys were asked for.</summary>
    public int KeyRequests;

    public string Name => name;

    /// <summary>From now on until told otherwise.</summary>
    public void Misbehave(IdentityFault fault) => _fault = fault;

    /// <summary>Signs with a new key from now on, and no longer shows the old one.</summary>
    public string Rotate()
    {
        lock (_keyLock)
        {
            var key = NewKey();
            _keys.Clear();
            _keys.Add(key);
            return key.Id;
        }
    }

    public JsonObject Keys()
    {
        Interlocked.Increment(ref KeyRequests);
        lock (_keyLock)
        {
            return new JsonObject { ["keys"] = new JsonArray([.. _keys.Select(key => Show(key.Id, key.Key))]) };
        }
    }

    public string NewCode(Authorization authorization)
    {
        var code = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));
        Codes[code] = authorization;
        return code;
    }

    /// <summary>The ID token of an authorization, with whatever is wrong with it at the moment.</summary>
    public string IdToken(string issuer, Authorization authorization)
    {
        var now = time.GetUtcNow();
        var fault = _fault;
        var audience = fault.Audience ?? authorization.ClientId;
        var claims = new JsonObject
        {
            ["iss"] = fault.Issuer ?? issuer,
            ["sub"] = authorization.Subject,
            ["aud"] = fault.AuthorizedParty is null ? audience : new JsonArray(audience, "another-client"),
            ["iat"] = now.ToUnixTimeSeconds(),
            ["exp"] = now.AddSeconds(fault.ExpiresInSeconds ?? TokenLifetime.TotalSeconds).ToUnixTimeSeconds(),
            ["nonce"] = fault.Nonce ?? authorization.Nonce,
            ["email"] = authorization.Email,
            ["email_verified"] = fault.EmailVerified ?? true,
            ["name"] = authorization.Name,
        };
        if (fault.AuthorizedParty is { } party)
        {
            claims["azp"] = party;
        }

        lock (_keyLock)
        {
            var (id, key) = _keys[^1];
            var token = Sign(fault.Algorithm ?? "RS256", id, fault.ForeignKey ? _foreign : key, claims);
            return fault.TamperEmail ? Tampered(token) : token;
        }
    }

    public void Dispose()
    {
        foreach (var (_, key) in _keys)
        {
            key.Dispose();
        }

        _foreign.Dispose();
    }

    private static string Sign(string algorithm, string keyId, RSA key, JsonObject claims)
    {
        var header = new JsonObject { ["alg"] = algorithm, ["kid"] = keyId, ["typ"] = "JWT" };
        var signed = $"{Encode(header.ToJsonString())}.{Encode(claims.ToJsonString())}";
        var signature = algorithm switch
        {
            "none" => "",
            // The classic confusion: the public key used as a shared secret.
            "HS256" => Base64Url(HMACSHA256.HashData(Encoding.UTF8.GetBytes(key.ExportSubjectPublicKeyInfoPem()), Encoding.ASCII.GetBytes(signed))),
            _ => Base64Url(key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)),
        };
        return $"{signed}.{signature}";
    }

    private static string Tampered(string token)
    {
        var parts = token.Split('.');
        var claims = JsonNode.Parse(Convert.FromBase64String(Padded(parts[1])))!.AsObject();
        claims["email"] = "someone.else@" + claims["email"]!.GetValue<string>().Split('@')[1];
        return $"{parts[0]}.{Encode(claims.ToJsonString())}.{parts[2]}";
    }

    private static JsonObject Show(string id, RSA key)
    {
        var parameters = key.ExportParameters(includePrivateParameters: false);
        return new JsonObject
        {
            ["kty"] = "RSA",
            ["use"] = "sig",
            ["alg"] = "RS256",
            ["kid"] = id,
            ["n"] = Base64Url(parameters.Modulus!),
            ["e"] = Base64Url(parameters.Exponent!),
        };
    }

    private static (string Id, RSA Key) NewKey() => (Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)), RSA.Create(2048));

    private static string Encode(string text) => Base64Url(Encoding.UTF8.GetBytes(text));

    internal static string Base64Url(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    private static string Padded(string base64Url) => base64Url.Replace('-', '+').Replace('_', '/').PadRight(base64Url.Length + ((4 - (base64Url.Length % 4)) % 4), '=');
}

/// <summary>Every company's provider, by the name in its address.</summary>
public sealed class IdentityProviders(SimulatorClock time) : IDisposable
{
    /// <summary>The client a developer's hub uses; the simulators open nothing of worth.</summary>
    public static readonly IdentityClient Development = new("ai-hub", "simulated-client-secret", ["http://localhost:5081/sign-in/sso/callback"]);

    private readonly ConcurrentDictionary<string, Lazy<IdentityProvider>> _providers = new();

    public IdentityProvider Of(string name) => _providers.GetOrAdd(name, static (name, time) => new Lazy<IdentityProvider>(() =>
    {
        var provider = new IdentityProvider(name, time);
        provider.Clients[Development.ClientId] = Development;
        return provider;
    }), time).Value;

    public void Dispose()
    {
        foreach (var provider in _providers.Values.Where(provider => provider.IsValueCreated))
        {
            provider.Value.Dispose();
        }
    }
}
