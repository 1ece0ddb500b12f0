using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using AiHub.Domain.Catalog;
using AiHub.Domain.Usage;
using AiHub.Simulators;
using AiHub.Tests.Hub;
using AiHub.Tests.Providers;
using Microsoft.AspNetCore.Http;

namespace AiHub.Tests.Modalities;

/// <summary>Every surface that is not chat × how a call can end: one usage record each, with the right quantities, the right charge, and nothing held.</summary>
public sealed class MeteringTests(SurfaceHub surfaces) : IClassFixture<SurfaceHub>
{
    private const string Text = "kill the lights, 你好";

    /// <summary>A call of a surface, and what the simulated vendor counts for it: 6 tokens are the o200k count of <see cref="Text"/>.</summary>
    private sealed record Case(
        string Name,
        string Path,
        ModelKind Kind,
        string Vendor,
        Weights Weights,
        (PriceComponent, long)[] Prices,
        Func<string, HttpContent> Ask,
        TokenUsage Tokens,
        UnitUsage Units,
        string Cost,
        UsageSource Source = UsageSource.Vendor)
    {
        public static readonly IReadOnlyList<Case> All =
        [
            new("embeddings", "embeddings", ModelKind.Embedding, "embed", Weights.One, [(PriceComponent.Input, SurfaceHub.PerMillion("0.1"))],
                model => SurfaceHub.Json(new { model, input = new[] { Text, Text }, dimensions = 4 }), new TokenUsage(2 * Words), default, "0.0000012"),
            new("images", "images/generations", ModelKind.Image, "image", Weights.One, ImagePrices,
                model => SurfaceHub.Json(new { model, prompt = Text, quality = "low" }), new TokenUsage(Words, ImageOut: 272), new UnitUsage(Images: 1), "0.00819"),
            new("images by the piece", "images/generations", ModelKind.Image, "image", new Weights(0, 0, 0, Image: 100_000), [(PriceComponent.Image, SurfaceHub.Each("0.04"))],
                model => SurfaceHub.Json(new { model, prompt = Text, n = 3 }), default, new UnitUsage(Images: 3), "0.12"),
            new("streamed images", "images/generations", ModelKind.Image, "image", Weights.One, ImagePrices,
                model => SurfaceHub.Json(new { model, prompt = Text, quality = "low", stream = true, partial_images = 2 }), new TokenUsage(Words, ImageOut: 472), new UnitUsage(Images: 1), "0.01419"),
            new("image edits", "images/edits", ModelKind.Image, "image", Weights.One, ImagePrices,
                model => SurfaceHub.Form("image", "in.png", "image/png", [1, 2, 3], ("prompt", Text), ("model", model), ("quality", "low")), new TokenUsage(Words, ImageIn: 100, ImageOut: 272), new UnitUsage(Images: 1), "0.00899"),
            new("speech", "audio/speech", ModelKind.Speech, "speech", new Weights(0, 0, 0, Character: 1_000), [(PriceComponent.Character, SurfaceHub.PerMillion("15"))],
                model => SurfaceHub.Json(new { model, input = Text, voice = "alloy" }), default, new UnitUsage(Characters: 19), "0.000285", UsageSource.Counted),
            new("streamed speech", "audio/speech", ModelKind.Speech, "speech", Weights.One, [(PriceComponent.Input, SurfaceHub.PerMillion("0.6")), (PriceComponent.Output, SurfaceHub.PerMillion("12"))],
                model => SurfaceHub.Json(new { model, input = Text, voice = "alloy", stream_format = "sse" }), new TokenUsage(Words, AudioOut: 19), new UnitUsage(Characters: 19), "0.0002316"),
            new("transcription", "audio/transcriptions", ModelKind.Transcription, "transcribe", new Weights(0, 0, 0, Second: 20_000), [(PriceComponent.Second, SurfaceHub.Each("0.0001"))],
                model => SurfaceHub.Sound(2.5, ("model", model)), default, new UnitUsage(Seconds: 3), "0.0003"),
            new("transcription as text", "audio/transcriptions", ModelKind.Transcription, "transcribe", new Weights(0, 0, 0, Second: 20_000), [(PriceComponent.Second, SurfaceHub.Each("0.0001"))],
                model => SurfaceHub.Sound(2.5, ("response_format", "text"), ("model", model)), default, new UnitUsage(Seconds: 3), "0.0003"),
            new("transcription as subtitles", "audio/transcriptions", ModelKind.Transcription, "transcribe", new Weights(0, 0, 0, Second: 20_000), [(PriceComponent.Second, SurfaceHub.Each("0.0001"))],
                model => SurfaceHub.Sound(2.5, ("model", model), ("response_format", "srt")), default, new UnitUsage(Seconds: 3), "0.0003", UsageSource.Counted),
            new("streamed transcription", "audio/transcriptions", ModelKind.Transcription, "transcribe-tokens", Weights.One,
                [(PriceComponent.Input, SurfaceHub.PerMillion("2.5")), (PriceComponent.AudioIn, SurfaceHub.PerMillion("6")), (PriceComponent.Output, SurfaceHub.PerMillion("10"))],
                model => SurfaceHub.Sound(2.5, ("model", model), ("stream", "true")), new TokenUsage(0, OutputText: 7, AudioIn: 30), new UnitUsage(Seconds: 3), "0.00025"),
            new("moderations", "moderations", ModelKind.Moderation, "moderate", Weights.One, [(PriceComponent.Input, SurfaceHub.PerMillion("0.01"))],
                model => SurfaceHub.Json(new { model, input = Text }), new TokenUsage(Words), default, "0.00000006", UsageSource.Estimated),
            new("rerank by the search", "rerank", ModelKind.Rerank, "rerank", new Weights(0, 0, 0, SearchUnit: 100_000), [(PriceComponent.SearchUnit, SurfaceHub.Each("0.002"))],
                model => SurfaceHub.Json(new { model, query = Text, documents = Enumerable.Repeat("dark", 101) }), default, new UnitUsage(SearchUnits: 2), "0.004"),
            new("rerank by tokens", "rerank", ModelKind.Rerank, "rerank-tokens", Weights.One, [(PriceComponent.Input, SurfaceHub.PerMillion("0.02"))],
                model => SurfaceHub.Json(new { model, query = Text, documents = new[] { "dark", "light" } }), new TokenUsage(2 * Words + 2), new UnitUsage(SearchUnits: 1), "0.00000028"),
        ];

        private const int Words = 6;

        private static (PriceComponent, long)[] ImagePrices =>
            [(PriceComponent.Input, SurfaceHub.PerMillion("5")), (PriceComponent.ImageIn, SurfaceHub.PerMillion("8")), (PriceComponent.Output, SurfaceHub.PerMillion("10")), (PriceComponent.ImageOut, SurfaceHub.PerMillion("30"))];
    }

