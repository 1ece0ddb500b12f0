using System.Net;
using AiHub.Contracts;
using AiHub.Domain.Access;
using AiHub.Domain.Catalog;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Management;
using AiHub.Gateway.Management.Refusals;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Tests.Management;

public sealed class KeysTests(ManagementHub hub) : IClassFixture<ManagementHub>
{
    [Fact]
    public async Task A_new_key_is_shown_whole_once_and_never_again()
    {
        var person = await hub.RegisterAsync();
        var model = await ModelAsync();
        var expires = new DateTimeOffset(2040, 1, 31, 8, 0, 0, TimeSpan.FromHours(8)).AddTicks(7);

        var answer = await person.PostAsync("auth/api-keys", new NewApiKey(" build server ", expires, [model.Id], new KeyLimits(5)));

        Assert.Equal(HttpStatusCode.Created, answer.Status);
        var created = answer.Read<CreatedApiKey>();
        Assert.True(ApiKeySecret.IsWellFormed(created.Key));
        Assert.Equal($"/api/v1/auth/api-keys/{created.Id}", answer.Header("Location"));
        Assert.Equal(("build server", created.Key[..11], created.Key[^4..], new DateTimeOffset(2040, 1, 31, 0, 0, 0, TimeSpan.Zero)), (created.Name, created.Prefix, created.LastFour, created.ExpiresAt));
        Assert.Equal([model.Id], created.AllowedModels);
        Assert.Equal(new KeyLimits(5), created.Limits);

        var list = await person.GetAsync("auth/api-keys");
        var found = await person.GetAsync($"auth/api-keys/{created.Id}");
        Assert.DoesNotContain(created.Key, list.Text + found.Text);
        var key = Assert.Single(list.Read<Page<ApiKeyView>>().Data);
        Assert.Equal((created.CreatedAt, created.ExpiresAt), (key.CreatedAt, key.ExpiresAt));
        Assert.Equal((created.Id, "build server", created.Prefix, created.LastFour, person.Registered!.User.DisplayName, null), (key.Id, key.Name, key.Prefix, key.LastFour, key.Owner, key.LastUsedAt));
        Assert.Equal(list.Text, $$"""{"data":[{{found.Text}}],"next_cursor":null}""");

        await using var db = hub.Database.OpenAsAdmin();
        Assert.Equal(ApiKeySecret.Hash(created.Key), (await db.ApiKeys.SingleAsync(row => row.Id == created.Id)).Hash);
    }

    [Fact]
    public async Task Aliases_are_kept_as_the_models_they_stand_for()
    {
        var person = await hub.RegisterAsync();
        var model = await ModelAsync();

        var created = (await person.PostAsync("auth/api-keys", new NewApiKey("k", AllowedModels: [model.Aliases[0], model.Id, model.Id]))).Read<CreatedApiKey>();

        Assert.Equal([model.Id], created.AllowedModels);
    }

    [Fact]
    public async Task A_key_that_may_not_be_says_why()
    {
        var person = await hub.RegisterAsync();
        var disabled = await ModelAsync(enabled: false);

        (await person.PostAsync("auth/api-keys", new NewApiKey("k", hub.Clock.GetUtcNow().AddSeconds(-1)))).IsInvalid("expires_at", FieldText.Future);
        (await person.PostAsync("auth/api-keys", new NewApiKey("k", Limits: new KeyLimits(11)))).IsInvalid("limits.requests_per_minute", FieldText.AtMost, 10);
        (await person.PostAsync("auth/api-keys", new NewApiKey("k", Limits: new KeyLimits(0)))).IsInvalid("limits.requests_per_minute", FieldText.Range, 1, 1_000_000);
        (await person.PostAsync("auth/api-keys", new NewApiKey("k", AllowedModels: ["no/such", disabled.Id]))).IsInvalid("allowed_models", FieldText.UnknownModels, $"no/such, {disabled.Id}");
        (await person.PostAsync("auth/api-keys", new NewApiKey("  "))).IsInvalid("name", FieldText.Required);
        (await person.PostAsync("auth/api-keys", new NewApiKey(new string('x', 101)))).IsInvalid("name", FieldText.Length, 1, 100);
        (await person.PostAsync("auth/api-keys", """{"name":"k","allowed_models":[null]}""")).IsInvalid("allowed_models", FieldText.WrongType);
        (await person.PostAsync("auth/api-keys", """{"name":"k","expires_at":"tomorrow"}""")).IsInvalid("expires_at", FieldText.WrongType);
        Assert.Empty((await person.ReadAsync<Page<ApiKeyView>>("auth/api-keys")).Data);
    }

