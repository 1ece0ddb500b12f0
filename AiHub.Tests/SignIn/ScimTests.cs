using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using AiHub.Contracts;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Scim;
using AiHub.Tests.Management;
using AiHub.Tests.Organizations;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace AiHub.Tests.SignIn;

/// <summary>A directory provisions people and groups, as Entra ID and Okta do it.</summary>
public sealed class ScimTests(SignOnHub hub) : IClassFixture<SignOnHub>
{
    private const string UserSchema = "urn:ietf:params:scim:schemas:core:2.0:User";
    private const string PatchSchema = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

    [Fact]
    public async Task A_person_is_provisioned_changed_deactivated_at_once_and_let_in_again()
    {
        var (acme, directory) = await DirectoryAsync();
        var email = acme.NewEmail();

        // Okta asks first, then creates.
        Assert.Equal(0, (await directory.GetAsync($"Users?filter=userName eq \"{email}\"&startIndex=1&count=100")).Body["totalResults"]!.GetValue<int>());
        var created = await directory.SendAsync(HttpMethod.Post, "Users", $$"""
            {"schemas":["{{UserSchema}}"],"userName":"{{email}}","externalId":"00u1","name":{"givenName":"Wei","familyName":"Zhang"},
             "emails":[{"primary":true,"value":"{{email}}","type":"work"}],"displayName":"Wei Zhang","locale":"en-US","groups":[],"active":true,
             "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Search"} }
            """);
        Assert.Equal((HttpStatusCode.Created, "application/scim+json"), (created.Status, created.MediaType));
        var id = created.Body["id"]!.GetValue<string>();
        Assert.EndsWith($"/scim/v2/Users/{id}", created.Location);
        Assert.Equal((email, "00u1", true, "Wei", "Wei Zhang", email), Told(created.Body));
        Assert.Equal(id, (await directory.GetAsync($"Users?filter=userName eq \"{email.ToUpperInvariant()}\"")).Body["Resources"]![0]!["id"]!.GetValue<string>());
        Assert.Equal(id, (await directory.GetAsync("Users?filter=externalId eq \"00u1\"")).Body["Resources"]![0]!["id"]!.GetValue<string>());
        Assert.Equal((HttpStatusCode.Conflict, "uniqueness"), Error(await directory.SendAsync(HttpMethod.Post, "Users", $$"""{"userName":"{{email}}","active":true}""")));

        // They sign in, make a key; the directory deactivates them, as Entra ID spells it; nothing of theirs works.
        var person = await acme.SignedOnAsync(email);
        person.Organization = acme.Id.ToString();
        var key = (await person.PostAsync("auth/api-keys", new NewApiKey("mine"))).Read<CreatedApiKey>();
        await hub.KeyBecomesAsync(key.Key, "ok");
        var off = await directory.SendAsync(HttpMethod.Patch, $"Users/{id}", $$"""{"schemas":["{{PatchSchema}}"],"Operations":[{"op":"Replace","path":"active","value":"False"}]}""");
        Assert.Equal((HttpStatusCode.OK, false), (off.Status, off.Body["active"]!.GetValue<bool>()));
        (await person.GetAsync("auth/me")).Is(ProblemKind.InvalidToken);
        await hub.KeyBecomesAsync(key.Key, "invalid_api_key");
        (await acme.SignOnAsync(email)).Is(ProblemKind.SignOnFailed);
        (await acme.Owner.PostAsync($"{acme.Path}/invitations", new NewInvitation(email, "viewer"))).Is(ProblemKind.DeactivatedByDirectory);
        Assert.Equal(id, (await directory.GetAsync("Users?filter=active eq false")).Body["Resources"]![0]!["id"]!.GetValue<string>());

        // Okta spells it without a path. Keys stay off until somebody switches them on.
        var on = await directory.SendAsync(HttpMethod.Patch, $"Users/{id}", """{"Operations":[{"op":"replace","value":{"active":true,"name":{"familyName":"Li"}}}]}""");
        Assert.Equal((true, "Li", "Wei Li"), (on.Body["active"]!.GetValue<bool>(), on.Body["name"]!["familyName"]!.GetValue<string>(), on.Body["name"]!["formatted"]!.GetValue<string>()));
        await acme.SignedOnAsync(email);
        Assert.Equal("invalid_api_key", await hub.TryKeyAsync(key.Key));

        var put = await directory.SendAsync(HttpMethod.Put, $"Users/{id}", $$"""{"schemas":["{{UserSchema}}"],"userName":"wei.li","active":true}""");
        Assert.Equal(("wei.li", null), (put.Body["userName"]!.GetValue<string>(), put.Body["externalId"]));

        Assert.Equal(HttpStatusCode.NoContent, (await directory.SendAsync(HttpMethod.Delete, $"Users/{id}", null)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await directory.GetAsync($"Users/{id}")).Status);
        Assert.Equal(
            ["scim_user.created", "member.joined", "sign_on.linked", "scim_user.changed", "member.removed", "scim_user.changed", "member.joined", "scim_user.changed", "member.removed", "scim_user.deleted"],
            await ActionsAsync(acme, id));
    }

