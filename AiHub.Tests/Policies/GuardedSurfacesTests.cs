using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using AiHub.Contracts;
using AiHub.Domain.Catalog;
using AiHub.Tests.Hub;
using AiHub.Tests.Providers;
using Microsoft.AspNetCore.Http;
using Xunit.Abstractions;

namespace AiHub.Tests.Policies;

/// <summary>Every surface's text in and text out × block, mask, flag: no surface has a way around the guardrails.</summary>
[Collection(PolicyHubs.Name)]
public sealed partial class GuardedSurfacesTests(PolicyHub hub, ITestOutputHelper output)
{
    private static readonly string[] Actions = ["block", "mask", "flag"];

    // What a caller says, where it says it, and how an answer that repeats it in pieces looks.
    private static readonly Asked[] Surfaces =
    [
        Asked.Json("chat", ModelKind.Chat, "chat/completions", """{"model":"M","messages":[{"role":"user","content":"SAY"}]}"""),
        Asked.Json("chat, parts", ModelKind.Chat, "chat/completions", """{"model":"M","messages":[{"role":"system","content":"hi"},{"role":"user","content":[{"type":"text","text":"SAY"}]}]}"""),
        Asked.Json("chat, streamed", ModelKind.Chat, "chat/completions", """{"model":"M","stream":true,"messages":[{"role":"user","content":"SAY"}]}"""),
        Asked.Json("chat, logprobs", ModelKind.Chat, "chat/completions", """{"model":"M","logprobs":true,"messages":[{"role":"user","content":"SAY"}]}"""),
        Asked.Json("chat, logprobs streamed", ModelKind.Chat, "chat/completions", """{"model":"M","logprobs":true,"stream":true,"messages":[{"role":"user","content":"SAY"}]}"""),
        Asked.Json("chat, tool's description", ModelKind.Chat, "chat/completions", """{"model":"M","messages":[{"role":"user","content":"hi"}],"tools":[{"type":"function","function":{"name":"f","description":"SAY","parameters":{"type":"object","properties":{}}}}]}"""),
        Asked.Json("completions", ModelKind.Chat, "completions", """{"model":"M","prompt":"SAY"}"""),
        Asked.Json("messages", ModelKind.Chat, "messages", """{"model":"M","max_tokens":50,"messages":[{"role":"user","content":"SAY"}]}"""),
        Asked.Json("messages, system", ModelKind.Chat, "messages", """{"model":"M","max_tokens":50,"system":"SAY","messages":[{"role":"user","content":"hi"}]}"""),
        Asked.Json("messages, streamed", ModelKind.Chat, "messages", """{"model":"M","max_tokens":50,"stream":true,"messages":[{"role":"user","content":"SAY"}]}"""),
        Asked.Json("responses", ModelKind.Chat, "responses", """{"model":"M","input":"SAY"}"""),
        Asked.Json("responses, instructions", ModelKind.Chat, "responses", """{"model":"M","instructions":"SAY","input":"hi"}"""),
        Asked.Json("responses, streamed", ModelKind.Chat, "responses", """{"model":"M","stream":true,"input":"SAY"}"""),
        Asked.Json("openrouter", ModelKind.Chat, "/api/v1/chat/completions", """{"model":"M","messages":[{"role":"user","content":"SAY"}]}"""),
        Asked.Json("embeddings", ModelKind.Embedding, "embeddings", """{"model":"M","input":["one","SAY"]}""") with { Answers = false },
        Asked.Json("openrouter embeddings", ModelKind.Embedding, "/api/v1/embeddings", """{"model":"M","input":"SAY"}""") with { Answers = false },
        Asked.Json("images", ModelKind.Image, "images/generations", """{"model":"M","prompt":"SAY"}"""),
        Asked.Json("images, a vendor's own field", ModelKind.Image, "images/generations", """{"model":"M","prompt":"hi","negative_prompt":"SAY"}"""),
        Asked.Form("image edits", ModelKind.Image, "images/edits", "image", "prompt"),
        Asked.Json("speech", ModelKind.Speech, "audio/speech", """{"model":"M","voice":"alloy","input":"SAY"}""") with { Answers = false },
        Asked.Json("speech, instructions", ModelKind.Speech, "audio/speech", """{"model":"M","voice":"alloy","input":"hi","instructions":"SAY"}""") with { Answers = false },
        Asked.Form("transcription", ModelKind.Transcription, "audio/transcriptions", "file", "prompt"),
        Asked.Form("transcription, text", ModelKind.Transcription, "audio/transcriptions", "file", "prompt", ("response_format", "text")),
        Asked.Form("transcription, verbose", ModelKind.Transcription, "audio/transcriptions", "file", "prompt", ("response_format", "verbose_json")),
        Asked.Form("transcription, srt", ModelKind.Transcription, "audio/transcriptions", "file", "prompt", ("response_format", "srt")),
        Asked.Form("transcription, vtt", ModelKind.Transcription, "audio/transcriptions", "file", "prompt", ("response_format", "vtt")),
        Asked.Form("transcription, streamed", ModelKind.Transcription, "audio/transcriptions", "file", "prompt", ("stream", "true")),
        Asked.Json("moderations", ModelKind.Moderation, "moderations", """{"model":"M","input":[{"type":"text","text":"SAY"}]}""") with { Answers = false },
        Asked.Json("rerank, query", ModelKind.Rerank, "rerank", """{"model":"M","query":"SAY","documents":["a","b"]}"""),
        Asked.Json("rerank, documents", ModelKind.Rerank, "rerank", """{"model":"M","query":"hi","documents":[{"title":"a","name":"SAY"}]}"""),
    ];

