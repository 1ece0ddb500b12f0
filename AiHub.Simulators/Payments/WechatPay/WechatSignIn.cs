using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;

namespace AiHub.Simulators.Payments.WechatPay;

/// <summary>WeChat's sign-in as far as payments need it: <c>snsapi_base</c>, which asks nobody anything and tells no more than an openid.</summary>
public sealed class WechatSignIn(IOptions<PaymentOptions> options, SimulatorClock clock)
{
    /// <summary>Everybody's.</summary>
    public const string OpenId = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o";

    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);
    private readonly ConcurrentDictionary<string, DateTimeOffset> _codes = new();
    private readonly ConcurrentDictionary<string, bool> _used = new();

    public IResult Authorize(HttpRequest request)
    {
        if (!request.Headers.UserAgent.ToString().Contains("MicroMessenger", StringComparison.Ordinal))
        {
            return Page("请在微信客户端打开链接");
        }

        var query = request.Query;
        if (query["appid"] != options.Value.WechatPay.AppId || query["response_type"] != "code" || query["scope"] != "snsapi_base"
            || query["state"].ToString() is not { Length: > 0 and <= 128 } state || !state.All(char.IsAsciiLetterOrDigit)
            || !Uri.TryCreate(query["redirect_uri"], UriKind.Absolute, out var back))
        {
            return Page("参数错误");
        }

        var code = RandomNumberGenerator.GetHexString(32, lowercase: true);
        _codes[code] = clock.GetUtcNow() + Lifetime;
        return TypedResults.Redirect($"{back}{(back.Query.Length > 0 ? '&' : '?')}code={code}&state={state}");
    }

    // What WeChat answers it answers with 200, errors too.
    public IResult AccessToken(HttpRequest request)
    {
        var (query, party) = (request.Query, options.Value.WechatPay);
        if (query["appid"] != party.AppId)
        {
            return Error(40013, "invalid appid");
        }

        if (query["secret"] != party.AppSecret || party.AppSecret.Length == 0)
        {
            return Error(40125, "invalid appsecret");
        }

        if (query["grant_type"] != "authorization_code")
        {
            return Error(40002, "invalid grant_type");
        }

        var code = query["code"].ToString();
        if (!_codes.TryGetValue(code, out var until) || clock.GetUtcNow() >= until)
        {
            return Error(40029, "invalid code");
        }

        return _used.TryAdd(code, true)
            ? TypedResults.Json(new { access_token = RandomNumberGenerator.GetHexString(64, lowercase: true), expires_in = 7200, refresh_token = RandomNumberGenerator.GetHexString(64, lowercase: true), openid = OpenId, scope = "snsapi_base" })
            : Error(40163, "code been used");
    }

    private static IResult Error(int code, string message) => TypedResults.Json(new { errcode = code, errmsg = message });

    private static IResult Page(string text) => TypedResults.Content($"<!doctype html><meta charset=utf-8><h1>{text}</h1>", "text/html; charset=utf-8");
}
