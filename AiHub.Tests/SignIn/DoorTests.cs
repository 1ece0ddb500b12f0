using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using AiHub.Contracts;
using AiHub.Gateway.Management.Refusals;
using AiHub.Tests.Hub;
using AiHub.Tests.Management;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit.Abstractions;

namespace AiHub.Tests.SignIn;

/// <summary>What strangers may do: not often, and without learning who is inside.</summary>
public sealed class DoorTests(DoorTests.Hub hub, ITestOutputHelper output) : IClassFixture<DoorTests.Hub>
{
    private const int Allowed = 3;

    public sealed class Hub : ManagementHub
    {
        protected override IEnumerable<KeyValuePair<string, string?>> Settings =>
        [
            new("Management:Attempts:SignInsPerAddressPerMinute", $"{Allowed}"),
            new("Management:Attempts:RegistrationsPerAddressPerHour", $"{Allowed}"),
            new("Management:Attempts:RefreshesPerAddressPerMinute", $"{Allowed}"),
            new("Management:Attempts:MailsPerAddressPerHour", $"{Allowed}"),
        ];
    }

    [Fact]
    public async Task Every_endpoint_that_strangers_may_post_to_turns_them_away_when_they_come_too_often()
    {
        using var http = new HttpClient { BaseAddress = hub.Url };
        var paths = JsonNode.Parse(await http.GetStringAsync("/openapi/v1.json"))!["paths"]!.AsObject();
        var open = hub.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.Metadata.GetMetadata<ManagementEndpoint>() is not null
                               && endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Contains("POST")
                               && !endpoint.Metadata.OfType<AuthorizationPolicy>().Any() && !endpoint.Metadata.OfType<IAuthorizeData>().Any())
            .Select(endpoint => "/" + endpoint.RoutePattern.RawText!.Trim('/'))
            .ToList();
        var unlimited = new List<string>();

        foreach (var path in open)
        {
            // Whatever was used up at one door counts at all that share a limit.
            hub.Clock.Advance(TimeSpan.FromHours(1));
            var example = paths[path]!["post"]!["requestBody"]?["content"]?["application/json"]?["example"]?.ToJsonString();
            var last = HttpStatusCode.OK;
            for (var i = 0; i <= Allowed; i++)
            {
                last = (await http.PostAsync(path, example is null ? null : new StringContent(example, Encoding.UTF8, "application/json"))).StatusCode;
            }

            if (last != HttpStatusCode.TooManyRequests)
            {
                unlimited.Add($"{path}: {last}");
            }
        }

        output.WriteLine($"{open.Count} endpoints for strangers, {unlimited.Count} without a limit.");
        Assert.Empty(unlimited);
        Assert.True(open.Count >= 12, $"Only {open.Count} endpoints: {string.Join(", ", open)}");
    }

    [Fact]
    public async Task Beginning_with_a_passkey_names_nobody()
    {
        hub.Clock.Advance(TimeSpan.FromHours(1));

        var options = (await hub.Visit().PostAsync("auth/passkeys/sign-in/begin", null)).Read<PasskeyOptions>();

        Assert.Equal("localhost", options.PublicKey.GetProperty("rpId").GetString());
        Assert.Equal("required", options.PublicKey.GetProperty("userVerification").GetString());
        Assert.True(!options.PublicKey.TryGetProperty("allowCredentials", out var allowed) || allowed.GetArrayLength() == 0);
    }

    [Fact]
    public async Task A_new_hub_has_no_account_and_no_operator()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var db = database.OpenAsAdmin();

        Assert.Equal((0, 0, 0), (await db.Users.CountAsync(), await db.Operators.CountAsync(), await db.ApiKeys.CountAsync()));
    }
}
