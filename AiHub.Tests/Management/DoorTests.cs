using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using AiHub.Contracts;
using AiHub.Gateway.Management;
using AiHub.Gateway.Management.Refusals;

namespace AiHub.Tests.Management;

/// <summary>What is refused before a call does anything.</summary>
public sealed class DoorTests(ManagementHub hub) : IClassFixture<ManagementHub>
{
    [Theory]
    [InlineData("""{"email":"a@example.com","password":"a sentence only I know","pasword":"x"}""", "pasword")]
    [InlineData("""{"email":"a@example.com","password":"a sentence only I know","Email":"x"}""", "Email")]
    [InlineData("""{"email":"a@example.com","password":"a sentence only I know","a.b 'c":"x"}""", "a.b 'c")]
    [InlineData("""{"role":"owner","email":"a@example.com","password":"a sentence only I know"}""", "role")]
    public async Task A_member_the_call_does_not_know_is_named(string body, string member)
    {
        var problem = (await hub.Visit().PostAsync("auth/register", body)).Is(ProblemKind.UnknownMember, Language.En, member);

        Assert.Equal([KeyValuePair.Create(member, $"This call does not know the field “{member}”.")], problem.Errors!.Select(error => KeyValuePair.Create(error.Key, Assert.Single(error.Value))));
    }

    [Fact]
    public async Task An_unknown_member_within_a_member_is_named_by_its_path()
    {
        var person = await hub.RegisterAsync();

        (await person.PostAsync("auth/api-keys", """{"name":"k","limits":{"requests_per_second":1}}""")).Is(ProblemKind.UnknownMember, Language.En, "limits.requests_per_second");
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("\"text\"")]
    [InlineData("{} {}")]
    [InlineData("{\"email\":\"a@example.com\",}")]
    [InlineData("{'email':'a@example.com'}")]
    [InlineData("\u0000")]
    public async Task What_is_no_json_object_is_called_that(string body) =>
        (await hub.Visit().PostAsync("auth/login", body)).Is(ProblemKind.InvalidJson);

    [Fact]
    public async Task Bytes_that_are_no_text_are_no_json()
    {
        var content = new ByteArrayContent([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };

        var answer = await hub.Visit().PostAsync("auth/login", content);

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Contains(answer.Problem.Code, (string[])["invalid_json", "unknown_member", "invalid_request"]);
    }

    [Fact]
    public async Task A_body_nested_without_end_is_refused()
    {
        var answer = await hub.Visit().PostAsync("auth/login", "{\"email\":" + new string('[', 5000) + new string(']', 5000) + "}");

        // Where the body comes in pieces, its depth is met before the field that holds it is judged.
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Contains(answer.Problem.Code, (string[])["invalid_json", "invalid_request"]);
    }

    [Fact]
    public async Task A_body_over_the_limit_is_not_read()
    {
        var body = $$"""{"email":"a@example.com","password":"{{new string('x', ManagementApi.MaxBodyBytes)}}"}""";

        (await hub.Visit().PostAsync("auth/login", body)).Is(ProblemKind.BodyTooLarge, Language.En, ManagementApi.MaxBodyBytes);
    }

    [Fact]
    public async Task A_body_that_does_not_say_how_long_it_is_is_cut_off_at_the_limit()
    {
        using var client = new TcpClient();
        await client.ConnectAsync(hub.Url.Host, hub.Url.Port);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(
            "POST /api/v1/auth/login HTTP/1.1\r\nHost: hub\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"));
        var chunk = Encoding.ASCII.GetBytes("2000\r\n" + new string(' ', 0x2000) + "\r\n");
        for (var i = 0; i <= ManagementApi.MaxBodyBytes / 0x2000; i++)
        {
            await stream.WriteAsync(chunk);
        }

        var line = await new StreamReader(stream).ReadLineAsync();

        Assert.Equal("HTTP/1.1 413 Payload Too Large", line);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("multipart/form-data; boundary=x")]
    public async Task A_body_that_does_not_say_it_is_json_is_refused(string contentType)
    {
        var content = new StringContent("{}");
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);

