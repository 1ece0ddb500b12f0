using System.Net;
using System.Net.Http.Json;
using AiHub.Contracts;
using AiHub.Tests.Hub;

namespace AiHub.Tests.Limits;

/// <summary>Limits as those meet them who set them and those who run into them.</summary>
public sealed class LimitsOfCallersTests
{
    [Fact]
    public async Task Every_answer_says_how_much_is_left_and_the_tokens_are_corrected_when_they_are_known()
    {
        var (_, customer) = await CustomerAsync();
        await PutAsync(customer, $"keys/{customer.Key.Id}", new KeyLimits(9, 2000, 3));

        await UntilAsync(async () => Header(await customer.ChatAsync("hello"), "x-ratelimit-limit-tokens") == "2000");

        // A few tokens each, for which a thousand were set aside.
        var answer = await UntilAsync(async () =>
        {
            var answer = await customer.ChatAsync("hello", stream: true);
            await answer.Content.ReadAsStringAsync();
            return answer;
        }, answer => answer.StatusCode == HttpStatusCode.OK && int.Parse(Header(answer, "x-ratelimit-remaining-tokens")!, System.Globalization.CultureInfo.InvariantCulture) is > 800 and < 1000);
        Assert.Equal("9", Header(answer, "x-ratelimit-limit-requests"));
        Assert.Matches("^[0-9.]+(s|ms)$|^1m0s$", Header(answer, "x-ratelimit-reset-requests")!);
        Assert.Matches("^[0-9.ms]+$", Header(answer, "x-ratelimit-reset-tokens")!);
    }

    [Theory]
    [InlineData("organization", "the limit your organization has set itself")]
    [InlineData("members", "the limit on its member that your organization has set")]
    [InlineData("keys", "this API key's own limit")]
    public async Task A_limit_set_in_the_management_api_holds_within_moments_and_says_whose_it_is(string whose, string words)
    {
        var (_, customer) = await CustomerAsync();
        var subject = whose switch { "organization" => whose, "members" => $"members/{customer.UserId}", _ => $"keys/{customer.Key.Id}" };
        await (await customer.ChatAsync("hello")).Content.ReadAsStringAsync();

        await PutAsync(customer, subject, new KeyLimits(1));

        var refused = await UntilAsync(() => customer.ChatAsync("hello"), answer => answer.StatusCode == HttpStatusCode.TooManyRequests);
        Assert.Contains($"{words} is 1 requests per minute", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(("1", "0"), (Header(refused, "x-ratelimit-limit-requests"), Header(refused, "x-ratelimit-remaining-requests")));

        Assert.False(refused.Headers.Contains("X-RateLimit-Limit"));
        using var body = JsonContent.Create(new { model = "sim/echo", messages = new[] { new { role = "user", content = "hello" } } });
        var routed = await customer.Api.PostAsync(new Uri(customer.Api.BaseAddress!, "/api/v1/chat/completions"), body);
        Assert.Equal(("429", "1", "0"), (((int)routed.StatusCode).ToString(), Header(routed, "X-RateLimit-Limit"), Header(routed, "X-RateLimit-Remaining")));
        Assert.True(long.Parse(Header(routed, "X-RateLimit-Reset")!, System.Globalization.CultureInfo.InvariantCulture) > 0);
        Assert.True(int.Parse(Header(routed, "Retry-After")!, System.Globalization.CultureInfo.InvariantCulture) > 0);

        await PutAsync(customer, subject, new KeyLimits());
        await UntilAsync(() => customer.ChatAsync("hello"), answer => answer.StatusCode == HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_key_may_be_made_with_limits_of_every_kind_but_none_above_the_plans()
    {
        var (_, customer) = await CustomerAsync();

        var made = await customer.Management.PostAsJsonAsync("auth/api-keys", new NewApiKey("slow", Limits: new KeyLimits(2, 5000, 1)), Json.Options);
        var above = await customer.Management.PutAsJsonAsync($"limits/members/{customer.UserId}", new KeyLimits(101), Json.Options);

        Assert.Equal(new KeyLimits(2, 5000, 1), (await made.Content.ReadFromJsonAsync<CreatedApiKey>(Json.Options))!.Limits);
        Assert.Equal(HttpStatusCode.BadRequest, above.StatusCode);
        await PutAsync(customer, $"members/{customer.UserId}", new KeyLimits(3, null, 2));
        var limits = (await customer.Management.GetFromJsonAsync<LimitsView>("limits", Json.Options))!;
        Assert.Equal((new KeyLimits(100), new KeyLimits()), (limits.Plan, limits.Organization));
        Assert.Equal((customer.UserId, new KeyLimits(3, null, 2)), (Assert.Single(limits.Members).Id, limits.Members[0].Limits));
    }

    [Fact]
    public async Task Nobody_limits_another_organizations_members_or_keys()
    {
        var (_, customer) = await CustomerAsync();
        var (_, other) = await CustomerAsync();

        foreach (var path in new[] { $"members/{other.UserId}", $"keys/{other.Key.Id}", $"teams/{other.OrganizationId}" })
        {
            var answer = await customer.Management.PutAsJsonAsync($"limits/{path}", new KeyLimits(1), Json.Options);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }

        Assert.Equal(HttpStatusCode.OK, (await other.ChatAsync("hello")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await other.ChatAsync("hello")).StatusCode);
    }

    private static async Task<(TestHub Hub, TestCustomer Customer)> CustomerAsync()
    {
        var hub = await TestHub.SharedAsync();
        var customer = await hub.RegisterAsync();
        // A plan whose own limits no test runs into.
        await hub.Database.AsAdminAsync<string>($"update subscriptions set plan_id = 'developer' where organization_id = '{customer.OrganizationId}' returning plan_id");
        return (hub, customer);
    }

    private static async Task PutAsync(TestCustomer customer, string subject, KeyLimits limits)
    {
        var answer = await customer.Management.PutAsJsonAsync($"limits/{subject}", limits, Json.Options);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    private static string? Header(HttpResponseMessage answer, string name) => answer.Headers.TryGetValues(name, out var values) ? string.Join(",", values) : null;

    private static async Task UntilAsync(Func<Task<bool>> condition) => await UntilAsync(condition, met => met);

    private static async Task<T> UntilAsync<T>(Func<Task<T>> ask, Func<T, bool> condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(45));
        while (true)
        {
            var answer = await ask();
            if (condition(answer))
            {
                return answer;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), patience.Token);
        }
    }
}
