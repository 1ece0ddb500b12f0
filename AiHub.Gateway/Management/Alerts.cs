using System.Net.Mail;
using System.Security.Cryptography;
using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Alerts;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Access;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Management;

/// <summary>Who hears of what: quota, wallet and budgets that run low, and what became of the messages.</summary>
public static class Alerts
{
    private const int Most = 50;
    private static readonly int[] Usual = [50, 80, 95, 100];

    public static void MapAlerts(this IEndpointRouteBuilder api)
    {
        var alerts = api.MapGroup("/alerts").WithTags("Alerts");

        alerts.MapGet("/channels", ChannelsAsync)
            .OfOrganization(Permission.BudgetsWrite)
            .Describe("listAlertChannels", new("List alert channels", "列出告警渠道"), new("Where the organization hears of its alerts.", "组织接收告警的渠道。"), null, new Page<AlertChannelView>([Examples.AlertChannel], null))
            .Refuses(ProblemKind.RoleNotAllowed);

        alerts.MapPost("/channels", AddChannelAsync)
            .OfOrganization(Permission.BudgetsWrite)
            .Describe("createAlertChannel", new("Add an alert channel", "添加告警渠道"),
                new("E-mail, a signed webhook, or a robot of WeCom (wecom), Feishu (feishu) or DingTalk (dingtalk). The answer holds a webhook's signing secret, this once. Messages are signed as Standard Webhooks are.",
                    "支持邮件、带签名的 Webhook，以及企业微信（wecom）、飞书（feishu）、钉钉（dingtalk）机器人。响应中包含 Webhook 的签名密钥，仅此一次。消息按 Standard Webhooks 规范签名。"),
                Examples.NewAlertChannel, Examples.CreatedAlertChannel)
            .Refuses(ProblemKind.RoleNotAllowed, ProblemKind.TooManyAlerts);

        alerts.MapPost("/channels/{id}/rotate", RotateAsync)
            .OfOrganization(Permission.BudgetsWrite)
            .Parameter("id", new("The channel's id.", "渠道编号。"), "uuid", Examples.AlertChannel.Id)
            .Describe("rotateAlertChannel", new("Give a webhook another secret", "更换 Webhook 密钥"), new("Messages are signed with it from now on. Shown this once.", "此后的消息使用新密钥签名。仅显示这一次。"), null, Examples.CreatedAlertChannel)
            .Refuses(ProblemKind.RoleNotAllowed, ProblemKind.AlertNotFound);

        alerts.MapPost("/channels/{id}/test", TestAsync)
            .OfOrganization(Permission.BudgetsWrite)
            .Parameter("id", new("The channel's id.", "渠道编号。"), "uuid", Examples.AlertChannel.Id)
            .Describe("testAlertChannel", new("Send a test message", "发送测试消息"),
                new("It goes the way of every alert; what became of it is listed with the firings, as one of kind test.", "测试消息与普通告警的发送方式相同，结果可在告警记录中查看（类型为 test）。"))
            .Refuses(ProblemKind.RoleNotAllowed, ProblemKind.AlertNotFound);

        alerts.MapDelete("/channels/{id}", RemoveChannelAsync)
            .OfOrganization(Permission.BudgetsWrite)
            .Parameter("id", new("The channel's id.", "渠道编号。"), "uuid", Examples.AlertChannel.Id)
            .Describe("deleteAlertChannel", new("Remove an alert channel", "删除告警渠道"), new("Nothing is sent to it any more.", "不再向其发送消息。"))
            .Refuses(ProblemKind.RoleNotAllowed, ProblemKind.AlertNotFound);

        alerts.MapGet("/rules", RulesAsync)
            .OfOrganization(Permission.BudgetsWrite)
            .Describe("listAlertRules", new("List alert rules", "列出告警规则"), new("Of quota and wallet. Budgets carry their own thresholds.", "针对套餐额度与钱包。预算的提醒线在预算中设置。"), null, new Page<AlertRuleView>([Examples.AlertRule], null))
            .Refuses(ProblemKind.RoleNotAllowed);

        alerts.MapPost("/rules", AddRuleAsync)
            .OfOrganization(Permission.BudgetsWrite)
            .Describe("createAlertRule", new("Add an alert rule", "添加告警规则"),
                new("Each threshold of the quota fires once per period; the wallet's line once each time it is crossed.", "额度的每条提醒线在每个周期内只触发一次；钱包每次跌破提醒线时触发一次。"),
                Examples.NewAlertRule, Examples.AlertRule)
            .Refuses(ProblemKind.RoleNotAllowed, ProblemKind.TooManyAlerts);

        alerts.MapDelete("/rules/{id}", RemoveRuleAsync)
            .OfOrganization(Permission.BudgetsWrite)
            .Parameter("id", new("The rule's id.", "规则编号。"), "uuid", Examples.AlertRule.Id)
            .Describe("deleteAlertRule", new("Remove an alert rule", "删除告警规则"), new("It fires no more.", "不再触发。"))
            .Refuses(ProblemKind.RoleNotAllowed, ProblemKind.AlertNotFound);

        alerts.MapGet("/firings", FiringsAsync)
            .OfOrganization(Permission.BudgetsWrite)
            .Parameter("cursor", Texts.Cursor)
            .Parameter("limit", Texts.Limit, example: "50")
            .Describe("listAlertFirings", new("List what was crossed", "列出已触发的告警"), new("Newest first, with what became of the messages.", "按时间从新到旧排列，并列出消息的发送结果。"), null, new Page<AlertFiringView>([Examples.AlertFiring], null))
            .Refuses(ProblemKind.RoleNotAllowed);

        alerts.MapPost("/deliveries/{id}/retry", RetryAsync)
            .OfOrganization(Permission.BudgetsWrite)
            .Parameter("id", new("The message's id.", "消息编号。"), "uuid", Examples.AlertFiring.Deliveries[0].Id)
            .Describe("retryAlertDelivery", new("Send a parked message again", "重新发送"), new("From the first try on.", "重新开始尝试发送。"))
            .Refuses(ProblemKind.RoleNotAllowed, ProblemKind.AlertNotFound);
    }

