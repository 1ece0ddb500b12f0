using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using AiHub.Domain.Catalog;
using AiHub.Domain.Usage;
using AiHub.Simulators.Vendors.OpenAI.Surfaces;
using AiHub.Tests.Providers;

namespace AiHub.Tests.Modalities;

/// <summary>What clients send reaches the vendor, what the vendor answers reaches the client, and what cannot be served is refused in OpenAI's words.</summary>
public sealed class PassingThroughTests(SurfaceHub surfaces) : IClassFixture<SurfaceHub>
{
    private static readonly (PriceComponent, long)[] Words = [(PriceComponent.Input, 1_000_000_000)];
    private static readonly (PriceComponent, long)[] Seconds = [(PriceComponent.Second, SurfaceHub.Each("0.0001"))];
    private static readonly Weights BySecond = new(0, 0, 0, Second: 20);

    [Fact]
    public async Task JSON_reaches_the_vendor_byte_for_byte_but_for_the_model()
    {
        await using var vendor = await ScriptedVendor.AnsweringAsync("""{"object":"list","data":[],"model":"m","usage":{"prompt_tokens":3,"total_tokens":3},"novelty":{"a":1}}""");
        var model = await surfaces.ServeAsync(ModelKind.Embedding, Weights.One, Words, vendor.Url);
        var customer = await surfaces.Hub.RegisterAsync();

        using var response = await customer.Api.PostAsync("embeddings", new StringContent(
            $$"""{ "input" : ["a\u4f60", [1,2]],"model":"{{model}}", "new_thing": {"deep":[1.50, null]}, "input_type":"query" }""", Encoding.UTF8, "application/json"));

        Assert.Equal("""{"object":"list","data":[],"model":"m","usage":{"prompt_tokens":3,"total_tokens":3},"novelty":{"a":1}}""", await response.Content.ReadAsStringAsync());
        Assert.Equal("""{ "input" : ["a\u4f60", [1,2]],"model":"vendor-model", "new_thing": {"deep":[1.50, null]}, "input_type":"query" }""", Assert.Single(vendor.Requests).Body);
        Assert.Equal(new TokenUsage(3), (await surfaces.RecordAsync(customer)).Tokens);
    }

    [Fact]
    public async Task Embeddings_under_OpenRouter_s_path_go_to_whom_the_request_allows_and_fail_with_numbers()
    {
        await using var vendor = await ScriptedVendor.AnsweringAsync("""{"object":"list","data":[],"model":"m","usage":{"prompt_tokens":3,"total_tokens":3}}""");
        var model = await surfaces.ServeAsync(ModelKind.Embedding, Weights.One, Words, vendor.Url);
        var customer = await surfaces.Hub.RegisterAsync();
        var path = new Uri(surfaces.Hub.GatewayUrl, "api/v1/embeddings");

        using var refused = await customer.Api.PostAsync(path, SurfaceHub.Json(new { model, input = "hi", provider = new { only = new[] { "nobody" } } }));
        using var wrong = await customer.Api.PostAsync(path, SurfaceHub.Json(new { model, input = "hi", provider = new { onyl = 1 } }));
        using var answered = await customer.Api.PostAsync(path, SurfaceHub.Json(new { model, input = "hi", provider = new { sort = "price" } }));

        Assert.Equal((404, 400), (await CodeAsync(refused), await CodeAsync(wrong)));
        Assert.Equal(HttpStatusCode.OK, answered.StatusCode);
        Assert.Equal("""{"model":"vendor-model","input":"hi"}""", Assert.Single(vendor.Requests).Body);
        Assert.StartsWith("gen-", answered.Headers.GetValues("X-Generation-Id").Single());
        Assert.Equal("openrouter.embeddings", (await surfaces.RecordAsync(customer)).Surface);

        static async Task<int> CodeAsync(HttpResponseMessage response) => (int)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!["code"]!;
    }

    [Theory]
    [InlineData(1_000)]
    [InlineData(2_000_000)]
    public async Task A_form_reaches_the_vendor_byte_for_byte_but_for_the_model_however_large(int bytes)
    {
        var model = await surfaces.ServeAsync(ModelKind.Transcription, BySecond, Seconds, "transcribe-fault-500", "transcribe");
        var customer = await surfaces.Hub.RegisterAsync();
        var marker = Guid.CreateVersion7().ToString("N");
        var sound = new byte[bytes];
        new Random(7).NextBytes(sound);
        var form = SurfaceHub.Form("file", "odd name.raw", "application/octet-stream", sound, ("model", model), ("prompt", marker), ("include[]", "logprobs"), ("include[]", "x"), ("novelty", "yes"));
        var sent = await form.ReadAsByteArrayAsync();

        using var response = await customer.Api.PostAsync("audio/transcriptions", form);

        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        var expected = Encoding.Latin1.GetString(sent);
        var received = await AllWithAsync(marker, sound);
        Assert.Equal(["transcribe-fault-500", "transcribe"], received.Select(one => one.Model));
        Assert.All(received, one => Assert.Equal(expected.Replace(model, one.Model, StringComparison.Ordinal), one.Body));
    }