    [Fact]
    public async Task A_revoked_key_is_gone_from_the_list_and_cannot_be_revoked_again()
    {
        var person = await hub.RegisterAsync();
        var key = await CreateAsync(person);

        Assert.Equal(HttpStatusCode.NoContent, (await person.DeleteAsync($"auth/api-keys/{key.Id}")).Status);

        Assert.Empty((await person.ReadAsync<Page<ApiKeyView>>("auth/api-keys")).Data);
        (await person.GetAsync($"auth/api-keys/{key.Id}")).Is(ProblemKind.KeyNotFound);
        (await person.DeleteAsync($"auth/api-keys/{key.Id}")).Is(ProblemKind.KeyNotFound);
        await using var db = hub.Database.OpenAsAdmin();
        Assert.NotNull((await db.ApiKeys.SingleAsync(row => row.Id == key.Id)).RevokedAt);
    }

    [Fact]
    public async Task The_key_of_another_organization_does_not_exist()
    {
        var person = await hub.RegisterAsync();
        var stranger = await hub.RegisterAsync();
        var key = await CreateAsync(person);

        (await stranger.GetAsync($"auth/api-keys/{key.Id}")).Is(ProblemKind.KeyNotFound);
        (await stranger.DeleteAsync($"auth/api-keys/{key.Id}")).Is(ProblemKind.KeyNotFound);
        (await stranger.GetAsync("auth/api-keys/not-an-id")).Is(ProblemKind.KeyNotFound);
        Assert.Empty((await stranger.ReadAsync<Page<ApiKeyView>>("auth/api-keys")).Data);
        Assert.Equal(HttpStatusCode.OK, (await person.GetAsync($"auth/api-keys/{key.Id}")).Status);
    }

    [Fact]
    public async Task The_list_is_read_page_by_page_newest_first_without_gap_or_repeat()
    {
        var person = await hub.RegisterAsync();
        var created = new List<Guid>();
        for (var i = 0; i < 7; i++)
        {
            created.Add((await CreateAsync(person)).Id);
        }

        var seen = new List<Guid>();
        string? cursor = null;
        do
        {
            var page = await person.ReadAsync<Page<ApiKeyView>>($"auth/api-keys?limit=3{(cursor is null ? "" : $"&cursor={cursor}")}");
            seen.AddRange(page.Data.Select(key => key.Id));
            cursor = page.NextCursor;
        }
        while (cursor is not null);

        Assert.Equal(created.AsEnumerable().Reverse(), seen);
    }

    [Theory]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=101", "limit")]
    [InlineData("limit=-1", "limit")]
    [InlineData("limit=many", "limit")]
    [InlineData("limit=99999999999", "limit")]
    [InlineData("cursor=", "cursor")]
    [InlineData("cursor=abc", "cursor")]
    [InlineData("cursor=________________________________", "cursor")]
    public async Task A_page_nobody_handed_out_is_refused(string query, string field)
    {
        var person = await hub.RegisterAsync();

        Assert.Equal([field], (await person.GetAsync($"auth/api-keys?{query}")).Is(ProblemKind.InvalidRequest).Errors!.Keys);
    }

    [Theory]
    [InlineData(Role.Owner, true, true)]
    [InlineData(Role.Admin, true, true)]
    [InlineData(Role.Developer, true, false)]
    [InlineData(Role.Billing, false, false)]
    [InlineData(Role.Viewer, false, false)]
    public async Task Roles_decide_who_makes_and_revokes_keys(Role role, bool makes, bool revokesOthers)
    {
        var owner = await hub.RegisterAsync();
        var member = await hub.RegisterAsync();
        await hub.JoinAsync(member, owner, role);
        var others = await CreateAsync(owner);
        member.Organization = owner.OrganizationId.ToString();

        var made = await member.PostAsync("auth/api-keys", new NewApiKey("theirs"));
        if (makes)
        {
            Assert.Equal(HttpStatusCode.Created, made.Status);
            Assert.Equal(HttpStatusCode.NoContent, (await member.DeleteAsync($"auth/api-keys/{made.Read<CreatedApiKey>().Id}")).Status);
        }
        else
        {
            made.Is(ProblemKind.RoleNotAllowed, Language.En, "owner, admin, developer", Wire.Name(role));
        }

        Assert.Equal(others.Id, Assert.Single((await member.ReadAsync<Page<ApiKeyView>>("auth/api-keys")).Data).Id);

        var revoked = await member.DeleteAsync($"auth/api-keys/{others.Id}");
        if (revokesOthers)
        {
            Assert.Equal(HttpStatusCode.NoContent, revoked.Status);
        }
        else
        {
            revoked.Is(ProblemKind.RoleNotAllowed, Language.En, makes ? "owner, admin" : "owner, admin, developer", Wire.Name(role));
            Assert.Equal(HttpStatusCode.OK, (await owner.GetAsync($"auth/api-keys/{others.Id}")).Status);
        }
    }

    [Fact]
    public async Task Keys_are_made_in_the_organization_the_header_names()
    {
        var owner = await hub.RegisterAsync();
        var member = await hub.RegisterAsync();
        await hub.JoinAsync(member, owner, Role.Developer);

        member.Organization = owner.OrganizationId.ToString();
        var key = await CreateAsync(member);
        member.Organization = null;

        Assert.Equal(key.Id, Assert.Single((await owner.ReadAsync<Page<ApiKeyView>>("auth/api-keys")).Data).Id);
        Assert.Empty((await member.ReadAsync<Page<ApiKeyView>>("auth/api-keys")).Data);
    }