    private static async Task<Ok<Page<AlertChannelView>>> ChannelsAsync(Member member, HubDb db, IDataProtectionProvider protection, CancellationToken ct)
    {
        var rows = await db.InOrganizationAsync(
            member.OrganizationId, () => db.AlertChannels.AsNoTracking().Where(row => row.RemovedAt == null).OrderBy(row => row.CreatedAt).ToListAsync(ct), ct);

        var seal = protection.CreateProtector(AlertSecrets.Purposes(member.OrganizationId));
        return TypedResults.Ok(new Page<AlertChannelView>(
            [.. rows.Select(row => new AlertChannelView(row.Id, Wire.Name(row.Kind), row.Name, Shown(row.Kind, Opened(row, seal)), row.Language, row.CreatedAt))], null));
    }

    private static async Task<Results<Created<CreatedAlertChannel>, Refused>> AddChannelAsync(
        NewAlertChannel request, Member member, HttpContext http, HubDb db, IDataProtectionProvider protection, TimeProvider time, CancellationToken ct)
    {
        var kind = Enum.Parse<AlertChannelKind>(request.Kind, ignoreCase: true);
        var target = request.Target.Trim();
        var errors = new FieldErrors(http.Request.Language());
        if (kind == AlertChannelKind.Email ? !MailAddress.TryCreate(target, out var mail) || mail.Address != target : !IsPublicUrl(target))
        {
            errors.Add("target", kind == AlertChannelKind.Email ? FieldText.Email : FieldText.WebhookUrl);
        }

        if (errors.Any)
        {
            return errors.Refuse();
        }

        var now = time.Now();
        var seal = protection.CreateProtector(AlertSecrets.Purposes(member.OrganizationId));
        var secret = kind switch
        {
            AlertChannelKind.Webhook => AlertSecrets.Generate(),
            AlertChannelKind.Feishu or AlertChannelKind.Dingtalk => request.Secret,
            _ => null,
        };
        var channel = new AlertChannel
        {
            Id = Guid.CreateVersion7(now),
            OrganizationId = member.OrganizationId,
            Kind = kind,
            Name = request.Name.Trim(),
            Target = kind == AlertChannelKind.Email ? target : seal.Protect(target),
            Secret = secret is { Length: > 0 } ? seal.Protect(secret) : null,
            Language = request.Language ?? http.Request.Language().Tag(),
            CreatedAt = now,
        };
        var added = await db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            if (await db.AlertChannels.CountAsync(row => row.RemovedAt == null, ct) >= Most)
            {
                return false;
            }

            db.AlertChannels.Add(channel);
            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(), "alert_channel.created", channel.Id.ToString(), null, new { channel.Name, kind = Wire.Name(kind), target = Shown(kind, target) }, now, ct);
            return true;
        }, ct);

        return added
            ? TypedResults.Created($"{ManagementApi.Path}/alerts/channels/{channel.Id}", Created(channel, target, secret))
            : Refused.Because(ProblemKind.TooManyAlerts, Most);
    }

    private static async Task<Results<Ok<CreatedAlertChannel>, Refused>> RotateAsync(
        string id, Member member, HttpContext http, HubDb db, IDataProtectionProvider protection, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        var (seal, secret) = (protection.CreateProtector(AlertSecrets.Purposes(member.OrganizationId)), AlertSecrets.Generate());
        var channel = !Guid.TryParse(id, out var parsed) ? null : await db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            if (await db.AlertChannels.FirstOrDefaultAsync(row => row.Id == parsed && row.Kind == AlertChannelKind.Webhook && row.RemovedAt == null, ct) is not { } found)
            {
                return null;
            }

            found.Secret = seal.Protect(secret);
            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(), "alert_channel.rotated", found.Id.ToString(), null, new { found.Name }, now, ct);
            return found;
        }, ct);

        return channel is null ? Refused.Because(ProblemKind.AlertNotFound) : TypedResults.Ok(Created(channel, Opened(channel, seal), secret));
    }

    private static async Task<Results<NoContent, Refused>> TestAsync(string id, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        var sent = Guid.TryParse(id, out var parsed) && await db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            if (!await db.TestChannelAsync(parsed, now, ct))
            {
                return false;
            }

            await db.AuditAsync(http.Actor(), "alert_channel.tested", parsed.ToString(), null, new { }, now, ct);
            return true;
        }, ct);

        return sent ? TypedResults.NoContent() : Refused.Because(ProblemKind.AlertNotFound);
    }

    private static async Task<Results<NoContent, Refused>> RemoveChannelAsync(string id, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        var removed = Guid.TryParse(id, out var parsed) && await db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            if (await db.AlertChannels.FirstOrDefaultAsync(row => row.Id == parsed && row.RemovedAt == null, ct) is not { } channel)
            {
                return false;
            }

            channel.RemovedAt = now;
            channel.Secret = null;
            await db.SaveChangesAsync(ct);
            await db.AlertDeliveries.Where(row => row.ChannelId == parsed && row.State == AlertDeliveryState.Pending)
                .ExecuteUpdateAsync(set => set.SetProperty(row => row.State, AlertDeliveryState.Parked), ct);
            await db.AuditAsync(http.Actor(), "alert_channel.removed", channel.Id.ToString(), null, new { channel.Name }, now, ct);
            return true;
        }, ct);

        return removed ? TypedResults.NoContent() : Refused.Because(ProblemKind.AlertNotFound);
    }

    private static async Task<Ok<Page<AlertRuleView>>> RulesAsync(Member member, HubDb db, CancellationToken ct)
    {
        var rows = await db.InOrganizationAsync(
            member.OrganizationId, () => db.AlertRules.AsNoTracking().Where(row => row.RemovedAt == null).OrderBy(row => row.CreatedAt).ToListAsync(ct), ct);

        return TypedResults.Ok(new Page<AlertRuleView>([.. rows.Select(row => View(row, member.Organization.Currency))], null));
    }

    private static async Task<Results<Created<AlertRuleView>, Refused>> AddRuleAsync(
        NewAlertRule request, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var currency = member.Organization.Currency;
        var kind = Enum.Parse<AlertKind>(request.Kind, ignoreCase: true);
        var errors = new FieldErrors(http.Request.Language());
        var below = Money.Zero(currency);
        if (kind == AlertKind.Wallet && (!Money.TryParse(request.Below, currency, out below) || below.Nanos <= 0))
        {
            errors.Add("below", FieldText.Amount);
        }

        if (kind == AlertKind.Quota && request.Thresholds?.Any(percent => percent is < 1 or > 100) is true)
        {
            errors.Add("thresholds", FieldText.Range, 1, 100);
        }

        var channels = request.ChannelIds?.Distinct().ToArray() ?? [];
        var now = time.Now();
        var rule = new AlertRule
        {
            Id = Guid.CreateVersion7(now),
            OrganizationId = member.OrganizationId,
            Kind = kind,
            Name = request.Name.Trim(),
            Thresholds = kind == AlertKind.Wallet ? [0] : request.Thresholds is { Count: > 0 } chosen ? [.. chosen.Distinct().Order()] : Usual,
            BelowNanos = kind == AlertKind.Wallet ? below.Nanos : null,
            ChannelIds = channels,
            CreatedAt = now,
        };
        var added = !errors.Any && await db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            if (await db.AlertChannels.CountAsync(row => channels.Contains(row.Id) && row.RemovedAt == null, ct) != channels.Length)
            {
                errors.Add("channel_ids", FieldText.UnknownChannel);
                return false;
            }

            if (await db.AlertRules.CountAsync(row => row.RemovedAt == null, ct) >= Most)
            {
                return false;
            }

            db.AlertRules.Add(rule);
            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(), "alert_rule.created", rule.Id.ToString(), null, View(rule, currency), now, ct);
            return true;
        }, ct);

        return errors.Any
            ? errors.Refuse()
            : added ? TypedResults.Created($"{ManagementApi.Path}/alerts/rules/{rule.Id}", View(rule, currency)) : Refused.Because(ProblemKind.TooManyAlerts, Most);
    }

    private static async Task<Results<NoContent, Refused>> RemoveRuleAsync(string id, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        var removed = Guid.TryParse(id, out var parsed) && await db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            if (await db.AlertRules.FirstOrDefaultAsync(row => row.Id == parsed && row.RemovedAt == null, ct) is not { } rule)
            {
                return false;
            }

            rule.RemovedAt = now;
            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(), "alert_rule.removed", rule.Id.ToString(), null, new { rule.Name }, now, ct);
            return true;
        }, ct);

        return removed ? TypedResults.NoContent() : Refused.Because(ProblemKind.AlertNotFound);
    }

    private static async Task<Results<Ok<Page<AlertFiringView>>, Refused>> FiringsAsync(
        string? cursor, string? limit, Member member, HttpContext http, HubDb db, CancellationToken ct)
    {
        var asked = new Asked(http);
        var (after, size) = (asked.Cursor(cursor), asked.Limit(limit));
        if (asked.Errors.Any)
        {
            return asked.Errors.Refuse();
        }

        return TypedResults.Ok(await db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            var firings = db.AlertFirings.AsNoTracking();
            if (after is { } last)
            {
                firings = firings.Where(row => row.FiredAt < last.At || (row.FiredAt == last.At && row.Id < last.Id));
            }

            var rows = await firings.OrderByDescending(row => row.FiredAt).ThenByDescending(row => row.Id).Take(size + 1).ToListAsync(ct);
            var page = rows.Take(size).ToList();
            var ids = page.Select(row => row.Id).ToArray();
            var deliveries = (await db.AlertDeliveries.AsNoTracking().Where(row => ids.Contains(row.FiringId)).ToListAsync(ct)).ToLookup(row => row.FiringId);

            return new Page<AlertFiringView>(
                [.. page.Select(row => View(row, deliveries[row.Id]))], rows.Count > size ? new Cursor(page[^1].FiredAt, page[^1].Id).ToString() : null);
        }, ct));
    }

    private static async Task<Results<NoContent, Refused>> RetryAsync(string id, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        var found = Guid.TryParse(id, out var parsed) && await db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            var changed = await db.AlertDeliveries
                .Where(row => row.Id == parsed && row.State == AlertDeliveryState.Parked && db.AlertChannels.Any(channel => channel.Id == row.ChannelId && channel.RemovedAt == null))
                .ExecuteUpdateAsync(set => set.SetProperty(row => row.State, AlertDeliveryState.Pending).SetProperty(row => row.Attempts, 0).SetProperty(row => row.NextAttemptAt, now), ct);
            if (changed > 0)
            {
                await db.AuditAsync(http.Actor(), "alert_delivery.retried", parsed.ToString(), null, new { }, now, ct);
            }

            return changed > 0;
        }, ct);

        return found ? TypedResults.NoContent() : Refused.Because(ProblemKind.AlertNotFound);
    }

    // Unencrypted only on this machine, where nothing leads unless the operator lets it.
    private static bool IsPublicUrl(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.UserInfo.Length == 0 && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback));

    // Null when the ring it was sealed with is lost: then it can only be removed.
    private static string? Opened(AlertChannel channel, IDataProtector seal)
    {
        try
        {
            return channel.Kind == AlertChannelKind.Email ? channel.Target : seal.Unprotect(channel.Target);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static string Shown(AlertChannelKind kind, string? target) => target is null ? "…" : kind == AlertChannelKind.Email ? target : new Uri(target).GetLeftPart(UriPartial.Authority) + "/…";

    private static CreatedAlertChannel Created(AlertChannel row, string? target, string? secret) => new(
        row.Id, Wire.Name(row.Kind), row.Name, Shown(row.Kind, target), row.Language, row.CreatedAt, row.Kind == AlertChannelKind.Webhook ? secret : null);

    private static AlertRuleView View(AlertRule row, Currency currency) => new(
        row.Id,
        Wire.Name(row.Kind),
        row.Name,
        row.Kind == AlertKind.Wallet ? [] : row.Thresholds,
        row.BelowNanos is { } nanos ? new Money(nanos, currency).ToDecimalString() : null,
        currency.ToString(),
        row.ChannelIds,
        row.CreatedAt);

    private static AlertFiringView View(AlertFiring row, IEnumerable<AlertDelivery> deliveries) => new(
        row.Id,
        Wire.Name(row.Kind),
        row.SourceId,
        row.Name,
        row.Threshold,
        UsageExplanations.Amount(row.UsedAmount, row.Unit),
        UsageExplanations.Amount(row.OfAmount, row.Unit),
        row.Unit,
        row.ResetsAt,
        row.FiredAt,
        [.. deliveries.OrderBy(delivery => delivery.CreatedAt).Select(delivery => new AlertDeliveryView(
            delivery.Id, delivery.ChannelId, Wire.Name(delivery.State), delivery.Attempts, delivery.LastError, delivery.SentAt))]);
}
