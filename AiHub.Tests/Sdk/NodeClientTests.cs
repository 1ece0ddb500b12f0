using AiHub.Domain.Quotas;
using AiHub.Tests.Hub;
using AiHub.Tests.Node;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Tests.Sdk;

/// <summary>The SDKs developers use, unmodified, through the whole hub: chat, streams, tools, structured output, errors, hanging up.</summary>
public sealed class NodeClientTests(NodeClientTests.BusyHub busy) : IClassFixture<NodeClientTests.BusyHub>
{
    [NodeTheory]
    [InlineData("messages.mjs")]
    [InlineData("turns.mjs")]
    [InlineData("openrouter.mjs")]
    [InlineData("aisdk.mjs")]
    [InlineData("langchain.mjs")]
    public async Task The_client_gets_what_it_expects(string script)
    {
        var customer = await busy.Hub.RegisterAsync();

        Assert.Equal("ok\n", await NodeClients.RunAsync(script, busy.Hub.GatewayUrl.ToString(), customer.Key.Key));
    }

    /// <summary>A hub on which a script may make all its calls within one minute.</summary>
    public sealed class BusyHub : IAsyncLifetime
    {
        public TestHub Hub { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            Hub = await TestHub.StartAsync();
            await using var db = Hub.Database.OpenAsAdmin();
            await db.Plans.Where(plan => plan.Id == PlanIds.Free).ExecuteUpdateAsync(set => set.SetProperty(plan => plan.RequestsPerMinute, 10_000));
        }

        public async Task DisposeAsync() => await Hub.DisposeAsync();
    }
}
