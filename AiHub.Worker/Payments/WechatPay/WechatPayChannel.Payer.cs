using System.Text.Json;
using System.Text.Json.Nodes;

namespace AiHub.Worker.Payments.WechatPay;

/// <summary>
/// Who pays, of payments within WeChat. WeChat's browser is sent to <see cref="PayerUrl"/> and comes back with a code, which here, where the app's secret is,
/// is good for the payer's openid: once, and for five minutes. No answer of this interface is signed; what it says is good for nothing but to name a payer.
/// </summary>
public sealed partial class WechatPayChannel
{
    private const int Busy = -1;

    public string? PayerUrl =>
        _settings.AppSecret is null ? null : $"{_settings.ConnectUrl.TrimEnd('/')}/connect/oauth2/authorize?appid={Uri.EscapeDataString(_settings.AppId)}";

    public async Task<string> PayerAsync(string code, CancellationToken ct)
    {
        if (_settings.AppSecret is not { } secret)
        {
            throw new PaymentChannelException(PaymentChannelFailure.Refused, "No app secret is set up, so nobody can be asked who pays.");
        }

        try
        {
            using var response = await _http.GetAsync(
                $"{_settings.AppUrl.TrimEnd('/')}/sns/oauth2/access_token?appid={Uri.EscapeDataString(_settings.AppId)}&secret={Uri.EscapeDataString(secret)}"
                + $"&code={Uri.EscapeDataString(code)}&grant_type=authorization_code",
                ct);
            var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync(ct));
            return (string?)answer?["openid"] is { Length: > 0 and <= 128 } openId
                ? openId
                : throw new PaymentChannelException(
                    !response.IsSuccessStatusCode || (int?)answer?["errcode"] is Busy ? PaymentChannelFailure.Unavailable : PaymentChannelFailure.Refused,
                    $"WeChat does not say who pays: {(string?)answer?["errmsg"]} ({(int?)answer?["errcode"]}).");
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or JsonException or InvalidOperationException || (failure is TaskCanceledException && !ct.IsCancellationRequested))
        {
            throw new PaymentChannelException(PaymentChannelFailure.Unavailable, "WeChat cannot be asked who pays.", failure);
        }
    }
}
