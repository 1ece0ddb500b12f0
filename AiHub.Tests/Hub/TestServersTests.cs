using Npgsql;
using StackExchange.Redis;

namespace AiHub.Tests.Hub;

public sealed class TestServersTests
{
    [Fact]
    public async Task The_shared_servers_are_real()
    {
        await using var connection = new NpgsqlConnection(await TestServers.PostgresAsync() + ";Database=postgres");
        await connection.OpenAsync();
        Assert.True(connection.PostgreSqlVersion.Major >= 15);

        await using var cache = await ConnectionMultiplexer.ConnectAsync(await TestServers.CacheAsync());
        Assert.Equal(2, (int)await cache.GetDatabase().ScriptEvaluateAsync("return 1 + 1"));
    }
}
