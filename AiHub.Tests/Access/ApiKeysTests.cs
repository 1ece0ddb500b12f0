using AiHub.Contracts;
using AiHub.Gateway.Access;
using AiHub.Tests.Management;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace AiHub.Tests.Access;

public sealed class ApiKeysTests(ManagementHub hub) : IClassFixture<ManagementHub>
{
    [Fact]
    public async Task A_key_that_is_switched_off_in_the_thick_of_calls_and_changes_is_refused_at_once()
    {
        var person = await hub.RegisterAsync();
        var keys = hub.Services.GetRequiredService<ApiKeys>();
        for (var round = 0; round < 25; round++)
        {
            var key = (await person.PostAsync("auth/api-keys", new NewApiKey("k"))).Read<CreatedApiKey>();
            using var over = new CancellationTokenSource(TimeSpan.FromMilliseconds(150));
            var calls = Enumerable.Range(0, 16).Select(_ => Task.Run(async () =>
            {
                while (!over.IsCancellationRequested)
                {
                    await FindAsync(keys, key.Key);
                }
            }));
            // Says again and again that the key has changed, so that all of them look it up at once, again and again.
            var changes = Task.Run(async () =>
            {
                while (!over.IsCancellationRequested)
                {
                    await hub.Database.AsAdminAsync<string>($"select pg_notify('hub_changes', 'api_keys:{key.Id}')::text");
                }
            });
            await Task.WhenAll([.. calls, changes]);

            await person.PatchAsync($"auth/api-keys/{key.Id}", new ApiKeyChange(Enabled: false));
            await Task.Delay(TimeSpan.FromSeconds(1));

            Assert.Null((await FindAsync(keys, key.Key)).Caller);
        }
    }

    private static async Task<KeyOutcome> FindAsync(ApiKeys keys, string key)
    {
        var context = new DefaultHttpContext();
        context.Request.Headers.Authorization = $"Bearer {key}";
        return await keys.FindAsync(context);
    }
}
