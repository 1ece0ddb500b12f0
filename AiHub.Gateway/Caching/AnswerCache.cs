using System.Runtime.CompilerServices;
using AiHub.Domain.Catalog;
using AiHub.Gateway.Access;
using AiHub.Gateway.Dialects.OpenAI;
using AiHub.Gateway.Limits;
using AiHub.Gateway.Providers;
using AiHub.Gateway.Routing;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace AiHub.Gateway.Caching;

/// <summary>
/// Gives an answer again to whoever asks exactly the same within an organization, if they want that. A cache that is away is a cache without answers.
/// </summary>
public sealed partial class AnswerCache(IConnectionMultiplexer cache, IOptions<AnswerCacheOptions> options, TimeProvider time, ILogger<AnswerCache> logger)
{
    private const string Prefix = "answers";
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan RestAfterFailure = TimeSpan.FromSeconds(5);

    private long _restsUntilTicks;

    /// <summary>
    /// The plan of a call with what the cache has to do with it. On a hit its only upstream is the one that gave the answer, at the cache's price,
    /// so that the call is held, settled and written down like any other.
    /// </summary>
    public async ValueTask<RoutePlan> LookAsync(RoutePlan plan, ChatRequest request, string surface, Caller caller, IHeaderDictionary headers, CancellationToken ct)
    {
        var wish = CacheWish.Of(headers, caller, options.Value);
        if (wish.Use == CacheUse.Off || plan.Model.Kind != ModelKind.Chat)
        {
            return wish.Said ? plan with { Cache = new CacheTicket(CacheStatus.Bypass) } : plan;
        }

        var key = $"{Prefix}:{caller.OrganizationId:N}:{CanonicalRequest.Hash(request.Json, caller.OrganizationId.ToString(), surface, plan.Model.Id, request.Stream ? "stream" : "whole")}";
        if (wish.Use == CacheUse.Refresh)
        {
            return plan with { Cache = new CacheTicket(CacheStatus.Refresh, key, wish.Ttl) };
        }

        var kept = await FindAsync(key, ct);
        // Who gave it must still be allowed to: policies and prices may have changed since.
        var upstream = kept is null ? null : plan.Upstreams.FirstOrDefault(upstream => upstream.Id == kept.Upstream);
        if (upstream is null)
        {
            return plan with { Cache = new CacheTicket(CacheStatus.Miss, key, wish.Ttl) };
        }

        var model = AtCachePrice(upstream.Model);
        return plan with
        {
            Model = model,
            Upstreams = [upstream with { Model = model, Prices = AtCachePrice(upstream.Prices) }],
            Cache = new CacheTicket(CacheStatus.Hit, Answer: kept, Age: time.GetUtcNow() - kept!.At),
        };
    }

    /// <summary>The answer from the cache, as if a vendor had just given it.</summary>
    public static Reply Replay(RoutePlan plan, KeptAnswer answer, Attempts attempts)
    {
        var exchange = new UpstreamExchange { Status = System.Net.HttpStatusCode.OK, TimeToFirstToken = TimeSpan.Zero, Duration = TimeSpan.Zero };
        attempts.Add(plan.Upstreams[0], exchange);
        return new Reply(plan.Upstreams[0], exchange, answer.Replay());
    }

    /// <summary>Passes the answer on and, once it has come to its proper end, keeps it.</summary>
    public Reply Keeping(Reply reply, CacheTicket ticket) => new(reply.Upstream, reply.Exchange, KeepAsync(reply, ticket));

    private async IAsyncEnumerable<ReplyChunk> KeepAsync(Reply reply, CacheTicket ticket, [EnumeratorCancellation] CancellationToken ct = default)
    {
        var pieces = new List<KeptPiece>();
        var bytes = 0;
        await foreach (var chunk in reply.Chunks.WithCancellation(ct))
        {
            bytes += chunk.Json.Length + chunk.Original.Length;
            if (bytes <= options.Value.MostBytes)
            {
                pieces.Add(new KeptPiece(chunk.Json.ToArray(), chunk.Original.ToArray()));
            }

            yield return chunk;
        }

        if (bytes <= options.Value.MostBytes && pieces.Count > 0)
        {
            await StoreAsync(ticket, new KeptAnswer(time.GetUtcNow(), reply.Upstream.Id, pieces));
        }
    }

    private async ValueTask<KeptAnswer?> FindAsync(string key, CancellationToken ct)
    {
        if (Rests)
        {
            return null;
        }

        try
        {
            var kept = (byte[]?)await cache.GetDatabase().StringGetAsync(key).WaitAsync(Patience, time, ct);
            return kept is null ? null : KeptAnswer.Read(kept);
        }
        catch (Exception failure) when (CacheCircuit.IsOutage(failure) || failure is EndOfStreamException)
        {
            Rest(failure);
            return null;
        }
    }

    private async Task StoreAsync(CacheTicket ticket, KeptAnswer answer)
    {
        if (Rests)
        {
            return;
        }

        try
        {
            await cache.GetDatabase().StringSetAsync(ticket.Key, answer.ToBytes(), ticket.Ttl).WaitAsync(Patience, time);
        }
        catch (Exception failure) when (CacheCircuit.IsOutage(failure))
        {
            Rest(failure);
        }
    }

    private bool Rests => time.GetUtcNow().UtcTicks < Volatile.Read(ref _restsUntilTicks);

    private void Rest(Exception failure)
    {
        Volatile.Write(ref _restsUntilTicks, (time.GetUtcNow() + RestAfterFailure).UtcTicks);
        LogAway(failure.Message);
    }

    private Model AtCachePrice(Model model) => new()
    {
        Id = model.Id,
        Name = model.Name,
        Kind = model.Kind,
        ContextLength = model.ContextLength,
        MaxOutputTokens = model.MaxOutputTokens,
        Weights = model.Weights with { Input = Share(model.Weights.Input), CacheRead = Share(model.Weights.CacheRead), Output = Share(model.Weights.Output) },
        CreatedAt = model.CreatedAt,
    };

    private PriceList AtCachePrice(PriceList prices) => new(prices.Currency,
    [
        .. prices.Rows.Select(row => new PriceRow
        {
            Id = row.Id,
            UpstreamId = row.UpstreamId,
            Component = row.Component,
            Currency = row.Currency,
            NanosPerMillion = (long)((Int128)row.NanosPerMillion * options.Value.PricePercent / 100),
            MinPromptTokens = row.MinPromptTokens,
            ServiceTier = row.ServiceTier,
            Hours = row.Hours,
            CustomerId = row.CustomerId,
            ValidFrom = row.ValidFrom,
            ValidTo = row.ValidTo,
            Source = row.Source,
            ApprovedBy = row.ApprovedBy,
        }),
    ],
    prices.Discount);

    private int Share(int weight) => (int)((long)weight * options.Value.PricePercent / 100);

    [LoggerMessage(LogLevel.Warning, "The answer cache does not answer and is left alone for a moment: {Reason}")]
    private partial void LogAway(string reason);
}