        (await hub.Visit().PostAsync("auth/login", content)).Is(ProblemKind.UnsupportedMediaType);
    }

    [Fact]
    public async Task A_path_that_is_none_says_so_in_the_callers_language()
    {
        (await hub.Visit().GetAsync("nothing/here")).Is(ProblemKind.NotFound);
        (await hub.Visit("zh-CN").GetAsync("nothing/here")).Is(ProblemKind.NotFound, Language.Zh);
    }

    [Fact]
    public async Task A_method_the_path_does_not_take_names_those_it_does()
    {
        var answer = await hub.Visit().SendAsync(HttpMethod.Put, "auth/login", null);

        answer.Is(ProblemKind.MethodNotAllowed);
        Assert.Equal("POST", answer.Header("Allow"));
    }

    [Theory]
    [InlineData("no-id")]
    [InlineData("")]
    [InlineData("01981c2e-7a10-7c3e-8b5e-0242ac120002, 01981c2e-7a10-7c3e-8b5e-0242ac120002")]
    public async Task An_organization_header_that_is_no_id_is_refused(string header)
    {
        var person = await hub.RegisterAsync();
        person.Organization = header;

        (await person.GetAsync("usage/current")).IsInvalid(ApiHeaders.OrganizationId, FieldText.Guid);
    }

    [Fact]
    public async Task An_organization_one_does_not_belong_to_does_not_exist()
    {
        var person = await hub.RegisterAsync();
        var stranger = await hub.RegisterAsync();

        person.Organization = stranger.OrganizationId.ToString();
        (await person.GetAsync("usage/current")).Is(ProblemKind.OrganizationNotFound);
        person.Organization = Guid.CreateVersion7().ToString();
        (await person.GetAsync("usage/current")).Is(ProblemKind.OrganizationNotFound);
        person.Organization = null;
        (await person.GetAsync($"organizations/{stranger.OrganizationId}")).Is(ProblemKind.OrganizationNotFound);
        (await person.GetAsync("organizations/no-id")).Is(ProblemKind.OrganizationNotFound);
    }

    [Fact]
    public async Task Two_authorization_headers_are_none()
    {
        var person = await hub.RegisterAsync();

        var answer = await hub.Visit().SendAsync(HttpMethod.Get, "auth/me", null, request =>
            request.Headers.TryAddWithoutValidation("Authorization", [$"Bearer {person.AccessToken}", "Bearer x"]));

        Assert.Equal(HttpStatusCode.Unauthorized, answer.Status);
    }

    [Fact]
    public async Task A_database_that_does_not_answer_is_unavailable_not_an_error_of_the_caller()
    {
        await using var lonely = await LonelyHub.StartAsync();
        var person = await lonely.Hub.RegisterAsync();
        await lonely.LoseDatabaseAsync();

        var answer = await person.GetAsync("auth/me");

        answer.Is(ProblemKind.Unavailable, Language.En, 5);
        Assert.Equal("5", answer.Header("Retry-After"));
    }

    /// <summary>A hub whose database can be taken away.</summary>
    private sealed class LonelyHub : IAsyncDisposable
    {
        public required ManagementHub Hub { get; init; }

        public static async Task<LonelyHub> StartAsync()
        {
            var hub = new NoRetries();
            await hub.InitializeAsync();
            return new LonelyHub { Hub = hub };
        }

        public async Task LoseDatabaseAsync()
        {
            var admin = new Npgsql.NpgsqlConnectionStringBuilder(Hub.Database.AdminConnectionString) { Database = "postgres" };
            await using var connection = new Npgsql.NpgsqlConnection(admin.ConnectionString);
            await connection.OpenAsync();
            await using var command = new Npgsql.NpgsqlCommand(
                $"alter database {Hub.Database.Name} allow_connections false; select pg_terminate_backend(pid) from pg_stat_activity where datname = '{Hub.Database.Name}'", connection);
            await command.ExecuteNonQueryAsync();
        }

        public async ValueTask DisposeAsync() => await Hub.DisposeAsync();

        private sealed class NoRetries : ManagementHub
        {
            protected override IEnumerable<KeyValuePair<string, string?>> Settings => [new("Aspire:Npgsql:EntityFrameworkCore:PostgreSQL:DisableRetry", "true")];
        }
    }
}
