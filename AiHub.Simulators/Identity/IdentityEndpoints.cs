using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace AiHub.Simulators.Identity;

/// <summary>
/// An OpenID Connect provider under <c>/identity/{name}</c>: discovery, keys, the authorization code flow with PKCE. As strict as real ones: it
/// refuses what it has not been told of, takes a code once, and checks the verifier.
/// </summary>
public static class IdentityEndpoints
{
    private const int ShortestVerifier = 43;

    public static WebApplicationBuilder AddIdentityProviders(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<IdentityProviders>();
        return builder;
    }

    public static void MapIdentityProviders(this WebApplication app)
    {
        var identity = app.MapGroup("/identity/{name}");
        identity.MapGet("/.well-known/openid-configuration", Discover);
        identity.MapGet("/keys", (string name, IdentityProviders providers) => Json(providers.Of(name).Keys()));
        identity.MapGet("/authorize", AskWho);
        identity.MapPost("/authorize", AuthorizeAsync).DisableAntiforgery();
        identity.MapPost("/token", ExchangeAsync).DisableAntiforgery();

        var sim = app.MapGroup("/_sim/identity/{name}");
        sim.MapPost("/clients", (string name, IdentityClient client, IdentityProviders providers) =>
        {
            providers.Of(name).Clients[client.ClientId] = client;
            return TypedResults.NoContent();
        });
        sim.MapPost("/rotate", (string name, IdentityProviders providers) => TypedResults.Text(providers.Of(name).Rotate()));
        sim.MapPost("/faults", (string name, IdentityFault fault, IdentityProviders providers) =>
        {
            providers.Of(name).Misbehave(fault);
            return TypedResults.NoContent();
        });
        sim.MapGet("/key-requests", (string name, IdentityProviders providers) => providers.Of(name).KeyRequests);
    }

    private static string Issuer(HttpRequest request, string name) => $"{request.Scheme}://{request.Host}/identity/{name}";

    private static IResult Discover(string name, HttpRequest request)
    {
        var issuer = Issuer(request, name);
        return Json(new JsonObject
        {
            ["issuer"] = issuer,
            ["authorization_endpoint"] = $"{issuer}/authorize",
            ["token_endpoint"] = $"{issuer}/token",
            ["jwks_uri"] = $"{issuer}/keys",
            ["response_types_supported"] = new JsonArray("code"),
            ["subject_types_supported"] = new JsonArray("public"),
            ["id_token_signing_alg_values_supported"] = new JsonArray("RS256"),
            ["token_endpoint_auth_methods_supported"] = new JsonArray("client_secret_basic", "client_secret_post", "none"),
            ["scopes_supported"] = new JsonArray("openid", "email", "profile"),
            ["code_challenge_methods_supported"] = new JsonArray("S256"),
            ["authorization_response_iss_parameter_supported"] = true,
        });
    }

    private static IResult AskWho(string name, HttpRequest request, IdentityProviders providers) =>
        Fault(providers.Of(name), key => request.Query[key].ToString()) is { } fault
            ? TypedResults.Content($"<!doctype html><title>Refused</title><p>{WebUtility.HtmlEncode(fault)}", "text/html; charset=utf-8", statusCode: StatusCodes.Status400BadRequest)
            : TypedResults.Content(
                $"""
                 <!doctype html>
                 <html lang="en">
                 <meta charset="utf-8">
                 <meta name="viewport" content="width=device-width, initial-scale=1">
                 <title>Simulated sign-in of {WebUtility.HtmlEncode(name)}</title>
                 <body style="font-family: system-ui; max-width: 24rem; margin: 4rem auto; padding: 0 1rem">
                 <h1>Sign in at {WebUtility.HtmlEncode(name)}</h1>
                 <form method="post">
                 {string.Concat(request.Query.Select(pair => $"""<input type="hidden" name="{WebUtility.HtmlEncode(pair.Key)}" value="{WebUtility.HtmlEncode(pair.Value.ToString())}">"""))}
                 <p><label>E-mail <input name="email" value="{WebUtility.HtmlEncode(request.Query["login_hint"].ToString())}" required></label></p>
                 <p><label>Name <input name="name" value="Wei"></label></p>
                 <button>Sign in 登录</button>
                 </form>
                 </body>
                 </html>
                 """,
                "text/html; charset=utf-8");

