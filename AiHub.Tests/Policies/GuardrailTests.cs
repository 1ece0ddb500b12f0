using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using AiHub.Contracts;
using AiHub.Domain.Alerts;
using AiHub.Domain.Catalog;
using AiHub.Domain.Usage;
using AiHub.Tests.Alerts;
using AiHub.Tests.Hub;
using AiHub.Tests.Providers;

namespace AiHub.Tests.Policies;

/// <summary>Guardrails over the real gateway: what models are told, what callers see, what records say, and that metering stays exact.</summary>
[Collection(PolicyHubs.Name)]
public sealed class GuardrailTests(PolicyHub hub) : IAsyncLifetime
{
    private const string Usage = ""","usage":{"prompt_tokens":11,"completion_tokens":40,"total_tokens":51}""";
    private TestCustomer _customer = null!;

    private string Guardrails => $"organizations/{_customer.OrganizationId}/guardrails";

    public async Task InitializeAsync() => _customer = await hub.RegisterAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task What_is_blocked_reaches_no_model_costs_nothing_and_is_told_in_the_callers_dialect()
    {
        await using var vendor = await ScriptedVendor.AnsweringAsync(Said("fine"));
        var model = await hub.ServeAsync(vendor);
        await AddAsync(new NewGuardrail("secret projects", "keywords", "block", ["input"], ["蓝鲸计划"]));

        var response = await OnceAsync(() => ChatAsync(model, "关于蓝鲸计划的进展"), call => call.StatusCode != HttpStatusCode.OK);

        var error = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!;
        Assert.Equal((HttpStatusCode.BadRequest, "guardrail_blocked", "invalid_request_error", "false"),
            (response.StatusCode, (string?)error["code"], (string?)error["type"], response.Headers.GetValues("x-should-retry").Single()));
        Assert.Contains("'secret projects'", (string?)error["message"], StringComparison.Ordinal);
        var asked = vendor.Requests.Count;
        var record = await hub.RecordAsync(response);
        Assert.Equal((UsageStatus.Failed, "guardrail_blocked", 0L, 0L, 0L), (record.Status, record.ErrorCode, record.Cost.Nanos, record.PlanTokensCharged, record.Tokens.Total));
        Assert.Equal(["input:block::secret projects"], record.Guardrails);
        Assert.Equal(new GuardrailDecision("input", "block", "", "secret projects"), Assert.Single((await _customer.RequestsAsync()).First(each => each.Id == record.Id).Guardrails!));

        var anthropic = await PostAsync("messages", $$"""{"model":"{{model}}","max_tokens":50,"messages":[{"role":"user","content":"蓝鲸计划?"}]}""");
        Assert.Equal(("error", "invalid_request_error"), (JsonNode.Parse(await anthropic.Content.ReadAsStringAsync()) is { } told ? ((string?)told["type"], (string?)told["error"]!["type"]) : default));
        var responses = await PostAsync("responses", $$"""{"model":"{{model}}","input":"蓝鲸计划?"}""");
        Assert.Equal("guardrail_blocked", (string?)JsonNode.Parse(await responses.Content.ReadAsStringAsync())!["error"]!["code"]);
        var completion = await PostAsync("completions", $$"""{"model":"{{model}}","prompt":"蓝鲸计划?"}""");
        Assert.Equal("guardrail_blocked", (string?)JsonNode.Parse(await completion.Content.ReadAsStringAsync())!["error"]!["code"]);
        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync("embeddings", """{"model":"sim/embed","input":["蓝鲸计划"]}""")).StatusCode);
        Assert.Equal(asked, vendor.Requests.Count);
        var quota = (await _customer.UsageAsync()).Quota;
        Assert.Equal(0, quota.Held);
    }

    [Fact]
    public async Task What_is_masked_no_model_is_told_whatever_the_dialect()
    {
        await using var vendor = await ScriptedVendor.AnsweringAsync(Said("fine"));
        var model = await hub.ServeAsync(vendor);
        await AddAsync(new NewGuardrail("personal data", "pii", "mask", ["input"]));
        const string Text = "我的手机是13812345678，邮箱 wei@example.com，身份证11010519491231002X";
        const string Covered = "我的手机是[CN_MOBILE]，邮箱 [EMAIL]，身份证[CN_ID]";
        await OnceAsync(() => ChatAsync(model, Text), call => call.Headers.Contains("x-aihub-guardrails"));

        foreach (var (path, body) in new (string, string)[]
        {
            ("chat/completions", $$"""{"model":"{{model}}","temperature":0.5,"messages":[{"role":"system","content":"{{Text}}"},{"role":"user","content":[{"type":"text","text":"{{Text}}"}]}],"x_unknown":[1.0]}"""),
            ("messages", $$"""{"model":"{{model}}","max_tokens":50,"system":"{{Text}}","messages":[{"role":"user","content":"{{Text}}"}]}"""),
            ("responses", $$"""{"model":"{{model}}","instructions":"{{Text}}","input":"{{Text}}"}"""),
        })
        {
            var response = await PostAsync(path, body);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            var told = JsonNode.Parse(vendor.Requests.Last().Body)!["messages"]!.AsArray();
            Assert.Equal(2, told.Count);
            Assert.All(told, message => Assert.Equal(Covered, message!["content"] is JsonArray parts ? (string?)parts[0]!["text"] : (string?)message["content"]));
            Assert.Equal(["input:mask:cn_mobile:personal data", "input:mask:email:personal data", "input:mask:cn_id:personal data"], (await hub.RecordAsync(response)).Guardrails.Order(StringComparer.Ordinal).OrderByDescending(entry => entry.Contains("mobile", StringComparison.Ordinal)).ThenByDescending(entry => entry.Contains("email", StringComparison.Ordinal)));
            Assert.Equal("input:mask", response.Headers.GetValues("x-aihub-guardrails").Single());
        }

        // All else of the client's body goes on as it was.
        await PostAsync("chat/completions", $$"""{"model":"{{model}}","temperature":0.50,"messages":[{"role":"user","content":"13812345678"}],"x_unknown":[1.0]}""");
        Assert.Equal("""{"model":"vendor-model","temperature":0.50,"messages":[{"role":"user","content":"[CN_MOBILE]"}],"x_unknown":[1.0]}""", vendor.Requests.Last().Body);
        Assert.Equal(HttpStatusCode.OK, (await PostAsync("embeddings", """{"model":"sim/embed","input":"call 13812345678"}""")).StatusCode);
    }

    [Fact]
    public async Task What_is_cut_into_parts_or_spelled_in_numbers_is_covered_all_the_same()
    {
        var wanted = """{"who":"wei\u0040example.com","city":"北京"}""";
        await using var whole = await ScriptedVendor.AnsweringAsync(Calls("message", wanted, "tool_calls") + Usage + "}");
        await using var streamed = await ScriptedVendor.StreamingAsync([.. wanted.Chunk(4).Select(piece => $"data: {Calls("delta", new string(piece), null)}}}\n\n"), Last()]);
        var (model, streaming) = (await hub.ServeAsync(whole), await hub.ServeAsync(streamed));
        await AddAsync(new NewGuardrail("secret projects", "keywords", "mask", ["input"], ["蓝鲸计划"]));
        await AddAsync(new NewGuardrail("addresses", "pii", "mask", ["input", "output"], ["email"]));
        await OnceAsync(() => ChatAsync(model, "蓝鲸计划 wei@example.com"), _ => whole.Requests.Last().Body.Contains("[REDACTED] [EMAIL]", StringComparison.Ordinal));

        var response = await PostAsync("chat/completions", $$"""
            {"model":"{{model}}","messages":[
              {"role":"user","content":[{"type":"text","text":"about 蓝鲸"},{"type":"text","text":"计划, ask wei@exam"},{"type":"text","text":"ple.com"}]},
              {"role":"assistant","content":null,"tool_calls":[{"id":"t1","type":"function","function":{"name":"find","arguments":"{\"q\":\"\\u84dd\\u9cb8\\u8ba1\\u5212\"}"} }]},
              {"role":"tool","tool_call_id":"t1","content":"{\"to\":\"wei\\u0040example.com\",\"from\":\"\\u674e\"}"},
              {"role":"user","content":[{"type":"text","text":"蓝鲸"},{"type":"text","text":"have no plan. C:\\users \\u84dd"}]}]}
            """);

        var told = JsonNode.Parse(whole.Requests.Last().Body)!["messages"]!.AsArray();
        Assert.Equal(["about [REDACTED]", "[REDACTED], ask [EMAIL]", "[EMAIL]"], told[0]!["content"]!.AsArray().Select(part => (string?)part!["text"]));
        Assert.Equal("""{"q":"[REDACTED]"}""", (string?)told[1]!["tool_calls"]![0]!["function"]!["arguments"]);
        Assert.Equal("""{"to":"[EMAIL]","from":"李"}""", (string?)told[2]!["content"]);
        Assert.Equal(["蓝鲸", @"have no plan. C:\users \u84dd"], told[3]!["content"]!.AsArray().Select(part => (string?)part!["text"]));

        const string Covered = """{"who":"[EMAIL]","city":"北京"}""";
        Assert.Equal(Covered, (string?)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["choices"]![0]!["message"]!["tool_calls"]![0]!["function"]!["arguments"]);
        var events = Events(await (await StreamAsync(streaming)).Content.ReadAsStringAsync());
        Assert.Equal(Covered, string.Concat(events.Select(each => (string?)each["choices"]?.AsArray().FirstOrDefault()?["delta"]?["tool_calls"]?[0]?["function"]?["arguments"])));

        static string Calls(string where, string arguments, string? reason) =>
            $$"""{"id":"c1","object":"chat.completion","created":7,"model":"m","choices":[{"index":0,"{{where}}":{"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"t1","type":"function","function":{"name":"find","arguments":"""
            + JsonSerializer.Serialize(arguments) + "}}]},\"finish_reason\":" + JsonSerializer.Serialize(reason) + "}]";
    }

    [Fact]
    public async Task A_streams_secrets_are_covered_across_its_chunks_and_paid_for_exactly()
    {
        string[] words = ["Call 13", "8123", "45678 or ", "write to we", "i@exam", "ple.com", " today. The rest is ", "of no interest ", "to anybody."];
        await using var vendor = await ScriptedVendor.StreamingAsync([.. words.Select(Chunk), Last()]);
        var model = await hub.ServeAsync(vendor);
        await AddAsync(new NewGuardrail("personal data", "pii", "mask", ["output"], ["cn_mobile", "email"]));

        var response = await OnceAsync(() => StreamAsync(model), async call => (await call.Content.ReadAsStringAsync()).Contains("[EMAIL]", StringComparison.Ordinal));

        var events = Events(await response.Content.ReadAsStringAsync());
        Assert.Equal("Call [CN_MOBILE] or write to [EMAIL] today. The rest is of no interest to anybody.", Text(events));
        Assert.Equal("stop", events.Select(each => (string?)each["choices"]?.AsArray().FirstOrDefault()?["finish_reason"]).Last(reason => reason is not null));
        Assert.Equal("assistant", (string?)events[0]["choices"]![0]!["delta"]!["role"]);
        Assert.EndsWith("data: [DONE]\n\n", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        var record = await hub.RecordAsync(response);
        Assert.Equal((UsageSource.Vendor, UsageStatus.Succeeded, new TokenUsage(InputUncached: 11, OutputText: 40)), (record.Source, record.Status, record.Tokens));
        Assert.Equal(["output:mask:cn_mobile:personal data", "output:mask:email:personal data"], record.Guardrails);

        // The same for a client of another dialect.
        var message = await (await PostAsync("messages", $$"""{"model":"{{model}}","max_tokens":50,"stream":true,"messages":[{"role":"user","content":"hi"}]}""")).Content.ReadAsStringAsync();
        Assert.DoesNotContain("13812345678", string.Concat(Events(message).Select(each => (string?)each["delta"]?["text"])), StringComparison.Ordinal);
        Assert.Contains("[EMAIL]", message, StringComparison.Ordinal);
        Assert.Contains("message_stop", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_blocked_answer_is_not_seen_but_its_maker_is_paid()
    {
        await using var whole = await ScriptedVendor.AnsweringAsync(Said("The code is case-12345."));
        await using var streamed = await ScriptedVendor.StreamingAsync([Chunk("The code is ca"), Chunk("se-123"), Chunk("45. "), Chunk(new string('x', 600)), Last()]);
        var (model, streaming) = (await hub.ServeAsync(whole), await hub.ServeAsync(streamed));
        await AddAsync(new NewGuardrail("cases", "regex", "block", ["output"], ["case-[0-9]+"]));

        var response = await OnceAsync(() => ChatAsync(model, "hi"), call => call.StatusCode != HttpStatusCode.OK);

        Assert.Equal((HttpStatusCode.BadRequest, "guardrail_blocked"), (response.StatusCode, (string?)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!["code"]));
        var record = await hub.RecordAsync(response);
        Assert.Equal((UsageStatus.Failed, "guardrail_blocked", 131_000L, new TokenUsage(InputUncached: 11, OutputText: 40)), (record.Status, record.ErrorCode, record.Cost.Nanos, record.Tokens));
        Assert.Equal(["output:block::cases"], record.Guardrails);

        var stream = await StreamAsync(streaming);
        var text = await stream.Content.ReadAsStringAsync();
        Assert.DoesNotContain("123", text.Replace("created", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("'cases'", text, StringComparison.Ordinal);
        Assert.Equal((UsageSource.Vendor, 131_000L, "guardrail_blocked"), (await hub.RecordAsync(stream)) is var paid ? (paid.Source, paid.Cost.Nanos, paid.ErrorCode) : default);
    }

    [Fact]
    public async Task What_is_flagged_goes_on_as_it_is()
    {
        var chunks = new[] { Chunk("The code is ca"), Chunk("se-123"), Chunk("45."), Last() };
        await using var vendor = await ScriptedVendor.StreamingAsync(chunks);
        var model = await hub.ServeAsync(vendor);
        await AddAsync(new NewGuardrail("cases", "regex", "flag", null, ["case-[0-9]+"]));

        var response = await OnceAsync(() => StreamAsync(model), async call => (await hub.RecordAsync(call)).Guardrails.Length > 0);

        Assert.Equal(["The code is ca", "se-123", "45."], Events(await response.Content.ReadAsStringAsync()).Select(each => (string?)each["choices"]?.AsArray().FirstOrDefault()?["delta"]?["content"]).Where(text => text is { Length: > 0 }));
        Assert.Equal(["output:flag::cases"], (await hub.RecordAsync(response)).Guardrails);
    }

    [Fact]
    public async Task A_teams_guardrails_come_on_top_and_touch_nobody_else()
    {
        await using var vendor = await ScriptedVendor.AnsweringAsync(Said("fine"));
        var model = await hub.ServeAsync(vendor);
        var team = await hub.SendAsync<TeamView>(_customer, HttpMethod.Post, $"organizations/{_customer.OrganizationId}/teams", new NewTeam("Search"));
        var key = await hub.SendAsync<CreatedApiKey>(_customer, HttpMethod.Post, "auth/api-keys", new NewApiKey("team", TeamId: team.Id));
        using var ofTeam = hub.Hub.NewApiClient(key.Key);
        var other = await hub.RegisterAsync();
        await AddAsync(new NewGuardrail("of the team", "keywords", "block", ["input"], ["whale"], TeamId: team.Id));

        await OnceAsync(() => ofTeam.PostAsync("chat/completions", Question(model, "a whale")), call => call.StatusCode == HttpStatusCode.BadRequest);
        Assert.Equal(HttpStatusCode.OK, (await ChatAsync(model, "a whale")).StatusCode);
        var added = await AddAsync(new NewGuardrail("of all", "keywords", "block", ["input"], ["squid"]));
        await OnceAsync(() => ofTeam.PostAsync("chat/completions", Question(model, "a squid")), call => call.StatusCode == HttpStatusCode.BadRequest);
        await OnceAsync(() => ChatAsync(model, "a squid"), call => call.StatusCode == HttpStatusCode.BadRequest);
        Assert.Equal(HttpStatusCode.OK, (await other.Api.PostAsync("chat/completions", Question(model, "a squid and a whale"))).StatusCode);

        await hub.SendAsync<GuardrailView>(_customer, HttpMethod.Patch, $"{Guardrails}/{added.Guardrail.Id}", new GuardrailChange(Enabled: false));
        await OnceAsync(() => ChatAsync(model, "a squid"), call => call.StatusCode == HttpStatusCode.OK);
        Assert.Equal(HttpStatusCode.NotFound, (await hub.SendAsync(other, HttpMethod.Delete, $"organizations/{other.OrganizationId}/guardrails/{added.Guardrail.Id}")).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await hub.SendAsync(_customer, HttpMethod.Delete, $"{Guardrails}/{added.Guardrail.Id}")).Status);
    }

    [Fact]
    public async Task A_webhook_is_asked_with_a_signature_and_its_word_holds()
    {
        await using var vendor = await ScriptedVendor.StreamingAsync([Chunk("so much "), Chunk("for that"), Last()]);
        var model = await hub.ServeAsync(vendor);
        await using var judge = await Receiver.StartAsync();
        var added = await AddAsync(new NewGuardrail("our judge", "webhook", "mask", ["input", "output"], Url: new Uri(judge.Url, "/judge").ToString()));
        Judge(judge, """{"flagged":true,"texts":["told otherwise"]}""", """{"flagged":true,"texts":["said otherwise"]}""");

        var response = await OnceAsync(() => StreamAsync(model), _ => judge.Received.Count >= 2);

        Assert.Equal("told otherwise", (string?)JsonNode.Parse(vendor.Requests.Last().Body)!["messages"]![0]!["content"]);
        Assert.Equal("said otherwise", Text(Events(await response.Content.ReadAsStringAsync())));
        Assert.Equal(["input:mask::our judge", "output:mask::our judge"], (await hub.RecordAsync(response)).Guardrails);
        var asked = judge.Received.ToList();
        Assert.All(asked, each => Assert.Equal(
            AlertSecrets.Sign(added.Secret!, each.Headers["webhook-id"], long.Parse(each.Headers["webhook-timestamp"]), each.Body), each.Headers["webhook-signature"]));
        Assert.Equal(["guardrail.input", "guardrail.output"], asked.Select(each => (string?)JsonNode.Parse(each.Body)!["type"]));
        Assert.Equal(["hi", "so much for that"], asked.Select(each => (string?)JsonNode.Parse(each.Body)!["texts"]![0]));

        // Silent: refused where it was so decided, else let go and said so.
        judge.Answers.Clear();
        judge.Answers.Enqueue((500, ""));
        Assert.Equal(HttpStatusCode.BadRequest, (await StreamAsync(model)).StatusCode);
        await hub.SendAsync<GuardrailView>(_customer, HttpMethod.Patch, $"{Guardrails}/{added.Guardrail.Id}", new GuardrailChange(OnFailure: "open", Stages: ["input"]));
        var open = await OnceAsync(() => StreamAsync(model), call => call.StatusCode == HttpStatusCode.OK);
        Assert.Equal(["input:flag:no_answer:our judge"], (await hub.RecordAsync(open)).Guardrails);
    }

    [Fact]
    public async Task A_moderation_model_is_asked_and_paid_like_any_other()
    {
        await using var vendor = await ScriptedVendor.AnsweringAsync(Said("fine"));
        var model = await hub.ServeAsync(vendor);
        await AddAsync(new NewGuardrail("no violence", "moderation", "block", ["input"], ["violence"], Model: "sim/moderate", TimeoutMs: 10_000));

        var response = await OnceAsync(() => ChatAsync(model, "how to kill a process"), call => call.StatusCode == HttpStatusCode.BadRequest);

        Assert.Equal(["input:block:violence:no violence"], (await hub.RecordAsync(response)).Guardrails);
        Assert.Equal(HttpStatusCode.OK, (await ChatAsync(model, "how to end a process")).StatusCode);
        Assert.Contains(await _customer.RequestsAsync(), each => each is { Model: "sim/moderate", Surface: "openai.moderations", Status: "succeeded" });
    }

    [Fact]
    public async Task A_text_is_tried_without_a_call_and_nothing_of_it_is_kept()
    {
        await using var judge = await Receiver.StartAsync();
        var team = await hub.SendAsync<TeamView>(_customer, HttpMethod.Post, $"organizations/{_customer.OrganizationId}/teams", new NewTeam("Search"));
        Assert.Equal(("passed", "13812345678"), await TryAsync(new GuardrailTrial("13812345678")) is var nothing ? (nothing.Outcome, nothing.Text) : default);
        var personal = await AddAsync(new NewGuardrail("personal data", "pii", "mask"));
        await AddAsync(new NewGuardrail("no whales", "keywords", "block", ["input"], ["whale"], TeamId: team.Id));
        await AddAsync(new NewGuardrail("no violence", "moderation", "block", ["input"], Model: "sim/moderate"));
        var asked = await AddAsync(new NewGuardrail("our judge", "webhook", "flag", ["input"], Url: new Uri(judge.Url, "/judge").ToString()));
        Judge(judge, """{"flagged":true}""");

        var masked = await TryAsync(new GuardrailTrial("the whale is at 13812345678"));

        Assert.Equal(("masked", "the whale is at [CN_MOBILE]"), (masked.Outcome, masked.Text));
        Assert.Equal([new GuardrailDecision("input", "mask", "cn_mobile", "personal data"), new GuardrailDecision("input", "flag", "", "our judge")], masked.Decisions);
        Assert.Equal(["no violence"], masked.NotAsked);
        // The webhook is told what it would be told, signed, and that it is no call.
        var told = Assert.Single(judge.Received);
        Assert.Equal(AlertSecrets.Sign(asked.Secret!, told.Headers["webhook-id"], long.Parse(told.Headers["webhook-timestamp"]), told.Body), told.Headers["webhook-signature"]);
        Assert.Equal(("the whale is at [CN_MOBILE]", true), ((string?)JsonNode.Parse(told.Body)!["texts"]![0], (bool)JsonNode.Parse(told.Body)!["trial"]!));

        var blocked = await TryAsync(new GuardrailTrial("the whale", TeamId: team.Id));
        Assert.Equal(("blocked", null), (blocked.Outcome, blocked.Text));
        Assert.Single(judge.Received);
        judge.Answers.Enqueue((500, ""));
        var silent = await TryAsync(new GuardrailTrial("hello"));
        Assert.Equal(("blocked", new GuardrailDecision("input", "block", "no_answer", "our judge")), (silent.Outcome, Assert.Single(silent.Decisions)));
        Assert.Equal("passed", (await TryAsync(new GuardrailTrial("the whale", "output", team.Id))).Outcome);

        await hub.SendAsync<GuardrailView>(_customer, HttpMethod.Patch, $"{Guardrails}/{personal.Guardrail.Id}", new GuardrailChange(Enabled: false));
        Assert.Equal("masked", (await TryAsync(new GuardrailTrial("13812345678", "output", GuardrailId: personal.Guardrail.Id))).Outcome);
        Assert.Equal("passed", (await TryAsync(new GuardrailTrial("13812345678", "output"))).Outcome);
        var (status, text) = await hub.SendAsync(_customer, HttpMethod.Post, $"{Guardrails}/try", new GuardrailTrial("x", GuardrailId: Guid.CreateVersion7()));
        Assert.Equal((HttpStatusCode.NotFound, "guardrail_not_found"), (status, (string?)JsonNode.Parse(text)!["code"]));
        (status, text) = await hub.SendAsync(_customer, HttpMethod.Post, $"{Guardrails}/try", new GuardrailTrial("x", TeamId: Guid.CreateVersion7()));
        Assert.Equal((HttpStatusCode.NotFound, "team_not_found"), (status, (string?)JsonNode.Parse(text)!["code"]));
        Assert.Empty(await _customer.RequestsAsync());

        Task<GuardrailTrialResult> TryAsync(GuardrailTrial trial) => hub.SendAsync<GuardrailTrialResult>(_customer, HttpMethod.Post, $"{Guardrails}/try", trial);
    }

    [Theory]
    [InlineData("regex", "block", "(?<=a)b", "terms")]
    [InlineData("regex", "block", null, "terms")]
    [InlineData("pii", "mask", "shoe_size", "terms")]
    [InlineData("moderation", "mask", null, "action")]
    [InlineData("moderation", "block", null, "model")]
    [InlineData("webhook", "block", null, "url")]
    public async Task What_cannot_work_is_refused(string kind, string action, string? term, string field)
    {
        var (status, text) = await hub.SendAsync(_customer, HttpMethod.Post, Guardrails, new NewGuardrail("x", kind, action, Terms: term is null ? null : [term]));

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.NotNull(JsonNode.Parse(text)!["errors"]![field]);
    }

    private static string Said(string text) => $$"""{"id":"c1","object":"chat.completion","created":7,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"{{text}}"},"finish_reason":"stop"}]{{Usage}}}""";

    private static string Chunk(string text) =>
        $$$"""data: {"id":"c1","object":"chat.completion.chunk","created":7,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"{{{text}}}"},"finish_reason":null}]}""" + "\n\n";

    private static string Last() =>
        """data: {"id":"c1","object":"chat.completion.chunk","created":7,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}""" + "\n\n"
        + $$"""data: {"id":"c1","object":"chat.completion.chunk","created":7,"model":"m","choices":[]{{Usage}}}""" + "\n\ndata: [DONE]\n\n";

    private static List<JsonNode> Events(string text) =>
        [.. text.Split('\n').Where(line => line.StartsWith("data: {", StringComparison.Ordinal)).Select(line => JsonNode.Parse(line[6..])!)];

    private static string Text(IEnumerable<JsonNode> events) => string.Concat(events.Select(each => (string?)each["choices"]?.AsArray().FirstOrDefault()?["delta"]?["content"]));

    private static void Judge(Receiver judge, params string[] answers)
    {
        foreach (var answer in answers)
        {
            judge.Answers.Enqueue((200, answer));
        }
    }

    private static StringContent Question(string model, string text) => PolicyHub.Body($$"""{"model":"{{model}}","messages":[{"role":"user","content":"{{text}}"}]}""");

    private Task<HttpResponseMessage> ChatAsync(string model, string text) => _customer.Api.PostAsync("chat/completions", Question(model, text));

    private Task<HttpResponseMessage> StreamAsync(string model) => PostAsync("chat/completions", $$"""{"model":"{{model}}","stream":true,"messages":[{"role":"user","content":"hi"}]}""");

    private Task<HttpResponseMessage> PostAsync(string path, string body) => _customer.Api.PostAsync(path, PolicyHub.Body(body));

    private Task<HttpResponseMessage> OnceAsync(Func<Task<HttpResponseMessage>> call, Func<HttpResponseMessage, bool> heard) => hub.OnceAsync(call, heard);

    private Task<HttpResponseMessage> OnceAsync(Func<Task<HttpResponseMessage>> call, Func<HttpResponseMessage, Task<bool>> heard) => hub.OnceAsync(call, heard);

    private Task<CreatedGuardrail> AddAsync(NewGuardrail guardrail) => hub.SendAsync<CreatedGuardrail>(_customer, HttpMethod.Post, Guardrails, guardrail);
}
