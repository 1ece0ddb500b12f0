using System.Net;
using System.Text;
using AiHub.Contracts;
using AiHub.Domain.Catalog;
using AiHub.Tests.Hub;
using AiHub.Tests.Providers;
using Microsoft.AspNetCore.Http;

namespace AiHub.Tests.Policies;

/// <summary>What guardrails cannot look into: pictures, sound and files; and files of text, which they can.</summary>
[Collection(PolicyHubs.Name)]
public sealed class UnreadableTests(PolicyHub hub)
{
    private const string Picture = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

    private static readonly (string Path, string Body)[] Unreadable =
    [
        ("chat/completions", Chat($$$"""{"type":"image_url","image_url":{"url":"{{{Picture}}}"}}""")),
        ("chat/completions", Chat("""{"type":"image_url","image_url":{"url":"https://example.com/a.png"}}""")),
        ("chat/completions", Chat("""{"type":"input_audio","input_audio":{"data":"UklGRg==","format":"wav"}}""")),
        ("chat/completions", Chat("""{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,JVBERi0xLjQKJSBub3RoaW5nIGhlcmUgdGhhdCBhbnlib2R5IGNvdWxkIHJlYWQK"}}""")),
        ("messages", Messages($$$"""{"type":"image","source":{"type":"base64","media_type":"image/png","data":"{{{Picture[(Picture.IndexOf(',', StringComparison.Ordinal) + 1)..]}}}"}}""")),
        ("messages", Messages("""{"type":"image","source":{"type":"url","url":"https://example.com/a.png"}}""")),
        ("responses", Responses($$"""{"type":"input_image","image_url":"{{Picture}}"}""")),
    ];

    [Fact]
    public async Task What_nobody_can_read_is_refused_where_somebody_wants_that_and_text_goes_on()
    {
        await using var vendor = await ScriptedVendor.StartAsync(AnswerAsync);
        var model = await hub.ServeAsync(vendor);
        var customer = await hub.RegisterAsync();
        var rule = await AddAsync(customer, new NewGuardrail("words", "keywords", "mask", ["input"], ["whale"]));
        await hub.OnceAsync(() => SendAsync(customer, "chat/completions", Chat("""{"type":"text","text":"a whale"}"""), model), call => call.Headers.Contains("x-aihub-guardrails"));
        foreach (var (path, body) in Unreadable)
        {
            using var passed = await SendAsync(customer, path, body, model);
            Assert.True(passed.StatusCode == HttpStatusCode.OK, $"{path} {body}: {await passed.Content.ReadAsStringAsync()}");
        }

        await hub.SendAsync<GuardrailView>(customer, HttpMethod.Patch, $"organizations/{customer.OrganizationId}/guardrails/{rule.Guardrail.Id}", new GuardrailChange(Unreadable: true));
        await hub.OnceAsync(() => SendAsync(customer, Unreadable[0].Path, Unreadable[0].Body, model), call => call.StatusCode == HttpStatusCode.BadRequest);
        var asked = vendor.Requests.Count;
        foreach (var (path, body) in Unreadable)
        {
            using var refused = await SendAsync(customer, path, body, model);
            var text = await refused.Content.ReadAsStringAsync();
            Assert.True(refused.StatusCode == HttpStatusCode.BadRequest && text.Contains("'words'", StringComparison.Ordinal), $"{path} {body}: {text}");
            Assert.Equal(["input:block:unreadable:words"], (await hub.RecordAsync(refused)).Guardrails);
        }

        Assert.Equal(asked, vendor.Requests.Count);
        using var words = await SendAsync(customer, "chat/completions", Chat("""{"type":"text","text":"no picture"}"""), model);
        Assert.Equal(HttpStatusCode.OK, words.StatusCode);
    }

    [Fact]
    public async Task A_guardrail_that_flags_marks_the_call_and_lets_it_go_on()
    {
        await using var vendor = await ScriptedVendor.StartAsync(AnswerAsync);
        var model = await hub.ServeAsync(vendor);
        var customer = await hub.RegisterAsync();
        await AddAsync(customer, new NewGuardrail("watch", "keywords", "flag", ["input"], ["whale"], Unreadable: true));

        var call = await hub.OnceAsync(() => SendAsync(customer, Unreadable[0].Path, Unreadable[0].Body, model), async answer => (await hub.RecordAsync(answer)).Guardrails.Length > 0);

        Assert.Equal(HttpStatusCode.OK, call.StatusCode);
        Assert.Equal(["input:flag:unreadable:watch"], (await hub.RecordAsync(call)).Guardrails);
    }