    private static async Task<IResult> AuthorizeAsync(string name, HttpRequest request, IdentityProviders providers, SimulatorClock time)
    {
        var provider = providers.Of(name);
        var form = await request.ReadFormAsync();
        if (Fault(provider, key => form[key].ToString()) is { } fault)
        {
            return TypedResults.BadRequest(fault);
        }

        var email = form["email"].ToString();
        var code = provider.NewCode(new Authorization(
            form["client_id"].ToString(), form["redirect_uri"].ToString(), form["code_challenge"].ToString(), form["nonce"].ToString(),
            email, form["name"].ToString(), form["subject"] is [{ Length: > 0 } subject] ? subject : SubjectOf(email), time.GetUtcNow()));
        var query = new QueryBuilder(form["redirect_uri"].ToString())
            .Add("code", code).Add("state", form["state"].ToString()).Add("iss", Issuer(request, name));
        return TypedResults.Redirect(query.ToString());
    }

    /// <summary>Why a request to authorize is refused. None of it is sent back to a redirect URI nobody has registered.</summary>
    private static string? Fault(IdentityProvider provider, Func<string, string> of) =>
        !provider.Clients.TryGetValue(of("client_id"), out var client) ? "unknown client_id"
        : !client.RedirectUris.Contains(of("redirect_uri"), StringComparer.Ordinal) ? "redirect_uri is not registered"
        : of("response_type") != "code" ? "response_type must be code"
        : !of("scope").Split(' ').Contains("openid") ? "scope must hold openid"
        : of("code_challenge_method") != "S256" || of("code_challenge").Length != ShortestVerifier ? "PKCE with S256 is required"
        : of("state").Length == 0 ? "state is required"
        : of("nonce").Length == 0 ? "nonce is required"
        : null;

    private static async Task<IResult> ExchangeAsync(string name, HttpRequest request, IdentityProviders providers, SimulatorClock time)
    {
        var provider = providers.Of(name);
        var form = await request.ReadFormAsync();
        var (id, secret) = ClientOf(request, form);
        if (!provider.Clients.TryGetValue(id, out var client) || client.Secret != secret)
        {
            return Refused("invalid_client", StatusCodes.Status401Unauthorized);
        }

        if (form["grant_type"] != "authorization_code")
        {
            return Refused("unsupported_grant_type");
        }

        var verifier = form["code_verifier"].ToString();
        if (!provider.Codes.TryGetValue(form["code"].ToString(), out var authorization)
            || Interlocked.Increment(ref authorization.Exchanges) != 1
            || authorization.ClientId != id
            || authorization.RedirectUri != form["redirect_uri"]
            || time.GetUtcNow() - authorization.At > IdentityProvider.CodeLifetime
            || verifier.Length < ShortestVerifier
            || IdentityProvider.Base64Url(SHA256.HashData(Encoding.ASCII.GetBytes(verifier))) != authorization.CodeChallenge)
        {
            return Refused("invalid_grant");
        }

        request.HttpContext.Response.Headers.CacheControl = "no-store";
        return Json(new JsonObject
        {
            ["access_token"] = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24)),
            ["token_type"] = "Bearer",
            ["expires_in"] = (int)IdentityProvider.TokenLifetime.TotalSeconds,
            ["id_token"] = provider.IdToken(Issuer(request, name), authorization),
        });
    }

    private static (string Id, string? Secret) ClientOf(HttpRequest request, IFormCollection form)
    {
        const string Basic = "Basic ";
        if (request.Headers.Authorization is [{ } header] && header.StartsWith(Basic, StringComparison.OrdinalIgnoreCase))
        {
            var pair = Encoding.UTF8.GetString(Convert.FromBase64String(header[Basic.Length..])).Split(':', 2);
            return (WebUtility.UrlDecode(pair[0]), WebUtility.UrlDecode(pair[1]));
        }

        return (form["client_id"].ToString(), form["client_secret"] is [{ Length: > 0 } secret] ? secret : null);
    }

    /// <summary>The same person has the same subject, and it is not their address.</summary>
    private static string SubjectOf(string email) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(email.ToUpperInvariant())))[..24];

    private static IResult Refused(string error, int status = StatusCodes.Status400BadRequest) => Json(new JsonObject { ["error"] = error }, status);

    private static IResult Json(JsonObject body, int status = StatusCodes.Status200OK) => TypedResults.Text(body.ToJsonString(), "application/json", Encoding.UTF8, status);

    /// <summary>A redirect URI with more parameters.</summary>
    private sealed class QueryBuilder(string uri)
    {
        private readonly StringBuilder _text = new(uri);
        private bool _any = uri.Contains('?', StringComparison.Ordinal);

        public QueryBuilder Add(string name, string value)
        {
            _text.Append(_any ? '&' : '?').Append(name).Append('=').Append(Uri.EscapeDataString(value));
            _any = true;
            return this;
        }

        public override string ToString() => _text.ToString();
    }
}
