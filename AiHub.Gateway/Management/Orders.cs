using System.Security.Cryptography;
using System.Text.Json;
using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Payments;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Access;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace AiHub.Gateway.Management;

/// <summary>
/// Paying in and paying back. An order is kept first; the worker, who alone holds the channels' secrets, opens it within a second, and this
/// waits a little for that. Without a worker the order is there all the same and is opened when one is back.
/// </summary>
public static class Orders
{
    public const string TradeNumbers = "0123456789abcdefghijklmnopqrstuvwxyz";
    private const string IdempotencyKey = "Idempotency-Key";
    private const int LongestKey = 255;

    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);
    internal static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(100);

    public static void MapOrders(this IEndpointRouteBuilder api)
    {
        var billing = api.MapGroup("/billing").WithTags("Payments");

        billing.MapGet("/channels", ChannelsAsync)
            .OfOrganization(Permission.BillingRead)
            .Describe("listPaymentChannels", new("List payment channels", "列出支付渠道"), new("Those that can collect the organization's currency at this moment.", "当前可以收取组织结算货币的支付渠道。"), null, new Page<PaymentChannelView>([PaymentExamples.Channel], null));

        billing.MapPost("/orders", CreateAsync)
            .OfOrganization(Permission.BillingWrite)
            .Parameter(IdempotencyKey, Texts.IdempotencyKey)
            .Describe("createPaymentOrder", new("Create a payment order", "创建支付订单"),
                new("Show the QR code or send the browser to the address in the answer, then ask for the order until it is paid. An order that has no address yet is being opened; ask again. The balance is credited when the channel confirms the payment, whoever is looking.",
                    "请展示响应中的二维码，或将浏览器跳转至响应中的地址，然后轮询订单直至支付成功。若响应中尚无地址，说明订单正在创建，请稍后查询。渠道确认支付后余额即到账，与页面是否打开无关。"),
                PaymentExamples.NewOrder, PaymentExamples.Order)
            .Refuses(ProblemKind.RoleNotAllowed, ProblemKind.ChannelNotAvailable, ProblemKind.IdempotencyConflict);

        billing.MapGet("/orders", ListAsync)
            .OfOrganization(Permission.BillingRead)
            .Parameter("cursor", Texts.Cursor)
            .Parameter("limit", Texts.Limit, example: "50")
            .Describe("listPaymentOrders", new("List payment orders", "列出支付订单"), new("Newest first.", "按创建时间从新到旧排列。"), null, new Page<PaymentOrderView>([PaymentExamples.Order], null));

        billing.MapGet("/orders/{id}", FindAsync)
            .OfOrganization(Permission.BillingRead)
            .Parameter("id", Texts.OrderId, "uuid", PaymentExamples.Order.Id)
            .Describe("getPaymentOrder", new("Get a payment order", "查询支付订单"), new("As the hub knows it; “check” asks the channel.", "返回系统已知的状态；如需向渠道核实，请使用“check”。"), null, PaymentExamples.Order)
            .Refuses(ProblemKind.OrderNotFound);

        billing.MapPost("/orders/{id}/check", CheckAsync)
            .OfOrganization(Permission.BillingWrite)
            .Parameter("id", Texts.OrderId, "uuid", PaymentExamples.Order.Id)
            .Describe("checkPaymentOrder", new("Check a payment order", "重新查询支付结果"), new("Asks the channel now, for whoever has paid and sees nothing of it.", "立即向支付渠道核实，适用于已付款但未到账的情况。"), null, PaymentExamples.Order)
            .Refuses(ProblemKind.OrderNotFound, ProblemKind.RoleNotAllowed);

        billing.MapPost("/orders/{id}/refunds", RefundAsync)
            .OfOrganization(Permission.BillingWrite)
            .Parameter("id", Texts.OrderId, "uuid", PaymentExamples.Order.Id)
            .Parameter(IdempotencyKey, Texts.IdempotencyKey)
            .Describe("createRefund", new("Refund an order", "申请退款"),
                new("Sends purchased money that is still unspent back to where it came from. It leaves the wallet at once and returns there should the channel refuse.",
                    "将尚未消费的充值余额原路退回。款项会立即从钱包扣除；若渠道退款失败，将退回钱包。"),
                PaymentExamples.NewRefund, PaymentExamples.Refund)
            .Refuses(ProblemKind.OrderNotFound, ProblemKind.RoleNotAllowed, ProblemKind.RefundNotPossible, ProblemKind.IdempotencyConflict);
    }

    private static async Task<Ok<Page<PaymentChannelView>>> ChannelsAsync(Member member, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var currency = member.Organization.Currency;
        var open = await ServedAsync(db, currency, time.GetUtcNow(), ct);
        return TypedResults.Ok(new Page<PaymentChannelView>(
            [.. open.Select(channel => new PaymentChannelView(
                Wire.Name(channel.Id), currency.ToString(), TopUpLimits.Minimum(channel.Id, currency).ToDecimalString(), TopUpLimits.Maximum(currency).ToDecimalString(),
                [.. TopUpLimits.Presets(currency).Select(preset => preset.ToDecimalString())], channel.PayerUrl))],
            null));
    }

    private static async Task<Results<Created<PaymentOrderView>, Ok<PaymentOrderView>, Refused>> CreateAsync(
        NewPaymentOrder request, [FromHeader(Name = IdempotencyKey)] string? idempotencyKey, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var (now, currency) = (time.Now(), member.Organization.Currency);
        var errors = new FieldErrors(http.Request.Language());
        var key = ReadKey(idempotencyKey, errors);
        var amount = ReadAmount(request.Amount, currency, errors);
        if (request.Currency != currency.ToString())
        {
            errors.Add("currency", FieldText.OrganizationCurrency, currency);
        }

        var channel = ReadChannel(request.Channel);
        var scene = ReadScene(request.Scene, channel, request.OpenId, request.WechatCode, errors);
        var minimum = TopUpLimits.Minimum(channel, currency);
        if (amount is { } money && (money < minimum || money > TopUpLimits.Maximum(currency)))
        {
            errors.Add("amount", FieldText.Range, minimum.ToDecimalString(), TopUpLimits.Maximum(currency).ToDecimalString());
        }

        if (errors.Any || amount is not { } paid)
        {
            return errors.Refuse();
        }

        if (!(await OpenAsync(db, currency, now, ct)).Contains(channel))
        {
            return Refused.Because(ProblemKind.ChannelNotAvailable, request.Channel);
        }

        var order = new PaymentOrder
        {
            Id = Guid.CreateVersion7(now),
            OrganizationId = member.OrganizationId,
            UserId = member.UserId,
            Purpose = PaymentPurpose.TopUp,
            Channel = channel,
            Scene = scene,
            PayerId = request.OpenId,
            PayerCode = request.WechatCode,
            ClientAddress = ClientAddress.Of(http) ?? "127.0.0.1",
            Currency = currency,
            AmountMinor = MinorUnits.Of(paid)!.Value,
            OutTradeNo = RandomNumberGenerator.GetString(TradeNumbers, 32),
            IdempotencyKey = key,
            CreatedAt = now,
            ExpiresAt = now + TopUpLimits.Lifetime(channel),
            NextCheckAt = now,
            SavesMethod = request.SaveMethod && channel == PaymentChannelId.Stripe,
        };

        if (await KeepAsync(db, member, order, http, now, ct) is { } earlier)
        {
            return (earlier.Channel, earlier.AmountMinor, earlier.Currency) == (order.Channel, order.AmountMinor, order.Currency)
                ? TypedResults.Ok(await ViewAsync(db, member, earlier.Id, ct))
                : Refused.Because(ProblemKind.IdempotencyConflict);
        }

        return TypedResults.Created($"{ManagementApi.Path}/billing/orders/{order.Id}", await AwaitAsync(db, member, order.Id, view => view.Status != "created", time, ct));
    }

    /// <returns>The order that was made with the same idempotency key before; null when this one is new.</returns>
    public static async Task<PaymentOrder?> KeepAsync(HubDb db, Member member, PaymentOrder order, HttpContext http, DateTimeOffset now, CancellationToken ct)
    {
        try
        {
            return await db.InOrganizationAsync(member.OrganizationId, async () =>
            {
                if (order.IdempotencyKey is not null && await db.PaymentOrders.AsNoTracking().FirstOrDefaultAsync(row => row.IdempotencyKey == order.IdempotencyKey, ct) is { } earlier)
                {
                    return earlier;
                }

                db.PaymentOrders.Add(order);
                await db.SaveChangesAsync(ct);
                await db.AuditAsync(
                    http.Actor(), "payment_order.created", order.Id.ToString(), null,
                    new { channel = Wire.Name(order.Channel), amount = order.Amount.ToDecimalString(), currency = order.Currency.ToString(), order.OutTradeNo }, now, ct);
                return null;
            }, ct);
        }
        catch (DbUpdateException raced) when (raced.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation } && order.IdempotencyKey is not null)
        {
            db.ChangeTracker.Clear();
            return await db.InOrganizationAsync(member.OrganizationId, () => db.PaymentOrders.AsNoTracking().SingleAsync(row => row.IdempotencyKey == order.IdempotencyKey, ct), ct);
        }
    }

    private static async Task<Results<Ok<Page<PaymentOrderView>>, Refused>> ListAsync(
        string? cursor, string? limit, Member member, HttpContext http, HubDb db, CancellationToken ct)
    {
        var asked = new Asked(http);
        var (after, size) = (asked.Cursor(cursor), asked.Limit(limit));
        if (asked.Errors.Any)
        {
            return asked.Errors.Refuse();
        }

        var (orders, refunds) = await db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            var all = db.PaymentOrders.AsNoTracking();
            if (after is { } last)
            {
                all = all.Where(order => order.CreatedAt < last.At || (order.CreatedAt == last.At && order.Id < last.Id));
            }

            var rows = await all.OrderByDescending(order => order.CreatedAt).ThenByDescending(order => order.Id).Take(size + 1).ToListAsync(ct);
            var ids = rows.Select(order => order.Id).ToList();
            return (rows, await db.PaymentRefunds.AsNoTracking().Where(refund => ids.Contains(refund.OrderId)).OrderBy(refund => refund.CreatedAt).ToListAsync(ct));
        }, ct);

        var page = orders.Take(size).ToList();
        return TypedResults.Ok(new Page<PaymentOrderView>(
            [.. page.Select(order => View(order, refunds))],
            orders.Count > size ? new Cursor(page[^1].CreatedAt, page[^1].Id).ToString() : null));
    }

    private static async Task<Results<Ok<PaymentOrderView>, Refused>> FindAsync(string id, Member member, HubDb db, CancellationToken ct) =>
        await LookUpAsync(db, member, id, ct) is { } order ? TypedResults.Ok(order) : Refused.Because(ProblemKind.OrderNotFound);

    private static async Task<Results<Ok<PaymentOrderView>, Refused>> CheckAsync(string id, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        if (await LookUpAsync(db, member, id, ct) is not { } order)
        {
            return Refused.Because(ProblemKind.OrderNotFound);
        }

        if (order.Status == "paid")
        {
            return TypedResults.Ok(order);
        }

        var now = time.Now();
        await db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            await db.PaymentOrders.Where(row => row.Id == order.Id).ExecuteUpdateAsync(set => set.SetProperty(row => row.NextCheckAt, now), ct);
            await db.AuditAsync(http.Actor(), "payment_order.checked", order.Id.ToString(), null, new { order.Status }, now, ct);
        }, ct);

        return TypedResults.Ok(await AwaitAsync(db, member, order.Id, view => view.Status != order.Status, time, ct));
    }

    private static async Task<Results<Created<RefundView>, Ok<RefundView>, Refused>> RefundAsync(
        string id, NewRefund request, [FromHeader(Name = IdempotencyKey)] string? idempotencyKey, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var (now, currency) = (time.Now(), member.Organization.Currency);
        var errors = new FieldErrors(http.Request.Language());
        var key = ReadKey(idempotencyKey, errors);
        var amount = ReadAmount(request.Amount, currency, errors);
        if (errors.Any || amount is not { } money)
        {
            return errors.Refuse();
        }

        if (await LookUpAsync(db, member, id, ct) is not { } order)
        {
            return Refused.Because(ProblemKind.OrderNotFound);
        }

        var refund = NewRefund(member.OrganizationId, order.Id, member.UserId, MinorUnits.Of(money)!.Value, request.Reason, key, now);
        var (earlier, refused) = await db.InOrganizationAsync(member.OrganizationId, () => OpenRefundAsync(db, refund, currency, http, ct), ct);
        if (refused is not null)
        {
            return refused;
        }

        return earlier is null
            ? TypedResults.Created($"{ManagementApi.Path}/billing/orders/{order.Id}", View(refund, currency))
            : TypedResults.Ok(View(earlier, currency));
    }

    internal static Refund NewRefund(Guid organizationId, Guid orderId, Guid userId, long amountMinor, string reason, string? key, DateTimeOffset now) => new()
    {
        Id = Guid.CreateVersion7(now),
        OrganizationId = organizationId,
        OrderId = orderId,
        UserId = userId,
        AmountMinor = amountMinor,
        OutRefundNo = RandomNumberGenerator.GetString(TradeNumbers, 32),
        IdempotencyKey = key,
        Reason = reason.Trim(),
        CreatedAt = now,
    };

    /// <summary>Call it inside the organization whose order it is.</summary>
    /// <returns>The refund that the same key opened before, or why nothing goes back; neither when it is open now.</returns>
    internal static async Task<(Refund? Earlier, Refused? Refused)> OpenRefundAsync(HubDb db, Refund refund, Currency currency, HttpContext http, CancellationToken ct)
    {
        // One after the other within the organization, so that the same key can never open two.
        await db.Database.ExecuteSqlAsync($"select pg_advisory_xact_lock(hashtextextended('refund:' || {refund.OrganizationId}, 0))", ct);
        if (refund.IdempotencyKey is { } key && await db.PaymentRefunds.AsNoTracking().FirstOrDefaultAsync(row => row.IdempotencyKey == key, ct) is { } same)
        {
            return (same.OrderId, same.AmountMinor) == (refund.OrderId, refund.AmountMinor) ? (same, null) : (null, Refused.Because(ProblemKind.IdempotencyConflict));
        }

        if (await db.OpenRefundAsync(refund, ct) is { } why)
        {
            return (null, Refused.Because(ProblemKind.RefundNotPossible, RefundTexts.Of(why).In(http.Request.Language())));
        }

        await db.AuditAsync(
            http.Actor(), "refund.created", refund.Id.ToString(), null,
            new { order = refund.OrderId, amount = MinorUnits.ToMoney(refund.AmountMinor, currency).ToDecimalString(), currency = currency.ToString(), refund.Reason }, refund.CreatedAt, ct);
        return (null, null);
    }

    /// <summary>The channels that can collect this currency now.</summary>
    public static async Task<IReadOnlyList<PaymentChannelId>> OpenAsync(HubDb db, Currency currency, DateTimeOffset now, CancellationToken ct) =>
        [.. (await ServedAsync(db, currency, now, ct)).Select(channel => channel.Id)];

    private static async Task<IEnumerable<EnabledChannel>> ServedAsync(HubDb db, Currency currency, DateTimeOffset now, CancellationToken ct)
    {
        var since = now - EnabledChannel.Lasts;
        var channels = await db.PaymentChannels.AsNoTracking().Where(channel => channel.SeenAt > since).ToListAsync(ct);
        return channels.Where(channel => channel.Currencies.Split(' ').Contains(currency.ToString())).OrderBy(channel => channel.Id);
    }

    // The order is somebody else's to change; this looks until it has changed, or until the caller has waited long enough.
    public static Task<PaymentOrderView> AwaitAsync(HubDb db, Member member, Guid id, Func<PaymentOrderView, bool> changed, TimeProvider time, CancellationToken ct) =>
        AwaitAsync(() => ViewAsync(db, member, id, ct), changed, time, ct);

    internal static async Task<T> AwaitAsync<T>(Func<Task<T>> look, Func<T, bool> changed, TimeProvider time, CancellationToken ct)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            var seen = await look();
            if (changed(seen) || time.GetElapsedTime(started) > Patience)
            {
                return seen;
            }

            await Task.Delay(Glance, ct);
        }
    }

    private static async Task<PaymentOrderView?> LookUpAsync(HubDb db, Member member, string id, CancellationToken ct) => !Guid.TryParse(id, out var parsed)
        ? null
        : await db.InOrganizationAsync(member.OrganizationId, async () =>
            await db.PaymentOrders.AsNoTracking().FirstOrDefaultAsync(row => row.Id == parsed, ct) is { } order
                ? View(order, await db.PaymentRefunds.AsNoTracking().Where(refund => refund.OrderId == parsed).OrderBy(refund => refund.CreatedAt).ToListAsync(ct))
                : null, ct);

    internal static async Task<PaymentOrderView> ViewAsync(HubDb db, Member member, Guid id, CancellationToken ct) => (await LookUpAsync(db, member, id.ToString(), ct))!;

    private static PaymentOrderView View(PaymentOrder order, IReadOnlyList<Refund> refunds)
    {
        var own = refunds.Where(refund => refund.OrderId == order.Id).ToList();
        var refunded = own.Where(refund => refund.Status != RefundStatus.Failed).Sum(refund => refund.AmountMinor);
        return new PaymentOrderView(
            order.Id, Wire.Name(order.Purpose), Wire.Name(order.Channel), Wire.Name(order.Status), order.Amount.ToDecimalString(), order.Currency.ToString(), order.OutTradeNo,
            order.RedirectUrl, order.QrCode, order.CreatedAt, order.ExpiresAt, order.PaidAt, MinorUnits.ToMoney(refunded, order.Currency).ToDecimalString(),
            order.Status == PaymentOrderStatus.Failed ? order.Failure : null, [.. own.Select(refund => View(refund, order.Currency))],
            order.AppParameters is { } parameters ? JsonSerializer.Deserialize<WechatPayCall>(parameters, JsonSerializerOptions.Default) : null, order.FrameUrl);
    }

    private static RefundView View(Refund refund, Currency currency) => new(
        refund.Id, Wire.Name(refund.Status), MinorUnits.ToMoney(refund.AmountMinor, currency).ToDecimalString(), currency.ToString(), refund.Reason, refund.CreatedAt, refund.CompletedAt);

    /// <summary>Within WeChat its own channel alone can be paid with, and somebody must be named who pays: by one of the two ways.</summary>
    internal static PaymentScene ReadScene(string? scene, PaymentChannelId? channel, string? openId, string? wechatCode, FieldErrors errors)
    {
        if (scene == "wechat" && channel != PaymentChannelId.WechatPay)
        {
            errors.Add("scene", FieldText.OneOf, "desktop, mobile");
        }

        if ((openId is null ? 0 : 1) + (wechatCode is null ? 0 : 1) != (scene == "wechat" ? 1 : 0))
        {
            errors.Add("open_id", FieldText.OfWechat);
        }

        return scene switch { "mobile" => PaymentScene.Mobile, "wechat" => PaymentScene.Wechat, _ => PaymentScene.Desktop };
    }

    internal static PaymentChannelId ReadChannel(string name) => Enum.Parse<PaymentChannelId>(name.Replace("_", "", StringComparison.Ordinal), ignoreCase: true);

    internal static Money? ReadAmount(string text, Currency currency, FieldErrors errors, string field = "amount")
    {
        if (MinorUnits.Parse(text) is { } minor and > 0)
        {
            return MinorUnits.ToMoney(minor, currency);
        }

        errors.Add(field, FieldText.Amount);
        return null;
    }

    internal static string? ReadKey(string? key, FieldErrors errors)
    {
        if (key?.Length > LongestKey)
        {
            errors.Add(IdempotencyKey, FieldText.MaxLength, LongestKey);
        }

        return string.IsNullOrEmpty(key) ? null : key;
    }
}