    public static TheoryData<string> Names => [.. Case.All.Select(one => one.Name)];

    [Theory, MemberData(nameof(Names))]
    public async Task A_call_is_charged_exactly_what_was_used(string name)
    {
        var (one, customer, model) = await PrepareAsync(name);

        using var response = await customer.Api.PostAsync(one.Path, one.Ask(model));
        var answer = await response.Content.ReadAsByteArrayAsync();

        Assert.True(response.StatusCode == HttpStatusCode.OK, System.Text.Encoding.UTF8.GetString(answer));
        Assert.NotEmpty(answer);
        var record = await surfaces.RecordAsync(customer);
        Assert.Equal((one.Tokens, one.Units, one.Cost, one.Source), (record.Tokens, record.Units, record.Cost.ToDecimalString(), record.Source));
        Assert.Equal((UsageStatus.Succeeded, record.PlanTokens), (record.Status, record.PlanTokensCharged));
        Assert.True(record.PlanTokens > 0);
        Assert.Equal(record.Id.ToString(), response.Headers.GetValues("x-request-id").Single());
        Assert.Equal((model, "sim"), (response.Headers.GetValues("x-aihub-model").Single(), response.Headers.GetValues("x-aihub-provider").Single()));
        await HoldsNothingAsync(customer, record.PlanTokens);
    }

