using System.Net.Http.Headers;
using System.Text;
using AiHub.Domain;
using AiHub.Domain.Catalog;
using AiHub.Domain.Usage;
using AiHub.Tests.Chat;
using AiHub.Tests.Hub;
using AiHub.Tests.Providers;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Tests.Metering;

/// <summary>Usage is exact on every surface: whatever becomes of a call, it is on record once, with the right tokens and the right charge, and holds nothing.</summary>
public sealed class SurfaceMatrixTests(VendorHub vendors) : IClassFixture<VendorHub>
{
    private static readonly TokenUsage Reported = new(InputUncached: 8, CacheRead: 3, OutputText: 4);
    private static readonly string[] Vendors = ["anthropic", "responses", "gemini"];
    private static readonly string[] Surfaces = ["openai.chat", "openai.completions", "openai.responses", "anthropic.messages", "openrouter.chat"];

    public enum Fate
    {
        Completes,
        CallerLeavesEarly,
        CallerLeavesLate,
        DiesBeforeItsFirstWord,
        DiesInTheMiddle,
        OmitsUsage,
        RepeatsUsage,
    }

    /// <summary>Every surface before a vendor of chat completions, and the three that differ most before vendors of every other dialect.</summary>
    public static TheoryData<string, string, bool, Fate> Everything()
    {
        var data = new TheoryData<string, string, bool, Fate>();
        foreach (var fate in Enum.GetValues<Fate>())
        {
            foreach (var streamed in (bool[])[true, false])
            {
                foreach (var surface in Surfaces)
                {
                    data.Add(surface, "openai", streamed, fate);
                }

                foreach (var vendor in Vendors)
                {
                    // What a caller leaves behind early is the same for all of them, once the vendor has begun.
                    foreach (var surface in fate != Fate.CallerLeavesEarly ? (string[])["openai.chat", "openai.responses", "anthropic.messages"] : streamed ? ["openai.chat"] : [])
                    {
                        data.Add(surface, vendor, streamed, fate);
                    }
                }
            }
        }

        return data;
    }

    [Theory, MemberData(nameof(Everything))]
    public async Task A_call_is_on_record_once_with_what_it_used(string surface, string dialect, bool streamed, Fate fate)
    {
        var script = new Script(Tongue.Of(dialect), streamed, fate);
        await using var vendor = await ScriptedVendor.StartAsync(script.PlayAsync);
        var model = await vendors.ServeAsync(_ => { }, dialect, vendor);
        var customer = await vendors.Hub.RegisterAsync();

        await CallAsync(customer, surface, model, streamed, script);

        var record = await RecordAsync(customer);
        Assert.Equal((surface, streamed, Expected(fate)), (record.Surface, record.Streamed, (AsTold(fate, record.Status), record.Source)));
        AssertTokens(fate, streamed, record.Tokens);
        // 1 USD per million in, 3 out, a tenth of a dollar for what was cached: thousandths of a nano never arise.
        var cost = record.Tokens.InputUncached * 1_000 + record.Tokens.CacheRead * 100 + record.Tokens.Output * 3_000;
        Assert.Equal((new Money(cost, Currency.USD), record.Tokens.Total, record.Tokens.Total), (record.Cost, record.PlanTokens, record.PlanTokensCharged));
        var quota = (await customer.UsageAsync()).Quota;
        Assert.Equal((10_000L - record.Tokens.Total, 0L), (quota.Remaining, quota.Held));
    }

    // Whether the vendor's last word or the news of the caller's going comes first is not for a test to say; what is charged is the same.
    private static UsageStatus AsTold(Fate fate, UsageStatus status) =>
        fate == Fate.CallerLeavesLate && status == UsageStatus.Succeeded ? UsageStatus.Cancelled : status;

    private static (UsageStatus Status, UsageSource Source) Expected(Fate fate) => fate switch
    {
        Fate.Completes or Fate.RepeatsUsage => (UsageStatus.Succeeded, UsageSource.Vendor),
        Fate.OmitsUsage => (UsageStatus.Succeeded, UsageSource.Estimated),
        Fate.CallerLeavesEarly => (UsageStatus.Cancelled, UsageSource.Estimated),
        Fate.CallerLeavesLate => (UsageStatus.Cancelled, UsageSource.Vendor),
        _ => (UsageStatus.Failed, UsageSource.Estimated),
    };