    [Fact]
    public async Task No_surface_has_a_way_around_the_guardrails()
    {
        var customer = await hub.RegisterAsync();
        foreach (var action in Actions)
        {
            // Two words, so that a streamed or a written-down answer can cut between and within them.
            await AddAsync(customer, new NewGuardrail($"in {action}", "keywords", action, ["input"], [$"in{action} whale"]));
            await AddAsync(customer, new NewGuardrail($"out {action}", "regex", action, ["output"], [$"out{action} [a-z]+le"]));
        }

        await using var vendor = await ScriptedVendor.StartAsync(AnswerAsync);
        var models = new Dictionary<ModelKind, string>();
        foreach (var kind in Surfaces.Select(surface => surface.Kind).Distinct())
        {
            models[kind] = await hub.ServeAsync(model => model.Kind = kind, vendor);
        }

        // The last of them is heard of with all before it.
        await hub.OnceAsync(() => Surfaces[0].SendAsync(customer, models[ModelKind.Chat], "say outflag"), async call => (await hub.RecordAsync(call)).Guardrails.Length > 0);
        var (cells, wrong) = (0, new List<string>());
        foreach (var surface in Surfaces)
        {
            foreach (var action in Actions)
            {
                await CellAsync(surface, "input", action, $"in{action} whale");
                if (surface.Answers)
                {
                    await CellAsync(surface, "output", action, $"say out{action}");
                }
            }
        }

        output.WriteLine($"{Surfaces.Length} surfaces, {cells} cells of surface × stage × action, {wrong.Count} ways around.");
        foreach (var surface in Surfaces)
        {
            output.WriteLine($"{surface.Name}: input block, mask, flag; {(surface.Answers ? "output block, mask, flag" : "no text in its answer")}");
        }

        Assert.True(cells >= 150, $"Only {cells} cells.");
        Assert.Empty(wrong);

        async Task CellAsync(Asked surface, string stage, string action, string say)
        {
            cells++;
            var asked = vendor.Requests.Count;
            using var response = await surface.SendAsync(customer, models[surface.Kind], say);
            var body = Encoding.UTF8.GetString(await response.Content.ReadAsByteArrayAsync());
            var told = vendor.Requests.Count > asked ? vendor.Requests.Last().Body : null;
            var (secret, seen) = stage == "input" ? (say, told) : ($"out{action} whale", Plain(body));
            var shown = seen?.Contains(secret, StringComparison.Ordinal) == true || (stage == "output" && Squeezed(seen).Contains(Squeezed(secret), StringComparison.Ordinal));
            var right = action switch
            {
                "block" => (stage == "input" ? told is null : !shown) && body.Contains($"'{(stage == "input" ? "in" : "out")} block'", StringComparison.Ordinal),
                "mask" => seen is not null && !shown && (seen.Contains("[REDACTED]", StringComparison.Ordinal)),
                _ => shown,
            };
            var record = await hub.RecordAsync(response);
            if (!right || !record.Guardrails.Contains($"{stage}:{action}::{(stage == "input" ? "in" : "out")} {action}"))
            {
                wrong.Add($"{surface.Name}, {stage}, {action}: {(int)response.StatusCode} {body} [{string.Join(' ', record.Guardrails)}] {told}");
            }
        }
    }

