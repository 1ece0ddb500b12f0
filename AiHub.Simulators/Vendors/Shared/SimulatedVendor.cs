using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AiHub.Simulators.Control;
using AiHub.Simulators.Vendors.OpenAI;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace AiHub.Simulators.Vendors.Shared;

/// <summary>An error as the vendor writes it.</summary>
public sealed record VendorRefusal(int Status, JsonNode Body)
{
    public TimeSpan? RetryAfter { get; init; }
}

/// <summary>
/// A vendor with a dialect of its own: lets requests in by their key, is strict about what it takes, answers as the model's name says, goes
/// wrong when told to, and writes down what it received and served.
/// </summary>
public abstract class SimulatedVendor
{
    private const string FaultHeader = "x-sim-fault";

    /// <summary>What it is called in <c>/_sim</c>.</summary>
    public abstract string Name { get; }

    protected abstract string KeyHeader { get; }

    /// <summary>The first thing that is wrong with a request.</summary>
    /// <returns>Null when the vendor would take it.</returns>
    protected abstract VendorRefusal? Check(JsonElement body);

    protected abstract Ask Read(JsonElement body, string model, bool stream);

    protected abstract JsonObject Document(Ask ask, Told told);

    protected abstract IEnumerable<Spoken> Events(Ask ask, Told told);

    /// <summary>The vendor's own words for a status.</summary>
    /// <param name="reason">Which of its meanings; empty for the usual.</param>
    protected abstract VendorRefusal Refuse(int status, string reason, string? message = null);

    public abstract bool HasUsage(JsonObject json);

    public abstract void ForgetUsage(JsonObject json);

    /// <summary>An event as it goes over the wire.</summary>
    public abstract Step.Bytes Frame(Spoken sent);

    /// <summary>An error in the middle of a stream.</summary>
    public abstract string ErrorFrame();

    /// <summary>An error as a document that comes with status 200.</summary>
    public string ErrorBody() => Wire.Line(Refuse(500, "").Body);

    /// <param name="model">Null where the body names it.</param>
    /// <param name="stream">Null where the body says it.</param>
    public async Task RunAsync(HttpContext context, string? model, bool? stream)
    {
        var services = context.RequestServices;
        var clock = services.GetRequiredService<SimulatorClock>();
        var ct = context.RequestAborted;
        var requestId = $"req_{Guid.CreateVersion7(clock.GetUtcNow()):N}";
        context.Response.Headers["x-request-id"] = requestId;
        using var memory = new MemoryStream();
        await context.Request.Body.CopyToAsync(memory, ct);
        var received = services.GetRequiredService<RequestLog>().Keep(Name, requestId, context.Request, memory.ToArray(), clock.GetUtcNow());
        var serving = new Serving(this, context, received, clock);
        try
        {
            await AnswerAsync(context, serving, received, model, stream, ct);
        }
        catch (Exception gone) when (gone is OperationCanceledException or ConnectionAbortedException or ConnectionResetException)
        {
            // The caller hung up: it is on record.
        }
        finally
        {
            services.GetRequiredService<ServedLog>().Append(serving.Entry());
            received.Status = context.Response.HasStarted ? context.Response.StatusCode : received.Status;
            received.Finished = true;
        }
    }

    /// <summary>For every path that is none of the vendor's.</summary>
    public async Task RefusePathAsync(HttpContext context)
    {
        using var memory = new MemoryStream();
        await context.Request.Body.CopyToAsync(memory, context.RequestAborted);
        var clock = context.RequestServices.GetRequiredService<SimulatorClock>();
        var received = context.RequestServices.GetRequiredService<RequestLog>().Keep(Name, "", context.Request, memory.ToArray(), clock.GetUtcNow());
        await WriteAsync(context.Response, Refuse(404, "", "Not found."), context.RequestAborted);
        (received.Status, received.Finished) = (404, true);
    }

