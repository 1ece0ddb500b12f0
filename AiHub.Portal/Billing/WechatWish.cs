using System.Security.Cryptography;
using System.Text;
using AiHub.Contracts;
using AiHub.Portal.SignIn;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;

namespace AiHub.Portal.Billing;

/// <summary>
/// A top-up, a plan or an invoice that waits for WeChat to say who pays. Kept in the browser it was wished for in, so that nobody else's link can make it:
/// what WeChat brings back must name the same state.
/// </summary>
/// <param name="Key">So that one wish is one order, however often it comes.</param>
/// <param name="Amount">Of a top-up.</param>
/// <param name="Plan">The plan that is changed to, with its interval and the moment of its preview.</param>
/// <param name="Invoice">The invoice that is paid.</param>
public sealed record WechatWish(string Key, string? Amount = null, string? Plan = null, string? Interval = null, string? At = null, Guid? Invoice = null)
{
    public const string Path = "/billing/wechat";

    private const string CookieName = "aihub.wechat";
    private const int LongestPart = 64;
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    public string Address => Path + Query;

    private QueryString Query => QueryString.Create(new KeyValuePair<string, string?>[]
    {
        new("wish", Key), new("amount", Amount), new("plan", Plan), new("interval", Interval), new("at", At), new("invoice", Invoice?.ToString()),
    }.Where(part => part.Value is not null));

    /// <summary>Within WeChat itself neither a code on the screen nor another app helps.</summary>
    public static bool IsWithin(HttpContext context) => context.Request.Headers.UserAgent.ToString().Contains("MicroMessenger", StringComparison.Ordinal);

    /// <summary>Whether WeChat is to be asked who pays, because it is paid with from within it.</summary>
    public static bool Asks(HttpContext context, string? channel, IEnumerable<PaymentChannelView> channels) =>
        channel == "wechat_pay" && IsWithin(context) && channels.Any(open => open is { Channel: "wechat_pay", PayerUrl: not null });

    /// <summary>What an address wishes; null where that is nothing, or more than one thing.</summary>
    public static WechatWish? Read(IEnumerable<KeyValuePair<string, StringValues>> query)
    {
        var parts = query.ToDictionary(part => part.Key, part => part.Value.ToString());
        if (parts.Values.Any(value => value.Length > LongestPart) || !parts.TryGetValue("wish", out var key))
        {
            return null;
        }

        var wish = new WechatWish(
            key, parts.GetValueOrDefault("amount"), parts.GetValueOrDefault("plan"), parts.GetValueOrDefault("interval"), parts.GetValueOrDefault("at"),
            Guid.TryParse(parts.GetValueOrDefault("invoice"), out var invoice) ? invoice : null);
        return (wish.Amount is null ? 0 : 1) + (wish.Plan is null ? 0 : 1) + (wish.Invoice is null ? 0 : 1) == 1 ? wish : null;
    }

    /// <summary>Keeps the wish, and says where WeChat is asked.</summary>
    public string Keep(HttpContext context, string payerUrl)
    {
        var state = RandomNumberGenerator.GetHexString(32, lowercase: true);
        context.Response.Cookies.Append(CookieName, $"{state}.{Uri.EscapeDataString(Query.ToString())}", ReturnCookie.Options(context, Path, Lifetime));
        var back = Uri.EscapeDataString($"{context.Request.Scheme}://{context.Request.Host}{Path}");
        // In the order that WeChat wants them, and with its anchor.
        return $"{payerUrl}&redirect_uri={back}&response_type=code&scope=snsapi_base&state={state}#wechat_redirect";
    }

    /// <summary>The wish that was kept for this state; forgotten now, for it works once.</summary>
    public static WechatWish? Take(HttpContext context, string state)
    {
        var kept = context.Request.Cookies[CookieName]?.Split('.', 2);
        context.Response.Cookies.Delete(CookieName, ReturnCookie.Options(context, Path, null));
        return kept is [var known, var query] && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(known), Encoding.UTF8.GetBytes(state))
            ? Read(QueryHelpers.ParseQuery(Uri.UnescapeDataString(query)))
            : null;
    }
}
