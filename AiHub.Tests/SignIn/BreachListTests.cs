using System.Net;
using System.Security.Cryptography;
using System.Text;
using AiHub.Gateway.Management.SignIn;
using AiHub.Outbound;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace AiHub.Tests.SignIn;

public sealed class BreachListTests : IAsyncLifetime
{
    private const string Breached = "correct horse battery staple";
    private readonly List<string> _asked = [];
    private WebApplication? _list;
    private int _status = 200;

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        _list = builder.Build();
        _list.Urls.Add("http://127.0.0.1:0");
        var hash = Sha1(Breached);
        _list.MapGet("/range/{prefix}", (string prefix, HttpRequest request) =>
        {
            _asked.Add($"{prefix} {request.Headers["Add-Padding"]}");
            // The first line is padding, as the real list sends it.
            return Results.Text(prefix == hash[..5] ? $"{new string('0', 35)}:0\r\n{hash[5..]}:42\r\n" : $"{Sha1("padded")[5..]}:0\r\n", statusCode: _status);
        });
        await _list.StartAsync();
    }

    public async Task DisposeAsync() => await _list!.DisposeAsync();

    [Fact]
    public async Task A_breached_password_is_found_by_five_digits_of_its_hash()
    {
        using var list = Open(allowPrivate: true);

        Assert.True(await list.ContainsAsync(Breached, default));
        Assert.False(await list.ContainsAsync("padded", default));

        Assert.Equal([$"{Sha1(Breached)[..5]} true", $"{Sha1("padded")[..5]} true"], _asked);
    }

    [Fact]
    public async Task A_list_that_fails_or_stands_in_a_private_network_keeps_nobody_out()
    {
        using var guarded = Open(allowPrivate: false);
        Assert.False(await guarded.ContainsAsync(Breached, default));
        Assert.Empty(_asked);

        _status = (int)HttpStatusCode.ServiceUnavailable;
        using var list = Open(allowPrivate: true);
        Assert.False(await list.ContainsAsync(Breached, default));
    }

    private PwnedRanges Open(bool allowPrivate) => new(
        Options.Create(new BreachListOptions { Url = new Uri(_list!.Urls.Single() + "/range/"), AllowPrivateNetwork = allowPrivate, Timeout = TimeSpan.FromSeconds(20) }),
        new GuardedHttp(TimeProvider.System),
        TimeProvider.System,
        NullLogger<PwnedRanges>.Instance);

    private static string Sha1(string text) => Convert.ToHexString(SHA1.HashData(Encoding.UTF8.GetBytes(text)));
}