    [Fact]
    public async Task Making_and_revoking_a_key_is_in_the_audit_log_without_the_secret()
    {
        var person = await hub.RegisterAsync();
        var key = await CreateAsync(person);
        await person.DeleteAsync($"auth/api-keys/{key.Id}");

        await using var db = hub.Database.OpenAsAdmin();
        var entries = await db.AuditEntries.Where(entry => entry.OrganizationId == person.OrganizationId).OrderBy(entry => entry.Sequence).ToListAsync();
        Assert.Equal(["user.registered", "api_key.created", "api_key.revoked"], entries.Select(entry => entry.Action));
        Assert.All(entries.Skip(1), entry => Assert.Equal((key.Id.ToString(), person.UserId, "127.0.0.1"), (entry.Subject, entry.ActorId, entry.Address)));
        Assert.All(entries, entry => Assert.DoesNotContain(key.Key[11..^4], entry.Details));
        Assert.True(await hub.Database.AsAdminAsync<bool>($"select audit_broken_at('{person.OrganizationId}') is null"));
    }

    [Fact]
    public async Task An_organization_has_at_most_so_many_keys()
    {
        var person = await hub.RegisterAsync();
        await using var db = hub.Database.OpenAsAdmin();
        for (var i = 0; i < Keys.MaxActive; i++)
        {
            var secret = ApiKeySecret.Generate();
            db.ApiKeys.Add(new ApiKey
            {
                Id = Guid.CreateVersion7(),
                OrganizationId = person.OrganizationId,
                UserId = person.UserId,
                Name = "k",
                Hash = ApiKeySecret.Hash(secret),
                Prefix = "ai-hub-",
                LastFour = "0000",
                CreatedAt = hub.Clock.GetUtcNow(),
            });
        }

        await db.SaveChangesAsync();

        (await person.PostAsync("auth/api-keys", new NewApiKey("one more"))).Is(ProblemKind.KeyLimitReached, Language.En, Keys.MaxActive);
        var first = (await person.ReadAsync<Page<ApiKeyView>>("auth/api-keys?limit=1")).Data[0];
        await person.DeleteAsync($"auth/api-keys/{first.Id}");
        Assert.Equal(HttpStatusCode.Created, (await person.PostAsync("auth/api-keys", new NewApiKey("one more"))).Status);
    }

    private static async Task<CreatedApiKey> CreateAsync(Visitor person) => (await person.PostAsync("auth/api-keys", new NewApiKey("test"))).Read<CreatedApiKey>();

    private async Task<Model> ModelAsync(bool enabled = true)
    {
        var name = Guid.CreateVersion7().ToString("N");
        var model = new Model { Id = $"test/{name}", Name = name, Aliases = [name], Enabled = enabled, CreatedAt = hub.Clock.GetUtcNow() };
        await using var db = hub.Database.OpenAsAdmin();
        db.Models.Add(model);
        await db.SaveChangesAsync();
        return model;
    }
}

/// <summary>In a database of its own, because it breaks it.</summary>
public sealed class UnauditableTests(ManagementHub hub) : IClassFixture<ManagementHub>
{
    [Fact]
    public async Task What_cannot_be_audited_does_not_happen()
    {
        var person = await hub.RegisterAsync();
        var key = (await person.PostAsync("auth/api-keys", new NewApiKey("test"))).Read<CreatedApiKey>();
        await hub.Database.AsAdminAsync<string>(
            """
            create or replace function audit_append(p_organization_id uuid, p_action text, p_subject text, p_details jsonb, p_actor_id uuid, p_address text, p_now timestamptz,
                    p_actor_key_id uuid, p_request_id uuid)
                returns bigint language plpgsql as $$ begin raise exception 'no audit today'; end $$;
            select 'broken';
            """);

        (await person.PostAsync("auth/api-keys", new NewApiKey("second"))).Is(ProblemKind.InternalError);
        (await person.DeleteAsync($"auth/api-keys/{key.Id}")).Is(ProblemKind.InternalError);
        (await person.PostAsync("auth/logout", null)).Is(ProblemKind.InternalError);
        var email = ManagementHub.NewEmail();
        (await hub.Visit().PostAsync("auth/register", new RegisterRequest(email, ManagementHub.Password))).Is(ProblemKind.InternalError);

        Assert.Equal(key.Id, Assert.Single((await person.ReadAsync<Page<ApiKeyView>>("auth/api-keys")).Data).Id);
        await using var db = hub.Database.OpenAsAdmin();
        Assert.False(await db.Users.AnyAsync(user => user.Email == email));
        Assert.DoesNotContain("no audit today", (await person.PostAsync("auth/api-keys", new NewApiKey("third"))).Text);
    }
}