    private static void AssertTokens(Fate fate, bool streamed, TokenUsage tokens)
    {
        switch (fate)
        {
            case Fate.Completes or Fate.RepeatsUsage or Fate.CallerLeavesLate:
                Assert.Equal(Reported, tokens);
                break;
            case Fate.OmitsUsage:
                // "one two three" is three tokens; the prompt is counted by the hub, each dialect wording it a little differently.
                Assert.True(tokens is { OutputText: 3, InputUncached: > 4 and < 30 } && tokens.Total == tokens.InputUncached + 3, tokens.ToString());
                break;
            case Fate.CallerLeavesEarly when streamed:
                Assert.True(tokens is { InputUncached: > 4 and < 30 } && tokens.Total == tokens.InputUncached, tokens.ToString());
                break;
            default:
                Assert.Equal(default, tokens);
                break;
        }
    }

    private static async Task CallAsync(TestCustomer customer, string surface, string model, bool streamed, Script script)
    {
        // A connection of its own, so that leaving closes it.
        using var http = new HttpClient { BaseAddress = new Uri(customer.Api.BaseAddress!, "/"), DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", customer.Key.Key) } };
        using var leave = new CancellationTokenSource();
        if (script.Leaves is { } moment)
        {
            _ = moment.ContinueWith(_ => leave.CancelAsync(), TaskScheduler.Default);
        }

        var (path, body) = Ask(surface, model, streamed);
        try
        {
            using var response = await http.PostAsync(path, new StringContent(body, Encoding.UTF8, "application/json"), leave.Token);
            await response.Content.ReadAsStringAsync(leave.Token);
        }
        catch (Exception failure) when (failure is OperationCanceledException or HttpRequestException && leave.IsCancellationRequested)
        {
            script.HasLeft();
        }
    }

    private static (string Path, string Body) Ask(string surface, string model, bool streamed)
    {
        var stream = streamed ? "true" : "false";
        return surface switch
        {
            "openai.chat" => ("v1/chat/completions", $$"""{"model":"{{model}}","stream":{{stream}},"messages":[{"role":"user","content":"hi"}]}"""),
            "openai.completions" => ("v1/completions", $$"""{"model":"{{model}}","stream":{{stream}},"prompt":"hi"}"""),
            "openai.responses" => ("v1/responses", $$"""{"model":"{{model}}","stream":{{stream}},"input":"hi"}"""),
            "anthropic.messages" => ("v1/messages", $$"""{"model":"{{model}}","stream":{{stream}},"max_tokens":50,"messages":[{"role":"user","content":"hi"}]}"""),
            "openrouter.chat" => ("api/v1/chat/completions", $$"""{"model":"{{model}}","stream":{{stream}},"messages":[{"role":"user","content":"hi"}]}"""),
            _ => throw new ArgumentOutOfRangeException(nameof(surface)),
        };
    }

    private async Task<UsageRecord> RecordAsync(TestCustomer customer)
    {
        for (var tries = 0; ; tries++)
        {
            await using var db = vendors.Hub.Database.OpenAsAdmin();
            if (await db.UsageRecords.SingleOrDefaultAsync(record => record.OrganizationId == customer.OrganizationId) is { } record)
            {
                return record;
            }

            Assert.True(tries < 600, "The call is not on record.");
            await Task.Delay(50);
        }
    }

    /// <summary>What the vendor does with the one request it gets, and when the caller goes.</summary>
    private sealed class Script(Tongue tongue, bool streamed, Fate fate)
    {
        private readonly TaskCompletionSource _mayLeave = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>When the caller goes; null when it stays.</summary>
        public Task? Leaves => fate is Fate.CallerLeavesEarly or Fate.CallerLeavesLate ? _mayLeave.Task : null;

        public void HasLeft() => _left.TrySetResult();

        public async Task PlayAsync(HttpContext context)
        {
            if (streamed)
            {
                await StreamAsync(context);
            }
            else
            {
                await AnswerAsync(context);
            }
        }

        private async Task StreamAsync(HttpContext context)
        {
            await SendAsync(context, tongue.Opening(tells: fate != Fate.OmitsUsage));
            if (fate == Fate.DiesBeforeItsFirstWord)
            {
                context.Abort();
                return;
            }

            if (fate == Fate.CallerLeavesEarly)
            {
                _mayLeave.SetResult();
                await UntilStoppedAsync(context);
                return;
            }

            await SendAsync(context, tongue.Words(repeats: fate == Fate.RepeatsUsage));
            if (fate == Fate.DiesInTheMiddle)
            {
                context.Abort();
                return;
            }

            if (fate == Fate.CallerLeavesLate)
            {
                _mayLeave.SetResult();
                await _left.Task.WaitAsync(TimeSpan.FromMinutes(1));
            }

            await SendAsync(context, tongue.Ending(tells: fate != Fate.OmitsUsage, repeats: fate == Fate.RepeatsUsage));
        }

        private async Task AnswerAsync(HttpContext context)
        {
            if (fate == Fate.CallerLeavesEarly)
            {
                _mayLeave.SetResult();
                await UntilStoppedAsync(context);
                return;
            }

            if (fate == Fate.CallerLeavesLate)
            {
                _mayLeave.SetResult();
                await _left.Task.WaitAsync(TimeSpan.FromMinutes(1));
            }

            if (fate == Fate.DiesBeforeItsFirstWord)
            {
                context.Abort();
                return;
            }

            var whole = tongue.Whole(tells: fate != Fate.OmitsUsage);
            await ScriptedVendor.WriteAsync(context, "application/json", fate == Fate.DiesInTheMiddle ? whole[..40] : whole);
            if (fate == Fate.DiesInTheMiddle)
            {
                context.Abort();
            }
        }

        private static async Task SendAsync(HttpContext context, IEnumerable<string> events)
        {
            foreach (var json in events)
            {
                var name = json.StartsWith("{\"type\":\"", StringComparison.Ordinal) ? $"event: {json.Split('"')[3]}\n" : "";
                await ScriptedVendor.WriteAsync(context, "text/event-stream", $"{name}data: {json}\n\n");
            }
        }

        private static async Task UntilStoppedAsync(HttpContext context)
        {
            var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            using var _ = context.RequestAborted.Register(() => stopped.TrySetResult());
            await stopped.Task.WaitAsync(TimeSpan.FromMinutes(1));
        }
    }

    /// <summary>"one two three", 11 tokens in of which 3 were cached, 4 out: as a vendor of one dialect says it.</summary>
    /// <param name="OpeningWith">Events before the first word, with a count where the dialect has one there.</param>
    /// <param name="WordsWith">All the words; with what they have come to so far, where that is to be said again.</param>
    /// <param name="EndingWith">The rest of the stream, with the count or without, or with it twice.</param>
    /// <param name="WholeWith">The same in one piece.</param>
    private sealed record Tongue(Func<bool, IReadOnlyList<string>> OpeningWith, Func<bool, IReadOnlyList<string>> WordsWith, Func<bool, bool, IReadOnlyList<string>> EndingWith, Func<bool, string> WholeWith)
    {
        public static Tongue Of(string dialect) => dialect switch
        {
            "anthropic" => Anthropic(),
            "responses" => Responses(),
            "gemini" => Gemini(),
            _ => OpenAI(),
        };

        public IReadOnlyList<string> Opening(bool tells) => OpeningWith(tells);

        public IReadOnlyList<string> Words(bool repeats) => WordsWith(repeats);

        public IReadOnlyList<string> Ending(bool tells, bool repeats) => EndingWith(tells, repeats);

        public string Whole(bool tells) => WholeWith(tells);

        private static Tongue OpenAI()
        {
            const string Figures = """{"prompt_tokens":11,"completion_tokens":4,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":3}}""";
            const string Running = """{"prompt_tokens":11,"completion_tokens":1,"total_tokens":12,"prompt_tokens_details":{"cached_tokens":3}}""";
            return new(
                _ => [Chunk("""{"role":"assistant","content":""}""")],
                repeats => [Chunk("""{"role":"assistant","content":"one two three"}""", usage: repeats ? Running : null)],
                (tells, repeats) =>
                [
                    Chunk("{}", "\"stop\"", repeats ? Figures : null),
                    .. tells ? [$$"""{"id":"c1","object":"chat.completion.chunk","created":7,"model":"m","choices":[],"usage":{{Figures}}}"""] : Array.Empty<string>(),
                    "[DONE]",
                ],
                tells => $$"""{"id":"c1","object":"chat.completion","created":7,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"one two three"},"finish_reason":"stop"}]{{(tells ? $",\"usage\":{Figures}" : "")}}}""");

            static string Chunk(string delta, string finish = "null", string? usage = null) =>
                $$"""{"id":"c1","object":"chat.completion.chunk","created":7,"model":"m","choices":[{"index":0,"delta":{{delta}},"finish_reason":{{finish}}}]{{(usage is null ? "" : $",\"usage\":{usage}")}}}""";
        }

        private static Tongue Anthropic()
        {
            const string Figures = """{"input_tokens":8,"cache_read_input_tokens":3,"cache_creation_input_tokens":0,"output_tokens":4}""";
            const string Running = """{"input_tokens":8,"cache_read_input_tokens":3,"cache_creation_input_tokens":0,"output_tokens":1}""";
            return new(
                tells => [$$"""{"type":"message_start","message":{{Message("", "null", tells ? Running : null)}}}"""],
                repeats =>
                [
                    """{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}""",
                    """{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"one two three"}}""",
                    """{"type":"content_block_stop","index":0}""",
                    .. repeats ? [$$"""{"type":"message_delta","delta":{"stop_reason":null,"stop_sequence":null},"usage":{{Running}}}"""] : Array.Empty<string>(),
                ],
                (tells, repeats) =>
                [
                    .. Enumerable.Repeat($$"""{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null}{{(tells ? $",\"usage\":{Figures}" : "")}}}""", repeats ? 2 : 1),
                    """{"type":"message_stop"}""",
                ],
                tells => Message("""{"type":"text","text":"one two three"}""", "\"end_turn\"", tells ? Figures : null));

            static string Message(string content, string stop, string? usage) =>
                $$"""{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{{content}}],"stop_reason":{{stop}},"stop_sequence":null{{(usage is null ? "" : $",\"usage\":{usage}")}}}""";
        }

        private static Tongue Responses()
        {
            const string Figures = """{"input_tokens":11,"input_tokens_details":{"cached_tokens":3},"output_tokens":4,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":15}""";
            const string Message = """{"id":"msg_1","type":"message","role":"assistant","status":"completed","content":[{"type":"output_text","text":"one two three","annotations":[]}]}""";
            return new(
                _ => [Event("response.created", Response("in_progress", "", false)), """{"type":"response.output_item.added","output_index":0,"item":{"id":"msg_1","type":"message","role":"assistant","status":"in_progress","content":[]}}"""],
                repeats =>
                [
                    """{"type":"response.content_part.added","item_id":"msg_1","output_index":0,"content_index":0,"part":{"type":"output_text","text":"","annotations":[]}}""",
                    """{"type":"response.output_text.delta","item_id":"msg_1","output_index":0,"content_index":0,"delta":"one two three"}""",
                    .. repeats ? [Event("response.in_progress", Response("in_progress", "", true))] : Array.Empty<string>(),
                ],
                (tells, _) =>
                [
                    """{"type":"response.output_text.done","item_id":"msg_1","output_index":0,"content_index":0,"text":"one two three"}""",
                    $$"""{"type":"response.output_item.done","output_index":0,"item":{{Message}}}""",
                    Event("response.completed", Response("completed", Message, tells)),
                ],
                tells => Response("completed", Message, tells));

            static string Event(string type, string response) => $$"""{"type":"{{type}}","response":{{response}}}""";

            static string Response(string status, string output, bool tells) =>
                $$"""{"id":"resp_1","object":"response","created_at":7,"status":"{{status}}","model":"m","output":[{{output}}],"usage":{{(tells ? Figures : "null")}}}""";
        }

        private static Tongue Gemini()
        {
            const string Figures = """{"promptTokenCount":11,"cachedContentTokenCount":3,"candidatesTokenCount":4,"totalTokenCount":15}""";
            const string Running = """{"promptTokenCount":11,"cachedContentTokenCount":3,"candidatesTokenCount":1,"totalTokenCount":12}""";
            return new(
                _ => [Said("", null, null)],
                repeats => [Said("one two three", null, repeats ? Running : null)],
                (tells, repeats) => [.. repeats ? [Said("", null, Figures)] : Array.Empty<string>(), Said("", "STOP", tells ? Figures : null)],
                tells => Said("one two three", "STOP", tells ? Figures : null));

            static string Said(string text, string? finish, string? usage) =>
                $$"""{"candidates":[{"index":0,"content":{"role":"model","parts":[{{(text.Length > 0 ? $"{{\"text\":\"{text}\"}}" : "")}}]}{{(finish is null ? "" : $",\"finishReason\":\"{finish}\"")}}}],"modelVersion":"m","responseId":"r1"{{(usage is null ? "" : $",\"usageMetadata\":{usage}")}}}""";
        }
    }
}
