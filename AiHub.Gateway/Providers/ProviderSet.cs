using System.Runtime.CompilerServices;
using AiHub.Gateway.Caching;
using AiHub.Gateway.Dialects.OpenAI;
using AiHub.Gateway.Modalities;
using AiHub.Gateway.Routing;
using Microsoft.SemanticKernel;
using Microsoft.SemanticKernel.ChatCompletion;

namespace AiHub.Gateway.Providers;

/// <summary>Opens an answer: tries the upstreams of a plan in order until one begins to answer.</summary>
public sealed partial class ProviderSet(
    Kernel kernel, ConnectorRegistry connectors, UpstreamHealth health, EndpointFigures figures, RetryBudget budget, Affinity affinity, AnswerCache cache, GatewayTelemetry telemetry, TimeProvider time, ILogger<ProviderSet> logger)
{
    // A vendor may send a few events before the first that a reader would see. While they are held back, another vendor can still take over.
    private const int MostHeldEvents = 64;
    private const int MostHeldBytes = 256 * 1024;

    /// <exception cref="UpstreamException">No upstream answered; it is the failure of the last one tried.</exception>
    public async Task<Reply> OpenAsync(RoutePlan plan, ChatRequest request, long? outputCap, Attempts attempts, CancellationToken ct)
    {
        if (plan.Cache?.Answer is { } kept)
        {
            return AnswerCache.Replay(plan, kept, attempts);
        }

        var reply = await OpenAsync(plan, "chat", attempts, Ask, ct);
        // An answer cut short because little was left to pay for it is nobody else's.
        return plan.Cache is { Key: not null } ticket && outputCap is null ? cache.Keeping(reply, ticket) : reply;

        Asking Ask(PlannedUpstream upstream)
        {
            var settings = new HubExecutionSettings { Request = request, OutputCap = outputCap, RequireParameters = plan.RequireParameters };
            return new Asking(settings.Exchange, request.Stream ? StreamAsync(upstream, settings, ct) : WholeAsync(upstream, settings, ct));
        }
    }

    /// <inheritdoc cref="OpenAsync(RoutePlan, ChatRequest, long?, Attempts, CancellationToken)"/>
    public Task<Reply> OpenAsync(RoutePlan plan, SurfaceRequest request, Attempts attempts, CancellationToken ct) => OpenAsync(
        plan,
        request.Surface.Operation,
        attempts,
        upstream =>
        {
            var exchange = new UpstreamExchange();
            return new Asking(exchange, AskAsync(upstream, request, exchange, ct));
        },
        ct);

    private async Task<Reply> OpenAsync(RoutePlan plan, string operation, Attempts attempts, Func<PlannedUpstream, Asking> ask, CancellationToken ct)
    {
        var walk = new RouteWalk(plan, health, budget);
        for (var upstream = walk.First(); ;)
        {
            var (exchange, answer) = ask(upstream);
            exchange.Span = telemetry.Start(operation, upstream.Model.Id, upstream);
            var tried = attempts.Ask(upstream, exchange, time.GetTimestamp());
            try
            {
                return await BeginAsync(new Attempt(this, plan, operation, upstream, exchange), answer, ct);
            }
            catch (UpstreamException failure)
            {
                failure.OfOwnKey = upstream.Own is not null;
                tried.Failure = failure.Failure;
                // Nobody waits for another once the caller has gone.
                if (attempts.Closed || walk.After(upstream, failure) is not { } next)
                {
                    if (!attempts.Closed)
                    {
                        figures.Ended(plan.Model.Id, upstream, failure);
                    }

                    throw;
                }

                telemetry.FellBack(upstream, failure.Failure);
                LogFellBack(upstream.VendorId, upstream.VendorModel, failure.Failure, failure.Message);
                upstream = next;
            }
        }
    }

    private static async Task<Reply> BeginAsync(Attempt attempt, IAsyncEnumerable<ReplyChunk> answer, CancellationToken ct)
    {
        var chunks = answer.GetAsyncEnumerator(ct);
        try
        {
            var held = new List<ReplyChunk>();
            var bytes = 0;
            while (await attempt.NextAsync(chunks))
            {
                if (chunks.Current.Facts.Has(AnswerTraits.Semantic) || held.Count == MostHeldEvents || bytes > MostHeldBytes)
                {
                    attempt.Begun = true;
                    return new Reply(attempt.Upstream, attempt.Exchange, ContinueAsync(attempt, held, chunks));
                }

                bytes += chunks.Current.Json.Length + chunks.Current.Original.Length;
                held.Add(chunks.Current with { Json = chunks.Current.Json.ToArray(), Original = chunks.Current.Original.ToArray() });
            }

            // A whole answer without a word in it is still an answer: the vendor counted its prompt.
            return new Reply(attempt.Upstream, attempt.Exchange, held.ToAsyncEnumerable());
        }
        catch
        {
            await chunks.DisposeAsync();
            throw;
        }
    }

    private static async IAsyncEnumerable<ReplyChunk> ContinueAsync(Attempt attempt, List<ReplyChunk> held, IAsyncEnumerator<ReplyChunk> chunks)
    {
        try
        {
            foreach (var early in held)
            {
                yield return early;
            }

            do
            {
                yield return chunks.Current;
            }
            while (await attempt.NextAsync(chunks));
        }
        finally
        {
            await chunks.DisposeAsync();
            attempt.End(new OperationCanceledException("Nobody reads on."));
        }
    }

    private async IAsyncEnumerable<ReplyChunk> StreamAsync(PlannedUpstream upstream, HubExecutionSettings settings, [EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var content in Connector(upstream).GetStreamingChatMessageContentsAsync([], settings, kernel, ct))
        {
            var raw = (WireEvent)content;
            yield return new ReplyChunk(raw.Json, raw.Facts, raw.Original);
        }
    }

    private async IAsyncEnumerable<ReplyChunk> WholeAsync(PlannedUpstream upstream, HubExecutionSettings settings, [EnumeratorCancellation] CancellationToken ct)
    {
        var raw = (WireMessage)(await Connector(upstream).GetChatMessageContentsAsync([], settings, kernel, ct))[0];
        yield return new ReplyChunk(raw.Json, raw.Facts, raw.Original);
    }

    private IAsyncEnumerable<ReplyChunk> AskAsync(PlannedUpstream upstream, SurfaceRequest request, UpstreamExchange exchange, CancellationToken ct) =>
        Service<SurfaceConnector>(upstream).AskAsync(request, exchange, ct);

    private IChatCompletionService Connector(PlannedUpstream upstream) => Service<IChatCompletionService>(upstream);

    // An administrator may have removed the upstream since it was planned.
    private T Service<T>(PlannedUpstream upstream) where T : class =>
        upstream.Connector is { } own ? connectors.Create<T>(own)
        : kernel.Services.GetKeyedService<T>(upstream.Key)
        ?? throw new UpstreamException(ProviderFailure.Unavailable, $"{upstream.VendorId} is no longer in service.");

    private UpstreamHealth Health => health;

    private EndpointFigures Figures => figures;

    private void Remember(RoutePlan plan, PlannedUpstream upstream)
    {
        if (plan.Conversation is { } conversation && upstream.Model == plan.Model)
        {
            affinity.Answered(conversation, upstream.Key);
        }
    }

    private GatewayTelemetry Telemetry => telemetry;

    [LoggerMessage(LogLevel.Warning, "{Vendor} failed for {Model} ({Failure}); trying the next upstream. {Reason}")]
    private partial void LogFellBack(string vendor, string model, ProviderFailure failure, string reason);

    /// <summary>A question to one upstream that is put when its answer is first read.</summary>
    private readonly record struct Asking(UpstreamExchange Exchange, IAsyncEnumerable<ReplyChunk> Answer);

    /// <summary>One upstream being tried; notes once how it went.</summary>
    private sealed class Attempt(ProviderSet set, RoutePlan plan, string operation, PlannedUpstream upstream, UpstreamExchange exchange)
    {
        private bool _ended;

        public PlannedUpstream Upstream => upstream;

        public UpstreamExchange Exchange => exchange;

        /// <summary>The caller reads it already, so no other can take over.</summary>
        public bool Begun { get; set; }

        public async ValueTask<bool> NextAsync(IAsyncEnumerator<ReplyChunk> chunks)
        {
            try
            {
                var more = await chunks.MoveNextAsync();
                if (!more)
                {
                    End(failure: null);
                }

                return more;
            }
            catch (Exception failure)
            {
                End(failure);
                throw;
            }
        }

        public void End(Exception? failure)
        {
            if (_ended)
            {
                return;
            }

            _ended = true;
            switch (failure)
            {
                case null:
                    set.Health.Succeeded(upstream, plan.OrganizationId);
                    set.Figures.Served(upstream);
                    set.Figures.Ended(plan.Model.Id, upstream, failure: null);
                    set.Remember(plan, upstream);
                    break;
                case UpstreamException fault:
                    set.Health.Failed(upstream, fault, plan.OrganizationId);
                    set.Figures.Failed(upstream, fault);
                    if (Begun)
                    {
                        set.Figures.Ended(plan.Model.Id, upstream, fault);
                    }

                    break;
                default:
                    set.Health.Left(upstream);
                    break;
            }

            set.Telemetry.End(operation, upstream, exchange, failure);
        }
    }
}
