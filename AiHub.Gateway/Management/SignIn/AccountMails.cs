using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Mails;
using AiHub.Gateway.Management.Refusals;
using Microsoft.Extensions.Options;

namespace AiHub.Gateway.Management.SignIn;

/// <summary>What an account's owner is written to: links that do something, and news of what was done.</summary>
public sealed class AccountMails(IOptions<AccountOptions> options)
{
    public static readonly TimeSpan RegisterLifetime = TimeSpan.FromDays(1);
    public static readonly TimeSpan VerifyLifetime = TimeSpan.FromDays(2);
    public static readonly TimeSpan ResetLifetime = TimeSpan.FromMinutes(30);
    public static readonly TimeSpan ChangeLifetime = TimeSpan.FromHours(1);

    private static readonly Text RegisterSubject = new("[AI Hub] Finish your registration", "[AI Hub] 请完成注册");
    private static readonly Text RegisterBody = new(
        "Hello,\n\nsomebody is registering at AI Hub with this address. If it is you, open this link and enter the password you chose. It works once, within a day; there is no account before.\n\n{0}\n\nIf it is not you, do nothing.",
        "您好：\n\n有人正在使用本邮箱注册 AI Hub。如果是您本人操作，请打开以下链接并输入您设置的密码。链接一天内有效，仅可使用一次；在此之前不会创建账户。\n\n{0}\n\n如果不是您本人操作，请忽略本邮件。");
    private static readonly Text RegisteredSubject = new("[AI Hub] You already have an account", "[AI Hub] 您已有账户");
    private static readonly Text RegisteredBody = new(
        "Hello,\n\nsomebody tried to register at AI Hub with this address, which already has an account. Nothing was changed. If it was you, sign in:\n{0}\n\nor choose a new password, if you have forgotten yours:\n{1}\n\nIf it was not you, do nothing.",
        "您好：\n\n有人尝试使用本邮箱注册 AI Hub，而本邮箱已有账户。未作任何更改。如果是您本人操作，请直接登录：\n{0}\n\n如果忘记了密码，请重置：\n{1}\n\n如果不是您本人操作，请忽略本邮件。");
    private static readonly Text VerifySubject = new("[AI Hub] Verify your e-mail address", "[AI Hub] 请验证您的邮箱");
    private static readonly Text VerifyBody = new(
        "Hello {0},\n\nopen this link to verify that this address is yours. It works once, within two days.\n\n{1}\n\nIf you did not register at AI Hub, do nothing.",
        "{0}，您好：\n\n请打开以下链接验证您的邮箱。链接两天内有效，仅可使用一次。\n\n{1}\n\n如果您没有注册 AI Hub，请忽略本邮件。");
    private static readonly Text ResetSubject = new("[AI Hub] Choose a new password", "[AI Hub] 重置密码");
    private static readonly Text ResetBody = new(
        "Hello {0},\n\nsomebody asked to reset the password of your account. If it was you, open this link and choose a new one. It works once, within 30 minutes.\n\n{1}\n\nIf it was not you, do nothing: your password stays as it is.",
        "{0}，您好：\n\n有人请求重置您账户的密码。如果是您本人操作，请打开以下链接设置新密码。链接 30 分钟内有效，仅可使用一次。\n\n{1}\n\n如果不是您本人操作，请忽略本邮件，您的密码不会改变。");
    private static readonly Text NewsBody = new(
        "Hello {0},\n\n{1}\nTime: {2} UTC\nFrom: {3}\n\nIf it was not you, reset your password at once and end all sessions:\n{4}",
        "{0}，您好：\n\n{1}\n时间：{2} UTC\n来源地址：{3}\n\n如果不是您本人操作，请立即重置密码并结束全部会话：\n{4}");

    private static readonly Text ChangeSubject = new("[AI Hub] Confirm your new e-mail address", "[AI Hub] 请确认您的新邮箱");
    private static readonly Text ChangeBody = new(
        "Hello {0},\n\nopen this link to make this address the one of your account at AI Hub. It works once, within an hour. All sessions end then; sign in again with this address.\n\n{1}\n\nIf you did not ask for it, do nothing.",
        "{0}，您好：\n\n请打开以下链接，将本邮箱设为您 AI Hub 账户的邮箱。链接一小时内有效，仅可使用一次。确认后全部会话结束，请使用本邮箱重新登录。\n\n{1}\n\n如果不是您本人操作，请忽略本邮件。");
    private static readonly Text OwnedSubject = new("[AI Hub] This address has an account", "[AI Hub] 该邮箱已有账户");
    private static readonly Text OwnedBody = new(
        "Hello,\n\nsomebody asked to move an account at AI Hub to this address, which has an account of its own. Nothing was changed. If it was you, sign in with this address, or choose another.",
        "您好：\n\n有人请求将一个 AI Hub 账户的邮箱改为本邮箱，而本邮箱已有账户。未作任何更改。如果是您本人操作，请使用本邮箱登录，或选择其他邮箱。");
    private static readonly Text MovedSubject = new("[AI Hub] The e-mail address of your account was changed", "[AI Hub] 您账户的邮箱已更改");
    private static readonly Text MovedBody = new(
        "Hello {0},\n\nthe e-mail address of your account is {1} now, and all sessions were ended. Mail to this address no longer concerns the account.\nTime: {2} UTC\nFrom: {3}\n\nIf it was not you, write to whoever runs this hub at once.",
        "{0}，您好：\n\n您账户的邮箱已改为 {1}，全部会话已结束。此后该账户的邮件不再发送至本邮箱。\n时间：{2} UTC\n来源地址：{3}\n\n如果不是您本人操作，请立即联系本站运营者。");

