using System.Runtime.CompilerServices;
using AiHub.Domain.Accounts;
using AiHub.Domain.Catalog;
using AiHub.Domain.Usage;
using AiHub.Gateway.Access;
using AiHub.Gateway.Dialects.OpenAI;
using AiHub.Gateway.Errors;
using AiHub.Gateway.Providers;
using AiHub.Gateway.Routing;

namespace AiHub.Gateway.Metering;

/// <summary>
/// Holds what a call may cost before it is made and settles what it did cost, exactly once, however it ends: with the vendor's own figures where
/// there are any, and never in the caller's lifetime but in its own.
/// </summary>
public sealed partial class Meter(Ledger ledger, Funds funds, OutputLengths lengths, Leases leases, TokenCounter counter, GatewayTelemetry telemetry, TimeProvider time, ILogger<Meter> logger)
{
    // The vendor's count follows its last word within moments; for that moment a caller who left is waited for.
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(5);

    public async Task<CallOutcome> HoldAsync(Guid id, Caller caller, string surface, RoutePlan plan, ChatRequest request, long receivedTimestamp, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var funding = await funds.HoldAsync(id, caller, plan, request, now, ct);
        if (funding.Hold is not { } hold)
        {
            telemetry.Refused(funding.Refusal!.Reason.ToString());
            return new CallOutcome(null, funding.Refusal);
        }

        return new CallOutcome(
            new Call
            {
                Id = id,
                Caller = caller,
                Surface = surface,
                Request = request,
                Plan = funding.Plan,
                Hold = hold,
                Reserved = funding.Reserved,
                OutputCap = funding.OutputCap,
                ReceivedAt = now,
                ReceivedTimestamp = receivedTimestamp,
            },
            null);
    }

    /// <summary>
    /// Opens the answer and passes it on piece by piece. When the last piece has been read the call is settled, before the reader learns that it was
    /// the last; when the reader stops early or the vendor fails it is settled as well.
    /// </summary>
    public async IAsyncEnumerable<ReplyChunk> Settling(Call call, ProviderSet providers, [EnumeratorCancellation] CancellationToken caller)
    {
        var tally = new Tally(call.Request.Stream);
        using var upstream = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        using var lease = leases.Keep(call.Hold);
        // Nobody reads on: stop the vendor, unless it has finished and only its count is still to come.
        using var hangUp = caller.UnsafeRegister(
            _ =>
            {
                if (tally.FinishReason is null)
                {
                    upstream.Cancel();
                }
                else
                {
                    upstream.CancelAfter(DrainLimit);
                }
            },
            null);

        IAsyncEnumerator<ReplyChunk>? chunks = null;
        try
        {
            var reply = await OpenAsync(call, providers, tally, upstream.Token);
            chunks = reply.Chunks.GetAsyncEnumerator(CancellationToken.None);
            while (await NextAsync(chunks, tally))
            {
                if (tally.FirstPieceAt is null)
                {
                    tally.FirstPieceAt = time.GetElapsedTime(call.ReceivedTimestamp);
                }

                yield return chunks.Current;
            }
        }
        finally
        {
            if (chunks is not null)
            {
                await DrainAsync(chunks, tally, upstream);
                await chunks.DisposeAsync();
            }

            tally.Abandoned = caller.IsCancellationRequested;
            await SettleAsync(call, tally);
        }
    }

    private static async Task<Reply> OpenAsync(Call call, ProviderSet providers, Tally tally, CancellationToken ct)
    {
        try
        {
            return await providers.OpenAsync(call.Plan, call.Request, call.OutputCap, call.Attempts, ct);
        }
        catch (UpstreamException failure)
        {
            tally.Failure = failure;
            throw;
        }
    }

    private static async ValueTask<bool> NextAsync(IAsyncEnumerator<ReplyChunk> chunks, Tally tally)
    {
        try
        {
            if (!await chunks.MoveNextAsync())
            {
                tally.Ended = true;
                return false;
            }
        }
        catch (UpstreamException failure)
        {
            tally.Failure = failure;
            throw;
        }

        tally.Add(chunks.Current);
        return true;
    }