    [Theory, MemberData(nameof(Names))]
    public async Task A_vendor_that_dies_in_the_middle_never_looks_like_success_and_what_nobody_counted_is_not_charged(string name)
    {
        var (one, customer, model) = await PrepareAsync(name, "-fault-dies");

        var failure = await Record.ExceptionAsync(async () =>
        {
            using var response = await customer.Api.PostAsync(one.Path, one.Ask(model));
            var text = await response.Content.ReadAsStringAsync();
            Assert.True(!response.IsSuccessStatusCode || text.Contains("event: error", StringComparison.Ordinal), text);
        });

        // Bytes of sound are cut like the vendor's own.
        Assert.True(failure is null or HttpRequestException, failure?.ToString());
        var record = await surfaces.RecordAsync(customer);
        Assert.Equal((UsageStatus.Failed, 0L), (record.Status, record.Cost.Nanos));
        // A connection that is reset before a byte of the answer has been read was never an answer.
        Assert.Contains(record.ErrorCode, new[] { "upstream_truncated", "upstream_unavailable" });
        await HoldsNothingAsync(customer, 0);
    }

    [Theory, MemberData(nameof(Names))]
    public async Task When_a_vendor_forgets_to_count_the_hub_does(string name)
    {
        var (one, customer, model) = await PrepareAsync(name, "-fault-no-usage");

        using var response = await customer.Api.PostAsync(one.Path, one.Ask(model));

        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        var record = await surfaces.RecordAsync(customer);
        Assert.Equal(one.Units, record.Units);
        Assert.True(record.Cost.Nanos > 0);
        Assert.Equal(one.Tokens == default ? one.Source is UsageSource.Vendor && !one.Name.StartsWith("trans", StringComparison.Ordinal) ? UsageSource.Vendor : UsageSource.Counted : UsageSource.Estimated, record.Source);
        // In words the hub counts as the vendor does; of sounds and pictures it knows the usual size.
        Assert.Equal(one.Tokens.InputUncached, record.Tokens.InputUncached);
        await HoldsNothingAsync(customer, record.PlanTokens);
    }

    [Theory, MemberData(nameof(Names))]
    public async Task A_vendor_that_cannot_answer_is_passed_over_and_only_the_one_that_answered_is_paid(string name)
    {
        var one = Case.All.Single(wanted => wanted.Name == name);
        var customer = await surfaces.Hub.RegisterAsync();
        var model = await surfaces.ServeAsync(one.Kind, one.Weights, one.Prices, $"{one.Vendor}-fault-500", $"{one.Vendor}-fault-reset-before-headers", one.Vendor);

        using var response = await customer.Api.PostAsync(one.Path, one.Ask(model));

        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        var record = await surfaces.RecordAsync(customer);
        Assert.Equal((3, one.Cost, UsageStatus.Succeeded), (record.Attempts, record.Cost.ToDecimalString(), record.Status));
        Assert.Equal("3", response.Headers.GetValues("x-aihub-attempts").Single());
        await HoldsNothingAsync(customer, record.PlanTokens);
    }

    [Theory, MemberData(nameof(Names))]
    public async Task A_call_no_vendor_could_answer_costs_nothing_and_holds_nothing(string name)
    {
        var (one, customer, model) = await PrepareAsync(name, "-fault-503");

        using var response = await customer.Api.PostAsync(one.Path, one.Ask(model));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Contains("\"upstream_busy\"", await response.Content.ReadAsStringAsync());
        Assert.Equal((UsageStatus.Failed, 0L, 0L), await OutcomeAsync(customer));
        await HoldsNothingAsync(customer, 0);
    }