    [Fact]
    public async Task Texts_made_into_tokens_before_cannot_be_judged_and_are_refused()
    {
        var customer = await hub.RegisterAsync();
        await AddAsync(customer, new NewGuardrail("words", "keywords", "block", ["input"], ["whale"]));
        await using var vendor = await ScriptedVendor.StartAsync(AnswerAsync);
        var model = await hub.ServeAsync(each => each.Kind = ModelKind.Embedding, vendor);

        using var response = await hub.OnceAsync(
            () => customer.Api.PostAsync("embeddings", PolicyHub.Body($$"""{"model":"{{model}}","input":[[1,2],[3]]}""")), call => call.StatusCode != HttpStatusCode.OK);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("guardrail_unreadable", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await customer.Api.PostAsync("embeddings", PolicyHub.Body($$"""{"model":"{{model}}","input":"text","dimensions":5}"""))).StatusCode);
    }

    private Task<CreatedGuardrail> AddAsync(TestCustomer customer, NewGuardrail guardrail) =>
        hub.SendAsync<CreatedGuardrail>(customer, HttpMethod.Post, $"organizations/{customer.OrganizationId}/guardrails", guardrail);

    // The words of a stream without what stands between them.
    private static string Plain(string body) => body.Contains("data: ", StringComparison.Ordinal)
        ? string.Concat(Spoken().Matches(body).Select(match => match.Groups[1].Value)) + string.Concat(Done().Matches(body).Select(match => match.Value))
        : body;

    // Words one by one, tokens one by one, lines of subtitles: whoever puts the letters together reads it.
    private static string Squeezed(string? text) => Letters().Replace(text ?? "", "");

    private static Task AnswerAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        var body = reader.ReadToEnd();
        var word = Wanted().Match(body) is { Success: true } match ? match.Value : "fine";
        const string Usage = ""","usage":{"prompt_tokens":11,"completion_tokens":4,"input_tokens":11,"output_tokens":4,"total_tokens":15}""";
        var (stream, path) = (body.Contains("\"stream\":true", StringComparison.Ordinal) || Streamed().IsMatch(body), context.Request.Path.Value!);
        var logprobs = body.Contains("logprobs", StringComparison.Ordinal)
            ? $$""","logprobs":{"content":[{"token":"{{word}}","logprob":-0.1,"bytes":null,"top_logprobs":[]},{"token":" whale","logprob":-0.1,"bytes":null,"top_logprobs":[]}]}"""
            : "";
        var srt = $"1\n00:00:00,000 --> 00:00:02,000\nThey say {word}\n\n2\n00:00:02,000 --> 00:00:04,000\nwhale here.\n";
        return (path[path.IndexOf("/v1/", StringComparison.Ordinal)..], Format().Match(body).Groups[1].Value) switch
        {
            ("/v1/chat/completions", _) when stream => ScriptedVendor.WriteAsync(
                context,
                "text/event-stream",
                [.. Cut($"They say {word} whale here.").Select(piece => "data: " + $$$"""{"id":"c1","object":"chat.completion.chunk","created":7,"model":"m","choices":[{"index":0,"delta":{"content":"{{{piece}}}"}{{{logprobs}}},"finish_reason":null}]}""" + "\n\n"),
                    "data: " + $$$"""{"id":"c1","object":"chat.completion.chunk","created":7,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]{{{Usage}}}}""" + "\n\ndata: [DONE]\n\n"]),
            ("/v1/chat/completions", _) => Json($$$"""{"id":"c1","object":"chat.completion","created":7,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"They say {{{word}}} whale here."}{{{logprobs}}},"finish_reason":"stop"}]{{{Usage}}}}"""),
            ("/v1/embeddings", _) => Json($$$"""{"object":"list","model":"m","data":[{"object":"embedding","index":0,"embedding":[0.5]}]{{{Usage}}}}"""),
            ("/v1/images/generations" or "/v1/images/edits", _) => Json($$$"""{"created":7,"data":[{"b64_json":"aGVsbG8=","revised_prompt":"A {{{word}}} whale."}]{{{Usage}}}}"""),
            ("/v1/audio/speech", _) => ScriptedVendor.WriteAsync(context, "audio/mpeg", "ID3 sound"),
            ("/v1/audio/transcriptions", _) when stream => ScriptedVendor.WriteAsync(
                context,
                "text/event-stream",
                [.. Cut($"They say {word} whale here.").Select(piece => "data: " + $$$"""{"type":"transcript.text.delta","delta":"{{{piece}}}"}""" + "\n\n"),
                    "data: " + $$$"""{"type":"transcript.text.segment","id":"s1","start":0.0,"end":1.0,"text":"They say {{{word}}}"}""" + "\n\n",
                    "data: " + $$$"""{"type":"transcript.text.segment","id":"s2","start":1.0,"end":2.0,"text":" whale here."}""" + "\n\n",
                    "data: " + $$$"""{"type":"transcript.text.done","text":"They say {{{word}}} whale here."{{{Usage}}}}""" + "\n\n"]),
            ("/v1/audio/transcriptions", "srt") => ScriptedVendor.WriteAsync(context, "text/plain", srt),
            ("/v1/audio/transcriptions", "vtt") => ScriptedVendor.WriteAsync(context, "text/vtt", "WEBVTT\n\n" + srt.Replace(',', '.')),
            ("/v1/audio/transcriptions", "verbose_json") => Json($$$"""{"task":"transcribe","language":"english","duration":4.0,"text":"They say {{{word}}} whale here.","segments":[{"id":0,"start":0.0,"end":2.0,"text":"They say {{{word}}}","tokens":[1,2]},{"id":1,"start":2.0,"end":4.0,"text":" whale here.","tokens":[3]}],"words":[{"word":"They","start":0.0,"end":0.5},{"word":"{{{word}}}","start":0.5,"end":1.0},{"word":"whale","start":2.0,"end":3.0}]{{{Usage}}}}"""),
            ("/v1/audio/transcriptions", _) => Json($$$"""{"text":"They say {{{word}}} whale here."{{{Usage}}}}"""),
            ("/v1/moderations", _) => Json("""{"id":"m1","model":"m","results":[{"flagged":false,"categories":{},"category_scores":{}}]}"""),
            _ => Json($$$"""{"id":"r1","results":[{"index":0,"relevance_score":0.5,"document":{"text":"A {{{word}}} whale."}}]{{{Usage}}}}"""),
        };

        Task Json(string json) => ScriptedVendor.WriteAsync(context, "application/json", json);

        static IEnumerable<string> Cut(string text) => text.Chunk(5).Select(piece => new string(piece));
    }

    /// <param name="Answers">Its answer has text.</param>
    private sealed record Asked(string Name, ModelKind Kind, string Path, Func<string, string, HttpContent> Body, bool Answers = true)
    {
        public static Asked Json(string name, ModelKind kind, string path, string body) => new(
            name, kind, path, (model, say) => PolicyHub.Body(body.Replace("\"M\"", $"\"{model}\"", StringComparison.Ordinal).Replace("SAY", say, StringComparison.Ordinal)));

        public static Asked Form(string name, ModelKind kind, string path, string file, string text, params (string Name, string Value)[] more) => new(name, kind, path, (model, say) =>
        {
            var form = new MultipartFormDataContent { { new StringContent(model), "model" }, { new StringContent(say), text } };
            foreach (var (field, value) in more)
            {
                form.Add(new StringContent(value), field);
            }

            form.Add(new ByteArrayContent([0x52, 0x49, 0x46, 0x46, 1, 2, 3]), file, "file.wav");
            return form;
        });

        public Task<HttpResponseMessage> SendAsync(TestCustomer customer, string model, string say) =>
            customer.Api.PostAsync(Path.StartsWith('/') ? new Uri(customer.Api.BaseAddress!, Path).ToString() : Path, Body(model, say));
    }

    [GeneratedRegex("out(block|mask|flag)")]
    private static partial Regex Wanted();

    [GeneratedRegex("name=\"?stream\"?\\r\\n\\r\\ntrue")]
    private static partial Regex Streamed();

    [GeneratedRegex("name=\"?response_format\"?\\r\\n[^a-z]*([a-z_]+)")]
    private static partial Regex Format();

    [GeneratedRegex("\"(?:content|delta|text|token)\": ?\"([^\"]*)\"")]
    private static partial Regex Spoken();

    [GeneratedRegex("'(in|out) block'")]
    private static partial Regex Done();

    [GeneratedRegex("[^a-z]")]
    private static partial Regex Letters();
}