    [Fact]
    public async Task Sound_is_delivered_as_the_vendor_made_it()
    {
        var customer = await surfaces.Hub.RegisterAsync();

        using var response = await customer.Api.PostAsync("audio/speech", SurfaceHub.Json(new { model = "sim/speech", input = new string('a', 200), voice = "alloy", response_format = "wav" }));

        Assert.Equal("audio/wav", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(SpeechAnswer.Wav(200 * 1_200), await response.Content.ReadAsByteArrayAsync());
    }

    [Theory]
    [InlineData("json", "application/json", "{")]
    [InlineData("verbose_json", "application/json", "{")]
    [InlineData("text", "text/plain", "A sound of 2 seconds.\n")]
    [InlineData("srt", "text/plain", "1\n00:00:00,000 --> 00:00:02,000\nA sound of 2 seconds.\n\n")]
    [InlineData("vtt", "text/plain", "WEBVTT\n\n00:00:00.000 --> 00:00:02.000\nA sound of 2 seconds.\n\n")]
    public async Task A_transcription_has_the_format_its_caller_asked_for(string format, string type, string start)
    {
        var customer = await surfaces.Hub.RegisterAsync();

        using var response = await customer.Api.PostAsync("audio/transcriptions", SurfaceHub.Sound(2, ("model", "sim/transcribe"), ("response_format", format)));

        Assert.Equal(type, response.Content.Headers.ContentType?.MediaType);
        Assert.StartsWith(start, await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Streamed_images_arrive_as_named_events()
    {
        var customer = await surfaces.Hub.RegisterAsync();

        using var response = await customer.Api.PostAsync("images/generations", SurfaceHub.Json(new { model = "sim/image", prompt = "red", quality = "low", stream = true, partial_images = 1 }));

        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        var events = (await response.Content.ReadAsStringAsync()).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["event: image_generation.partial_image", "event: image_generation.completed"], events.Select(one => one.Split('\n')[0]));
        Assert.All(events, one => Assert.StartsWith("data: {", one.Split('\n')[1]));
    }

    [Theory]
    [InlineData("embeddings", """{"model":"sim/embed"}""", 400, "missing_required_parameter", "input")]
    [InlineData("embeddings", """{"input":"a"}""", 400, "missing_required_parameter", "model")]
    [InlineData("embeddings", """{"model":"sim/embed","model":"sim/embed","input":"a"}""", 400, "duplicate_parameter", "model")]
    [InlineData("embeddings", """{"model":"sim/embed","input":"a","encoding_format":"int8"}""", 400, "invalid_value", "encoding_format")]
    [InlineData("embeddings", """{"model":"sim/embed","input":"a"} x""", 400, null, null)]
    [InlineData("embeddings", """{"model":"sim/echo","input":"a"}""", 400, "wrong_endpoint", "model")]
    [InlineData("chat/completions", """{"model":"sim/embed","messages":[{"role":"user","content":"a"}]}""", 400, "wrong_endpoint", "model")]
    [InlineData("embeddings", """{"model":"sim/nothing","input":"a"}""", 404, "model_not_found", "model")]
    [InlineData("images/generations", """{"model":"sim/image","prompt":"a","n":99999999999}""", 400, "invalid_type", "n")]
    [InlineData("images/generations", """{"model":"sim/image","prompt":"a","size":"9x9"}""", 400, "invalid_value", "size")]
    [InlineData("audio/speech", """{"model":"sim/speech","input":7,"voice":"alloy"}""", 400, "invalid_type", "input")]
    [InlineData("audio/speech", """{"model":"sim/speech","input":"a"}""", 400, "missing_required_parameter", "voice")]
    [InlineData("audio/transcriptions", """{"model":"sim/transcribe"}""", 415, null, null)]
    [InlineData("moderations", """{"model":"sim/moderate","input":5}""", 400, "invalid_type", "input")]
    [InlineData("rerank", """{"model":"sim/rerank","query":"a","documents":[]}""", 400, "empty_array", "documents")]
    public async Task What_is_wrong_with_a_request_is_said_as_OpenAI_says_it_and_costs_nothing(string path, string body, int status, string? code, string? param)
    {
        var customer = await surfaces.Hub.RegisterAsync();

        using var response = await customer.Api.PostAsync(path, new StringContent(body, Encoding.UTF8, "application/json"));

        Assert.Equal(status, (int)response.StatusCode);
        var error = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!.AsObject();
        Assert.Equal(["message", "type", "param", "code"], error.Select(member => member.Key));
        Assert.Equal((code, param), ((string?)error["code"], (string?)error["param"]));
        Assert.Equal((0L, 0L), ((await customer.UsageAsync()).Quota.Used, (await customer.UsageAsync()).Quota.Held));
    }

    [Fact]
    public async Task A_file_that_is_too_large_is_refused_before_anything_is_asked()
    {
        var customer = await surfaces.Hub.RegisterAsync();
        var form = SurfaceHub.Form("file", "long.wav", "audio/wav", new byte[27 * 1024 * 1024], ("model", "sim/transcribe"));

        using var response = await customer.Api.PostAsync("audio/transcriptions", form);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Equal("request_too_large", (string?)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!["code"]);
    }

    [Theory]
    [InlineData("garbage")]
    [InlineData("--x\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nsim/transcribe")]
    [InlineData("--x\r\n\r\nnameless\r\n--x--\r\n")]
    public async Task A_form_that_is_not_one_is_refused(string body)
    {
        var customer = await surfaces.Hub.RegisterAsync();
        var content = new StringContent(body);
        content.Headers.Remove("Content-Type");
        content.Headers.TryAddWithoutValidation("Content-Type", "multipart/form-data; boundary=x");

        Assert.Equal(HttpStatusCode.BadRequest, (await customer.Api.PostAsync("audio/transcriptions", content)).StatusCode);
    }

    [Fact]
    public async Task A_model_whose_way_of_counting_has_no_price_is_refused_never_free()
    {
        var customer = await surfaces.Hub.RegisterAsync();
        var model = await surfaces.ServeAsync(ModelKind.Image, Weights.One, [(PriceComponent.Input, 1)], "image");

        for (var tries = 0; ; tries++)
        {
            using var response = await customer.Api.PostAsync("images/generations", SurfaceHub.Json(new { model, prompt = "red" }));
            Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
            if ((string?)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!["code"] == "model_not_priced")
            {
                return;
            }

            Assert.True(tries < 200, "The gateway does not hear of its catalogue's changes.");
            await Task.Delay(50);
        }
    }

    [Fact]
    public async Task A_model_that_counts_nothing_a_plan_has_is_paid_from_a_balance_or_refused()
    {
        var customer = await surfaces.Hub.RegisterAsync();
        var model = await surfaces.ServeAsync(ModelKind.Image, new Weights(0, 0, 0), [(PriceComponent.Image, SurfaceHub.Each("0.04"))], "image");

        using var response = await customer.Api.PostAsync("images/generations", SurfaceHub.Json(new { model, prompt = "red" }));

        Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
        Assert.Equal("false", response.Headers.GetValues("x-should-retry").Single());
        Assert.Contains("paid from a balance", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Leaving_in_the_middle_of_speech_stops_the_vendor_and_pays_for_the_text_it_was_given()
    {
        var stopped = new TaskCompletionSource();
        await using var vendor = await ScriptedVendor.StartAsync(async context =>
        {
            context.RequestAborted.Register(() => stopped.TrySetResult());
            context.Response.ContentType = "audio/mpeg";
            await context.Response.Body.WriteAsync(new byte[1000]);
            await context.Response.Body.FlushAsync();
            await stopped.Task;
        });
        var model = await surfaces.ServeAsync(ModelKind.Speech, new Weights(0, 0, 0, Character: 1_000), [(PriceComponent.Character, SurfaceHub.PerMillion("15"))], vendor.Url);
        var customer = await surfaces.Hub.RegisterAsync();

        using (var http = new HttpClient { BaseAddress = customer.Api.BaseAddress, DefaultRequestHeaders = { Authorization = customer.Api.DefaultRequestHeaders.Authorization } })
        {
            using var response = await http.SendAsync(
                new HttpRequestMessage(HttpMethod.Post, "audio/speech") { Content = SurfaceHub.Json(new { model, input = "Hello", voice = "alloy" }) }, HttpCompletionOption.ResponseHeadersRead);
            Assert.NotEqual(-1, (await response.Content.ReadAsStreamAsync()).ReadByte());
        }

        await stopped.Task.WaitAsync(TimeSpan.FromSeconds(60));
        var record = await surfaces.RecordAsync(customer);
        Assert.Equal((UsageStatus.Cancelled, UsageSource.Counted, new UnitUsage(Characters: 5), "0.000075"), (record.Status, record.Source, record.Units, record.Cost.ToDecimalString()));
    }

    private async Task<IReadOnlyList<(string Model, string Body)>> AllWithAsync(string marker, byte[] file)
    {
        using var control = new HttpClient { BaseAddress = new Uri(surfaces.Hub.SimulatorsUrl, "/_sim/") };
        var needle = Encoding.Latin1.GetString(file);
        return [.. JsonNode.Parse(await control.GetStringAsync("vendors/requests"))!.AsArray()
            .Select(request => Encoding.Latin1.GetString(Convert.FromBase64String((string)request!["body_base64"]!)))
            .Where(body => body.Contains(marker, StringComparison.Ordinal) && body.Contains(needle, StringComparison.Ordinal))
            .Select(body => (body.Contains("transcribe-fault-500", StringComparison.Ordinal) ? "transcribe-fault-500" : "transcribe", body))];
    }
}