    [Fact]
    public async Task Groups_are_teams()
    {
        var (acme, directory) = await DirectoryAsync();
        var (wei, lin) = (await directory.UserAsync(acme.NewEmail()), await directory.UserAsync(acme.NewEmail()));

        var created = await directory.SendAsync(HttpMethod.Post, "Groups", $$"""{"displayName":"Search","externalId":"g-1","members":[{"value":"{{wei}}"}]}""");
        Assert.Equal(HttpStatusCode.Created, created.Status);
        var id = created.Body["id"]!.GetValue<string>();
        Assert.Equal(("Search", 1), ((await acme.Owner.ReadAsync<TeamView>($"{acme.Path}/teams/{id}")).Name, (await acme.Owner.ReadAsync<TeamView>($"{acme.Path}/teams/{id}")).Members));
        Assert.Equal((HttpStatusCode.Conflict, "uniqueness"), Error(await directory.SendAsync(HttpMethod.Post, "Groups", """{"displayName":"Search"}""")));

        // Entra ID adds by path and removes by value; Okta removes by a filter in the path and renames without one.
        await directory.SendAsync(HttpMethod.Patch, $"Groups/{id}", $$"""{"Operations":[{"op":"Add","path":"members","value":[{"value":"{{lin}}"}]}]}""");
        Assert.Equal([wei, lin], Members(await directory.GetAsync($"Groups/{id}")));
        await directory.SendAsync(HttpMethod.Patch, $"Groups/{id}", $$"""{"Operations":[{"op":"Remove","path":"members","value":[{"value":"{{wei}}"}]}]}""");
        Assert.Equal([lin], Members(await directory.GetAsync($"Groups/{id}")));
        await directory.SendAsync(HttpMethod.Patch, $"Groups/{id}", $$"""{"Operations":[{"op":"remove","path":"members[value eq \"{{lin}}\"]"},{"op":"replace","value":{"id":"{{id}}","displayName":"Ranking"} }]}""");
        var renamed = await directory.GetAsync($"Groups/{id}");
        Assert.Equal(("Ranking", "g-1"), (renamed.Body["displayName"]!.GetValue<string>(), renamed.Body["externalId"]!.GetValue<string>()));
        Assert.Empty(Members(renamed));
        await directory.SendAsync(HttpMethod.Put, $"Groups/{id}", $$"""{"displayName":"Ranking","members":[{"value":"{{lin}}"},{"value":"{{wei}}"}]}""");
        Assert.Equal([wei, lin], Members(await directory.GetAsync($"Groups?filter=displayName eq \"ranking\"", first: true)));
        Assert.Null((await directory.GetAsync("Groups?excludedAttributes=members")).Body["Resources"]![0]!["members"]);
        Assert.Equal("Ranking", (await directory.GetAsync($"Users/{wei}")).Body["groups"]![0]!["display"]!.GetValue<string>());

        // Whoever is deactivated is in no team; a stranger cannot be put into one.
        await directory.SendAsync(HttpMethod.Patch, $"Users/{wei}", """{"Operations":[{"op":"replace","path":"active","value":false}]}""");
        Assert.Equal([lin], Members(await directory.GetAsync($"Groups/{id}")));
        Assert.Equal((HttpStatusCode.BadRequest, "invalidValue"), Error(await directory.SendAsync(HttpMethod.Patch, $"Groups/{id}", $$"""{"Operations":[{"op":"add","path":"members","value":[{"value":"{{wei}}"}]}]}""")));

        Assert.Equal(HttpStatusCode.NoContent, (await directory.SendAsync(HttpMethod.Delete, $"Groups/{id}", null)).Status);
        (await acme.Owner.GetAsync($"{acme.Path}/teams/{id}")).Is(ProblemKind.TeamNotFound);
        Assert.Equal(
            ["team.created", "team.member_added", "team.member_added", "team.member_removed", "team.member_removed", "team.renamed", "team.member_added", "team.dissolved"],
            await ActionsAsync(acme, id));
    }

