using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Modalities;
using AiHub.Gateway.Scim;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace AiHub.Tests.Management;

public sealed partial class ApiReferenceTests(ManagementHub hub) : IClassFixture<ManagementHub>
{
    private static readonly string[] DataPlane =
    [
        "POST /v1/chat/completions", "GET /v1/models", "GET /v1/models/{id}",
        "POST /v1/responses",
        "GET /v1/responses/{id}",
        "DELETE /v1/responses/{id}",
        "GET /v1/responses/{id}/input_items",
        "POST /v1/completions",
        "POST /v1/messages",
        "POST /v1/messages/count_tokens",
        "GET /v1/dashboard/billing/subscription",
        "GET /v1/dashboard/billing/usage",
        "POST /api/v1/chat/completions",
        "GET /api/v1/models",
        "GET /api/v1/models/count",
        "GET /api/v1/models/{author}/{slug}",
        "GET /api/v1/models/{author}/{slug}/endpoints",
        "POST /api/v1/embeddings",
        "GET /api/v1/credits",
        "GET /api/v1/key",
        "GET /api/v1/generation",
    ];

    [Theory]
    [InlineData("v1")]
    [InlineData("v1.zh-CN")]
    public async Task The_document_is_valid_OpenAPI(string document)
    {
        var json = await TextAsync(document);

        var read = OpenApiDocument.Parse(json, OpenApiConstants.Json);

        Assert.Empty(read.Diagnostic!.Errors);
        Assert.Empty(read.Diagnostic.Warnings);
        Assert.Equal(["api_key", "directory", "session"], read.Document!.Components!.SecuritySchemes!.Keys.Order());
    }

