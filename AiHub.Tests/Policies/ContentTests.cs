using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AiHub.Contracts;
using AiHub.Tests.Hub;
using AiHub.Tests.Providers;
using AiHub.Worker.Usage;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Tests.Policies;

/// <summary>What is said in calls is kept only where somebody wants that, and parameters are filled in only where nobody said.</summary>
[Collection(PolicyHubs.Name)]
public sealed class ContentTests(PolicyHub hub) : IAsyncLifetime
{
    private const string Said = "the quick brown fox";
    private TestCustomer _customer = null!;

    private string Policy => $"organizations/{_customer.OrganizationId}/policy";

    public async Task InitializeAsync() => _customer = await hub.RegisterAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task Content_is_kept_encrypted_read_by_few_and_deleted_in_time()
    {
        Assert.Equal(HttpStatusCode.NotFound, (await ContentAsync(await _customer.ChatAsync(Said))).Status);
        await hub.SendAsync<PolicyView>(_customer, HttpMethod.Put, Policy, new PolicyRules(Content: new ContentRules(true, 7)));

        HttpResponseMessage call;
        (HttpStatusCode Status, string Text) content;
        var tries = 0;
        do
        {
            call = await _customer.ChatAsync(Said, stream: tries % 2 == 0);
            await call.Content.ReadAsStringAsync();
            await Task.Delay(50);
            content = await ContentAsync(call);
        }
        while (content.Status == HttpStatusCode.NotFound && tries++ < 200);

        var view = JsonSerializer.Deserialize<CapturedContentView>(content.Text, Json.Options)!;
        Assert.Equal(Said, Assert.Single(view.Answer));
        Assert.Equal(Said, view.Request.GetProperty("messages")[0].GetProperty("content").GetString());
        Assert.Equal(TimeSpan.FromDays(7), view.ExpiresAt - view.CapturedAt);
        var audit = await hub.SendAsync<Page<AuditEntryView>>(_customer, HttpMethod.Get, $"organizations/{_customer.OrganizationId}/audit-log?action=content.read&limit=1");
        Assert.Equal(view.Id.ToString(), Assert.Single(audit.Data).Subject);

        await using var db = hub.Hub.Database.OpenAsAdmin();
        var row = await db.CapturedContents.SingleAsync(each => each.Id == view.Id);
        Assert.DoesNotContain("quick brown", Encoding.UTF8.GetString(row.Protected), StringComparison.Ordinal);
        var stranger = await hub.RegisterAsync();
        Assert.Equal(HttpStatusCode.NotFound, (await hub.SendAsync(stranger, HttpMethod.Get, $"usage/requests/{view.Id}/content")).Status);

        await ContentSweep.SweepAsync(db, view.ExpiresAt.AddSeconds(-1), default);
        Assert.Equal(HttpStatusCode.OK, (await ContentAsync(call)).Status);
        Assert.True(await ContentSweep.SweepAsync(db, view.ExpiresAt, default) >= 1);
        Assert.Equal(HttpStatusCode.NotFound, (await ContentAsync(call)).Status);

        // What is left out of a policy leaves this as it is; turned off, nothing more is kept.
        Assert.Equal(new ContentRules(true, 7), (await hub.SendAsync<PolicyView>(_customer, HttpMethod.Put, Policy, new PolicyRules())).Content);
        Assert.False((await hub.SendAsync<PolicyView>(_customer, HttpMethod.Put, Policy, new PolicyRules(Content: new ContentRules(false)))).Content!.Capture);
    }

