using System.Globalization;
using AiHub.Domain;
using AiHub.Domain.Alerts;

namespace AiHub.Worker.Alerts;

/// <summary>An alert in words, in the language of the channel.</summary>
public sealed record AlertText(string Subject, string Body)
{
    private const string Chinese = "zh-CN";

    public static AlertText Of(AlertMessage message)
    {
        var (used, limit) = (Amount(message.UsedAmount, message), Amount(message.OfAmount, message));
        var resets = message.ResetsAt is { } at ? Local(at, message) : null;
        var fired = Local(message.FiredAt, message);
        if (message.Kind == AlertKind.Test)
        {
            return message.Language == Chinese
                ? new AlertText($"[AI Hub] {message.OrganizationName}：测试消息", $"这是发往告警渠道“{message.Name}”的测试消息，渠道工作正常，无需处理。\n发送时间：{fired}（{message.TimeZone}）")
                : new AlertText($"[AI Hub] {message.OrganizationName}: test message", $"This is a test of the alert channel “{message.Name}”. It works; there is nothing to do.\nSent at {fired} ({message.TimeZone}).");
        }

        return message.Language == Chinese
            ? new AlertText(
                message.Kind switch
                {
                    AlertKind.Quota => $"[AI Hub] {message.OrganizationName}：本周期套餐额度已使用 {message.Threshold}%",
                    AlertKind.Wallet => $"[AI Hub] {message.OrganizationName}：钱包余额不足",
                    _ => $"[AI Hub] {message.OrganizationName}：预算“{message.Name}”已使用 {message.Threshold}%",
                },
                message.Kind switch
                {
                    AlertKind.Quota => $"组织“{message.OrganizationName}”本周期已使用 {used}，额度为 {limit}，已达到 {message.Threshold}% 提醒线。{(resets is null ? "" : $"额度将于 {resets} 重置。")}",
                    AlertKind.Wallet => $"组织“{message.OrganizationName}”的钱包余额为 {used}，低于提醒线 {limit}。请及时充值，以免调用中断。",
                    _ => $"预算“{message.Name}”已使用 {used}，限额为 {limit}，已达到 {message.Threshold}% 提醒线。{(resets is null ? "" : $"该预算将于 {resets} 重置。")}",
                } + $"\n提醒时间：{fired}（{message.TimeZone}）")
            : new AlertText(
                message.Kind switch
                {
                    AlertKind.Quota => $"[AI Hub] {message.OrganizationName}: {message.Threshold}% of the plan's quota is used",
                    AlertKind.Wallet => $"[AI Hub] {message.OrganizationName}: the wallet is running low",
                    _ => $"[AI Hub] {message.OrganizationName}: {message.Threshold}% of the budget “{message.Name}” is used",
                },
                message.Kind switch
                {
                    AlertKind.Quota => $"“{message.OrganizationName}” has used {used} of {limit} in this period and reached {message.Threshold}%.{(resets is null ? "" : $" The quota resets at {resets}.")}",
                    AlertKind.Wallet => $"The wallet of “{message.OrganizationName}” holds {used}, less than {limit}. Top it up so that calls go on.",
                    _ => $"The budget “{message.Name}” has used {used} of {limit} and reached {message.Threshold}%.{(resets is null ? "" : $" It resets at {resets}.")}",
                } + $"\nNoticed at {fired} ({message.TimeZone}).");
    }

    /// <summary>The number alone: tokens, or a decimal string of money.</summary>
    public static string Number(long amount, string unit) => Enum.TryParse<Currency>(unit, out var currency)
        ? new Money(amount, currency).ToDecimalString()
        : amount.ToString(CultureInfo.InvariantCulture);

    private static string Amount(long amount, AlertMessage message) => Enum.TryParse<Currency>(message.Unit, out var currency)
        ? new Money(amount, currency).ToString()
        : amount.ToString("N0", CultureInfo.InvariantCulture) + (message.Language == Chinese ? " 令牌" : " tokens");

    private static string Local(DateTimeOffset at, AlertMessage message) =>
        TimeZoneInfo.ConvertTime(at, TimeZoneInfo.FindSystemTimeZoneById(message.TimeZone)).ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
}
