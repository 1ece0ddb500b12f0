using System.Text;
using AiHub.Simulators.Control;
using AiHub.Simulators.Vendors.OpenAI;
using Microsoft.AspNetCore.Http.Features;

namespace AiHub.Simulators.Vendors.Shared;

/// <summary>What a whole answer comes to.</summary>
/// <param name="Id">The answer's own; null where answers have none.</param>
/// <param name="Length">In characters, thoughts and calls included; null when all of it is made before any is sent.</param>
public sealed record AnswerFigures(string? Id, int PromptTokens, int CachedTokens, int OutputTokens, int ReasoningTokens, int? Length);

/// <summary>Sends an answer step by step and keeps count meanwhile, for <see cref="ServedLog"/>.</summary>
public sealed class Serving
{
    private readonly string _vendor;
    private readonly HttpContext _context;
    private readonly ReceivedRequest _received;
    private readonly SimulatorClock _clock;
    private readonly Dictionary<(int Choice, bool IsThought), StringBuilder> _delivered = [];
    private string? _model;
    private string? _user;
    private bool _stream;
    private AnswerFigures? _answer;
    private bool _answered;
    private bool _made;
    private bool _cut;
    private bool _completed;
    private bool _usageSent;

    public Serving(string vendor, HttpContext context, ReceivedRequest received, SimulatorClock clock)
    {
        (_vendor, _context, _received, _clock) = (vendor, context, received, clock);
        context.RequestAborted.Register(() => received.ClientAborted = IsAborted);
    }

    private bool IsAborted => !_cut && !_completed && _context.RequestAborted.IsCancellationRequested;

    /// <param name="fault">Null when nothing is to go wrong.</param>
    public void Meets(string model, string? fault) => (_model, _received.Fault) = (model, fault);

    public void Asks(string? user, bool stream) => (_user, _stream) = (user, stream);

    public void Begins(AnswerFigures answer) => (_answer, _answered, _made) = (answer, true, answer.Length is null);

    /// <summary>Something else than an answer.</summary>
    /// <param name="cuts">It drops the line.</param>
    public async Task SendInsteadAsync(Func<Task> sendAsync, bool cuts)
    {
        (_answered, _cut) = (true, cuts);
        await sendAsync();
        _completed = true;
    }

    public async Task StreamAsync(IEnumerable<Step> steps, (TimeSpan First, TimeSpan Between) pace, CancellationToken ct)
    {
        _context.Response.ContentType = ChatEndpoint.EventStream;
        _context.Response.Headers.CacheControl = "no-cache";
        _context.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
        await _context.Response.StartAsync(ct);
        await SendAsync(Paced(steps, pace), ct);
    }

    public async Task WriteWholeAsync(IEnumerable<Step> steps, TimeSpan thinking, CancellationToken ct)
    {
        await Task.Delay(thinking, _clock, ct);

        // Sent or not, all of it has been made by now.
        _made = true;
        _context.Response.ContentType = "application/json";
        await SendAsync(steps, ct);
    }

    public async Task SendAsync(IEnumerable<Step> steps, CancellationToken ct)
    {
        foreach (var step in steps)
        {
            ct.ThrowIfCancellationRequested();
            switch (step)
            {
                case Step.Bytes bytes:
                    await _context.Response.Body.WriteAsync(bytes.Data, ct);
                    await _context.Response.Body.FlushAsync(ct);
                    Delivered(bytes);
                    break;
                case Step.Wait wait:
                    await Task.Delay(wait.Time, _clock, ct);
                    break;
                case Step.Cut:
                    _cut = true;
                    _context.Abort();
                    return;
            }
        }

        _completed = true;
    }

    public ServedAnswer Entry()
    {
        var isWhole = _answer is not null && (_made || _delivered.Values.Sum(text => text.Length) >= _answer.Length);
        _received.ClientAborted = IsAborted;
        return new ServedAnswer(
            0,
            _vendor,
            _received.RequestId,
            _answer?.Id,
            _model,
            _user,
            _stream,
            _context.Response.HasStarted ? _context.Response.StatusCode : 0,
            _received.Fault,
            _cut ? "cut" : IsAborted ? "client_aborted" : _answered ? "completed" : "refused",
            _answer?.PromptTokens ?? 0,
            _answer?.CachedTokens ?? 0,
            isWhole ? _answer!.OutputTokens : Count(_delivered),
            isWhole ? _answer!.ReasoningTokens : Count(_delivered.Where(part => part.Key.IsThought)),
            _usageSent,
            _received.ReceivedAt,
            _clock.GetUtcNow());
    }

    private void Delivered(Step.Bytes bytes)
    {
        _usageSent |= bytes.HasUsage;
        if (bytes.Part is { } part)
        {
            var key = (part.Choice, part.IsThought);
            if (!_delivered.TryGetValue(key, out var text))
            {
                _delivered[key] = text = new StringBuilder();
            }

            text.Append(part.Text);
        }
    }

    private static IEnumerable<Step> Paced(IEnumerable<Step> steps, (TimeSpan First, TimeSpan Between) pace)
    {
        var isFirst = true;
        foreach (var step in steps)
        {
            if (step is Step.Bytes { Part: not null })
            {
                yield return new Step.Wait(isFirst ? pace.First : pace.Between);
                isFirst = false;
            }

            yield return step;
        }
    }

    private static int Count(IEnumerable<KeyValuePair<(int, bool), StringBuilder>> parts) => parts.Sum(part => Tokens.Count(part.Value.ToString()));
}
