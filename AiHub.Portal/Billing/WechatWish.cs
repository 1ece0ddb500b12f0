using System.Security.Cryptography;
using System.Text;
using AiHub.Portal.SignIn;

namespace AiHub.Portal.Billing;

/// <summary>
/// A top-up that waits for WeChat to say who pays. Kept in the browser it was wished for in, so that nobody else's link can make it: what WeChat brings back
/// must name the same state.
/// </summary>
public sealed record WechatWish(string State, string Amount, string Wish)
{
    public const string Path = "/billing/wechat";

    private const string CookieName = "aihub.wechat";
    private const int LongestPart = 64;
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    /// <summary>Within WeChat itself neither a code on the screen nor another app helps.</summary>
    public static bool IsWithin(HttpContext context) => context.Request.Headers.UserAgent.ToString().Contains("MicroMessenger", StringComparison.Ordinal);

    public static string Address(string amount, string wish) => Path + QueryString.Create("amount", amount).Add("wish", wish);

    /// <summary>Keeps the wish, and says where WeChat is asked.</summary>
    public static string Keep(HttpContext context, string payerUrl, string amount, string wish)
    {
        var state = RandomNumberGenerator.GetHexString(32, lowercase: true);
        context.Response.Cookies.Append(CookieName, $"{state}.{Uri.EscapeDataString(wish)}.{Uri.EscapeDataString(amount)}", ReturnCookie.Options(context, Path, Lifetime));
        var back = Uri.EscapeDataString($"{context.Request.Scheme}://{context.Request.Host}{Path}");
        // In the order that WeChat wants them, and with its anchor.
        return $"{payerUrl}&redirect_uri={back}&response_type=code&scope=snsapi_base&state={state}#wechat_redirect";
    }

    /// <summary>The wish that was kept for this state; forgotten now, for it works once.</summary>
    public static WechatWish? Take(HttpContext context, string state)
    {
        var kept = context.Request.Cookies[CookieName]?.Split('.', 3);
        context.Response.Cookies.Delete(CookieName, ReturnCookie.Options(context, Path, null));
        return kept is [var known, var wish, var amount] && wish.Length <= LongestPart && amount.Length <= LongestPart
            && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(known), Encoding.UTF8.GetBytes(state))
                ? new WechatWish(known, Uri.UnescapeDataString(amount), Uri.UnescapeDataString(wish))
                : null;
    }
}
