using System.ClientModel;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using AiHub.AppHost;
using AiHub.Contracts;
using AiHub.Tests.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Npgsql;
using OpenAI;
using OpenAI.Chat;

namespace AiHub.Tests.EndToEnd;

/// <summary>What a newcomer does first, on the hub as one command starts it.</summary>
[Collection(WholeHubs.Name)]
public sealed class FirstCallTests(RunningHub hub) : IClassFixture<RunningHub>
{
    [Fact(Timeout = 600_000)]
    public async Task A_newcomer_streams_an_answer_and_sees_its_tokens_and_cost()
    {
        var (management, key) = await RegisterAsync();

        var said = new StringBuilder();
        ChatTokenUsage? usage = null;
        await foreach (var update in Chat(key, "sim/echo").CompleteChatStreamingAsync("Hello, hub! 你好！"))
        {
            said.Append(string.Concat(update.ContentUpdate.Select(part => part.Text)));
            usage = update.Usage ?? usage;
        }

        Assert.Equal("Hello, hub! 你好！", said.ToString());
        Assert.NotNull(usage);

        // The answer only ended once its usage was durable: no waiting here.
        var call = Assert.Single((await management.GetFromJsonAsync<Page<UsageRequest>>("usage/requests", Json.Options))!.Data);
        Assert.Equal("sim/echo", call.Model);
        Assert.Equal("succeeded", call.Status);
        Assert.Equal("vendor", call.Source);
        Assert.Equal((usage.InputTokenCount, usage.OutputTokenCount), ((int)call.Tokens.Input, (int)call.Tokens.Output));
        Assert.Equal(usage.TotalTokenCount, call.PlanTokensCharged);
        Assert.True(decimal.Parse(call.Cost, System.Globalization.CultureInfo.InvariantCulture) > 0);
        Assert.Equal("0", call.Charged);

        // Its journal balances, token for token.
        Assert.Equal(
            (2L, 0m, (decimal)usage.TotalTokenCount),
            await AskAsync(
                "select count(*), sum(amount), max(amount) from entries where journal_id = $1",
                row => (row.GetInt64(0), row.GetDecimal(1), row.GetDecimal(2)),
                call.JournalId!.Value));
    }

    [Fact(Timeout = 600_000)]
    public async Task A_gateway_killed_in_the_middle_of_a_stream_leaves_nothing_held_and_nothing_charged_twice()
    {
        var (management, key) = await RegisterAsync();
        var begun = new TaskCompletionSource();
        var stream = Task.Run(async () =>
        {
            await foreach (var update in Chat(key, "sim/slow").CompleteChatStreamingAsync("Tell me a long story about a slow river that never ends, word by word."))
            {
                begun.TrySetResult();
            }
        });
        await begun.Task.WaitAsync(TimeSpan.FromMinutes(2));
        Assert.True((await management.GetFromJsonAsync<UsageCurrent>("usage/current", Json.Options))!.Quota.Held > 0);

        using (var gateway = Process.GetProcessById(hub.Pid(Resources.Gateway)))
        {
            gateway.Kill();
        }

        await Assert.ThrowsAnyAsync<Exception>(() => stream);
        await hub.App.ResourceNotifications.WaitForResourceAsync(Resources.Gateway, KnownResourceStates.TerminalStates);
        Assert.True((await hub.App.ResourceCommands.ExecuteCommandAsync(Resources.Gateway, KnownResourceCommands.StartCommand)).Success);
        await hub.App.ResourceNotifications.WaitForResourceAsync(Resources.Gateway, KnownResourceStates.Running);
        await hub.App.ResourceNotifications.WaitForResourceHealthyAsync(Resources.Gateway);

        var expiresAt = await AskAsync("select expires_at from holds where state = 'held' and organization_id = $1", row => row.GetFieldValue<DateTimeOffset>(0), await OrganizationAsync(management));
        Assert.True(expiresAt < TimeProvider.System.GetUtcNow() + TimeSpan.FromMinutes(5), $"The hold would live until {expiresAt:O}.");

        QuotaView quota;
        do
        {
            await Task.Delay(500);
            quota = (await management.GetFromJsonAsync<UsageCurrent>("usage/current", Json.Options))!.Quota;
        }
        while (quota.Held > 0 && TimeProvider.System.GetUtcNow() < expiresAt + TimeSpan.FromMinutes(1));

        Assert.Equal((0, 0), (quota.Held, quota.Used));
        Assert.Equal(HttpStatusCode.OK, (await CallAsync(key)).StatusCode);
        Assert.Single((await management.GetFromJsonAsync<Page<UsageRequest>>("usage/requests", Json.Options))!.Data);
    }

    private ChatClient Chat(string key, string model) => new(
        model, new ApiKeyCredential(key), new OpenAIClientOptions { Endpoint = new Uri(hub.App.GetEndpoint(Resources.Gateway), "/v1") });

    private Task<HttpResponseMessage> CallAsync(string key)
    {
        var http = hub.App.CreateHttpClient(Resources.Gateway);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return http.PostAsJsonAsync("/v1/chat/completions", new { model = "sim/echo", messages = new[] { new { role = "user", content = "Hi" } } });
    }

    private async Task<(HttpClient Management, string Key)> RegisterAsync()
    {
        var management = hub.App.CreateHttpClient(Resources.Gateway);
        management.BaseAddress = new Uri(management.BaseAddress!, "/api/v1/");
        var response = await management.PostAsJsonAsync("auth/register", new RegisterRequest($"{Guid.CreateVersion7():N}@example.com", "correct horse battery staple"), Json.Options);
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        var registered = (await response.Content.ReadFromJsonAsync<Registered>(Json.Options))!;
        management.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", registered.AccessToken);
        var key = await management.PostAsJsonAsync("auth/api-keys", new NewApiKey("first"), Json.Options);

        return (management, (await key.Content.ReadFromJsonAsync<CreatedApiKey>(Json.Options))!.Key);
    }

    private static async Task<Guid> OrganizationAsync(HttpClient management) =>
        (await management.GetFromJsonAsync<Me>("auth/me", Json.Options))!.Organization.Id;

    private async Task<T> AskAsync<T>(string sql, Func<NpgsqlDataReader, T> read, Guid id)
    {
        await using var connection = new NpgsqlConnection(await hub.App.GetConnectionStringAsync(Resources.Hub));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection) { Parameters = { new() { Value = id } } };
        await using var row = await command.ExecuteReaderAsync();
        Assert.True(await row.ReadAsync());
        return read(row);
    }
}
