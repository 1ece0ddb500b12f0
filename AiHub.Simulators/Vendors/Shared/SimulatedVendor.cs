using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using AiHub.Simulators.Control;
using AiHub.Simulators.Vendors.OpenAI;
using Microsoft.AspNetCore.Connections;
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
        var serving = new Serving(Name, context, received, clock);
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
        serving.Meets(name, fault == VendorFaults.None ? null : fault.Name);
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
            await serving.SendInsteadAsync(() => insteadAsync(context, this, stream, ct), fault.Cuts);
            return;
        }

        var options = context.RequestServices.GetRequiredService<IOptions<SimulatorOptions>>().Value;
        var clock = context.RequestServices.GetRequiredService<SimulatorClock>();
        var ask = Read(body, name, stream);
        serving.Asks(ask.User, stream);
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
        serving.Begins(new AnswerFigures(told.Id, told.PromptTokens, told.CachedTokens, told.Choice.CompletionTokens, told.Choice.ReasoningTokens, told.Length));
        var pace = Orders.Pace(name, ask.LastUserText, options);
        await (stream
            ? serving.StreamAsync(fault.Stream(this, Events(ask, told)), pace, ct)
            : serving.WriteWholeAsync(fault.Whole(this, Document(ask, told)), pace.First, ct));
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
}
