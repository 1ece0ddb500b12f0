using System.Net.Http.Headers;
using System.Net.Http.Json;
using AiHub.Contracts;
using AiHub.Tests.Hub;
using Npgsql;

namespace AiHub.Tests.Portal;

/// <summary>What the hub knows of a visitor who registered in the portal.</summary>
public static class VisitorAccount
{
    /// <summary>The calls as the management API has them, newest first.</summary>
    public static async Task<IReadOnlyList<UsageRequest>> CallsOfAsync(this TestHub hub, string email)
    {
        using var management = hub.NewManagementClient();
        var signedIn = await management.PostAsJsonAsync("auth/login", new LoginRequest(email, Visitor.Password), Json.Options);
        var tokens = await signedIn.Content.ReadFromJsonAsync<TokenPair>(Json.Options);
        management.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", tokens!.AccessToken);

        return (await management.GetFromJsonAsync<Page<UsageRequest>>("usage/requests?limit=100", Json.Options))!.Data;
    }

    /// <summary>Another plan, without the buying.</summary>
    public static async Task MoveToPlanAsync(this TestHub hub, string email, string plan)
    {
        await using var connection = new NpgsqlConnection(hub.Database.AdminConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            "update subscriptions set plan_id = @plan where organization_id = (select organization_id from memberships join users on users.id = memberships.user_id where users.email = @email)",
            connection);
        command.Parameters.AddWithValue("plan", plan);
        command.Parameters.AddWithValue("email", email);
        Assert.Equal(1, await command.ExecuteNonQueryAsync());
    }

    /// <summary>One answered call.</summary>
    public static async Task ChatAsync(this HttpClient api, string text, string model = "sim/echo")
    {
        using var response = await api.PostAsJsonAsync("chat/completions", new { model, messages = new[] { new { role = "user", content = text } } });
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
    }
}
