using System.Text.Json.Nodes;
using AiHub.Contracts;
using AiHub.Tests.Chat;
using AiHub.Tests.Hub;
using AiHub.Tests.Providers;
using Microsoft.EntityFrameworkCore;
using Xunit.Abstractions;

namespace AiHub.Tests.Policies;

/// <summary>Many organizations at once over the same connections: none sees, uses or is judged by anything of another's.</summary>
[Collection(PolicyHubs.Name)]
public sealed class CrowdTests(PolicyHub hub, ITestOutputHelper output)
{
    private const int Organizations = 8;
    private const int Rounds = 12;

    [Fact]
    public async Task In_a_crowd_everybody_keeps_to_their_own()
    {
        // Answers with the key it was asked with, and what it was told.
        await using var vendor = await ScriptedVendor.StartAsync(context =>
        {
            var told = JsonNode.Parse(new StreamReader(context.Request.Body).ReadToEnd())!["messages"]![0]!["content"];
            return ScriptedVendor.WriteAsync(context, "application/json", new JsonObject
            {
                ["id"] = "c1",
                ["object"] = "chat.completion",
                ["created"] = 7,
                ["model"] = "m",
                ["choices"] = new JsonArray(new JsonObject { ["index"] = 0, ["message"] = new JsonObject { ["role"] = "assistant", ["content"] = $"{context.Request.Headers.Authorization}|{told}" }, ["finish_reason"] = "stop" }),
                ["usage"] = new JsonObject { ["prompt_tokens"] = 3, ["completion_tokens"] = 1 },
            }.ToJsonString());
        });
        var model = await hub.ServeAsync(vendor);
        string vendorId;
        await using (var db = hub.Hub.Database.OpenAsAdmin())
        {
            vendorId = await db.Upstreams.Where(row => row.ModelId == model).Select(row => row.VendorId).SingleAsync();
        }

        var crowd = await Task.WhenAll(Enumerable.Range(0, Organizations).Select(async number =>
        {
            var customer = await hub.RegisterAsync();
            var organization = $"organizations/{customer.OrganizationId}";
            var key = await hub.SendAsync<SavedOwnVendorKey>(customer, HttpMethod.Post, $"{organization}/vendor-keys", new NewOwnVendorKey(vendorId, $"key-{number}", $"sk-crowd-{number}-0123456789", Test: false));
            var guardrail = await hub.SendAsync<CreatedGuardrail>(customer, HttpMethod.Post, $"{organization}/guardrails", new NewGuardrail($"rule-{number}", "keywords", "mask", ["input"], [$"word{number}"]));
            return (Number: number, Customer: customer, Organization: organization, KeyId: key.Key.Id, GuardrailId: guardrail.Guardrail.Id);
        }));
        var everyWord = string.Join(' ', Enumerable.Range(0, Organizations).Select(number => $"word{number}"));
        foreach (var member in crowd)
        {
            await hub.OnceAsync(() => AskAsync(member.Customer, everyWord), call => call.Headers.Contains("x-aihub-own-key") && call.Headers.Contains("x-aihub-guardrails"));
        }

        var checks = 0;
        var leaks = new List<string>();
        await Task.WhenAll(Enumerable.Range(0, Rounds).SelectMany(_ => crowd).Select(async member =>
        {
            var answer = await (await AskAsync(member.Customer, everyWord)).Content.ReadAsStringAsync();
            var keys = (await hub.SendAsync(member.Customer, HttpMethod.Get, $"{member.Organization}/vendor-keys")).Text;
            var guardrails = (await hub.SendAsync(member.Customer, HttpMethod.Get, $"{member.Organization}/guardrails")).Text;
            var usage = (await hub.SendAsync(member.Customer, HttpMethod.Get, "usage/requests")).Text;
            Check($"Bearer sk-crowd-{member.Number}-0123456789|{everyWord.Replace($"word{member.Number}", "[REDACTED]", StringComparison.Ordinal)}" == (string?)JsonNode.Parse(answer)?["choices"]?[0]?["message"]?["content"], $"answer of {member.Number}: {answer}");
            foreach (var other in crowd)
            {
                var own = other.Number == member.Number;
                Check(keys.Contains(other.KeyId.ToString(), StringComparison.Ordinal) == own, $"key of {other.Number} seen by {member.Number}");
                Check(guardrails.Contains(other.GuardrailId.ToString(), StringComparison.Ordinal) == own, $"guardrail of {other.Number} seen by {member.Number}");
                Check(own || !usage.Contains(other.KeyId.ToString(), StringComparison.Ordinal), $"usage of {other.Number} seen by {member.Number}");
            }
        }));

        output.WriteLine($"{Organizations} organizations, {Organizations * Rounds} rounds at once, {checks} checks, {leaks.Count} leaks.");
        Assert.Empty(leaks);
        Assert.True(checks >= 2_000, $"Only {checks} checks.");

        void Check(bool right, string what)
        {
            Interlocked.Increment(ref checks);
            if (!right)
            {
                lock (leaks)
                {
                    leaks.Add(what);
                }
            }
        }

        Task<HttpResponseMessage> AskAsync(TestCustomer who, string text) =>
            who.Api.PostAsync("chat/completions", PolicyHub.Body($$"""{"model":"{{model}}","max_tokens":10,"messages":[{"role":"user","content":"{{text}}"}]}"""));
    }
}
