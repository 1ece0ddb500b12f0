using System.Globalization;
using System.Text.Json;
using AiHub.Portal.Organization;

namespace AiHub.Tests.Portal;

public sealed class AuditChangeTests
{
    [Theory]
    [InlineData("en", """{"unit":"USD","amount":"50","raised_amount":null}""", """{"unit":"USD","amount":"1234.5","raised_amount":"80"}""", "amount: $50.00 -> $1,234.50; raised_amount:  -> $80.00")]
    [InlineData("zh-CN", """{"credit":{"currency":"CNY","credit_limit":"0"}}""", """{"credit":{"currency":"CNY","credit_limit":"5000"}}""", "credit.credit_limit: ¥0.00 -> ¥5,000.00")]
    [InlineData("en", """{"unit":"tokens","amount":"1000000"}""", """{"unit":"tokens","amount":"5000"}""", "amount: 1,000,000 -> 5,000")]
    [InlineData("en", """{"amount":"12"}""", """{"amount":"13","hard":true,"tags":["a","b"]}""", "amount: 12 -> 13; hard:  -> Yes; tags:  -> a, b")]
    [InlineData("en", """{"enabled":true,"expires_at":"2026-12-05T13:21:17.827405+00:00"}""", """{"id":"7","enabled":false,"expires_at":"2026-12-05T14:30:00+00:00","updated_at":"2026-12-05T13:21:17+00:00"}""", "enabled: Yes -> No; expires_at: 13:21 -> 14:30")]
    [InlineData("en", """{"tags":[],"models":["a"]}""", """{"tags":["x"],"models":[]}""", "models: a -> ; tags:  -> x")]
    [InlineData("zh-CN", """{"hard":true}""", """{"hard":false}""", "hard: 是 -> 否")]
    public void What_changed_is_told_with_money_as_money(string language, string before, string after, string told)
    {
        var cultures = (CultureInfo.CurrentCulture, CultureInfo.CurrentUICulture);
        try
        {
            CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = CultureInfo.GetCultureInfo(language);

            var changes = AuditChange.Of(JsonDocument.Parse(before).RootElement, JsonDocument.Parse(after).RootElement, moment => $"{moment:HH:mm}");

            Assert.Equal(told, string.Join("; ", changes.Select(change => $"{change.Field}: {change.Before} -> {change.After}")));
        }
        finally
        {
            (CultureInfo.CurrentCulture, CultureInfo.CurrentUICulture) = cultures;
        }
    }
}
