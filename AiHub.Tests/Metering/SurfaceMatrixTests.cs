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

    public static TheoryData<string, bool, Fate> Everything()
    {
        var data = new TheoryData<string, bool, Fate>();
        foreach (var surface in Surfaces)
        {
            foreach (var fate in Enum.GetValues<Fate>())
            {
                data.Add(surface, true, fate);
                data.Add(surface, false, fate);
            }
        }

        return data;
    }

    [Theory, MemberData(nameof(Everything))]
    public async Task A_call_is_on_record_once_with_what_it_used(string surface, bool streamed, Fate fate)
    {
        var script = new Script(streamed, fate);
        await using var vendor = await ScriptedVendor.StartAsync(script.PlayAsync);
        var model = await vendors.ServeAsync(vendor);
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
    private sealed class Script(bool streamed, Fate fate)
    {
        private const string Figures = """{"prompt_tokens":11,"completion_tokens":4,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":3}}""";
        private const string Running = """{"prompt_tokens":11,"completion_tokens":1,"total_tokens":12,"prompt_tokens_details":{"cached_tokens":3}}""";
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
            if (fate == Fate.DiesBeforeItsFirstWord)
            {
                await SendAsync(context, Chunk("""{"role":"assistant","content":""}"""));
                context.Abort();
                return;
            }

            if (fate == Fate.CallerLeavesEarly)
            {
                await SendAsync(context, Chunk("""{"role":"assistant","content":""}"""));
                _mayLeave.SetResult();
                await UntilStoppedAsync(context);
                return;
            }

            await SendAsync(context, Chunk("""{"role":"assistant","content":"one two three"}""", usage: fate == Fate.RepeatsUsage ? Running : null));
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

            await SendAsync(context, Chunk("{}", "\"stop\"", fate == Fate.RepeatsUsage ? Figures : null));
            if (fate != Fate.OmitsUsage)
            {
                await SendAsync(context, $$"""{"id":"c1","object":"chat.completion.chunk","created":7,"model":"m","choices":[],"usage":{{Figures}}}""");
            }

            await ScriptedVendor.WriteAsync(context, "text/event-stream", "data: [DONE]\n\n");
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

            var usage = fate == Fate.OmitsUsage ? "" : $",\"usage\":{Figures}";
            var whole = $$"""{"id":"c1","object":"chat.completion","created":7,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"one two three"},"finish_reason":"stop"}]{{usage}}}""";
            await ScriptedVendor.WriteAsync(context, "application/json", fate == Fate.DiesInTheMiddle ? whole[..40] : whole);
            if (fate == Fate.DiesInTheMiddle)
            {
                context.Abort();
            }
        }

        private static Task SendAsync(HttpContext context, string json) => ScriptedVendor.WriteAsync(context, "text/event-stream", $"data: {json}\n\n");

        private static async Task UntilStoppedAsync(HttpContext context)
        {
            var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            using var _ = context.RequestAborted.Register(() => stopped.TrySetResult());
            await stopped.Task.WaitAsync(TimeSpan.FromMinutes(1));
        }

        private static string Chunk(string delta, string finish = "null", string? usage = null) =>
            $$"""{"id":"c1","object":"chat.completion.chunk","created":7,"model":"m","choices":[{"index":0,"delta":{{delta}},"finish_reason":{{finish}}}]{{(usage is null ? "" : $",\"usage\":{usage}")}}}""";
    }
}