    [Fact]
    public async Task Files_of_text_are_read_and_covered()
    {
        await using var vendor = await ScriptedVendor.StartAsync(AnswerAsync);
        var model = await hub.ServeAsync(vendor);
        var customer = await hub.RegisterAsync();
        await AddAsync(customer, new NewGuardrail("hidden", "keywords", "mask", ["input"], ["whale"], Unreadable: true));
        await AddAsync(customer, new NewGuardrail("refused", "keywords", "block", ["input"], ["kraken"]));

        await hub.OnceAsync(() => SendAsync(customer, "chat/completions", File("a kraken"), model), call => call.StatusCode == HttpStatusCode.BadRequest);
        using var masked = await SendAsync(customer, "chat/completions", File("the whale 鲸 swims"), model);

        Assert.Equal(HttpStatusCode.OK, masked.StatusCode);
        Assert.Equal(["input:mask::hidden"], (await hub.RecordAsync(masked)).Guardrails);
        Assert.Contains(Convert.ToBase64String(Encoding.UTF8.GetBytes("the [REDACTED] 鲸 swims")), vendor.Requests.Last().Body, StringComparison.Ordinal);

        static string File(string text) => Chat($$$"""{"type":"file","file":{"filename":"a.txt","file_data":"data:text/plain;base64,{{{Convert.ToBase64String(Encoding.UTF8.GetBytes(text))}}}"}}""");
    }

    [Fact]
    public async Task Sound_to_be_written_down_is_refused_with_the_rest()
    {
        await using var vendor = await ScriptedVendor.StartAsync(context => ScriptedVendor.WriteAsync(context, "application/json", """{"text":"hello"}"""));
        var model = await hub.ServeAsync(each => each.Kind = ModelKind.Transcription, vendor);
        var customer = await hub.RegisterAsync();
        await AddAsync(customer, new NewGuardrail("words", "keywords", "block", ["input"], ["whale"], Unreadable: true));

        using var refused = await hub.OnceAsync(
            () => customer.Api.PostAsync("audio/transcriptions", new MultipartFormDataContent { { new StringContent(model), "model" }, { new ByteArrayContent([1, 2, 3]), "file", "a.wav" } }),
            call => call.StatusCode == HttpStatusCode.BadRequest);

        Assert.Contains("guardrail_unreadable", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode)400, (await hub.SendAsync(customer, HttpMethod.Post, $"organizations/{customer.OrganizationId}/guardrails", new NewGuardrail("out", "keywords", "block", ["output"], ["a"], Unreadable: true))).Status);
    }

    private Task<CreatedGuardrail> AddAsync(TestCustomer customer, NewGuardrail guardrail) =>
        hub.SendAsync<CreatedGuardrail>(customer, HttpMethod.Post, $"organizations/{customer.OrganizationId}/guardrails", guardrail);

    private static Task<HttpResponseMessage> SendAsync(TestCustomer customer, string path, string body, string model) =>
        customer.Api.PostAsync(path, PolicyHub.Body(body.Replace("MODEL", model, StringComparison.Ordinal)));

    private static string Chat(string part) => $$"""{"model":"MODEL","messages":[{"role":"user","content":[{"type":"text","text":"look"},{{part}}]}]}""";

    private static string Messages(string part) => $$"""{"model":"MODEL","max_tokens":50,"messages":[{"role":"user","content":[{"type":"text","text":"look"},{{part}}]}]}""";

    private static string Responses(string part) => $$"""{"model":"MODEL","input":[{"role":"user","content":[{"type":"input_text","text":"look"},{{part}}]}]}""";

    private static Task AnswerAsync(HttpContext context) => ScriptedVendor.WriteAsync(
        context, "application/json", """{"id":"c1","object":"chat.completion","created":7,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"fine"},"finish_reason":"stop"}],"usage":{"prompt_tokens":11,"completion_tokens":4}}""");
}