    // The reader left between the last word and the vendor's count.
    private static async Task DrainAsync(IAsyncEnumerator<ReplyChunk> chunks, Tally tally, CancellationTokenSource upstream)
    {
        if (tally.Ended || tally.Failure is not null || tally.FinishReason is null)
        {
            return;
        }

        upstream.CancelAfter(DrainLimit);
        try
        {
            while (await NextAsync(chunks, tally))
            {
            }
        }
        catch (Exception failure) when (failure is UpstreamException or OperationCanceledException)
        {
            // Then the count is made from what was delivered.
            tally.Failure = null;
        }
    }

    private async Task SettleAsync(Call call, Tally tally)
    {
        var usage = Record(call, tally);
        try
        {
            // Whoever has hung up still has to pay: no token of the caller's reaches this far.
            await ledger.SettleAsync(new Settlement(call.Hold.Id, usage, time.GetUtcNow()), CancellationToken.None);
        }
        catch (Exception failure) when (!tally.Ended)
        {
            // The answer has failed already, or nobody reads it; this must not hide why. The hold lapses by itself.
            LogNotSettled(failure, call.Id, usage.OrganizationId, usage.Tokens.Input, usage.Tokens.Output);
            return;
        }

        call.Usage = usage;
        if (usage is { Source: UsageSource.Vendor, Status: UsageStatus.Succeeded })
        {
            lengths.Add(usage.ModelId, usage.Tokens.Output / call.Request.Choices);
        }

        telemetry.Settled(call, usage);
    }

    private UsageRecord Record(Call call, Tally tally)
    {
        var upstream = call.Attempts.Last ?? call.Plan.Upstreams[0];
        var (tokens, source) = Count(call, tally);
        var charge = upstream.Prices.Price(tokens);

        return new UsageRecord
        {
            Id = call.Id,
            OrganizationId = call.Caller.OrganizationId,
            TeamId = call.Caller.TeamId,
            UserId = call.Caller.UserId,
            KeyId = call.Caller.KeyId,
            ModelId = call.Plan.Model.Id,
            UpstreamId = upstream.Id,
            VendorId = upstream.VendorId,
            Surface = call.Surface,
            OccurredAt = call.ReceivedAt,
            Tokens = tokens,
            Source = source,
            Status = tally.Status,
            ErrorCode = tally.Status != UsageStatus.Failed ? null : tally.Failure is { } failure ? UpstreamErrors.Code(failure.Failure) : "internal_error",
            Streamed = call.Request.Stream,
            FinishReason = tally.FinishReason,
            PlanTokens = call.Plan.Model.Weights.PlanTokens(tokens),
            Cost = charge.Cost,
            PriceRows = charge.PriceRows,
            Latency = time.GetElapsedTime(call.ReceivedTimestamp),
            TimeToFirstToken = tally.FirstPieceAt,
            Attempts = Math.Max(1, call.Attempts.Count),
        };
    }

    private (TokenUsage Tokens, UsageSource Source) Count(Call call, Tally tally)
    {
        if (tally.VendorUsage() is { } reading)
        {
            if (reading.Inconsistent)
            {
                LogInconsistent(call.Attempts.Last!.VendorId, call.Plan.Model.Id, call.Id);
            }

            return (reading.Tokens, UsageSource.Vendor);
        }

        // A failure is the vendor's or ours; what nobody counted is not the caller's to pay. Neither is a call no vendor had taken yet.
        if (tally.Status == UsageStatus.Failed || call.Attempts.Exchange is not { Accepted: true })
        {
            return (default, UsageSource.Estimated);
        }

        // An estimate is never more than was held for the call, hence never more than its max_tokens.
        var prompt = Math.Min(counter.CountPrompt(call.Plan.Model.Id, call.Request), call.Reserved.Prompt);
        var output = Math.Min(tally.CountText(counter, call.Plan.Model.Id), call.Reserved.Output);
        return (new TokenUsage(InputUncached: prompt, OutputText: output), UsageSource.Estimated);
    }

    [LoggerMessage(LogLevel.Critical, "Call {Call} of organization {Organization} ({Input} tokens in, {Output} out) could not be settled.")]
    private partial void LogNotSettled(Exception failure, Guid call, Guid organization, long input, long output);

    [LoggerMessage(LogLevel.Warning, "{Vendor} reported usage for {Model} that contradicts itself; it was clamped (call {Call}).")]
    private partial void LogInconsistent(string vendor, string model, Guid call);
}
