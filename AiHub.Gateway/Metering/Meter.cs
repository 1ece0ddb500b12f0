using System.Runtime.CompilerServices;
using AiHub.Domain.Accounts;
using AiHub.Domain.Usage;
using AiHub.Gateway.Access;
using AiHub.Gateway.Dialects.OpenAI;
using AiHub.Gateway.Errors;
using AiHub.Gateway.Guardrails;
using AiHub.Gateway.Modalities;
using AiHub.Gateway.Providers;
using AiHub.Gateway.Routing;
using Microsoft.Extensions.Options;

namespace AiHub.Gateway.Metering;

/// <summary>
/// Holds what a call may cost before it is made and settles what it did cost, exactly once, however it ends: with the vendor's own figures where
/// there are any, and never in the caller's lifetime but in its own.
/// </summary>
public sealed partial class Meter(
    Ledger ledger, Funds funds, OutputLengths lengths, Leases leases, TokenCounter counter, EndpointPace pace, EndpointFigures figures, GatewayTelemetry telemetry, IOptions<MeteringOptions> options, TimeProvider time, ILogger<Meter> logger)
{
    private const int MostDrains = 256;
    private const long MostDrained = 4 * 1024 * 1024;

    private int _drains;

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

    /// <summary>Holds what a call that is not chat may cost. It cannot be made to end sooner, so all of it is held or nothing.</summary>
    public async Task<SurfaceCallOutcome> HoldAsync(Guid id, Caller caller, RoutePlan plan, SurfaceRequest request, long receivedTimestamp, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var expected = SurfaceCall.Expect(request, plan);
        var planTokens = plan.IsOwn ? 0 : plan.Model.Weights.PlanTokens(expected);
        var cost = SurfaceCall.Dearest(plan, expected);
        var outcome = await funds.HoldAsync(
            new HoldRequest(id, caller.OrganizationId, caller.TeamId, caller.UserId, caller.KeyId, planTokens, planTokens, cost, now, Leases.Length)
            {
                MinimumCost = cost,
                Models = [.. plan.Upstreams.Select(upstream => upstream.Model.Id).Distinct()],
                Vendors = [.. plan.Upstreams.Select(upstream => upstream.VendorId).Distinct()],
            },
            ct);
        if (outcome.Refusal is not null && !plan.IsOwn && plan.Upstreams.Any(upstream => upstream.Own is not null))
        {
            // With its own keys an organization goes on when nothing is left for the hub's.
            return await HoldAsync(id, caller, plan with { Upstreams = [.. plan.Upstreams.Where(upstream => upstream.Own is not null)] }, request, receivedTimestamp, ct);
        }

        if (outcome.Hold is not { } hold)
        {
            telemetry.Refused(outcome.Refusal!.Reason.ToString());
            return new SurfaceCallOutcome(null, outcome.Refusal);
        }

        return new SurfaceCallOutcome(
            new SurfaceCall
            {
                Id = id,
                Caller = caller,
                Surface = request.Surface.Name,
                Request = request,
                Plan = plan,
                Hold = hold,
                Expected = expected,
                ReceivedAt = now,
                ReceivedTimestamp = receivedTimestamp,
            },
            null);
    }

    /// <summary>
    /// Opens the answer and passes it on piece by piece. When the last piece has been read the call is settled, before the reader learns that it was
    /// the last; when the reader stops early or the vendor fails it is settled as well.
    /// </summary>
    public IAsyncEnumerable<ReplyChunk> Settling(Call call, ProviderSet providers, CancellationToken caller) => Settling(
        call,
        new ChatTally(call, counter),
        ct => providers.OpenAsync(call.Plan, call.Request, call.OutputCap, call.Attempts, ct),
        caller);

    /// <inheritdoc cref="Settling(Call, ProviderSet, CancellationToken)"/>
    public IAsyncEnumerable<ReplyChunk> Settling(SurfaceCall call, ProviderSet providers, CancellationToken caller) => Settling(
        call,
        new SurfaceTally(call, counter),
        ct => providers.OpenAsync(call.Plan, call.Request, call.Attempts, ct),
        caller);

    /// <summary>Closes a call that a guardrail refused before anybody was asked: nothing is charged, and its record tells which guardrail it was.</summary>
    public Task TurnAwayAsync(AdmittedCall call, CancellationToken ct) =>
        ledger.SettleAsync(new Settlement(call.Hold.Id, Record(call, call is Call chat ? new ChatTally(chat, counter) : new SurfaceTally((SurfaceCall)call, counter)), time.GetUtcNow()), ct);

    private async IAsyncEnumerable<ReplyChunk> Settling(
        AdmittedCall call, Tally tally, Func<CancellationToken, Task<Reply>> openAsync, [EnumeratorCancellation] CancellationToken caller)
    {
        using var upstream = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        using var lease = leases.Keep(call.Hold);
        var drains = false;
        // Nobody reads on. The vendor's own count is only to be had at the end, so for a while its answer is read all the same; by then it is
        // stopped, and likewise at once when too many are being read for nobody.
        using var hangUp = caller.UnsafeRegister(
            _ =>
            {
                tally.Leave();
                call.Attempts.Close();
                drains = true;
                if (Interlocked.Increment(ref _drains) > MostDrains || !tally.IsWorthDraining)
                {
                    upstream.Cancel();
                }
                else
                {
                    upstream.CancelAfter(options.Value.DrainLimit);
                }
            },
            null);

        IAsyncEnumerator<ReplyChunk>? chunks = null;
        try
        {
            var reply = await OpenAsync(openAsync, tally, upstream.Token);
            chunks = reply.Chunks.GetAsyncEnumerator(CancellationToken.None);
            while (await NextAsync(chunks, tally))
            {
                if (tally.Drained > MostDrained)
                {
                    await upstream.CancelAsync();
                }

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

            // Waits until the caller's going has been dealt with, should that be happening just now.
            await hangUp.DisposeAsync();
            Interlocked.Add(ref _drains, drains ? -1 : 0);
            tally.Abandoned = caller.IsCancellationRequested;
            await SettleAsync(call, tally);
        }
    }

    private static async Task<Reply> OpenAsync(Func<CancellationToken, Task<Reply>> openAsync, Tally tally, CancellationToken ct)
    {
        try
        {
            return await openAsync(ct);
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
    private async Task DrainAsync(IAsyncEnumerator<ReplyChunk> chunks, Tally tally, CancellationTokenSource upstream)
    {
        if (tally.Ended || tally.Failure is not null || !tally.CountIsNear)
        {
            return;
        }

        upstream.CancelAfter(options.Value.DrainLimit);
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

    private async Task SettleAsync(AdmittedCall call, Tally tally)
    {
        var usage = Record(call, tally);
        try
        {
            // Whoever has hung up still has to pay: no token of the caller's reaches this far.
            var settled = await ledger.SettleAsync(new Settlement(call.Hold.Id, usage, time.GetUtcNow()), CancellationToken.None);
            if (settled is { Applied: true, WrittenOff.Nanos: > 0 })
            {
                telemetry.WrittenOff(usage);
                LogWrittenOff(call.Id, usage.OrganizationId, settled.WrittenOff.ToDecimalString(), settled.WrittenOff.Currency);
            }
        }
        catch (Exception failure) when (!tally.Ended)
        {
            // The answer has failed already, or nobody reads it; this must not hide why. The hold lapses by itself.
            LogNotSettled(failure, call.Id, usage.OrganizationId, usage.Tokens.Input, usage.Tokens.Output);
            return;
        }

        call.Usage = usage;
        if (call is Call chat && usage is { Source: UsageSource.Vendor, Status: UsageStatus.Succeeded })
        {
            lengths.Add(usage.ModelId, usage.Tokens.Output / chat.Request.Choices);
        }

        telemetry.Settled(call, usage);
        if (usage.Status == UsageStatus.Succeeded && call.Plan.Cache?.Answer is null && call.Attempts.Last?.Own is null && call.Attempts.Exchange is { Duration: { } duration } exchange)
        {
            pace.Served(usage.UpstreamId, exchange.TimeToFirstToken, duration, usage.Tokens.Output);
            if (exchange.TimeToFirstToken is { } firstToken)
            {
                figures.Paced(usage.ModelId, usage.UpstreamId, firstToken, duration - firstToken, usage.Tokens.Output);
            }
        }
    }

    private UsageRecord Record(AdmittedCall call, Tally tally)
    {
        var upstream = call.Attempts.Last ?? call.Plan.Upstreams[0];
        var measured = tally.Measure();
        if (measured.Inconsistent)
        {
            LogInconsistent(upstream.VendorId, call.Plan.Model.Id, call.Id);
        }

        var (charge, vendorCost) = upstream.Settle(measured.Used);
        var own = upstream.Own;
        var blocked = call.Guarded.Blocked is not null;

        return new UsageRecord
        {
            Id = call.Id,
            OrganizationId = call.Caller.OrganizationId,
            TeamId = call.Caller.TeamId,
            UserId = call.Caller.UserId,
            KeyId = call.Caller.KeyId,
            ModelId = upstream.Model.Id,
            UpstreamId = upstream.Id,
            VendorId = upstream.VendorId,
            Surface = call.Surface,
            OccurredAt = call.ReceivedAt,
            Tokens = measured.Used.Tokens,
            Units = measured.Used.Units,
            Source = measured.Source,
            Status = blocked ? UsageStatus.Failed : tally.Status,
            ErrorCode = blocked ? InputGuard.Code : tally.Status != UsageStatus.Failed ? null : tally.Failure is { } failure ? UpstreamErrors.Code(failure.Failure) : "internal_error",
            Streamed = call.Streamed,
            FinishReason = tally.FinishReason,
            PlanTokens = own is null ? upstream.Model.Weights.PlanTokens(measured.Used) : 0,
            Cost = charge.Cost,
            OwnKeyId = own?.Id,
            // An answer that was kept costs nothing at the vendor.
            VendorCostNanos = call.Plan.Cache?.Answer is not null ? 0 : vendorCost.Nanos,
            FeeBasisPoints = own?.FeeBasisPoints ?? 0,
            Guardrails = [.. call.Guarded.Entries],
            PriceRows = charge.PriceRows,
            Tags = call.Caller.FiledUnder,
            Latency = time.GetElapsedTime(call.ReceivedTimestamp),
            TimeToFirstToken = tally.FirstPieceAt,
            Attempts = Math.Max(1, call.Attempts.Count),
            Tried = Tried(call, tally),
        };
    }

    private List<UsageAttempt> Tried(AdmittedCall call, Tally tally)
    {
        var tries = call.Attempts.Tries;
        var attempts = new List<UsageAttempt>(tries.Count);
        for (var index = 0; index < tries.Count; index++)
        {
            var tried = tries[index];
            var started = time.GetElapsedTime(call.ReceivedTimestamp, tried.StartedAt);
            // The one that answered may still have broken off.
            var failure = tried.Failure ?? (index == tries.Count - 1 ? tally.Failure?.Failure : null);
            attempts.Add(new UsageAttempt(
                tried.Upstream.VendorId,
                tried.Upstream.Id,
                Milliseconds(started),
                Milliseconds(tried.Exchange.Duration ?? time.GetElapsedTime(tried.StartedAt)),
                tried.Exchange.TimeToFirstToken is { } first ? Milliseconds(first) : null,
                (int?)tried.Exchange.Status,
                failure is { } why ? UpstreamErrors.Code(why) : null));
        }

        return attempts;

        static int Milliseconds(TimeSpan span) => (int)Math.Min(int.MaxValue, Math.Max(0, span.TotalMilliseconds));
    }

    [LoggerMessage(LogLevel.Critical, "Call {Call} of organization {Organization} ({Input} tokens in, {Output} out) could not be settled.")]
    private partial void LogNotSettled(Exception failure, Guid call, Guid organization, long input, long output);

    [LoggerMessage(LogLevel.Warning, "Call {Call} of organization {Organization} came to more than its accounts could pay; {Amount} {Currency} were written off.")]
    private partial void LogWrittenOff(Guid call, Guid organization, string amount, Domain.Currency currency);

    [LoggerMessage(LogLevel.Warning, "{Vendor} reported usage for {Model} that contradicts itself; it was clamped (call {Call}).")]
    private partial void LogInconsistent(string vendor, string model, Guid call);
}
