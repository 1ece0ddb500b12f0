using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AiHub.Contracts;
using AiHub.Domain.Access;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Management.Refusals;
using AiHub.Tests.Invoices;
using AiHub.Tests.Management;
using AiHub.Tests.SignIn;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Xunit.Abstractions;

namespace AiHub.Tests.Organizations;

public sealed class AuditTests(ManagementHub hub, ITestOutputHelper output) : IClassFixture<ManagementHub>
{
    // Endpoints that take a POST and change nothing anybody owns, each with its reason.
    private static readonly Dictionary<string, string> Unchanging = new()
    {
        ["refresh"] = "a session goes on; its start and its end are in the log",
        ["previewInvitation"] = "only reads",
        ["previewPlanChange"] = "only reads",
        ["runLedgerAudit"] = "changes no books, and keeps with what it found who asked for it",
        ["testEndpoint"] = "only asks; what it costs is the hub's own",
        ["tryGuardrails"] = "only looks, and keeps nothing of the text",
        ["confirmRegistration"] = "takes a hub that asks the mailbox first (RegistrationTests)",
        ["forgotPassword"] = "answers before it is known whether there is such an account; the entry follows (PasswordResetTests)",
        ["beginSignOn"] = "nobody is known yet",
        ["completeSignOn"] = "takes an identity provider (SignOnTests)",
        ["putSignOn"] = "takes an identity provider (SignOnTests)",
        ["verifySignOnDomain"] = "takes an identity provider (SignOnTests)",
        ["deleteSignOn"] = "takes an identity provider (SignOnTests)",
        ["beginPasskey"] = "nothing exists before the browser has answered",
        ["beginPasskeySignIn"] = "nobody is known yet",
        ["createPasskey"] = "takes an authenticator (PasskeyTests)",
        ["renamePasskey"] = "takes an authenticator (PasskeyTests)",
        ["deletePasskey"] = "takes an authenticator (PasskeyTests)",
        ["signInWithPasskey"] = "takes an authenticator (PasskeyTests)",
    };

    [Fact]
    public async Task Every_endpoint_that_changes_something_writes_an_audit_entry_in_the_same_request()
    {
        var changing = hub.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.Metadata.GetMetadata<ManagementEndpoint>() is not null
                               && endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Any(method => method is not ("GET" or "HEAD")))
            .Select(endpoint => endpoint.Metadata.GetMetadata<IEndpointNameMetadata>()!.EndpointName)
            .Where(name => !Unchanging.ContainsKey(name))
            .ToList();
        var silent = new List<string>();
        // Another test of this class breaks a chain on purpose.
        const string BrokenChains = "select count(*) from organizations where audit_broken_at(id) is not null";
        var brokenBefore = await hub.Database.AsAdminAsync<long>(BrokenChains);

        foreach (var name in changing)
        {
            if (!Changes.TryGetValue(name, out var change) && !OperatorChanges.All.TryGetValue(name, out change))
            {
                silent.Add($"{name}: no change of it is known here; add one");
                continue;
            }

            var answer = await change(hub);
            Assert.True(answer.Message.IsSuccessStatusCode, $"{name}: {(int)answer.Status} {answer.Text}");
            var request = Guid.Parse(answer.Header("x-request-id")!);
            await using var db = hub.Database.OpenAsAdmin();
            if (!await db.AuditEntries.AnyAsync(entry => entry.RequestId == request))
            {
                silent.Add($"{name}: wrote nothing");
            }
        }

