using System.Text.Json;
using AiHub.Contracts;
using AiHub.Gateway.Management.Refusals;

namespace AiHub.Gateway.Management.Docs;

/// <summary>Examples of proving who one is, and what their fields mean.</summary>
public static class SignInExamples
{
    private static readonly DateTimeOffset Moment = new(2026, 1, 31, 8, 30, 0, TimeSpan.Zero);

    private const string Ticket = "aik_…";

    public static readonly RegistrationSent RegistrationSent = new("mail_sent", 86400);
    public static readonly RegistrationConfirmation RegistrationConfirmation = new(Ticket, "a sentence only I know");
    public static readonly EmailToken EmailToken = new(Ticket);
    public static readonly EmailChange EmailChange = new("lin@example.org", "a sentence only I know");
    public static readonly ForgottenPassword Forgotten = new("lin@example.com");
    public static readonly PasswordReset Reset = new(Ticket, "another sentence only I know");
    public static readonly SecondFactorNeeded Needed = new(Ticket, 300, ["totp", "recovery_code"]);
    public static readonly SecondFactorCode SecondFactor = new(Ticket, "123456");
    public static readonly CurrentPassword CurrentPassword = new("a sentence only I know");
    public static readonly NewAuthenticator Authenticator = new("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "otpauth://totp/AI%20Hub%3Alin%40example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=AI%20Hub&algorithm=SHA1&digits=6&period=30");
    public static readonly AuthenticatorCode Code = new("123456");
    public static readonly RecoveryCodes RecoveryCodes = new(["ABCD-EFGH-IJKL-MNOP"]);
    public static readonly PasskeyView Passkey = new(Guid.Parse("01981c2e-7a10-7c3e-8b5e-0242ac120020"), "laptop", true, Moment, null);
    public static readonly SecurityView Security = new(true, true, true, Moment, 10, [Passkey]);
    public static readonly PasskeyOptions PasskeyOptions = new(Ticket, JsonSerializer.SerializeToElement(new { challenge = "…", rpId = "hub.example.com", timeout = 300_000 }));
    public static readonly NewPasskey NewPasskey = new(Ticket, JsonSerializer.SerializeToElement(new { id = "…", rawId = "…", type = "public-key", response = new { clientDataJSON = "…", attestationObject = "…" } }), "laptop");
    public static readonly PasskeySignIn PasskeySignIn = new(Ticket, JsonSerializer.SerializeToElement(new { id = "…", rawId = "…", type = "public-key", response = new { clientDataJSON = "…", authenticatorData = "…", signature = "…", userHandle = "…" } }));
    public static readonly PasskeyName PasskeyName = new("laptop");

    private static readonly Text LinkToken = new("The token from the link in the mail.", "邮件链接中的令牌。");
    private static readonly Text SixDigits = new("Six digits of the authenticator app, or a recovery code.", "身份验证器应用显示的六位数字，或恢复码。");
    private static readonly Text PasskeyTicket = new("Goes back with the browser's answer; it works once.", "随浏览器返回的结果一并提交，仅可使用一次。");
    private static readonly Text BrowserAnswer = new("What the browser answered, in JSON.", "浏览器返回的结果（JSON）。");

    public static readonly IReadOnlyDictionary<(Type, string), Text> Fields = new Dictionary<(Type, string), Text>
    {
        [(typeof(UserView), "email_verified")] = new("Whether mail to the address is known to reach the person.", "邮箱是否已验证。"),
        [(typeof(RegistrationSent), "status")] = new("`mail_sent`, whether the address has an account or not.", "`mail_sent`，无论该邮箱是否已有账户。"),
        [(typeof(RegistrationSent), "expires_in")] = new("Seconds until the link in the mail ends.", "邮件链接的剩余有效秒数。"),
        [(typeof(RegistrationConfirmation), "token")] = LinkToken,
        [(typeof(RegistrationConfirmation), "password")] = new("The password chosen when registering; after five wrong ones the link is void.", "注册时设置的密码；连续五次输错后链接失效。"),
        [(typeof(EmailToken), "token")] = LinkToken,
        [(typeof(EmailChange), "new_email")] = new("The address the account shall have; the link is sent there.", "账户的新邮箱，链接将发送至该邮箱。"),
        [(typeof(EmailChange), "password")] = new("Your password; null only if you have none.", "您的密码；仅在没有密码时为 null。"),
        [(typeof(PasswordReset), "token")] = LinkToken,
        [(typeof(PasswordReset), "new_password")] = new("8 to 256 characters; common passwords are refused.", "8 到 256 个字符；不接受常见密码。"),
        [(typeof(SecondFactorNeeded), "challenge_token")] = new("Goes with the code to `auth/two-factor/sign-in`.", "与验证码一并提交至 `auth/two-factor/sign-in`。"),
        [(typeof(SecondFactorNeeded), "expires_in")] = new("Seconds until it ends.", "剩余有效秒数。"),
        [(typeof(SecondFactorNeeded), "methods")] = new("What a code may come from: totp, recovery_code.", "可用的验证方式：totp（身份验证器）、recovery_code（恢复码）。"),
        [(typeof(SecondFactorCode), "challenge_token")] = new("From the answer to the first step.", "第一步返回的令牌。"),
        [(typeof(SecondFactorCode), "code")] = SixDigits,
        [(typeof(AuthenticatorCode), "code")] = SixDigits,
        [(typeof(CurrentPassword), "password")] = new("Your password; null only if you have none.", "您的密码；仅在没有密码时为 null。"),
        [(typeof(NewAuthenticator), "secret")] = new("For typing into an authenticator app, base32.", "供手动输入身份验证器应用的密钥（base32）。"),
        [(typeof(NewAuthenticator), "uri")] = new("The same as a URI that apps read from a QR code.", "同一密钥的 URI，供应用扫描二维码读取。"),
        [(typeof(RecoveryCodes), "codes")] = new("Each stands in for the authenticator once. They are shown this once and cannot be recovered.", "每个恢复码可代替身份验证器一次。仅显示这一次，之后无法找回。"),
        [(typeof(SecurityView), "email_verified")] = new("Whether the address is verified.", "邮箱是否已验证。"),
        [(typeof(SecurityView), "has_password")] = new("Whether you can sign in with a password.", "是否可使用密码登录。"),
        [(typeof(SecurityView), "two_factor")] = new("Whether two-factor authentication is on.", "是否已启用两步验证。"),
        [(typeof(SecurityView), "two_factor_since")] = new("Since when; null when it is off.", "启用时间；未启用时为 null。"),
        [(typeof(SecurityView), "recovery_codes_left")] = new("Recovery codes that have not been used.", "尚未使用的恢复码数量。"),
        [(typeof(SecurityView), "passkeys")] = new("Your passkeys.", "您的通行密钥。"),
        [(typeof(PasskeyView), "synced")] = new("Whether it is kept in more than one place.", "是否已同步到多个设备。"),
        [(typeof(PasskeyView), "last_used_at")] = new("When it last signed you in; null when never.", "最近一次用于登录的时间；从未使用则为 null。"),
        [(typeof(PasskeyOptions), "ticket")] = PasskeyTicket,
        [(typeof(PasskeyOptions), "public_key")] = new("What the browser's `navigator.credentials` takes as `publicKey`, in JSON.", "浏览器 `navigator.credentials` 的 `publicKey` 参数（JSON）。"),
        [(typeof(NewPasskey), "ticket")] = PasskeyTicket,
        [(typeof(NewPasskey), "credential")] = BrowserAnswer,
        [(typeof(PasskeySignIn), "ticket")] = PasskeyTicket,
        [(typeof(PasskeySignIn), "credential")] = BrowserAnswer,
    };
}
