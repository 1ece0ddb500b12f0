using System.Text;
using AiHub.Gateway.Dialects.Responses;
using AiHub.Tests.Hub;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace AiHub.Tests.Dialects.Responses;

public sealed class StoredResponsesTests : IAsyncLifetime
{
    private readonly Guid _organization = Guid.CreateVersion7();
    private IConnectionMultiplexer _cache = null!;
    private StoredResponses _stored = null!;

    public async Task InitializeAsync()
    {
        _cache = await ConnectionMultiplexer.ConnectAsync(await TestServers.CacheAsync());
        _stored = Stored(new ResponsesOptions { Retention = TimeSpan.FromMinutes(5), LongestStored = 4096 });
    }

    public async Task DisposeAsync() => await _cache.DisposeAsync();

    [Fact]
    public async Task A_turn_comes_back_as_it_was_kept()
    {
        var id = ResponseId.New();

        Assert.True(await _stored.KeepAsync(_organization, id, Turn("你好", id)));
        using var turn = await _stored.FindAsync(_organization, id);

        Assert.Equal("你好", turn!.Input[0].GetProperty("content").GetString());
        Assert.Equal(id.ToString(), turn.Response.GetProperty("id").GetString());
        Assert.Equal("[]", turn.Output.GetRawText());
    }

    [Fact]
    public async Task Another_organization_finds_nothing_under_the_same_id()
    {
        var id = ResponseId.New();
        await _stored.KeepAsync(_organization, id, Turn("secret", id));

        Assert.Null(await _stored.FindAsync(Guid.CreateVersion7(), id));
        Assert.False(await _stored.DeleteAsync(Guid.CreateVersion7(), id));
    }

    [Fact]
    public async Task The_cache_holds_neither_what_was_said_nor_the_id_it_is_read_with()
    {
        var id = ResponseId.New();
        await _stored.KeepAsync(_organization, id, Turn("a very secret plan", id));

        var key = Assert.Single(_cache.GetServers()[0].Keys(_cache.GetDatabase().Database, $"response:{_organization:N}:*"));
        var value = Encoding.Latin1.GetString((byte[])(await _cache.GetDatabase().StringGetAsync(key))!);

        Assert.DoesNotContain(id.Hex, key.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("secret", value, StringComparison.Ordinal);
        Assert.DoesNotContain(id.Hex, value, StringComparison.Ordinal);
        Assert.InRange((await _cache.GetDatabase().KeyTimeToLiveAsync(key))!.Value, TimeSpan.FromMinutes(4), TimeSpan.FromMinutes(5));
    }

    [Fact]
    public async Task A_conversation_is_read_from_its_first_turn_on()
    {
        var (first, second, third) = (ResponseId.New(), ResponseId.New(), ResponseId.New());
        await _stored.KeepAsync(_organization, first, Turn("one", first));
        await _stored.KeepAsync(_organization, second, Turn("two", second, first));
        await _stored.KeepAsync(_organization, third, Turn("three", third, first, second));

        var turns = await _stored.ConversationAsync(_organization, third);

        Assert.Equal(["one", "two", "three"], turns!.Select(turn => turn.Input[0].GetProperty("content").GetString()));
        Assert.True(await _stored.DeleteAsync(_organization, second));
        Assert.Null(await _stored.ConversationAsync(_organization, third));
    }

    [Fact]
    public async Task What_is_too_long_is_not_kept()
    {
        var id = ResponseId.New();

        Assert.False(await _stored.KeepAsync(_organization, id, Turn(new string('x', 5000), id)));
        Assert.Null(await _stored.FindAsync(_organization, id));
    }

    [Fact]
    public async Task A_tampered_turn_is_as_good_as_none()
    {
        var id = ResponseId.New();
        await _stored.KeepAsync(_organization, id, Turn("x", id));
        var key = Assert.Single(_cache.GetServers()[0].Keys(_cache.GetDatabase().Database, $"response:{_organization:N}:*"));
        var value = (byte[])(await _cache.GetDatabase().StringGetAsync(key))!;
        value[^1] ^= 1;
        await _cache.GetDatabase().StringSetAsync(key, value);

        Assert.Null(await _stored.FindAsync(_organization, id));
    }

    [Theory]
    [InlineData("resp_01990000000070008000000000000001", true)]
    [InlineData("resp_0199000000007000800000000000000", false)]
    [InlineData("resp_0199000000007000800000000000000G", false)]
    [InlineData("msg_019900000000700080000000000000001", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void Only_an_id_of_the_hubs_own_making_is_looked_up(string? text, bool right) => Assert.Equal(right, ResponseId.TryParse(text, out _));

    [Fact]
    public void An_item_leads_to_its_response()
    {
        var id = ResponseId.New();

        Assert.True(ResponseId.TryParseItem(id.Item("msg", 3), out var response));
        Assert.Equal(id, response);
        Assert.False(ResponseId.TryParseItem("msg_made_up", out _));
    }

    private StoredResponses Stored(ResponsesOptions options) => new(_cache, Options.Create(options), NullLogger<StoredResponses>.Instance);

    private static byte[] Turn(string said, ResponseId id, params ResponseId[] earlier) => Encoding.UTF8.GetBytes(
        $$"""{"response":{"id":"{{id}}"},"input":[{"role":"user","content":"{{said}}"}],"output":[],"earlier":[{{string.Join(',', earlier.Select(one => $"\"{one}\""))}}]}""");
}