    [Theory, MemberData(nameof(Names))]
    public async Task Leaving_before_a_vendor_answers_costs_nothing_and_holds_nothing(string name)
    {
        var (one, customer, model) = await PrepareAsync(name, "-fault-stall-before-headers");
        using var leaving = new CancellationTokenSource();
        // A connection of its own, so that leaving closes it.
        using var http = new HttpClient { BaseAddress = customer.Api.BaseAddress, DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", customer.Key.Key) } };

        var call = http.PostAsync(one.Path, one.Ask(model), leaving.Token);
        for (var tries = 0; (await customer.UsageAsync()).Quota.Held == 0; tries++)
        {
            Assert.True(tries < 600, "Nothing is held for the call.");
            await Task.Delay(50);
        }

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);

        Assert.Equal((UsageStatus.Cancelled, 0L, 0L), await OutcomeAsync(customer));
        await HoldsNothingAsync(customer, 0);
    }

    [Theory, MemberData(nameof(Names))]
    public async Task A_vendor_that_hangs_up_before_it_answers_is_not_paid(string name)
    {
        await using var vendor = await ScriptedVendor.StartAsync(context =>
        {
            context.Abort();
            return Task.CompletedTask;
        });
        var (one, customer, model) = await PrepareAsync(name, vendor);

        using var response = await customer.Api.PostAsync(one.Path, one.Ask(model));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal((UsageStatus.Failed, 0L, 0L), await OutcomeAsync(customer));
        await HoldsNothingAsync(customer, 0);
    }

    [Theory, MemberData(nameof(Names))]
    public async Task Leaving_once_the_answer_is_as_good_as_made_costs_what_it_came_to(string name)
    {
        var mayLeave = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        var left = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var vendor = await ScriptedVendor.StartAsync(async context =>
        {
            var (type, pieces) = await AskSimulatorAsync(context);
            // What comes in pieces has begun; what comes in one is about to.
            var early = pieces.Count / 2;
            await WriteAsync(context, type, pieces[..early]);
            mayLeave.SetResult(early > 0);
            await left.Task.WaitAsync(TimeSpan.FromMinutes(1));
            await WriteAsync(context, type, pieces[early..]);
        });
        var (one, customer, model) = await PrepareAsync(name, vendor);
        using var leaving = new CancellationTokenSource();
        using var http = new HttpClient { BaseAddress = customer.Api.BaseAddress, DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", customer.Key.Key) } };

        using var request = new HttpRequestMessage(HttpMethod.Post, one.Path) { Content = one.Ask(model) };
        var call = http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, leaving.Token);
        if (await mayLeave.Task.WaitAsync(TimeSpan.FromMinutes(1)))
        {
            (await call).Dispose();
        }
        else
        {
            await leaving.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        }

        left.SetResult();

        var record = await surfaces.RecordAsync(customer);
        Assert.Equal((one.Tokens, one.Units, one.Cost, one.Source), (record.Tokens, record.Units, record.Cost.ToDecimalString(), record.Source));
        // Whether its last word or the news of the caller's going comes first is not for a test to say.
        Assert.Contains(record.Status, new[] { UsageStatus.Succeeded, UsageStatus.Cancelled });
        await HoldsNothingAsync(customer, record.PlanTokens);
    }

    [Theory, MemberData(nameof(Names))]
    public async Task A_vendor_that_counts_more_than_once_is_paid_once(string name)
    {
        await using var vendor = await ScriptedVendor.StartAsync(async context =>
        {
            var (type, pieces) = await AskSimulatorAsync(context);
            await WriteAsync(context, type, CountedTwice(type, pieces));
        });
        var (one, customer, model) = await PrepareAsync(name, vendor);

        using var response = await customer.Api.PostAsync(one.Path, one.Ask(model));

        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        var record = await surfaces.RecordAsync(customer);
        Assert.Equal((one.Tokens, one.Units, one.Cost, one.Source, UsageStatus.Succeeded), (record.Tokens, record.Units, record.Cost.ToDecimalString(), record.Source, record.Status));
        await HoldsNothingAsync(customer, record.PlanTokens);
    }