    [Fact]
    public async Task One_organizations_directory_neither_sees_nor_touches_anothers()
    {
        var (acme, directory) = await DirectoryAsync();
        var (globex, others) = await DirectoryAsync();
        var victim = await others.UserAsync(globex.NewEmail());
        var team = (await others.SendAsync(HttpMethod.Post, "Groups", $$"""{"displayName":"Theirs","members":[{"value":"{{victim}}"}]}""")).Body["id"]!.GetValue<string>();
        var stranger = await hub.RegisterAsync();

        var checks = 0;
        foreach (var (method, path, body) in new (HttpMethod, string, string?)[]
        {
            (HttpMethod.Get, $"Users/{victim}", null), (HttpMethod.Patch, $"Users/{victim}", """{"Operations":[{"op":"replace","path":"active","value":false}]}"""),
            (HttpMethod.Put, $"Users/{victim}", """{"userName":"mine","active":false}"""), (HttpMethod.Delete, $"Users/{victim}", null),
            (HttpMethod.Get, $"Users/{stranger.UserId}", null), (HttpMethod.Delete, $"Users/{stranger.UserId}", null),
            (HttpMethod.Get, $"Groups/{team}", null), (HttpMethod.Patch, $"Groups/{team}", """{"Operations":[{"op":"remove","path":"members"}]}"""),
            (HttpMethod.Put, $"Groups/{team}", """{"displayName":"Mine"}"""), (HttpMethod.Delete, $"Groups/{team}", null), (HttpMethod.Get, "Users/not-an-id", null),
        })
        {
            Assert.Equal((path, HttpStatusCode.NotFound), (path, (await directory.SendAsync(method, path, body)).Status));
            checks++;
        }

        Assert.Equal(11, checks);
        Assert.Equal(0, (await directory.GetAsync("Groups")).Body["totalResults"]!.GetValue<int>());
        Assert.Equal(1, (await directory.GetAsync("Users")).Body["totalResults"]!.GetValue<int>());
        Assert.Equal((HttpStatusCode.BadRequest, "invalidValue"), Error(await directory.SendAsync(HttpMethod.Post, "Groups", $$"""{"displayName":"Mine","members":[{"value":"{{victim}}"}]}""")));

        // Nor may it bring along people of a domain that is not its own, known or not.
        Assert.Equal((HttpStatusCode.BadRequest, "invalidValue"), Error(await directory.SendAsync(HttpMethod.Post, "Users", $$"""{"userName":"{{stranger.Email}}"}""")));
        Assert.Equal((HttpStatusCode.BadRequest, "invalidValue"), Error(await directory.SendAsync(HttpMethod.Post, "Users", $$"""{"userName":"{{globex.NewEmail()}}"}""")));
        Assert.Equal((HttpStatusCode.BadRequest, "invalidValue"), Error(await directory.SendAsync(HttpMethod.Post, "Users", $$"""{"userName":"x","emails":[{"value":"{{stranger.Email}}"}]}""")));
        await using var db = hub.Database.OpenAsAdmin();
        Assert.True(await db.Memberships.AnyAsync(row => row.OrganizationId == globex.Id && row.UserId == Guid.Parse(victim)));
        Assert.Equal(1, await db.Memberships.CountAsync(row => row.OrganizationId == acme.Id));
    }