    private async Task AnswerAsync(HttpContext context, Serving serving, ReceivedRequest received, string? named, bool? streamed, CancellationToken ct)
    {
        if (Refused(context) is { } stranger)
        {
            await WriteAsync(context.Response, stranger, ct);
            return;
        }

        if (Parse(received.Body) is not { ValueKind: JsonValueKind.Object } body)
        {
            await WriteAsync(context.Response, Refuse(400, "", "The request body is not a JSON object."), ct);
            return;
        }

        var name = named ?? (body.Given("model") is { ValueKind: JsonValueKind.String } given ? given.GetString()! : "");
        var persona = Persona.All.GetValueOrDefault(name);
        var fault = persona?.Fault ?? Ordered(context, name) ?? VendorFaults.None;
        serving.Meets(name, fault);
        if (Check(body) is { } broken)
        {
            await WriteAsync(context.Response, broken, ct);
            return;
        }

        if (persona is null)
        {
            await WriteAsync(context.Response, Refuse(404, ""), ct);
            return;
        }

        if (fault.Status is { } status)
        {
            await WriteAsync(context.Response, Refuse(status, fault.Reason) with { RetryAfter = fault.RetryAfter }, ct);
            return;
        }

        var stream = streamed ?? body.Given("stream") is { ValueKind: JsonValueKind.True };
        if (fault.Instead is { } insteadAsync)
        {
            (serving.IsAnswered, serving.IsCut) = (true, fault.Cuts);
            await insteadAsync(context, this, stream, ct);
            serving.Completes();
            return;
        }

        var options = context.RequestServices.GetRequiredService<IOptions<SimulatorOptions>>().Value;
        var clock = context.RequestServices.GetRequiredService<SimulatorClock>();
        var ask = Read(body, name, stream);
        serving.Asks(ask);
        if (ask.Prompt.Count > options.ContextTokens)
        {
            await WriteAsync(context.Response, Refuse(400, "context"), ct);
            return;
        }

        var told = new Told(
            $"{Guid.CreateVersion7(clock.GetUtcNow()):N}",
            clock.GetUtcNow(),
            Choice.Of(persona.Draft(ask), ask.Stop, ask.MaxTokens),
            ask.Prompt.Count,
            context.RequestServices.GetRequiredService<PromptCache>().Read($"{Name}/{name}", ask.Prompt));
        serving.Begins(told);
        var (first, between) = persona.Pace(ask, options);
        if (!stream)
        {
            await Task.Delay(first, clock, ct);

            // Sent or not, all of it has been made by now.
            serving.IsMade = true;
            context.Response.ContentType = "application/json";
            await SendAsync(context, serving, fault.Whole(this, Document(ask, told)), clock, ct);
            return;
        }

        context.Response.ContentType = ChatEndpoint.EventStream;
        context.Response.Headers.CacheControl = "no-cache";
        context.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
        await context.Response.StartAsync(ct);
        await SendAsync(context, serving, Paced(fault.Stream(this, Events(ask, told)), first, between), clock, ct);
    }

    private VendorFault? Ordered(HttpContext context, string model)
    {
        var name = context.Request.Headers[FaultHeader] is [{ Length: > 0 } asked, ..] ? asked : context.RequestServices.GetRequiredService<FaultQueue>().Take(Name, model);
        return name is null ? null : VendorFaults.All.GetValueOrDefault(name);
    }

    private VendorRefusal? Refused(HttpContext context)
    {
        var key = context.Request.Headers[KeyHeader].ToString();
        key = key.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? key["Bearer ".Length..].Trim() : key;
        if (key.Length == 0)
        {
            return Refuse(401, "missing");
        }

        if (key != context.RequestServices.GetRequiredService<IOptions<SimulatorOptions>>().Value.ApiKey)
        {
            return Refuse(401, "");
        }

        var (remaining, reset) = context.RequestServices.GetRequiredService<RequestRate>().Take();
        return remaining is null ? Refuse(429, "") with { RetryAfter = reset } : null;
    }