    [Fact]
    public async Task Every_endpoint_of_the_management_API_and_of_SCIM_is_described_and_nothing_else_is()
    {
        var mapped = hub.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            // What answers 404 for the rest of SCIM takes every method.
            .Where(endpoint => endpoint.Metadata.GetMetadata<ManagementEndpoint>() is not null
                || (endpoint.Metadata.GetMetadata<ScimEndpoint>() is not null && endpoint.Metadata.GetMetadata<HttpMethodMetadata>() is not null))
            .SelectMany(endpoint => endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Select(method => $"{method} {("/" + endpoint.RoutePattern.RawText!.Trim('/'))}"));

        var described = (await OperationsAsync("v1")).Select(operation => $"{operation.Method} {operation.Path}").ToList();

        var surfaces = Surface.All.Select(surface => $"POST /v1/{surface.Path}");
        Assert.Equal(mapped.Concat(DataPlane).Concat(surfaces).Order(StringComparer.Ordinal), described.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("v1", false)]
    [InlineData("v1.zh-CN", true)]
    public async Task Every_word_is_in_the_language_of_the_document(string document, bool chinese)
    {
        var wrong = new List<string>();
        Walk(JsonNode.Parse(await TextAsync(document))!, "", (path, name, value) =>
        {
            // Response headers and the like describe themselves; a parameter's or property's name is not a sentence.
            if (name is "description" or "summary" && !path.Contains("/example", StringComparison.Ordinal) && Han().IsMatch(value) != chinese)
            {
                wrong.Add($"{path}: {value}");
            }
        });

        Assert.Empty(wrong);
        var tags = JsonNode.Parse(await TextAsync(document))!["tags"]!.AsArray().Select(tag => tag!["name"]!.GetValue<string>()).ToList();
        Assert.All(tags, tag => Assert.Equal(chinese, Han().IsMatch(tag)));
        Assert.All(await OperationsAsync(document), operation => Assert.Contains(operation.Operation["tags"]![0]!.GetValue<string>(), tags));
    }

    [Fact]
    public async Task Every_operation_says_what_it_does_takes_and_answers()
    {
        foreach (var (method, path, operation) in await OperationsAsync("v1"))
        {
            var where = $"{method} {path}";
            Assert.True(operation["summary"] is not null && operation["description"] is not null && operation["operationId"] is not null && operation["tags"]!.AsArray().Count == 1, where);
            Assert.All(operation["parameters"]?.AsArray() ?? [], parameter => Assert.True(parameter!["description"] is not null, $"{where} {parameter["name"]}"));

            if (operation["requestBody"] is { } body)
            {
                Assert.True(body["content"]!.AsObject().First().Value!["example"] is not null, where);
            }

            Assert.Contains(operation["responses"]!.AsObject(), response => response.Key.StartsWith('2'));
            foreach (var (status, response) in operation["responses"]!.AsObject())
            {
                Assert.True(response!["description"]!.GetValue<string>().Length > 0, $"{where} {status}");
                if (path.StartsWith("/api/v1", StringComparison.Ordinal) && status[0] != '2')
                {
                    var examples = response["content"]!["application/problem+json"]!["examples"]!.AsObject();
                    Assert.All(examples, example => Assert.Equal(status, example.Value!["value"]!["status"]!.ToString()));
                }
                else if (status is not "204" && path.StartsWith("/api/v1", StringComparison.Ordinal))
                {
                    Assert.All(response["content"]!.AsObject(), content => Assert.True(content.Value!["example"] is not null, $"{where} {status}"));
                }
            }
        }
    }

    [Fact]
    public async Task Operations_have_names_of_their_own()
    {
        var ids = (await OperationsAsync("v1")).Select(operation => operation.Operation["operationId"]!.GetValue<string>()).ToList();

        Assert.Equal(ids.Distinct(), ids);
    }

    [Fact]
    public async Task Every_field_of_every_schema_is_described()
    {
        var document = JsonNode.Parse(await TextAsync("v1"))!;
        var silent = new List<string>();
        foreach (var (name, schema) in document["components"]!["schemas"]!.AsObject())
        {
            foreach (var (field, property) in schema!["properties"]?.AsObject() ?? [])
            {
                if (property!["description"] is null && property["$ref"] is null)
                {
                    silent.Add($"{name}.{field}");
                }
            }
        }

        Assert.Empty(silent);
    }

    [Fact]
    public async Task Every_code_is_explained_where_the_problem_points_to()
    {
        using var http = new HttpClient { BaseAddress = hub.Url };
        var english = await http.GetStringAsync("/docs/errors");
        http.DefaultRequestHeaders.Add("Accept-Language", "zh-CN");
        var chinese = await http.GetStringAsync("/docs/errors");

        Assert.All(ProblemKind.All, kind =>
        {
            Assert.Contains($"id=\"{kind.Code}\"", english);
            Assert.Contains(WebUtility.HtmlEncode(kind.Title.En), english);
            Assert.Contains(WebUtility.HtmlEncode(kind.Title.Zh), chinese);
        });
        Assert.DoesNotMatch(Han(), english);
    }

    [Fact]
    public async Task The_http_file_has_a_request_for_every_operation()
    {
        var file = await File.ReadAllTextAsync(Path.Combine(RepositoryRoot(), "AiHub.Gateway", "AiHub.Gateway.http"));
        var requests = Request().Matches(file).Select(match => $"{match.Groups[1].Value} {Variable().Replace(match.Groups[2].Value, "{id}")}").ToHashSet();

        var described = (await OperationsAsync("v1")).Select(operation => $"{operation.Method} {Value().Replace(operation.Path, "{id}")}").ToHashSet();

        Assert.Equal("", string.Join('\n', described.Except(requests)));
        Assert.Equal("", string.Join('\n', requests.Except(described)));
    }

    private async Task<string> TextAsync(string document)
    {
        using var http = new HttpClient { BaseAddress = hub.Url };
        return await http.GetStringAsync($"/openapi/{document}.json");
    }

    private async Task<List<(string Method, string Path, JsonNode Operation)>> OperationsAsync(string document) =>
    [
        .. JsonNode.Parse(await TextAsync(document))!["paths"]!.AsObject()
            .SelectMany(path => path.Value!.AsObject().Select(operation => (operation.Key.ToUpperInvariant(), path.Key, operation.Value!))),
    ];

    private static void Walk(JsonNode node, string path, Action<string, string, string> visit)
    {
        switch (node)
        {
            case JsonObject members:
                foreach (var (name, value) in members)
                {
                    if (value is JsonValue text && text.GetValueKind() == System.Text.Json.JsonValueKind.String)
                    {
                        visit($"{path}/{name}", name, text.GetValue<string>());
                    }
                    else if (value is not null)
                    {
                        Walk(value, $"{path}/{name}", visit);
                    }
                }

                break;
            case JsonArray items:
                for (var i = 0; i < items.Count; i++)
                {
                    Walk(items[i]!, $"{path}/{i}", visit);
                }

                break;
        }
    }

    private static string RepositoryRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "AiHub.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("The tests do not run from within the repository.");
        }

        return folder.FullName;
    }

    [GeneratedRegex(@"\p{IsCJKUnifiedIdeographs}")]
    private static partial Regex Han();

    [GeneratedRegex(@"^(GET|POST|PUT|PATCH|DELETE) \{\{gateway\}\}([^?\s]+)", RegexOptions.Multiline)]
    private static partial Regex Request();

    [GeneratedRegex(@"\{\{[^}]+\}\}")]
    private static partial Regex Variable();

    [GeneratedRegex(@"\{[^}]+\}")]
    private static partial Regex Value();
}