    private static readonly Text InvitationSubject = new("[AI Hub] {0} invites you", "[AI Hub] {0} 邀请您加入");
    private static readonly Text InvitationBody = new(
        "Hello,\n\n{0} invites you to join “{1}” at AI Hub. Open this link and register or sign in with this address. It works once, until {2} UTC.\n\n{3}\n\nIf you do not know why, do nothing.",
        "您好：\n\n{0} 邀请您加入 AI Hub 上的组织“{1}”。请打开以下链接，并使用本邮箱注册或登录。链接仅可使用一次，有效期至 {2} UTC。\n\n{3}\n\n如果您不了解此事，请忽略本邮件。");

    public static readonly Text PasswordChanged = new("The password of your account was changed.", "您账户的密码已更改。");
    public static readonly Text TwoFactorOn = new("Two-factor authentication was switched on.", "您的账户已启用两步验证。");
    public static readonly Text TwoFactorOff = new("Two-factor authentication was switched off.", "您的账户已关闭两步验证。");
    public static readonly Text RecoveryUsed = new("A recovery code was used to sign in.", "有人使用恢复码登录了您的账户。");
    public static readonly Text PasskeyAdded = new("A passkey was added to your account.", "您的账户新增了一个通行密钥。");

    public static readonly Text EmailChangeAsked = new("Somebody asked to change the e-mail address of your account.", "有人请求更改您账户的邮箱。");

    public static readonly IReadOnlyList<Text> All = [RegisterSubject, RegisterBody, RegisteredSubject, RegisteredBody, VerifySubject, VerifyBody, ResetSubject, ResetBody, NewsBody, ChangeSubject, ChangeBody, OwnedSubject, OwnedBody, MovedSubject, MovedBody, EmailChangeAsked, InvitationSubject, InvitationBody, PasswordChanged, TwoFactorOn, TwoFactorOff, RecoveryUsed, PasskeyAdded];

    /// <summary>Adds the mail that finishes a registration. It says nothing the sender chose: the mailbox may be anybody's.</summary>
    public void AddRegistration(HubDb db, string email, string token, Language language, DateTimeOffset now) =>
        db.AddMail(email, RegisterSubject.In(language), RegisterBody.In(language, Link("/register/confirm", token)), now);

    /// <summary>Adds a mail to somebody with whose address somebody wanted to register.</summary>
    public void AddRegistered(HubDb db, User user, DateTimeOffset now) =>
        Add(db, user, RegisteredSubject, RegisteredBody, now, options.Value.Page("/sign-in"), options.Value.Page("/forgot-password"));

    /// <summary>Adds a mail with a new link to what will be saved.</summary>
    public void AddVerification(HubDb db, User user, DateTimeOffset now)
    {
        var token = db.AddTicket(TicketPurpose.VerifyEmail, user.Id, user.NormalizedEmail, VerifyLifetime, now);
        Add(db, user, VerifySubject, VerifyBody, now, user.DisplayName, Link("/verify-email", token));
    }

    /// <inheritdoc cref="AddVerification"/>
    public void AddReset(HubDb db, User user, DateTimeOffset now)
    {
        var token = db.AddTicket(TicketPurpose.ResetPassword, user.Id, user.SecurityStamp, ResetLifetime, now);
        Add(db, user, ResetSubject, ResetBody, now, user.DisplayName, Link("/reset-password", token));
    }

    /// <summary>Adds a mail to the new address with a link that makes it the account's.</summary>
    public void AddChange(HubDb db, User user, string newEmail, string token, DateTimeOffset now) =>
        db.AddMail(newEmail, ChangeSubject.In(LanguageOf(user)), ChangeBody.In(LanguageOf(user), user.DisplayName, Link("/verify-email", token)), now);

    /// <summary>Adds a mail to an address that somebody wanted and somebody has.</summary>
    public void AddOwned(HubDb db, User user, DateTimeOffset now) => Add(db, user, OwnedSubject, OwnedBody, now);

    /// <summary>Tells the address before that it is the account's no more.</summary>
    public void AddMoved(HubDb db, User before, string newEmail, string address, DateTimeOffset now) => Add(
        db, before, MovedSubject, MovedBody, now, before.DisplayName, newEmail, now.ToString("yyyy-MM-dd HH:mm", System.Globalization.CultureInfo.InvariantCulture), address);

    /// <summary>Adds the mail to whoever is invited, in the language of whoever invites: nobody knows theirs.</summary>
    public void AddInvitation(HubDb db, Invitation invitation, string token, string organization, string inviter, Language language, DateTimeOffset now) => db.AddMail(
        invitation.Email,
        InvitationSubject.In(language, organization),
        InvitationBody.In(language, inviter, organization, invitation.ExpiresAt.ToString("yyyy-MM-dd HH:mm", System.Globalization.CultureInfo.InvariantCulture), Link("/join", token)),
        now);

    /// <summary>Tells the owner of a change that an attacker would like to keep quiet.</summary>
    public void AddNews(HubDb db, User user, Text what, string address, DateTimeOffset now)
    {
        var subject = new Text($"[AI Hub] {what.En}", $"[AI Hub] {what.Zh}");
        Add(db, user, subject, NewsBody, now, user.DisplayName, what.In(LanguageOf(user)), now.ToString("yyyy-MM-dd HH:mm", System.Globalization.CultureInfo.InvariantCulture), address, options.Value.Page("/forgot-password"));
    }

    private static void Add(HubDb db, User user, Text subject, Text body, DateTimeOffset now, params object[] values) =>
        db.AddMail(user.Email, subject.In(LanguageOf(user)), body.In(LanguageOf(user), values), now);

    private string Link(string page, string token) => options.Value.Page($"{page}?token={token}");

    private static Language LanguageOf(User user) => user.Language == Language.Zh.Tag() ? Language.Zh : Language.En;
}
