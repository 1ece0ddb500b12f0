using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using AiHub.Tests.Deploy;
using AiHub.Tests.Hub;

namespace AiHub.Tests.Docs;

/// <summary>What the pages name is there: the API's addresses, and the events that a channel has to be told to send.</summary>
public sealed partial class RoutesTests
{
    private static readonly string[] Languages = ["en", "zh"];

    [Fact]
    public async Task Every_address_a_page_names_exists()
    {
        var hub = await TestHub.SharedAsync();
        using var http = new HttpClient { BaseAddress = hub.GatewayUrl };
        var described = JsonNode.Parse(await http.GetStringAsync("/openapi/v1.json"))!["paths"]!.AsObject()
            .SelectMany(path => path.Value!.AsObject().Select(operation => (Method: operation.Key.ToUpperInvariant(), Path: Shape(path.Key)))).ToList();

        var named = 0;
        foreach (var page in MarkdownPage.Below("docs").Values.Append(MarkdownPage.Read("README.md")).Append(MarkdownPage.Read("README.zh-CN.md")))
        {
            foreach (Match mention in Mention().Matches(page.Prose))
            {
                var (method, address) = (mention.Groups["method"].Value, Shape(mention.Groups["path"].Value));
                var exists = described.Any(operation => (method.Length == 0 || operation.Method == method) && Fits(address, operation.Path));
                Assert.True(exists, $"{page.Name} names {mention.Value}, which is not there.");
                named++;
            }
        }

        Assert.True(named > 100, $"{named} addresses were found in the pages.");
    }

    [Fact]
    public void Stripe_is_told_to_send_every_event_that_is_read_and_no_other()
    {
        var read = EventType().Matches(Repository.Read("AiHub.Worker/Payments/Stripe/StripeChannel.cs")).Select(type => type.Groups["name"].Value).Distinct()
            .Select(name => (string)typeof(Stripe.EventTypes).GetField(name)!.GetRawConstantValue()!).Order(StringComparer.Ordinal);

        foreach (var language in Languages)
        {
            var told = StripeEvent().Matches(MarkdownPage.Read($"docs/{language}/payments.md").Prose).Select(name => name.Groups["name"].Value);
            Assert.Equal(read, told.Order(StringComparer.Ordinal));
        }
    }

    // "…/x" is the end of an address, "x/y" lies below /api/v1, and a star stands for what follows.
    private static bool Fits(string address, string path) =>
        address.StartsWith('…') ? path.EndsWith(address[1..], StringComparison.Ordinal) || path.Contains($"{address[1..].TrimEnd('/')}/", StringComparison.Ordinal)
        : address.TrimEnd('/', '*') is var whole && (whole.StartsWith('/') ? path : path.Replace("/api/v1/", "", StringComparison.Ordinal)) is var known
        && (known == whole || (address != whole && known.StartsWith($"{whole}/", StringComparison.Ordinal)));

    private static string Shape(string path) => Parameter().Replace(path, "{}");

    [GeneratedRegex("`(?:(?<method>GET|POST|PUT|PATCH|DELETE) )?(?<path>(?:/api/v1/|/v1/|…/|(?:auth|usage|billing|organizations|catalog|admin|limits|alerts)/)[A-Za-z0-9_/{}*-]+)(?:\\?[^`]*)?`")]
    private static partial Regex Mention();

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Parameter();

    [GeneratedRegex(@"EventTypes\.(?<name>[A-Za-z]+)")]
    private static partial Regex EventType();

    [GeneratedRegex("`(?<name>(?:checkout|refund|payment_intent|charge)\\.[a-z_.]+)`")]
    private static partial Regex StripeEvent();
}