    [Fact]
    public async Task Whom_the_directory_has_deactivated_no_invitation_lets_in()
    {
        var (acme, directory) = await DirectoryAsync();
        var email = acme.NewEmail();
        var before = (await acme.Owner.PostAsync($"{acme.Path}/invitations", new NewInvitation(email, "developer"))).Read<CreatedInvitation>();
        var id = await directory.UserAsync(email);
        var person = await acme.SignedOnAsync(email);
        await directory.SendAsync(HttpMethod.Patch, $"Users/{id}", """{"Operations":[{"op":"replace","path":"active","value":false}]}""");
        (await person.GetAsync("auth/me")).Is(ProblemKind.InvalidToken);

        // Their account is theirs, and they still get into it by themselves.
        await hub.Visit().PostAsync("auth/password/forgot", new ForgottenPassword(email));
        await hub.Visit().PostAsync("auth/password/reset", new PasswordReset(await hub.LinkTokenAsync(email, "reset-password"), ManagementHub.Password));
        person.SignIn((await hub.Visit().PostAsync("auth/login", new LoginRequest(email, ManagementHub.Password))).Read<TokenPair>());
        (await person.PostAsync("invitations/accept", new InvitationToken(before.Token))).Is(ProblemKind.InvitationNotValid);

        // Nor by one that nothing has ended.
        await using var db = hub.Database.OpenAsAdmin();
        await db.Invitations.Where(row => row.Id == before.Id).ExecuteUpdateAsync(set => set.SetProperty(row => row.RevokedAt, (DateTimeOffset?)null));
        (await person.PostAsync("invitations/accept", new InvitationToken(before.Token))).Is(ProblemKind.DeactivatedByDirectory);
        Assert.False(await db.Memberships.AnyAsync(row => row.OrganizationId == acme.Id && row.UserId == Guid.Parse(id)));
    }

    [Fact]
    public async Task Every_call_of_a_directory_that_changes_something_is_in_the_audit_log()
    {
        var (acme, directory) = await DirectoryAsync();
        var (user, other) = (await directory.UserAsync(acme.NewEmail()), await directory.UserAsync(acme.NewEmail()));
        var group = (await directory.SendAsync(HttpMethod.Post, "Groups", """{"displayName":"Search"}""")).Body["id"]!.GetValue<string>();
        var changes = new Dictionary<string, Func<Task<ScimResult>>>
        {
            ["POST /scim/v2/Users"] = () => directory.SendAsync(HttpMethod.Post, "Users", $$"""{"userName":"{{acme.NewEmail()}}"}"""),
            ["PUT /scim/v2/Users/{id}"] = () => directory.SendAsync(HttpMethod.Put, $"Users/{user}", """{"userName":"wei"}"""),
            ["PATCH /scim/v2/Users/{id}"] = () => directory.SendAsync(HttpMethod.Patch, $"Users/{user}", """{"Operations":[{"op":"replace","path":"displayName","value":"Wei"}]}"""),
            ["DELETE /scim/v2/Users/{id}"] = () => directory.SendAsync(HttpMethod.Delete, $"Users/{other}", null),
            ["POST /scim/v2/Groups"] = () => directory.SendAsync(HttpMethod.Post, "Groups", """{"displayName":"Ranking"}"""),
            ["PUT /scim/v2/Groups/{id}"] = () => directory.SendAsync(HttpMethod.Put, $"Groups/{group}", """{"displayName":"Find"}"""),
            ["PATCH /scim/v2/Groups/{id}"] = () => directory.SendAsync(HttpMethod.Patch, $"Groups/{group}", $$"""{"Operations":[{"op":"add","path":"members","value":[{"value":"{{user}}"}]}]}"""),
            ["DELETE /scim/v2/Groups/{id}"] = () => directory.SendAsync(HttpMethod.Delete, $"Groups/{group}", null),
        };
        var changing = hub.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.Metadata.GetMetadata<ScimEndpoint>() is not null)
            .SelectMany(endpoint => (endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? []).Where(method => method != "GET").Select(method => $"{method} {endpoint.RoutePattern.RawText}"));
        Assert.Equal(changing.Order(StringComparer.Ordinal), changes.Keys.Order(StringComparer.Ordinal));

