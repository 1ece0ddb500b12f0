using System.Net;
using System.Net.Http.Json;
using AiHub.Contracts;
using AiHub.Tests.Hub;

namespace AiHub.Tests.Alerts;

/// <summary>From the rule somebody makes to the message they get, through gateway and worker.</summary>
public sealed class AlertsOfCustomersTests
{
    [Fact]
    public async Task A_call_that_crosses_a_threshold_is_told_by_mail_and_webhook_even_if_the_receiver_stumbles()
    {
        await using var receiver = await Receiver.StartAsync();
        receiver.Answers.Enqueue((503, ""));
        var folder = Directory.CreateTempSubdirectory("mail").FullName;
        var clock = new TestClock();
        await using var hub = await TestHub.StartAsync(new TestHubOptions(
            clock, new Dictionary<string, string?> { ["Alerts:AllowPrivateNetwork"] = "true", ["Mail:Folder"] = folder }));
        try
        {
            var customer = await hub.RegisterAsync();
            await PostAsync(customer, "alerts/channels", new NewAlertChannel("email", "finance", "finance@example.com", Language: "en"));
            var hook = await PostAsync(customer, "alerts/channels", new NewAlertChannel("webhook", "pager", new Uri(receiver.Url, "/hook").ToString()));
            var secret = (await hook.Content.ReadFromJsonAsync<CreatedAlertChannel>(Json.Options))!.Secret;
            Assert.StartsWith("whsec_", secret);
            var listed = await customer.Management.GetStringAsync("alerts/channels");
            Assert.DoesNotContain(secret![6..], listed);
            Assert.DoesNotContain("/hook", listed);
            await PostAsync(customer, "alerts/rules", new NewAlertRule("quota", "first tokens", [1]));

            Assert.Equal(HttpStatusCode.OK, (await customer.ChatAsync(string.Join(' ', Enumerable.Repeat("hello", 120)))).StatusCode);
            hub.AddWorker();

            var firing = await UntilAsync(
                async () =>
                {
                    // Past the pause after the receiver's stumble; sign-ins last minutes, so not too far.
                    clock.Advance(TimeSpan.FromSeconds(1));
                    return (await customer.Management.GetFromJsonAsync<Page<AlertFiringView>>("alerts/firings", Json.Options))!.Data;
                },
                firings => firings.Count == 1 && firings[0].Deliveries.All(delivery => delivery.State == "sent"));

            Assert.Equal(("quota", "first tokens", 1, "10000", "TOK"), (firing[0].Kind, firing[0].Name, firing[0].Threshold, firing[0].Of, firing[0].Unit));
            Assert.Equal([1, 2], firing[0].Deliveries.Select(delivery => delivery.Attempts).Order());
            // Beside the mail that greets whoever registers.
            Assert.Single(Directory.GetFiles(folder, "*.eml"), file => File.ReadAllText(file).Contains("finance@example.com", StringComparison.Ordinal));
            Assert.Equal(2, receiver.Received.Count);
            Assert.Single(receiver.Received.Select(received => received.Headers["webhook-id"]).Distinct());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task What_a_channel_is_signed_with_and_a_robots_address_lie_sealed_in_the_database()
    {
        var hub = await TestHub.SharedAsync();
        var customer = await hub.RegisterAsync();
        var hook = await CreatedAsync(customer, new NewAlertChannel("webhook", "pager", "https://example.com/path-of-the-hook"));
        var robot = await CreatedAsync(customer, new NewAlertChannel("dingtalk", "robot", "https://example.com/robot/send?access_token=token-of-the-robot", "SECsecret-of-the-robot"));
        await CreatedAsync(customer, new NewAlertChannel("email", "finance", "finance@example.com"));
        var rotated = (await (await customer.Management.PostAsync($"alerts/channels/{hook.Id}/rotate", null)).Content.ReadFromJsonAsync<CreatedAlertChannel>(Json.Options))!;
        Assert.NotEqual(hook.Secret, rotated.Secret);
        Assert.Equal(("https://example.com/…", null), (rotated.Target, robot.Secret));

        var rows = await hub.Database.AsAdminAsync<string>($"select string_agg(concat_ws('|', kind, target, secret), E'\n') from alert_channels where organization_id = '{customer.OrganizationId}'");

        Assert.Contains("email|finance@example.com", rows, StringComparison.Ordinal);
        Assert.All(["example.com/", "path-of-the-hook", "token-of-the-robot", "secret-of-the-robot", hook.Secret![6..], rotated.Secret![6..]], secret => Assert.DoesNotContain(secret, rows, StringComparison.Ordinal));
        var listed = await customer.Management.GetFromJsonAsync<Page<AlertChannelView>>("alerts/channels", Json.Options);
        Assert.Equal(["https://example.com/…", "https://example.com/…", "finance@example.com"], listed!.Data.Select(channel => channel.Target));

        // What is another organization's does not open it.
        var other = await hub.RegisterAsync();
        var theirs = await CreatedAsync(other, new NewAlertChannel("webhook", "pager", "https://example.org/"));
        await hub.Database.AsAdminAsync<Guid>(
            $"update alert_channels set target = (select target from alert_channels where id = '{hook.Id}') where id = '{theirs.Id}' returning id");
        Assert.Equal("…", Assert.Single((await other.Management.GetFromJsonAsync<Page<AlertChannelView>>("alerts/channels", Json.Options))!.Data).Target);
    }

    private static async Task<CreatedAlertChannel> CreatedAsync(TestCustomer customer, NewAlertChannel channel) =>
        (await (await PostAsync(customer, "alerts/channels", channel)).Content.ReadFromJsonAsync<CreatedAlertChannel>(Json.Options))!;

    [Theory]
    [InlineData("webhook", "http://example.com/", "target")]
    [InlineData("webhook", "ftp://example.com/", "target")]
    [InlineData("webhook", "https://user:password@example.com/", "target")]
    [InlineData("email", "not an address", "target")]
    [InlineData("pigeon", "https://example.com/", "kind")]
    public async Task A_channel_that_cannot_be_is_refused(string kind, string target, string field)
    {
        var customer = await (await TestHub.SharedAsync()).RegisterAsync();

        var answer = await customer.Management.PostAsJsonAsync("alerts/channels", new NewAlertChannel(kind, "x", target), Json.Options);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(field, (await answer.Content.ReadFromJsonAsync<ProblemView>(Json.Options))!.Errors!.Keys);
    }

    [Fact]
    public async Task Rules_say_what_they_watch_and_name_only_their_own_channels()
    {
        var hub = await TestHub.SharedAsync();
        var (customer, other) = (await hub.RegisterAsync(), await hub.RegisterAsync());
        var theirs = (await (await PostAsync(other, "alerts/channels", new NewAlertChannel("email", "x", "x@example.com"))).Content.ReadFromJsonAsync<CreatedAlertChannel>(Json.Options))!;

        Assert.Equal(HttpStatusCode.BadRequest, (await customer.Management.PostAsJsonAsync("alerts/rules", new NewAlertRule("wallet", "x"), Json.Options)).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await customer.Management.PostAsJsonAsync("alerts/rules", new NewAlertRule("quota", "x", [101]), Json.Options)).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await customer.Management.PostAsJsonAsync("alerts/rules", new NewAlertRule("quota", "x", ChannelIds: [theirs.Id]), Json.Options)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await customer.Management.DeleteAsync($"alerts/channels/{theirs.Id}")).StatusCode);

        var wallet = (await (await PostAsync(customer, "alerts/rules", new NewAlertRule("wallet", "low", Below: "10.5"))).Content.ReadFromJsonAsync<AlertRuleView>(Json.Options))!;
        var quota = (await (await PostAsync(customer, "alerts/rules", new NewAlertRule("quota", "month"))).Content.ReadFromJsonAsync<AlertRuleView>(Json.Options))!;
        Assert.Equal(("10.5", "USD"), (wallet.Below, wallet.Currency));
        Assert.Equal([50, 80, 95, 100], quota.Thresholds);
        Assert.Equal(HttpStatusCode.NoContent, (await customer.Management.DeleteAsync($"alerts/rules/{wallet.Id}")).StatusCode);
        Assert.Equal(quota.Id, Assert.Single((await customer.Management.GetFromJsonAsync<Page<AlertRuleView>>("alerts/rules", Json.Options))!.Data).Id);
    }

    private static async Task<HttpResponseMessage> PostAsync(TestCustomer customer, string path, object body)
    {
        var answer = await customer.Management.PostAsJsonAsync(path, body, Json.Options);
        Assert.True(answer.StatusCode == HttpStatusCode.Created, await answer.Content.ReadAsStringAsync());
        return answer;
    }

    private static async Task<T> UntilAsync<T>(Func<Task<T>> ask, Func<T, bool> condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (true)
        {
            var answer = await ask();
            if (condition(answer))
            {
                return answer;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(300), patience.Token);
        }
    }
}
