using System.Diagnostics;
using System.Diagnostics.Metrics;
using AiHub.Domain.Usage;
using AiHub.Gateway.Metering;
using AiHub.Gateway.Providers;
using AiHub.Gateway.Routing;
using Meter = System.Diagnostics.Metrics.Meter;

namespace AiHub.Gateway;

/// <summary>What the data plane tells OpenTelemetry, in the words of its GenAI conventions where they have some. Never a key, a prompt or an answer.</summary>
public sealed class GatewayTelemetry : IDisposable
{
    public const string Name = "AiHub.Gateway";

    private readonly ActivitySource _source = new(Name);
    private readonly Meter _meter = new(Name);
    private readonly Histogram<double> _operation;
    private readonly Histogram<double> _firstChunk;
    private readonly Histogram<long> _tokens;
    private readonly Histogram<double> _overhead;
    private readonly Counter<long> _requests;
    private readonly Counter<long> _cost;
    private readonly Counter<long> _writtenOff;
    private readonly Counter<long> _refusals;
    private readonly Counter<long> _fallbacks;

    public GatewayTelemetry()
    {
        _operation = _meter.CreateHistogram<double>("gen_ai.client.operation.duration", "s", "Duration of calls to vendors.");
        _firstChunk = _meter.CreateHistogram<double>("gen_ai.client.operation.time_to_first_chunk", "s", "Until a vendor's first piece of answer.");
        _tokens = _meter.CreateHistogram<long>("gen_ai.client.token.usage", "{token}", "Tokens of settled calls.");
        _overhead = _meter.CreateHistogram<double>("aihub.gateway.overhead", "s", "What the hub itself adds to a call, settlement included.");
        _requests = _meter.CreateCounter<long>("aihub.gateway.requests", "{request}", "Settled calls by outcome.");
        _cost = _meter.CreateCounter<long>("aihub.gateway.cost", "{nano}", "List price of settled calls, in nano-units of the currency.");
        _writtenOff = _meter.CreateCounter<long>("aihub.gateway.written_off", "{request}", "Settled calls that came to more than anybody could pay.");
        _refusals = _meter.CreateCounter<long>("aihub.gateway.refusals", "{request}", "Calls refused before any vendor was asked, by reason.");
        _fallbacks = _meter.CreateCounter<long>("aihub.gateway.fallbacks", "{attempt}", "Vendors passed over because they failed before answering.");
    }

    public void WrittenOff(UsageRecord usage) => _writtenOff.Add(
        1, new KeyValuePair<string, object?>("gen_ai.request.model", usage.ModelId), new KeyValuePair<string, object?>("gen_ai.provider.name", usage.VendorId));

    /// <param name="operation">What is asked for: <c>chat</c>, <c>embeddings</c>…</param>
    public Activity? Start(string operation, string model, PlannedUpstream upstream)
    {
        var span = _source.StartActivity(ActivityKind.Client, name: $"{operation} {upstream.VendorModel}");
        if (span is not null)
        {
            span.SetTag("gen_ai.operation.name", operation);
            span.SetTag("gen_ai.provider.name", upstream.VendorId);
            span.SetTag("gen_ai.request.model", upstream.VendorModel);
            span.SetTag("server.address", upstream.Address.Host);
            span.SetTag("server.port", upstream.Address.Port);
            span.SetTag("aihub.model", model);
        }

        return span;
    }

    /// <summary>The vendor's part is over. The span of an answer that had begun stays open until its tokens are known.</summary>
    public void End(string operation, PlannedUpstream upstream, UpstreamExchange exchange, Exception? failure)
    {
        var error = failure switch
        {
            null => null,
            UpstreamException fault => fault.Failure.ToString().ToLowerInvariant(),
            OperationCanceledException => "cancelled",
            _ => failure.GetType().Name,
        };
        var tags = new TagList
        {
            { "gen_ai.operation.name", operation },
            { "gen_ai.provider.name", upstream.VendorId },
            { "gen_ai.request.model", upstream.VendorModel },
        };
        if (error is not null)
        {
            tags.Add("error.type", error);
        }

        if (exchange.TimeToFirstToken is { } first)
        {
            _firstChunk.Record(first.TotalSeconds, tags);
        }

        if (exchange.Duration is { } duration)
        {
            _operation.Record(duration.TotalSeconds, tags);
        }

        if (exchange.Span is not { } span)
        {
            return;
        }

        span.SetTag("http.response.status_code", (int?)exchange.Status);
        if (error is not null)
        {
            span.SetTag("error.type", error);
            span.SetStatus(ActivityStatusCode.Error, failure is UpstreamException ? failure.Message : null);
        }

        span.SetEndTime(span.StartTimeUtc + (exchange.Duration ?? TimeSpan.Zero));
        if (exchange.TimeToFirstToken is null)
        {
            span.Stop();
        }
    }

    public void FellBack(PlannedUpstream upstream, ProviderFailure failure) =>
        _fallbacks.Add(1, new KeyValuePair<string, object?>("gen_ai.provider.name", upstream.VendorId), new("error.type", failure.ToString().ToLowerInvariant()));

    public void Refused(string reason) => _refusals.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public void Settled(AdmittedCall call, UsageRecord usage)
    {
        _requests.Add(1, new("aihub.model", usage.ModelId), new("gen_ai.provider.name", usage.VendorId), new("status", usage.Status.ToString().ToLowerInvariant()));
        _tokens.Record(usage.Tokens.Input, new("gen_ai.token.type", "input"), new("aihub.model", usage.ModelId));
        _tokens.Record(usage.Tokens.Output, new("gen_ai.token.type", "output"), new("aihub.model", usage.ModelId));
        _cost.Add(usage.Cost.Nanos, new("aihub.model", usage.ModelId), new("currency", usage.Cost.Currency.ToString()));
        if (call.Attempts.Exchange is not { } exchange)
        {
            return;
        }

        if (exchange.Duration is { } vendor)
        {
            _overhead.Record(Math.Max(0, (usage.Latency - vendor).TotalSeconds));
        }

        if (exchange.Span is { } span)
        {
            span.SetTag("gen_ai.usage.input_tokens", usage.Tokens.Input);
            span.SetTag("gen_ai.usage.output_tokens", usage.Tokens.Output);
            span.SetTag("gen_ai.usage.cache_read.input_tokens", usage.Tokens.CacheRead);
            if (usage.FinishReason is { } reason)
            {
                span.SetTag("gen_ai.response.finish_reasons", new[] { reason });
            }

            span.SetTag("aihub.request.id", usage.Id);
            span.SetTag("aihub.cost", usage.Cost.ToDecimalString());
            span.Stop();
        }
    }

    public void Dispose()
    {
        _source.Dispose();
        _meter.Dispose();
    }
}