    [Fact]
    public async Task A_team_can_say_no_where_its_organization_says_yes()
    {
        var team = await hub.SendAsync<TeamView>(_customer, HttpMethod.Post, $"organizations/{_customer.OrganizationId}/teams", new NewTeam("Quiet"));
        await hub.SendAsync<PolicyView>(_customer, HttpMethod.Put, $"organizations/{_customer.OrganizationId}/teams/{team.Id}/policy", new PolicyRules(Content: new ContentRules(false)));
        await hub.SendAsync<PolicyView>(_customer, HttpMethod.Put, Policy, new PolicyRules(Content: new ContentRules(true)));
        var key = await hub.SendAsync<CreatedApiKey>(_customer, HttpMethod.Post, "auth/api-keys", new NewApiKey("team", TeamId: team.Id));
        using var ofTeam = hub.Hub.NewApiClient(key.Key);

        var quiet = await ofTeam.PostAsync("chat/completions", PolicyHub.Body("""{"model":"sim/echo","messages":[{"role":"user","content":"hush"}]}"""));
        // Kept in order: when a later one is there, the earlier one will not come.
        for (var tries = 0; (await ContentAsync(await _customer.ChatAsync(Said))).Status == HttpStatusCode.NotFound; tries++)
        {
            Assert.True(tries < 200);
            await Task.Delay(50);
        }

        Assert.Equal(HttpStatusCode.NotFound, (await ContentAsync(quiet)).Status);
    }

    [Fact]
    public async Task Parameters_are_filled_in_where_the_caller_says_nothing()
    {
        await using var vendor = await ScriptedVendor.AnsweringAsync(OwnVendorKeyTests.Answer);
        var model = await hub.ServeAsync(vendor);
        var team = await hub.SendAsync<TeamView>(_customer, HttpMethod.Post, $"organizations/{_customer.OrganizationId}/teams", new NewTeam("Warm"));
        var key = await hub.SendAsync<CreatedApiKey>(_customer, HttpMethod.Post, "auth/api-keys", new NewApiKey("team", TeamId: team.Id));
        using var ofTeam = hub.Hub.NewApiClient(key.Key);
        await hub.SendAsync<PolicyView>(_customer, HttpMethod.Put, Policy, new PolicyRules(DefaultParameters: JsonSerializer.SerializeToElement(new { temperature = 0.2, max_tokens = 100 })));
        await hub.SendAsync<PolicyView>(
            _customer, HttpMethod.Put, $"organizations/{_customer.OrganizationId}/teams/{team.Id}/policy", new PolicyRules(DefaultParameters: JsonSerializer.SerializeToElement(new { temperature = 0.9 })));

        await hub.OnceAsync(() => AskAsync(_customer.Api, ""), _ => Told(vendor).ContainsKey("temperature"));
        Assert.Equal((0.2, 100), ((double)Told(vendor)["temperature"]!, (int)Told(vendor)["max_tokens"]!));
        await AskAsync(_customer.Api, ""","temperature":1,"max_completion_tokens":5""");
        Assert.Equal((1.0, 5, false), ((double)Told(vendor)["temperature"]!, (int)Told(vendor)["max_completion_tokens"]!, Told(vendor).ContainsKey("max_tokens")));
        await hub.OnceAsync(() => AskAsync(ofTeam, ""), _ => Told(vendor).ContainsKey("temperature"));
        Assert.Equal((0.9, 100), ((double)Told(vendor)["temperature"]!, (int)Told(vendor)["max_tokens"]!));
        await _customer.Api.PostAsync("messages", PolicyHub.Body($$"""{"model":"{{model}}","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}"""));
        Assert.Equal(0.2, (double)Told(vendor)["temperature"]!);

        Assert.Equal(HttpStatusCode.BadRequest, (await hub.SendAsync(_customer, HttpMethod.Put, Policy, new PolicyRules(DefaultParameters: JsonSerializer.SerializeToElement(new { model = "x" })))).Status);

        Task<HttpResponseMessage> AskAsync(HttpClient api, string more) =>
            api.PostAsync("chat/completions", PolicyHub.Body($$"""{"model":"{{model}}","messages":[{"role":"user","content":"hi"}]{{more}}}"""));
    }

    private static JsonObject Told(ScriptedVendor vendor) => JsonNode.Parse(vendor.Requests.Last().Body)!.AsObject();

    private Task<(HttpStatusCode Status, string Text)> ContentAsync(HttpResponseMessage call) =>
        hub.SendAsync(_customer, HttpMethod.Get, $"usage/requests/{call.Headers.GetValues("x-request-id").Single()}/content");
}