        await using var db = hub.Database.OpenAsAdmin();
        foreach (var (name, change) in changes)
        {
            var before = await db.AuditEntries.CountAsync(entry => entry.OrganizationId == acme.Id && entry.RequestId != null);
            var answer = await change();
            Assert.True((int)answer.Status is 200 or 201 or 204, $"{name}: {answer.Status}");
            Assert.True(await db.AuditEntries.CountAsync(entry => entry.OrganizationId == acme.Id && entry.RequestId != null) > before, $"{name} wrote nothing.");
        }
    }

    [Fact]
    public async Task Tokens_are_owners_and_open_scim_alone_until_they_are_revoked()
    {
        var (acme, directory) = await DirectoryAsync();
        var admin = await hub.HireAsync(acme.Id, Role.Admin);
        (await admin.PostAsync($"{acme.Path}/scim-tokens", new NewScimToken("x"))).Is(ProblemKind.RoleNotAllowed, Language.En, "owner", "admin");
        (await new Visitor(hub, null) { AccessToken = directory.Token }.GetAsync("auth/me")).Is(ProblemKind.InvalidToken);
        var listed = await acme.Owner.GetAsync($"{acme.Path}/scim-tokens");
        Assert.DoesNotContain(directory.Token, listed.Text, StringComparison.Ordinal);
        Assert.Equal("directory", Assert.Single(listed.Read<Page<ScimTokenView>>().Data).Name);

        foreach (var token in (string?[])[null, "", "aic_0000000000000000000000000000000000000000000", acme.Owner.AccessToken, "' or 1=1 --"])
        {
            var refused = await new ScimClient(hub.Url, token).GetAsync("Users");
            Assert.Equal((HttpStatusCode.Unauthorized, "Bearer", "401"), (refused.Status, refused.Challenge, refused.Body["status"]!.GetValue<string>()));
        }

        Assert.Equal(HttpStatusCode.OK, (await directory.GetAsync("Users")).Status);
        Assert.NotNull((await acme.Owner.ReadAsync<Page<ScimTokenView>>($"{acme.Path}/scim-tokens")).Data[0].LastUsedAt);
        await acme.Owner.DeleteAsync($"{acme.Path}/scim-tokens/{directory.Id}");
        Assert.Equal(HttpStatusCode.Unauthorized, (await directory.GetAsync("Users")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await directory.GetAsync("ServiceProviderConfig")).Status);
    }

    [Fact]
    public async Task The_owner_stays_and_whoever_was_a_member_before_is_found()
    {
        var (acme, directory) = await DirectoryAsync();
        var member = await hub.HireAsync(acme.Id, Role.Viewer);
        var robot = (await acme.Owner.PostAsync($"{acme.Path}/service-accounts", new NewServiceAccount("robot", "developer"))).Read<MemberView>();

        var users = (await directory.GetAsync("Users")).Body["Resources"]!.AsArray();
        Assert.Equal(new[] { acme.Owner.UserId.ToString(), member.UserId.ToString() }.Order(), users.Select(user => user!["id"]!.GetValue<string>()).Order());
        Assert.Equal(HttpStatusCode.NotFound, (await directory.GetAsync($"Users/{robot.UserId}")).Status);

        var refused = await directory.SendAsync(HttpMethod.Patch, $"Users/{acme.Owner.UserId}", """{"Operations":[{"op":"replace","path":"active","value":false}]}""");
        Assert.Equal(HttpStatusCode.Forbidden, refused.Status);
        Assert.True((await directory.GetAsync($"Users/{acme.Owner.UserId}")).Body["active"]!.GetValue<bool>());
        Assert.Equal(HttpStatusCode.Forbidden, (await directory.SendAsync(HttpMethod.Delete, $"Users/{acme.Owner.UserId}", null)).Status);
        Assert.Equal(HttpStatusCode.OK, (await directory.SendAsync(HttpMethod.Patch, $"Users/{member.UserId}", """{"Operations":[{"op":"add","path":"externalId","value":"x-7"}]}""")).Status);
        Assert.Equal(member.Email, (await directory.GetAsync("Users?filter=externalId eq \"x-7\"")).Body["Resources"]![0]!["userName"]!.GetValue<string>());
    }

    [Fact]
    public async Task Lists_come_in_pages_and_what_cannot_be_answered_is_refused()
    {
        var (acme, directory) = await DirectoryAsync();
        for (var i = 0; i < 4; i++)
        {
            await directory.UserAsync(acme.NewEmail());
        }

        var seen = new List<string>();
        for (var start = 1; start <= 5; start += 2)
        {
            var page = await directory.GetAsync($"Users?startIndex={start}&count=2");
            Assert.Equal((5, start), (page.Body["totalResults"]!.GetValue<int>(), page.Body["startIndex"]!.GetValue<int>()));
            Assert.Equal(page.Body["Resources"]!.AsArray().Count, page.Body["itemsPerPage"]!.GetValue<int>());
            seen.AddRange(page.Body["Resources"]!.AsArray().Select(user => user!["id"]!.GetValue<string>()));
        }

        Assert.Equal(5, seen.Distinct().Count());
        Assert.Equal((5, 0), ((await directory.GetAsync("Users?count=0")).Body["totalResults"]!.GetValue<int>(), (await directory.GetAsync("Users?count=0")).Body["itemsPerPage"]!.GetValue<int>()));
        foreach (var filter in (string[])["userName sw \"a\"", "userName eq", "userName", "userName eq \"a", "userName eq \"a\" or id eq \"b\"", "shoeSize eq \"44\"", "active eq \"perhaps\"", "userName eq \"a\" and"])
        {
            Assert.Equal((filter, HttpStatusCode.BadRequest, "invalidFilter"), (filter, Error(await directory.GetAsync($"Users?filter={Uri.EscapeDataString(filter)}")).Status, Error(await directory.GetAsync($"Users?filter={Uri.EscapeDataString(filter)}")).Type));
        }

        foreach (var (body, type) in new[]
        {
            ("{", "invalidSyntax"), ("[]", "invalidSyntax"), ("{}", "invalidValue"), ("""{"userName":7}""", "invalidValue"), ("""{"userName":"nobody"}""", "invalidValue"),
            ("""{"userName":"a@b.example.com","active":"perhaps"}""", "invalidValue"), ("""{"userName":"a@b.example.com","shoeSize":44}""", "invalidPath"),
        })
        {
            Assert.Equal((body, HttpStatusCode.BadRequest, type), (body, Error(await directory.SendAsync(HttpMethod.Post, "Users", body)).Status, Error(await directory.SendAsync(HttpMethod.Post, "Users", body)).Type));
        }

        Assert.Equal("noTarget", Error(await directory.SendAsync(HttpMethod.Patch, $"Users/{seen[0]}", """{"Operations":[{"op":"remove"}]}""")).Type);
        Assert.Equal("invalidSyntax", Error(await directory.SendAsync(HttpMethod.Patch, $"Users/{seen[0]}", """{"Operations":[{"op":"move","path":"active"}]}""")).Type);
        Assert.Equal(HttpStatusCode.NotFound, (await directory.GetAsync("Bulk")).Status);
        var config = (await directory.GetAsync("ServiceProviderConfig")).Body;
        Assert.Equal((true, false, 200), (config["patch"]!["supported"]!.GetValue<bool>(), config["bulk"]!["supported"]!.GetValue<bool>(), config["filter"]!["maxResults"]!.GetValue<int>()));
        Assert.Equal(["User", "Group"], (await directory.GetAsync("ResourceTypes")).Body["Resources"]!.AsArray().Select(type => type!["id"]!.GetValue<string>()));
        Assert.Equal(UserSchema, (await directory.GetAsync($"Schemas/{UserSchema}")).Body["id"]!.GetValue<string>());
        Assert.Equal(HttpStatusCode.NotFound, (await directory.GetAsync("Schemas/urn:none")).Status);
    }

    private async Task<(Company Company, ScimClient Directory)> DirectoryAsync()
    {
        var company = await hub.CompanyAsync();
        var made = await company.Owner.PostAsync($"{company.Path}/scim-tokens", new NewScimToken("directory"));
        Assert.True(made.Status == HttpStatusCode.Created, made.Text);
        var token = made.Read<CreatedScimToken>();
        Assert.Equal(new Uri(hub.Url, "/scim/v2").ToString(), token.BaseUrl);
        return (company, new ScimClient(hub.Url, token.Token) { Id = token.Id });
    }

    private async Task<List<string>> ActionsAsync(Company company, string subject)
    {
        await using var db = hub.Database.OpenAsAdmin();
        var entries = await db.AuditEntries.Where(entry => entry.OrganizationId == company.Id && entry.Subject == subject).OrderBy(entry => entry.Sequence).ToListAsync();
        Assert.All(entries.Where(entry => entry.Action != "sign_on.linked"), entry => Assert.NotNull(entry.RequestId));
        return [.. entries.Select(entry => entry.Action)];
    }

    private static (string, string?, bool, string?, string, string) Told(JsonObject user) => (
        user["userName"]!.GetValue<string>(), user["externalId"]?.GetValue<string>(), user["active"]!.GetValue<bool>(),
        user["name"]!["givenName"]?.GetValue<string>(), user["displayName"]!.GetValue<string>(), user["emails"]![0]!["value"]!.GetValue<string>());

    private static IEnumerable<string> Members(ScimResult group) => group.Body["members"]!.AsArray().Select(member => member!["value"]!.GetValue<string>());

    private static (HttpStatusCode Status, string? Type) Error(ScimResult result)
    {
        Assert.Equal("urn:ietf:params:scim:api:messages:2.0:Error", result.Body["schemas"]![0]!.GetValue<string>());
        Assert.Equal(((int)result.Status).ToString(System.Globalization.CultureInfo.InvariantCulture), result.Body["status"]!.GetValue<string>());
        return (result.Status, result.Body["scimType"]?.GetValue<string>());
    }

    private sealed record ScimResult(HttpStatusCode Status, JsonObject Body, string? MediaType, string? Location, string? Challenge);

    private sealed class ScimClient(Uri gateway, string? token)
    {
        private readonly HttpClient _http = new() { BaseAddress = new Uri(gateway, "/scim/v2/") };

        public string Token => token!;

        public Guid Id { get; init; }

        public async Task<ScimResult> GetAsync(string path, bool first = false)
        {
            var result = await SendAsync(HttpMethod.Get, path, null);
            return first ? result with { Body = result.Body["Resources"]![0]!.DeepClone().AsObject() } : result;
        }

        public async Task<string> UserAsync(string email) => (await SendAsync(HttpMethod.Post, "Users", $$"""{"userName":"{{email}}","active":true}""")).Body["id"]!.GetValue<string>();

        public async Task<ScimResult> SendAsync(HttpMethod method, string path, string? body)
        {
            using var request = new HttpRequestMessage(method, path);
            if (token is not null)
            {
                request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
            }

            if (body is not null)
            {
                request.Content = new StringContent(body, Encoding.UTF8);
                request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/scim+json");
            }

            using var answer = await _http.SendAsync(request);
            var text = await answer.Content.ReadAsStringAsync();
            return new ScimResult(answer.StatusCode, text.Length == 0 ? [] : JsonNode.Parse(text)!.AsObject(), answer.Content.Headers.ContentType?.MediaType, answer.Headers.Location?.ToString(), answer.Headers.WwwAuthenticate.FirstOrDefault()?.Scheme);
        }
    }
}