    private static async Task WriteAsync(HttpResponse response, VendorRefusal refusal, CancellationToken ct)
    {
        response.StatusCode = refusal.Status;
        response.ContentType = "application/json";
        if (refusal.RetryAfter is { } wait)
        {
            response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        }

        await response.WriteAsync(Wire.Line(refusal.Body), ct);
    }

    private static async Task SendAsync(HttpContext context, Serving serving, IEnumerable<Step> steps, SimulatorClock clock, CancellationToken ct)
    {
        foreach (var step in steps)
        {
            ct.ThrowIfCancellationRequested();
            switch (step)
            {
                case Step.Bytes bytes:
                    await context.Response.Body.WriteAsync(bytes.Data, ct);
                    await context.Response.Body.FlushAsync(ct);
                    serving.Delivers(bytes);
                    break;
                case Step.Wait wait:
                    await Task.Delay(wait.Time, clock, ct);
                    break;
                case Step.Cut:
                    serving.IsCut = true;
                    context.Abort();
                    return;
            }
        }

        serving.Completes();
    }

    private static IEnumerable<Step> Paced(IEnumerable<Step> steps, TimeSpan first, TimeSpan between)
    {
        var isFirst = true;
        foreach (var step in steps)
        {
            if (step is Step.Bytes { Part: not null })
            {
                yield return new Step.Wait(isFirst ? first : between);
                isFirst = false;
            }

            yield return step;
        }
    }

    private static JsonElement? Parse(byte[] body)
    {
        try
        {
            return JsonElement.Parse(body);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Keeps count while an answer is sent, for <see cref="ServedLog"/>.</summary>
    private sealed class Serving(SimulatedVendor vendor, HttpContext context, ReceivedRequest received, SimulatorClock clock)
    {
        private readonly StringBuilder _spoken = new();
        private readonly StringBuilder _thought = new();
        private string? _model;
        private string? _fault;
        private Ask? _ask;
        private Told? _told;
        private bool _completed;
        private bool _usageSent;

        /// <summary>By a fault, not by the caller.</summary>
        public bool IsCut { get; set; }

        /// <summary>With whatever; not refused.</summary>
        public bool IsAnswered { get; set; }

        /// <summary>The whole answer exists and would be billed, however much of it arrives.</summary>
        public bool IsMade { get; set; }

        private bool IsAborted => !IsCut && !_completed && context.RequestAborted.IsCancellationRequested;

        public void Meets(string model, VendorFault fault)
        {
            (_model, _fault) = (model, fault == VendorFaults.None ? null : fault.Name);
            received.Fault = _fault;
        }

        public void Asks(Ask ask) => _ask = ask;

        public void Begins(Told told) => (_told, IsAnswered) = (told, true);

        public void Delivers(Step.Bytes bytes)
        {
            _usageSent |= bytes.HasUsage;
            if (bytes.Part is { } part)
            {
                (part.IsThought ? _thought : _spoken).Append(part.Text);
            }
        }

        public void Completes() => _completed = true;

        public ServedAnswer Entry()
        {
            var made = _told is not null && (IsMade || _thought.Length + _spoken.Length >= _told.Length);
            var thought = made ? _told!.Choice.ReasoningTokens : Tokens.Count(_thought.ToString());
            received.ClientAborted = IsAborted;
            return new ServedAnswer(
                0,
                vendor.Name,
                received.RequestId,
                _told?.Id,
                _model,
                _ask?.User,
                _ask?.Stream ?? false,
                context.Response.HasStarted ? context.Response.StatusCode : 0,
                _fault,
                IsCut ? "cut" : IsAborted ? "client_aborted" : IsAnswered ? "completed" : "refused",
                _told?.PromptTokens ?? 0,
                _told?.CachedTokens ?? 0,
                made ? _told!.Choice.CompletionTokens : thought + Tokens.Count(_spoken.ToString()),
                thought,
                _usageSent,
                received.ReceivedAt,
                clock.GetUtcNow());
        }
    }
}
