using System.Net;
using AiHub.Contracts;
using AiHub.Domain.Access;
using AiHub.Gateway.Management.Refusals;
using AiHub.Tests.Management;

namespace AiHub.Tests.Organizations;

public sealed class OperatorsTests(ManagementHub hub) : IClassFixture<ManagementHub>
{
    [Fact]
    public async Task The_set_up_token_makes_one_operator_and_they_stop_and_start_organizations()
    {
        var (person, thief) = (await hub.RegisterAsync(), await hub.RegisterAsync());
        var (customer, acme) = await hub.OpenAsync();
        customer.Organization = acme.ToString();
        var key = (await customer.PostAsync("auth/api-keys", new NewApiKey("k"))).Read<CreatedApiKey>();
        await using (var db = hub.Database.OpenAsAdmin())
        {
            var token = await db.IssueSetupTokenAsync(hub.Clock.GetUtcNow(), default);
            Assert.Null(await db.IssueSetupTokenAsync(hub.Clock.GetUtcNow(), default));

            (await thief.PostAsync("auth/operator", new OperatorClaim("ais_0000000000000000000000000000000000000000000"))).Is(ProblemKind.InvalidSetupToken);
            Assert.False((await person.ReadAsync<Me>("auth/me")).Operator);
            Assert.Equal(HttpStatusCode.NoContent, (await person.PostAsync("auth/operator", new OperatorClaim(token!))).Status);
            (await thief.PostAsync("auth/operator", new OperatorClaim(token!))).Is(ProblemKind.InvalidSetupToken);
            Assert.Null(await db.IssueSetupTokenAsync(hub.Clock.GetUtcNow().AddYears(1), default));
        }

        Assert.True((await person.ReadAsync<Me>("auth/me")).Operator);
        (await thief.GetAsync("admin/organizations")).Is(ProblemKind.OperatorRequired);
        (await customer.PostAsync($"admin/organizations/{acme}/reactivate", new StatusReason("please"))).Is(ProblemKind.OperatorRequired);
        var found = Assert.Single((await person.ReadAsync<Page<HubOrganizationView>>($"admin/organizations?search={acme}")).Data);
        Assert.Equal((acme, "Acme", "active", customer.Email, 1L), (found.Id, found.Name, found.Status, found.OwnerEmail, found.Members));
        Assert.Empty((await person.ReadAsync<Page<HubOrganizationView>>("admin/organizations?search=%25")).Data);
        Assert.Equal(2, (await person.ReadAsync<Page<HubOrganizationView>>("admin/organizations?limit=2")).Data.Count);

        await hub.KeyBecomesAsync(key.Key, "ok");
        Assert.Equal("suspended", (await person.PostAsync($"admin/organizations/{acme}/suspend", new StatusReason("overdue"))).Read<HubOrganizationView>().Status);
        await hub.KeyBecomesAsync(key.Key, "organization_suspended");
        Assert.Equal(HttpStatusCode.OK, (await customer.GetAsync("billing/wallet")).Status);
        Assert.Equal("active", (await person.PostAsync($"admin/organizations/{acme}/reactivate", new StatusReason("paid"))).Read<HubOrganizationView>().Status);
        await hub.KeyBecomesAsync(key.Key, "ok");
        (await person.PostAsync($"admin/organizations/{Guid.CreateVersion7()}/suspend", new StatusReason("x"))).Is(ProblemKind.OrganizationNotFound);

        var credit = $"admin/organizations/{acme}/credit-limit";
        (await customer.PutAsync(credit, new NewCreditLimit("100", "please"))).Is(ProblemKind.OperatorRequired);
        var given = (await person.PutAsync(credit, new NewCreditLimit("100.5", "contract"))).Read<WalletView>();
        Assert.Equal(("100.5", "0"), (given.CreditLimit, given.Available));
        Assert.Equal(given, await customer.ReadAsync<WalletView>("billing/wallet"));
        (await person.PutAsync(credit, new NewCreditLimit("-1", "contract"))).Is(ProblemKind.InvalidRequest);
        await hub.Database.AsAdminAsync<bool>($"select ledger_post(gen_random_uuid(), '{acme}', 'debt', 'test', 'wallet_purchased', 'payments', 'USD', 1, '{hub.Clock.GetUtcNow():O}', '{hub.Clock.GetUtcNow():O}')");
        (await person.PutAsync(credit, new NewCreditLimit("0", "contract"))).Is(ProblemKind.InvalidRequest);
        Assert.Equal("100.5", (await customer.ReadAsync<WalletView>("billing/wallet")).CreditLimit);
        (await person.PutAsync($"admin/organizations/{Guid.CreateVersion7()}/credit-limit", new NewCreditLimit("1", "x"))).Is(ProblemKind.OrganizationNotFound);
    }
}
