using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using AiHub.Domain.Quotas;
using AiHub.Tests.Deploy;
using AiHub.Tests.Hub;

namespace AiHub.Tests.Docs;

/// <summary>
/// The requests of AiHub.Gateway.http that call models, in every dialect, sent in the order of the file as an editor would. That there is one for every
/// operation another test knows; those of the management API need people, mails and operators and are not sent here.
/// </summary>
public sealed partial class HttpFileTests
{
    private const string KeyOfTheFile = "{{createKey.response.body.$.key}}";

    [Fact]
    public async Task Every_request_that_calls_models_is_answered()
    {
        var hub = await TestHub.SharedAsync();
        var reader = await hub.RegisterAsync();
        await hub.Database.AsAdminAsync<bool>(
            $"""
             update subscriptions set plan_id = '{PlanIds.Enterprise}' where organization_id = '{reader.OrganizationId}';
             select ledger_post(gen_random_uuid(), '{reader.OrganizationId}', 'top-up', 'top_up', 'payments', 'wallet_purchased', 'USD', 100000000000, now(), now()) is not null
             """);

        var file = Repository.Read("AiHub.Gateway/AiHub.Gateway.http");
        var variables = Variable().Matches(file).ToDictionary(variable => variable.Groups["name"].Value, variable => variable.Groups["value"].Value.Trim());
        variables["gateway"] = hub.GatewayUrl.ToString().TrimEnd('/');
        var answers = new Dictionary<string, JsonNode>();
        using var http = new HttpClient();
        var sent = new List<string>();
        foreach (var request in Request().Matches(file).Where(request => request.Value.Contains(KeyOfTheFile, StringComparison.Ordinal) && request.Groups["url"].Value.Contains("/v1/", StringComparison.Ordinal)))
        {
            var text = Hole().Replace(request.Value.Replace(KeyOfTheFile, reader.Key.Key, StringComparison.Ordinal), hole => Filled(hole.Groups["name"].Value));
            var parts = Request().Match(text);
            using var message = new HttpRequestMessage(new HttpMethod(parts.Groups["method"].Value), parts.Groups["url"].Value);
            if (parts.Groups["body"].Value.Trim() is { Length: > 0 } body)
            {
                message.Content = new ByteArrayContent(WithFiles(body.ReplaceLineEndings("\r\n")));
            }

            foreach (Match header in Header().Matches(parts.Groups["headers"].Value))
            {
                var (name, value) = (header.Groups["name"].Value, header.Groups["value"].Value.Trim());
                Assert.True(name == "Content-Type" ? (message.Content!.Headers.ContentType = MediaTypeHeaderValue.Parse(value)) is not null : message.Headers.TryAddWithoutValidation(name, value), header.Value);
            }

            using var answer = await http.SendAsync(message);
            var said = await answer.Content.ReadAsStringAsync();
            var title = parts.Groups["title"].Value.Trim();
            Assert.True(answer.IsSuccessStatusCode, $"{title}: {(int)answer.StatusCode} {said}");
            if (NameOf().Match(parts.Value) is { Success: true } named)
            {
                answers[named.Groups["name"].Value] = JsonNode.Parse(said)!;
            }

            sent.Add($"{message.Method} {message.RequestUri!.AbsolutePath}");
        }

        // One of each dialect and of each kind of model.
        Assert.All(
            ["POST /v1/chat/completions", "POST /v1/completions", "POST /v1/responses", "POST /v1/messages", "POST /v1/messages/count_tokens", "POST /api/v1/chat/completions", "GET /api/v1/generation",
                "POST /v1/embeddings", "POST /v1/images/generations", "POST /v1/images/edits", "POST /v1/audio/speech", "POST /v1/audio/transcriptions", "POST /v1/moderations", "POST /v1/rerank", "GET /v1/dashboard/billing/usage"],
            call => Assert.Contains(call, sent));

        string Filled(string name) => variables.TryGetValue(name, out var value) ? value
            : Answer().Match(name) is { Success: true } asked && answers.TryGetValue(asked.Groups["request"].Value, out var known) ? (string)known[asked.Groups["field"].Value]!
            : throw new InvalidOperationException($"The file has no {name}.");
    }

    // "< ./red.png": the reader's own file of that kind.
    private static byte[] WithFiles(string body)
    {
        var bytes = new MemoryStream();
        var from = 0;
        foreach (Match file in Included().Matches(body))
        {
            bytes.Write(Encoding.UTF8.GetBytes(body[from..file.Index]));
            bytes.Write(file.Groups["path"].Value.EndsWith(".png", StringComparison.Ordinal) ? Pixel : Silence);
            from = file.Index + file.Length;
        }

        bytes.Write(Encoding.UTF8.GetBytes(body[from..]));
        return bytes.ToArray();
    }

    private static readonly byte[] Pixel = Convert.FromBase64String("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==");

    // A tenth of a second: the head of a WAV file with 800 samples of 8 bits, 8,000 of them a second.
    private static readonly byte[] Silence = [.. Convert.FromHexString("524946464403000057415645666D74201000000001000100401F0000401F0000010008006461746120030000"), .. Enumerable.Repeat((byte)128, 800)];

    [GeneratedRegex(@"^@(?<name>\w+) = (?<value>.*)$", RegexOptions.Multiline)]
    private static partial Regex Variable();

    [GeneratedRegex(@"^### (?<title>.*)\n(?:# .*\n)*(?<method>GET|POST|PUT|PATCH|DELETE) (?<url>\S+)\n(?<headers>(?:[A-Za-z-]+: .*\n)*)(?<body>(?:(?!### ).*(?:\n|$))*)", RegexOptions.Multiline)]
    private static partial Regex Request();

    [GeneratedRegex("^(?<name>[A-Za-z-]+): (?<value>.*)$", RegexOptions.Multiline)]
    private static partial Regex Header();

    [GeneratedRegex(@"^# @name (?<name>\w+)$", RegexOptions.Multiline)]
    private static partial Regex NameOf();

    [GeneratedRegex(@"\{\{(?<name>[^}]+)\}\}")]
    private static partial Regex Hole();

    [GeneratedRegex(@"^(?<request>\w+)\.response\.body\.\$\.(?<field>\w+)$")]
    private static partial Regex Answer();

    [GeneratedRegex(@"^< (?<path>\S+)(?=\r)", RegexOptions.Multiline)]
    private static partial Regex Included();
}
