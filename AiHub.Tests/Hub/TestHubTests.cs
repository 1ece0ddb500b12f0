using System.Net;

namespace AiHub.Tests.Hub;

public sealed class TestHubTests
{
    [Fact]
    public async Task The_services_answer_on_sockets_of_their_own()
    {
        var hub = await TestHub.SharedAsync();
        using var http = new HttpClient();

        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(new Uri(hub.GatewayUrl, "/alive"))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(new Uri(hub.SimulatorsUrl, "/alive"))).StatusCode);
        Assert.NotEqual(hub.GatewayUrl.Port, hub.SimulatorsUrl.Port);
    }
}
