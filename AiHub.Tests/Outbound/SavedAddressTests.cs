using System.Net;
using AiHub.Contracts;
using AiHub.Tests.Management;
using AiHub.Tests.Organizations;
using Xunit.Abstractions;

namespace AiHub.Tests.Outbound;

/// <summary>What can be seen of an address while it is only text is refused when somebody enters it. The connection is checked all the same.</summary>
public sealed class SavedAddressTests(ManagementHub hub, ITestOutputHelper output) : IClassFixture<ManagementHub>
{
    private static readonly Dictionary<string, (string Path, Func<string, object> Body)> Fields = new()
    {
        ["base_url"] = ("vendor-keys", url => new NewOwnVendorKey("openai", "ours", "sk-0123456789-abcdef", BaseUrl: url, Test: false)),
        ["url"] = ("guardrails", url => new NewGuardrail("judge", "webhook", "block", Url: url)),
        ["issuer"] = ("sign-on", url => new SignOnChange(url, "client", "example.com")),
    };

    public static TheoryData<string> Names => new(Fields.Keys);

    [Theory]
    [MemberData(nameof(Names))]
    public async Task An_address_that_leads_inside_is_not_even_saved(string field)
    {
        var (owner, acme) = await hub.OpenAsync();
        owner.Organization = acme.ToString();
        var (path, body) = Fields[field];
        var where = path[0] == '/' ? path[1..] : $"organizations/{acme}/{path}";
        // Names say nothing before they are resolved; of the rest every third, and plain http to anywhere.
        var urls = HostileAddresses.Urls(8443).Where(url => !url.Contains(".test", StringComparison.Ordinal) && !url.Contains("metadata.", StringComparison.Ordinal) && !url.Contains("instance-data", StringComparison.Ordinal) && !url.Contains("ip6-", StringComparison.Ordinal))
            .Where((_, index) => index % 3 == 0)
            .Select(url => url.Replace("http://", "https://", StringComparison.Ordinal))
            .Append("http://api.example.com/v1").ToList();

        foreach (var url in urls)
        {
            var answer = field == "issuer" ? await owner.PutAsync(where, body(url)) : await owner.PostAsync(where, body(url));
            Assert.True(answer.Status == HttpStatusCode.BadRequest && answer.Text.Contains($"\"{field}\"", StringComparison.Ordinal), $"{url}: {answer.Status} {answer.Text}");
        }

        output.WriteLine($"{field}: {urls.Count} addresses, none saved.");
        Assert.True(urls.Count >= 80, $"Only {urls.Count} addresses.");
    }
}
