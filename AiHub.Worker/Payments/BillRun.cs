using AiHub.Domain;
using AiHub.Domain.Payments;
using AiHub.Worker.Runs;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace AiHub.Worker.Payments;

/// <summary>
/// Compares every day's bill of every channel with the books. A bill that is not there yet is asked for again, one that differs is looked at again
/// for some days, and what a channel was paid and the books do not know is opened to <see cref="OrderRun"/>.
/// </summary>
public sealed partial class BillRun(TimeProvider time, IServiceScopeFactory scopes, PaymentChannels channels, ILogger<BillRun> logger)
    : Run(TimeSpan.FromSeconds(2), time, scopes, logger)
{
    private const int Batch = 4;
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Preparing = TimeSpan.FromMinutes(5);

    /// <summary>A channel that has no bill by then took nothing that day, or we shall see what the books have of it.</summary>
    private static readonly TimeSpan NoBill = TimeSpan.FromHours(30);

    private readonly TimeProvider _time = time;
    private readonly ILogger<BillRun> _logger = logger;
    private DateTimeOffset _prepared;

    protected override async Task RunAsync(HubDb db, DateTimeOffset now, CancellationToken ct)
    {
        if (channels.All.Count == 0)
        {
            return;
        }

        if (now - _prepared >= Preparing)
        {
            foreach (var channel in channels.All)
            {
                await db.PrepareBillsAsync(channel.Id, channel.BillOffset, channel.BillReadyAfter, now, ct);
            }

            _prepared = now;
        }

        foreach (var due in await db.TakeBillsAsync(channels.All.Select(channel => channel.Id), now, Lease, Batch, ct))
        {
            await AttendAsync(db, due, ct);
        }
    }

    private async Task AttendAsync(HubDb db, DueBill due, CancellationToken ct)
    {
        IReadOnlyList<BillLine>? lines;
        try
        {
            lines = await channels.Find(due.ChannelId)!.BillAsync(due.Day, ct);
        }
        catch (PaymentChannelException failure)
        {
            LogNotHad(due.ChannelId, due.Day, failure.Failure, failure.Message);
            await db.BillPutOffAsync(due.Id, _time.GetUtcNow() + Pause(due.Attempts), failure.Message, ct);
            return;
        }

        var now = _time.GetUtcNow();
        if (lines is null && now < due.EndsAt + NoBill)
        {
            await db.BillPutOffAsync(due.Id, now + TimeSpan.FromHours(1), "The channel has no bill of this day yet.", ct);
            return;
        }

        var compared = await db.CompareBillAsync(due.Id, lines ?? [], now, ct);
        if (compared.Fresh > 0)
        {
            LogDiffers(due.ChannelId, due.Day, compared.Differences, compared.Fresh);
        }
    }

    private static TimeSpan Pause(int attempts) => TimeSpan.FromMinutes(Math.Min(60, Math.Pow(2, Math.Min(attempts, 10))));

    [LoggerMessage(LogLevel.Warning, "The bill of {Channel} of {Day} could not be had ({Failure}): {Reason}")]
    private partial void LogNotHad(PaymentChannelId channel, DateOnly day, PaymentChannelFailure failure, string reason);

    [LoggerMessage(LogLevel.Critical, "The bill of {Channel} of {Day} differs from the books in {Differences} lines, {Fresh} of them not known before; see admin/finance/bills.")]
    private partial void LogDiffers(PaymentChannelId channel, DateOnly day, int differences, int fresh);
}

/// <summary>Whether the channels' bills agree with the books.</summary>
public sealed class BillHealth(HubDb db, TimeProvider time) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        await db.BillStandingAsync(time.GetUtcNow(), cancellationToken) switch
        {
            { Differing: 0, Late: 0 } => HealthCheckResult.Healthy("The channels' bills agree with the books."),
            var standing => new HealthCheckResult(context.Registration.FailureStatus, $"{standing.Differing} bills of channels differ from the books, {standing.Late} are late."),
        };
}