    // Lets the simulator answer what the hub asked, in the pieces a reader of it would take.
    private async Task<(string Type, List<byte[]> Pieces)> AskSimulatorAsync(HttpContext context)
    {
        using var simulator = new HttpClient { BaseAddress = surfaces.Hub.SimulatorsUrl };
        using var request = new HttpRequestMessage(HttpMethod.Post, $"vendors/openai{context.Request.Path}") { Content = new StreamContent(context.Request.Body) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", context.Request.ContentType);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", SimulatorOptions.DevelopmentKey);
        using var answer = await simulator.SendAsync(request);
        var body = await answer.Content.ReadAsByteArrayAsync();
        Assert.True(answer.IsSuccessStatusCode, TextOf(body));
        var type = answer.Content.Headers.ContentType!.ToString();
        return (type, type switch
        {
            _ when IsStream(type) => [.. TextOf(body).Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(one => Bytes($"{one}\n\n"))],
            _ when type.StartsWith("audio/", StringComparison.Ordinal) => [.. body.Chunk(1 + body.Length / 4)],
            _ => [body],
        });
    }

    // Every event, and a document twice, says what the whole has come to; what is not counted stays as it is.
    private static List<byte[]> CountedTwice(string type, List<byte[]> pieces)
    {
        var last = TextOf(pieces[^1]);
        if ((!type.StartsWith("application/json", StringComparison.Ordinal) && !IsStream(type)) || JsonNode.Parse(last[last.IndexOf('{')..])!["usage"] is not { } usage)
        {
            return pieces;
        }

        return [.. pieces[..^1].Select(Twice), IsStream(type) ? pieces[^1] : Twice(pieces[^1])];

        byte[] Twice(byte[] piece) => Bytes($"{TextOf(piece).TrimEnd()[..^1]},\"usage\":{usage.ToJsonString()}}}\n\n");
    }

    private static bool IsStream(string type) => type.StartsWith("text/event-stream", StringComparison.Ordinal);

    private static string TextOf(byte[] bytes) => System.Text.Encoding.UTF8.GetString(bytes);

    private static byte[] Bytes(string text) => System.Text.Encoding.UTF8.GetBytes(text);

    private static async Task WriteAsync(HttpContext context, string type, List<byte[]> pieces)
    {
        foreach (var piece in pieces)
        {
            if (!context.Response.HasStarted)
            {
                context.Response.ContentType = type;
            }

            await context.Response.Body.WriteAsync(piece);
            await context.Response.Body.FlushAsync();
        }
    }

    private async Task<(Case Case, TestCustomer Customer, string Model)> PrepareAsync(string name, ScriptedVendor vendor)
    {
        var one = Case.All.Single(wanted => wanted.Name == name);
        return (one, await surfaces.Hub.RegisterAsync(), await surfaces.ServeAsync(one.Kind, one.Weights, one.Prices, vendor.Url, one.Vendor));
    }

    private async Task<(UsageStatus Status, long Cost, long PlanTokens)> OutcomeAsync(TestCustomer customer)
    {
        var record = await surfaces.RecordAsync(customer);
        return (record.Status, record.Cost.Nanos, record.PlanTokensCharged);
    }

    private async Task<(Case Case, TestCustomer Customer, string Model)> PrepareAsync(string name, string fault = "")
    {
        var one = Case.All.Single(wanted => wanted.Name == name);
        return (one, await surfaces.Hub.RegisterAsync(), await surfaces.ServeAsync(one.Kind, one.Weights, one.Prices, one.Vendor + fault));
    }

    private static async Task HoldsNothingAsync(TestCustomer customer, long used)
    {
        var quota = (await customer.UsageAsync()).Quota;
        Assert.Equal((used, 0L), (quota.Used, quota.Held));
    }
}
