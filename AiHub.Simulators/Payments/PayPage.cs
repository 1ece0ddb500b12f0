using System.Net;
using QRCoder;

namespace AiHub.Simulators.Payments;

/// <summary>The page on which a developer plays the customer.</summary>
internal static class PayPage
{
    public static IResult Of(Trade trade) => TypedResults.Content(
        $"""
         <!doctype html>
         <html lang="en">
         <meta charset="utf-8">
         <meta name="viewport" content="width=device-width, initial-scale=1">
         <title>Simulated {trade.Channel}</title>
         <body style="font-family: system-ui; max-width: 24rem; margin: 4rem auto; padding: 0 1rem; text-align: center">
         <h1>Simulated {trade.Channel}</h1>
         <p style="font-size: 2rem">{trade.AmountMinor / 100}.{trade.AmountMinor % 100:00} {WebUtility.HtmlEncode(trade.Currency)}</p>
         <p>{(trade.State == TradeState.Waiting ? "No real money is involved. 这里不涉及真实资金。" : $"This order is {trade.State.ToString().ToLowerInvariant()}.")}</p>
         {(trade.State == TradeState.Waiting ? $"""<form method="post" action="/payments/pay/{trade.Channel}/{trade.TradeNo}"><button style="font-size: 1.25rem; padding: .75rem 2rem">Pay 付款</button></form>""" : "")}
         {(trade.ReturnUrl is { } back ? $"""<p><a href="{WebUtility.HtmlEncode(back)}">Back to the shop 返回商家</a></p>""" : "")}
         </body>
         </html>
         """,
        "text/html; charset=utf-8");

    /// <summary>Nothing but the code, for a frame: whoever scans or clicks it comes to the page above.</summary>
    public static IResult Code(Trade trade, string origin, int width)
    {
        var address = $"{origin}/payments/pay/{trade.Channel}/{trade.TradeNo}";
        using var code = QRCodeGenerator.GenerateQrCode(address, QRCodeGenerator.ECCLevel.M);
        using var drawn = new SvgQRCode(code);
        return TypedResults.Content(
            $"""
             <!doctype html>
             <html lang="en">
             <meta charset="utf-8">
             <title>Simulated {trade.Channel}</title>
             <body style="margin: 0">
             <a href="{WebUtility.HtmlEncode(address)}" target="_blank" rel="noopener" title="Pay 付款">{drawn.GetGraphic(new System.Drawing.Size(width, width), sizingMode: SvgQRCode.SizingMode.WidthHeightAttribute)}</a>
             </body>
             </html>
             """,
            "text/html; charset=utf-8");
    }
}