        output.WriteLine($"{changing.Count} endpoints that change something, {silent.Count} without an audit entry.");
        Assert.Empty(silent);
        Assert.Equal(brokenBefore, await hub.Database.AsAdminAsync<long>(BrokenChains));
    }

    [Fact]
    public async Task The_log_says_who_did_what_from_where_with_before_and_after_and_never_a_secret()
    {
        var (owner, acme) = await hub.OpenAsync();
        owner.Organization = acme.ToString();
        var made = await owner.PostAsync("auth/api-keys", new NewApiKey("first"));
        var key = made.Read<CreatedApiKey>();
        var manages = (await owner.PostAsync("auth/api-keys", new NewApiKey("robot", Scopes: ["keys.write"]))).Read<CreatedApiKey>();
        await new Visitor(hub, null) { AccessToken = manages.Key }.PostAsync("auth/api-keys", new NewApiKey("by robot"));
        await owner.PatchAsync($"auth/api-keys/{key.Id}", new ApiKeyChange("second"));
        await owner.DeleteAsync($"auth/api-keys/{key.Id}");

        var log = await owner.GetAsync($"organizations/{acme}/audit-log");
        var entries = log.Read<Page<AuditEntryView>>().Data;

        Assert.Equal(["api_key.revoked", "api_key.changed", "api_key.created", "api_key.created", "api_key.created", "organization.created"], entries.Select(entry => entry.Action));
        Assert.Equal([6L, 5, 4, 3, 2, 1], entries.Select(entry => entry.Sequence));
        var changed = entries[1];
        Assert.Equal(("first", "second"), (changed.Before!.Value.GetProperty("name").GetString(), changed.After!.Value.GetProperty("name").GetString()));
        Assert.Equal((key.Id.ToString(), owner.UserId, owner.Registered!.User.DisplayName, null, "127.0.0.1"), (changed.Subject, changed.ActorId!.Value, changed.Actor, changed.ActorKeyId, changed.Address));
        Assert.Equal(Guid.Parse(made.Header("x-request-id")!), entries[4].RequestId);
        Assert.Equal(manages.Id, entries[2].ActorKeyId);
        Assert.DoesNotContain(key.Key[11..^4], log.Text);
        Assert.DoesNotContain(manages.Key[11..^4], log.Text);
    }

    [Fact]
    public async Task The_log_is_filtered_and_read_page_by_page()
    {
        var (owner, acme) = await hub.OpenAsync();
        var admin = await hub.HireAsync(acme, Role.Admin);
        for (var i = 0; i < 3; i++)
        {
            await admin.PostAsync($"organizations/{acme}/teams", new NewTeam($"team {i}"));
        }

        await owner.PostAsync($"organizations/{acme}/teams", new NewTeam("owner's"));

        var first = await owner.ReadAsync<Page<AuditEntryView>>($"organizations/{acme}/audit-log?actor_id={admin.UserId}&action=team.&limit=2");
        var second = await owner.ReadAsync<Page<AuditEntryView>>($"organizations/{acme}/audit-log?actor_id={admin.UserId}&action=team.&limit=2&cursor={first.NextCursor}");
        Assert.Equal(["team 2", "team 1", "team 0"], first.Data.Concat(second.Data).Select(entry => entry.After!.Value.GetProperty("name").GetString()));
        Assert.Null(second.NextCursor);
        Assert.Single((await owner.ReadAsync<Page<AuditEntryView>>($"organizations/{acme}/audit-log?action=organization.created")).Data);
        Assert.Empty((await owner.ReadAsync<Page<AuditEntryView>>($"organizations/{acme}/audit-log?to=2001-01-01")).Data);
        (await owner.GetAsync($"organizations/{acme}/audit-log?cursor=x")).IsInvalid("cursor", FieldText.Cursor);
        (await owner.GetAsync($"organizations/{acme}/audit-log?from=yesterday")).IsInvalid("from", FieldText.Date);
        (await (await hub.HireAsync(acme, Role.Developer)).GetAsync($"organizations/{acme}/audit-log")).Is(ProblemKind.RoleNotAllowed, Language.En, "owner, admin", "developer");
    }

    [Fact]
    public async Task The_export_is_a_table_no_spreadsheet_executes()
    {
        var (owner, acme) = await hub.OpenAsync();
        await owner.PostAsync($"organizations/{acme}/teams", new NewTeam("中文, \"quoted\""));
        await using (var db = hub.Database.OpenAsAdmin())
        {
            await db.InOrganizationAsync(acme, async () =>
            {
                await db.AuditAsync(AuditActor.Hub, "=cmd|' /C calc'!A0", "@SUM(1)", null, null, hub.Clock.GetUtcNow(), default);
                // White space before it, and wide letters, are a formula to some.
                await db.AuditAsync(AuditActor.Hub, " =1+1", "＝1+1", null, null, hub.Clock.GetUtcNow(), default);
            }, default);
        }

        var answer = await owner.GetAsync($"organizations/{acme}/audit-log/export");

        Assert.Equal("text/csv", answer.Message.Content.Headers.ContentType!.MediaType);
        var bytes = await answer.Message.Content.ReadAsByteArrayAsync();
        Assert.Equal(Encoding.UTF8.GetPreamble(), bytes[..3]);
        var lines = answer.Text.TrimStart('\uFEFF').Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(5, lines.Length);
        Assert.StartsWith("sequence,occurred_at,", lines[0]);
        Assert.Contains("中文", lines[2]);
        Assert.Contains(",'=cmd|' /C calc'!A0,'@SUM(1),", lines[3]);
        Assert.Contains(",' =1+1,'＝1+1,", lines[4]);
    }

    [Fact]
    public async Task Changes_made_at_once_make_one_chain()
    {
        var (owner, acme) = await hub.OpenAsync();
        var admins = new[] { owner, await hub.HireAsync(acme, Role.Admin), await hub.HireAsync(acme, Role.Admin) };

        var made = await Task.WhenAll(Enumerable.Range(0, 30).Select(i => admins[i % admins.Length].PostAsync($"organizations/{acme}/invitations", new NewInvitation(ManagementHub.NewEmail(), "viewer"))));
        Assert.All(made, answer => Assert.Equal(HttpStatusCode.Created, answer.Status));

        // And those that nothing else brings into line.
        await Task.WhenAll(Enumerable.Range(0, 30).Select(async i =>
        {
            await using var db = hub.Database.Open();
            await db.InOrganizationAsync(acme, () => db.AuditAsync(AuditActor.Hub, "test", $"{i}", null, null, hub.Clock.GetUtcNow(), default), default);
        }));

        var chain = await owner.ReadAsync<AuditVerification>($"organizations/{acme}/audit-log/verification");
        Assert.Equal((true, 61L), (chain.Whole, chain.Entries));
    }

    [Fact]
    public async Task Limits_set_at_once_say_each_what_it_replaced()
    {
        var (owner, acme) = await hub.OpenAsync();
        owner.Organization = acme.ToString();

        var answers = await Task.WhenAll(Enumerable.Range(1, 8).Select(i => owner.PutAsync($"limits/members/{owner.UserId}", new KeyLimits(i))));

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
        var entries = (await owner.ReadAsync<Page<AuditEntryView>>($"organizations/{acme}/audit-log?action=limits.changed")).Data.Reverse().ToList();
        Assert.Equal([null, .. entries.SkipLast(1).Select(entry => Of(entry.After))], entries.Select(entry => Of(entry.Before)));

        static int? Of(JsonElement? told) => told!.Value.GetProperty("limits").GetProperty("requests_per_minute") is { ValueKind: JsonValueKind.Number } number ? number.GetInt32() : null;
    }

    [Fact]
    public async Task An_altered_entry_is_found_by_verification()
    {
        var (owner, acme) = await hub.OpenAsync();
        await owner.PostAsync($"organizations/{acme}/teams", new NewTeam("a"));
        var whole = await owner.ReadAsync<AuditVerification>($"organizations/{acme}/audit-log/verification");
        Assert.Equal((true, null, 2L), (whole.Whole, whole.BrokenAt, whole.Entries));
        Assert.Equal((await owner.ReadAsync<Page<AuditEntryView>>($"organizations/{acme}/audit-log?limit=1")).Data[0].Hash, whole.LastHash);

        await using (var connection = new NpgsqlConnection(hub.Database.AdminConnectionString))
        {
            await connection.OpenAsync();
            await using var tamper = new NpgsqlCommand($"set session_replication_role = replica; update audit_entries set request_id = null where organization_id = '{acme}' and sequence = 1", connection);
            Assert.Equal(1, await tamper.ExecuteNonQueryAsync());
        }

        var broken = await owner.ReadAsync<AuditVerification>($"organizations/{acme}/audit-log/verification");
        Assert.Equal((false, 1L), (broken.Whole, broken.BrokenAt!.Value));
    }

    // One successful change by each endpoint, by its operation id.
    private static readonly Dictionary<string, Func<ManagementHub, Task<Answer>>> Changes = new()
    {
        ["register"] = hub => hub.Visit().PostAsync("auth/register", new RegisterRequest(ManagementHub.NewEmail(), ManagementHub.Password)),
        ["login"] = async hub => await hub.Visit().PostAsync("auth/login", new LoginRequest((await hub.RegisterAsync()).Email, ManagementHub.Password)),
        ["logout"] = async hub => await (await hub.RegisterAsync()).PostAsync("auth/logout", null),
        ["endSession"] = async hub =>
        {
            var person = await hub.RegisterAsync();
            return await person.DeleteAsync($"auth/sessions/{(await person.ReadAsync<Page<SessionView>>("auth/sessions")).Data[0].Id}");
        },
        ["changePassword"] = async hub => await (await hub.RegisterAsync()).PostAsync("auth/password/change", new PasswordChange(ManagementHub.Password, "another sentence only I know")),
        ["createScimToken"] = hub => InCompanyAsync(hub, (owner, acme) => owner.PostAsync($"organizations/{acme}/scim-tokens", new NewScimToken("directory"))),
        ["revokeScimToken"] = hub => InCompanyAsync(hub, async (owner, acme) =>
        {
            var token = (await owner.PostAsync($"organizations/{acme}/scim-tokens", new NewScimToken("directory"))).Read<CreatedScimToken>();
            return await owner.DeleteAsync($"organizations/{acme}/scim-tokens/{token.Id}");
        }),
        ["verifyEmail"] = async hub =>
        {
            var person = await hub.RegisterAsync();
            return await hub.Visit().PostAsync("auth/email/verify", new EmailToken(await hub.LinkTokenAsync(person.Email, "verify-email")));
        },
        ["changeEmail"] = async hub => await (await hub.RegisterAsync()).PostAsync("auth/email/change", new EmailChange(ManagementHub.NewEmail(), ManagementHub.Password)),
        ["resendVerification"] = async hub => await (await hub.RegisterAsync()).PostAsync("auth/email/resend", null),
        ["resetPassword"] = async hub =>
        {
            var person = await hub.RegisterAsync();
            await hub.Visit().PostAsync("auth/password/forgot", new ForgottenPassword(person.Email));
            return await hub.Visit().PostAsync("auth/password/reset", new PasswordReset(await hub.LinkTokenAsync(person.Email, "reset-password"), "another sentence only I know"));
        },
        ["beginTwoFactor"] = async hub => await (await hub.RegisterAsync()).PostAsync("auth/two-factor/begin", new CurrentPassword(ManagementHub.Password)),
        ["confirmTwoFactor"] = hub => hub.WithAuthenticatorAsync(confirmed: false, (person, app) => person.PostAsync("auth/two-factor/confirm", new AuthenticatorCode(app.Code(0)))),
        ["disableTwoFactor"] = hub => hub.WithAuthenticatorAsync(confirmed: true, (person, app) => person.PostAsync("auth/two-factor/disable", new AuthenticatorCode(app.Code(1)))),
        ["renewRecoveryCodes"] = hub => hub.WithAuthenticatorAsync(confirmed: true, (person, app) => person.PostAsync("auth/two-factor/recovery-codes", new AuthenticatorCode(app.Code(1)))),
        ["signInWithCode"] = hub => hub.WithAuthenticatorAsync(confirmed: true, async (person, app) =>
        {
            var needed = (await hub.Visit().PostAsync("auth/login", new LoginRequest(person.Email, ManagementHub.Password))).Read<SecondFactorNeeded>();
            return await hub.Visit().PostAsync("auth/two-factor/sign-in", new SecondFactorCode(needed.ChallengeToken, app.Code(1)));
        }),
        ["createApiKey"] = async hub => await (await hub.RegisterAsync()).PostAsync("auth/api-keys", new NewApiKey("k")),
        ["changeApiKey"] = hub => WithKeyAsync(hub, (person, key) => person.PatchAsync($"auth/api-keys/{key.Id}", new ApiKeyChange("renamed"))),
        ["rotateApiKey"] = hub => WithKeyAsync(hub, (person, key) => person.PostAsync($"auth/api-keys/{key.Id}/rotate", new KeyRotation())),
        ["revokeApiKey"] = hub => WithKeyAsync(hub, (person, key) => person.DeleteAsync($"auth/api-keys/{key.Id}")),
        ["createOrganization"] = async hub => await (await hub.RegisterAsync()).PostAsync("organizations", new NewOrganization("Acme")),
        ["changeOrganization"] = hub => InCompanyAsync(hub, (owner, acme) => owner.PatchAsync($"organizations/{acme}", new OrganizationChange("Acme Ltd"))),
        ["closeOrganization"] = hub => InCompanyAsync(hub, (owner, acme) => owner.DeleteAsync($"organizations/{acme}")),
        ["transferOrganization"] = hub => InCompanyAsync(hub, async (owner, acme) =>
            await owner.PostAsync($"organizations/{acme}/transfer", new OwnershipTransfer((await hub.HireAsync(acme, Role.Admin)).UserId))),
        ["changeMember"] = hub => InCompanyAsync(hub, async (owner, acme) =>
            await owner.PatchAsync($"organizations/{acme}/members/{(await hub.HireAsync(acme, Role.Viewer)).UserId}", new RoleChange("admin"))),
        ["removeMember"] = hub => InCompanyAsync(hub, async (owner, acme) => await owner.DeleteAsync($"organizations/{acme}/members/{(await hub.HireAsync(acme, Role.Viewer)).UserId}")),
        ["createServiceAccount"] = hub => InCompanyAsync(hub, (owner, acme) => owner.PostAsync($"organizations/{acme}/service-accounts", new NewServiceAccount("robot", "developer"))),
        ["createInvitation"] = hub => InCompanyAsync(hub, (owner, acme) => owner.PostAsync($"organizations/{acme}/invitations", new NewInvitation(ManagementHub.NewEmail(), "viewer"))),
        ["revokeInvitation"] = hub => InCompanyAsync(hub, async (owner, acme) =>
        {
            var invitation = (await owner.PostAsync($"organizations/{acme}/invitations", new NewInvitation(ManagementHub.NewEmail(), "viewer"))).Read<CreatedInvitation>();
            return await owner.DeleteAsync($"organizations/{acme}/invitations/{invitation.Id}");
        }),
        ["acceptInvitation"] = hub => InCompanyAsync(hub, async (owner, acme) =>
        {
            var guest = await hub.RegisterAsync();
            var invitation = (await owner.PostAsync($"organizations/{acme}/invitations", new NewInvitation(guest.Email, "viewer"))).Read<CreatedInvitation>();
            return await guest.PostAsync("invitations/accept", new InvitationToken(invitation.Token));
        }),
        ["createTeam"] = hub => InCompanyAsync(hub, (owner, acme) => owner.PostAsync($"organizations/{acme}/teams", new NewTeam("Search"))),
        ["changeTeam"] = hub => WithTeamAsync(hub, (owner, team) => owner.PatchAsync(team, new NewTeam("Ranking"))),
        ["deleteTeam"] = hub => WithTeamAsync(hub, (owner, team) => owner.DeleteAsync(team)),
        ["putTeamMember"] = hub => WithTeamAsync(hub, (owner, team) => owner.PutAsync($"{team}/members/{owner.UserId}", new TeamRoleChange("lead"))),
        ["removeTeamMember"] = hub => WithTeamAsync(hub, async (owner, team) =>
        {
            await owner.PutAsync($"{team}/members/{owner.UserId}", new TeamRoleChange("lead"));
            return await owner.DeleteAsync($"{team}/members/{owner.UserId}");
        }),
        ["putPolicy"] = hub => InCompanyAsync(hub, (owner, acme) => owner.PutAsync($"organizations/{acme}/policy", new PolicyRules(Country: "CN"))),
        ["putTeamPolicy"] = hub => WithTeamAsync(hub, (owner, team) => owner.PutAsync($"{team}/policy", new PolicyRules(Country: "CN"))),
        ["addOwnVendorKey"] = hub => InCompanyAsync(hub, AddKeyAsync),
        ["changeOwnVendorKey"] = hub => WithVendorKeyAsync(hub, (owner, key) => owner.PatchAsync(key, new OwnVendorKeyChange(Use: "fallback"))),
        ["rotateOwnVendorKey"] = hub => WithVendorKeyAsync(hub, (owner, key) => owner.PostAsync($"{key}/rotate", new OwnVendorKeyRotation("sk-next-0123456789", Test: false))),
        // Nobody is there to test it with, which is an answer too.
        ["testOwnVendorKey"] = hub => WithVendorKeyAsync(hub, (owner, key) => owner.PostAsync($"{key}/test", null)),
        ["removeOwnVendorKey"] = hub => WithVendorKeyAsync(hub, (owner, key) => owner.DeleteAsync(key)),
        ["createGuardrail"] = hub => InCompanyAsync(hub, AddGuardrailAsync),
        ["changeGuardrail"] = hub => WithGuardrailAsync(hub, (owner, guardrail) => owner.PatchAsync(guardrail, new GuardrailChange(Action: "flag"))),
        ["rotateGuardrail"] = hub => WithGuardrailAsync(hub, (owner, guardrail) => owner.PostAsync($"{guardrail}/rotate", null)),
        ["removeGuardrail"] = hub => WithGuardrailAsync(hub, (owner, guardrail) => owner.DeleteAsync(guardrail)),
        ["setOrganizationLimits"] = async hub => await (await hub.RegisterAsync()).PutAsync("limits/organization", Limits()),
        ["setKeyLimits"] = hub => WithKeyAsync(hub, (person, key) => person.PutAsync($"limits/keys/{key.Id}", Limits())),
        ["setMemberLimits"] = async hub =>
        {
            var person = await hub.RegisterAsync();
            return await person.PutAsync($"limits/members/{person.UserId}", Limits());
        },
        ["setTeamLimits"] = async hub =>
        {
            var person = await hub.RegisterAsync();
            var team = (await person.PostAsync($"organizations/{person.OrganizationId}/teams", new NewTeam("Search"))).Read<TeamView>();
            return await person.PutAsync($"limits/teams/{team.Id}", Limits());
        },
        ["createAlertChannel"] = async hub => await (await hub.RegisterAsync()).PostAsync("alerts/channels", Channel),
        ["rotateAlertChannel"] = hub => WithCreatedAsync(hub, "alerts/channels", Channel, (person, id) => person.PostAsync($"alerts/channels/{id}/rotate", null)),
        ["deleteAlertChannel"] = hub => WithCreatedAsync(hub, "alerts/channels", Channel, (person, id) => person.DeleteAsync($"alerts/channels/{id}")),
        ["createAlertRule"] = async hub => await (await hub.RegisterAsync()).PostAsync("alerts/rules", AlertRule),
        ["deleteAlertRule"] = hub => WithCreatedAsync(hub, "alerts/rules", AlertRule, (person, id) => person.DeleteAsync($"alerts/rules/{id}")),
        ["retryAlertDelivery"] = hub => WithCreatedAsync(hub, "alerts/channels", Channel, async (person, channel) =>
        {
            var delivery = await hub.AddDeliveryAsync(person.OrganizationId, Guid.Parse(channel));
            return await person.PostAsync($"alerts/deliveries/{delivery}/retry", null);
        }),
        ["createPaymentOrder"] = async hub =>
        {
            await hub.Database.AsAdminAsync<string>($"insert into payment_channels (id, currencies, seen_at) values ('stripe', 'USD CNY', '{hub.Clock.GetUtcNow():O}') on conflict (id) do update set seen_at = excluded.seen_at returning id");
            return await (await hub.RegisterAsync("USD")).PostAsync("billing/orders", new NewPaymentOrder("top_up", "stripe", "10", "USD"));
        },
        ["checkPaymentOrder"] = hub => WithOrderAsync(hub, paid: false, (person, order) => person.PostAsync($"billing/orders/{order}/check", null)),
        ["createRefund"] = hub => WithOrderAsync(hub, paid: true, (person, order) => person.PostAsync($"billing/orders/{order}/refunds", new NewRefund("1", "not needed"))),
        ["changePlan"] = async hub => await OnDeveloperAsync(hub, null),
        ["renewSubscription"] = hub => OnDeveloperAsync(hub, person => person.PostAsync("billing/subscription/renew", new RenewalRequest("balance"))),
        ["cancelSubscription"] = hub => OnDeveloperAsync(hub, person => person.PostAsync("billing/subscription/cancel", null)),
        ["resumeSubscription"] = hub => OnDeveloperAsync(hub, async person =>
        {
            await person.PostAsync("billing/subscription/cancel", null);
            return await person.PostAsync("billing/subscription/resume", null);
        }),
        ["removePaymentMethod"] = hub => WithCardAsync(hub, person => person.DeleteAsync("billing/payment-methods")),
        ["setAutoTopUp"] = hub => WithCardAsync(hub, person => person.PutAsync("billing/auto-top-up", new AutoTopUpRequest("5", "10", "100"))),
        ["endAutoTopUp"] = hub => WithCardAsync(hub, person => person.DeleteAsync("billing/auto-top-up")),
        ["redeemCode"] = async hub =>
        {
            var code = (await AsOperatorAsync(hub, (person, _) => person.PostAsync(
                "admin/code-batches", new NewCodeBatch("Spring", "USD", "10", 1, hub.Clock.GetUtcNow().AddDays(30))))).Read<CreatedCodeBatch>().Codes[0];
            return await (await hub.RegisterAsync("USD")).PostAsync("billing/redemptions", new CodeRedemption(code));
        },
        ["setContract"] = hub => AsOperatorAsync(hub, (person, acme) => person.PutAsync($"admin/organizations/{acme}/contract", new ContractTerms("enterprise", "100"))),
        ["addDiscount"] = hub => AsOperatorAsync(hub, (person, acme) => person.PostAsync($"admin/organizations/{acme}/discounts", new NewPriceDiscount("10", "contract"))),
        ["endDiscount"] = hub => AsOperatorAsync(hub, async (person, acme) =>
        {
            var discount = (await person.PostAsync($"admin/organizations/{acme}/discounts", new NewPriceDiscount("10", "contract"))).Read<PriceDiscountView>();
            return await person.PostAsync($"admin/organizations/{acme}/discounts/{discount.Id}/end", new PriceEnd());
        }),
        ["endContract"] = hub => AsOperatorAsync(hub, async (person, acme) =>
        {
            await person.PutAsync($"admin/organizations/{acme}/contract", new ContractTerms("enterprise", "100"));
            return await person.DeleteAsync($"admin/organizations/{acme}/contract");
        }),
        ["createFapiaoTitle"] = hub => WithTitleAsync(hub, (_, created) => Task.FromResult(created)),
        ["deleteFapiaoTitle"] = hub => WithTitleAsync(hub, (person, created) => person.DeleteAsync($"billing/fapiao/titles/{created.Read<FapiaoTitleView>().Id}")),
        ["requestFapiao"] = hub => WithFapiaoAsync(hub, (_, requested) => Task.FromResult(requested)),
        ["reverseFapiao"] = hub => WithFapiaoAsync(hub, async (person, requested) =>
        {
            var id = requested.Read<FapiaoView>().Id;
            await hub.Database.AsAdminAsync<Guid>($"update fapiao_requests set status = 'issued', number = '{Random.Shared.NextInt64(100_000_000_000, 999_999_999_999)}' where id = '{id}' returning id");
            return await person.PostAsync($"billing/fapiao/{id}/reverse", new FapiaoReason("wrong company"));
        }),
        ["putBillingProfile"] = async hub => await (await hub.RegisterAsync()).PutAsync("billing/profile", new BillingProfileView("Acme", "", "", null, "en")),
        ["payInvoice"] = hub => InvoiceSetup.OpenAsync(hub, async (person, invoice) =>
        {
            await hub.Database.AsAdminAsync<string>($"insert into payment_channels (id, currencies, seen_at) values ('stripe', 'USD CNY', '{hub.Clock.GetUtcNow():O}') on conflict (id) do update set seen_at = excluded.seen_at returning id");
            return await person.PostAsync($"billing/invoices/{invoice}/pay", new InvoicePayment("stripe"));
        }),
        ["createBudget"] = async hub =>
        {
            var person = await hub.RegisterAsync();
            return await person.PostAsync($"organizations/{person.OrganizationId}/budgets", Budget);
        },
        ["changeBudget"] = hub => WithBudgetAsync(hub, (person, budget) => person.PatchAsync(budget, JsonNode.Parse("""{"amount":"2000"}""")!)),
        ["deleteBudget"] = hub => WithBudgetAsync(hub, (person, budget) => person.DeleteAsync(budget)),
        ["claimOperator"] = async hub =>
        {
            var person = await hub.RegisterAsync();
            await using var db = hub.Database.OpenAsAdmin();
            await hub.Database.AsAdminAsync<string>("delete from operators; delete from setup_tokens; select 'clean'");
            return await person.PostAsync("auth/operator", new OperatorClaim((await db.IssueSetupTokenAsync(hub.Clock.GetUtcNow(), default))!));
        },
        ["suspendOrganization"] = hub => AsOperatorAsync(hub, (person, acme) => person.PostAsync($"admin/organizations/{acme}/suspend", new StatusReason("overdue"))),
        ["creditOrganization"] = hub => AsOperatorAsync(hub, (person, acme) => person.PostAsync($"admin/organizations/{acme}/credits", new NewCredit("25", "sorry"))),
        ["limitOrganization"] = hub => AsOperatorAsync(hub, (person, acme) => person.PutAsync($"admin/organizations/{acme}/limits", new KeyLimits(5))),
        ["replayParked"] = hub => AsOperatorAsync(hub, async (person, _) =>
        {
            var now = hub.Clock.GetUtcNow();
            var notice = await hub.Database.AsAdminAsync<Guid>(
                $"""
                 insert into inbound_notices (id, channel, event_id, kind, received_at, body, attempts, parked_at)
                 values ('{Guid.CreateVersion7(now)}', 'stripe', '{Guid.CreateVersion7(now)}', 'paid', '{now:O}', '', 10, '{now:O}') returning id
                 """);
            return await person.PostAsync($"admin/health/parked/payment_notices/{notice}/replay", null);
        }),
        ["testAlertChannel"] = hub => WithCreatedAsync(hub, "alerts/channels", Channel, (person, id) => person.PostAsync($"alerts/channels/{id}/test", null)),
        ["setCreditLimit"] = hub => AsOperatorAsync(hub, (person, acme) => person.PutAsync($"admin/organizations/{acme}/credit-limit", new NewCreditLimit("100", "contract"))),
        ["reactivateOrganization"] = hub => AsOperatorAsync(hub, (person, acme) => person.PostAsync($"admin/organizations/{acme}/reactivate", new StatusReason("paid"))),
    };

    private const string Channel = """{"kind":"webhook","name":"ops","target":"https://alerts.example.com/hook"}""";
    private const string AlertRule = """{"kind":"quota","name":"quota"}""";
    private const string Budget = """{"amount":"1000","unit":"tokens"}""";

    private static JsonNode Limits() => JsonNode.Parse("""{"requests_per_minute":5}""")!;

    private static async Task<Answer> WithCreatedAsync(ManagementHub hub, string path, string body, Func<Visitor, string, Task<Answer>> change)
    {
        var person = await hub.RegisterAsync();
        var created = await person.PostAsync(path, body);
        Assert.True(created.Status == HttpStatusCode.Created, created.Text);
        return await change(person, JsonNode.Parse(created.Text)!["id"]!.GetValue<string>());
    }

    private static async Task<Answer> WithOrderAsync(ManagementHub hub, bool paid, Func<Visitor, Guid, Task<Answer>> change)
    {
        var person = await hub.RegisterAsync("USD");
        return await change(person, await hub.AddOrderAsync(person.OrganizationId, person.UserId, "USD", paid));
    }

    /// <param name="change">Null: the change to the plan is what is asked about.</param>
    private static async Task<Answer> OnDeveloperAsync(ManagementHub hub, Func<Visitor, Task<Answer>>? change)
    {
        var person = await hub.RegisterAsync("USD");
        var now = hub.Clock.GetUtcNow();
        await hub.Database.AsAdminAsync<bool>(
            $"select ledger_post('{Guid.CreateVersion7(now)}', '{person.OrganizationId}', 'test', 'test', 'payments', 'wallet_purchased', 'USD', 100000000000, '{now:O}', '{now:O}')");
        var answer = await person.PostAsync("billing/subscription/change", new PlanChangeRequest("developer", Channel: "balance"));
        return change is null ? answer : await change(person);
    }

    private static async Task<Answer> WithCardAsync(ManagementHub hub, Func<Visitor, Task<Answer>> change)
    {
        var person = await hub.RegisterAsync("USD");
        await hub.Database.AsAdminAsync<Guid>(
            $"""
             insert into payment_methods (id, organization_id, user_id, channel, customer_reference, method_reference, brand, last_four, created_at)
             values ('{Guid.CreateVersion7()}', '{person.OrganizationId}', '{person.UserId}', 'stripe', 'cus_1', 'pm_1', 'visa', '4242', '{hub.Clock.GetUtcNow():O}') returning id
             """);
        return await change(person);
    }

    private static async Task<Answer> WithTitleAsync(ManagementHub hub, Func<Visitor, Answer, Task<Answer>> change)
    {
        var person = await hub.RegisterAsync("CNY");
        return await change(person, await person.PostAsync("billing/fapiao/titles", new NewFapiaoTitle("personal", "Lin", null, "lin@example.com")));
    }

    private static Task<Answer> WithFapiaoAsync(ManagementHub hub, Func<Visitor, Answer, Task<Answer>> change) => WithTitleAsync(hub, async (person, title) =>
    {
        await hub.SpendAsync(person.OrganizationId);
        return await change(person, await person.PostAsync("billing/fapiao", new NewFapiao(title.Read<FapiaoTitleView>().Id, "general", "5.00")));
    });

    private static async Task<Answer> WithBudgetAsync(ManagementHub hub, Func<Visitor, string, Task<Answer>> change)
    {
        var person = await hub.RegisterAsync();
        var budgets = $"organizations/{person.OrganizationId}/budgets";
        var created = await person.PostAsync(budgets, Budget);
        Assert.True(created.Status == HttpStatusCode.Created, created.Text);
        return await change(person, $"{budgets}/{JsonNode.Parse(created.Text)!["id"]!.GetValue<string>()}");
    }

    private static async Task<Answer> InCompanyAsync(ManagementHub hub, Func<Visitor, Guid, Task<Answer>> change)
    {
        var (owner, acme) = await hub.OpenAsync();
        return await change(owner, acme);
    }

    private static async Task<Answer> WithKeyAsync(ManagementHub hub, Func<Visitor, CreatedApiKey, Task<Answer>> change)
    {
        var person = await hub.RegisterAsync();
        return await change(person, (await person.PostAsync("auth/api-keys", new NewApiKey("k"))).Read<CreatedApiKey>());
    }

    private static Task<Answer> WithTeamAsync(ManagementHub hub, Func<Visitor, string, Task<Answer>> change) => InCompanyAsync(hub, async (owner, acme) =>
        await change(owner, $"organizations/{acme}/teams/{(await owner.PostAsync($"organizations/{acme}/teams", new NewTeam("Search"))).Read<TeamView>().Id}"));

    private static Task<Answer> AsOperatorAsync(ManagementHub hub, Func<Visitor, Guid, Task<Answer>> change) => InCompanyAsync(hub, async (owner, acme) =>
    {
        await hub.Database.AsAdminAsync<Guid>($"insert into operators (user_id, created_at) values ('{owner.UserId}', '2026-01-01') returning user_id");
        return await change(owner, acme);
    });

    private static Task<Answer> AddKeyAsync(Visitor owner, Guid acme) =>
        owner.PostAsync($"organizations/{acme}/vendor-keys", new NewOwnVendorKey("openai", "ours", "sk-own-0123456789", Test: false));

    private static Task<Answer> WithVendorKeyAsync(ManagementHub hub, Func<Visitor, string, Task<Answer>> change) => InCompanyAsync(hub, async (owner, acme) =>
        await change(owner, $"organizations/{acme}/vendor-keys/{(await AddKeyAsync(owner, acme)).Read<SavedOwnVendorKey>().Key.Id}"));

    private static Task<Answer> AddGuardrailAsync(Visitor owner, Guid acme) =>
        owner.PostAsync($"organizations/{acme}/guardrails", new NewGuardrail("judge", "webhook", "block", Url: "https://judge.example.com/texts"));

    private static Task<Answer> WithGuardrailAsync(ManagementHub hub, Func<Visitor, string, Task<Answer>> change) => InCompanyAsync(hub, async (owner, acme) =>
        await change(owner, $"organizations/{acme}/guardrails/{(await AddGuardrailAsync(owner, acme)).Read<CreatedGuardrail>().Guardrail.Id}"));
}
