using AiHub.Domain;
using AiHub.Domain.Catalog;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Routing;

/// <summary>What the endpoints' figures come to: uptime, latency and speed per model and endpoint. Read when somebody asks, and then not again for a while.</summary>
public sealed class HealthReports(IServiceScopeFactory scopes, TimeProvider time)
{
    /// <summary>Anybody may ask, so a question must not cost a query.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(15);

    // The days before today do not change.
    private static readonly TimeSpan DaysFresh = TimeSpan.FromMinutes(5);
    private const int DaysShown = 30;

    private readonly SemaphoreSlim _one = new(1);
    private HealthReport? _report;
    private DateTimeOffset _daysAt;

    public async Task<HealthReport> ReadAsync(CancellationToken ct)
    {
        if (IsFresh(out var known))
        {
            return known;
        }

        await _one.WaitAsync(ct);
        try
        {
            return IsFresh(out known) ? known : _report = await QueryAsync(ct);
        }
        finally
        {
            _one.Release();
        }
    }

    private bool IsFresh(out HealthReport report)
    {
        report = _report!;
        return _report is not null && time.GetUtcNow() - _report.At < Fresh;
    }

    private async Task<HealthReport> QueryAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow().ToUniversalTime();
        var today = DateOnly.FromDateTime(now.UtcDateTime);
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<HubDb>();

        var (day, hour, half, five) = (now.AddDays(-1), now.AddHours(-1), now.AddMinutes(-30), now - EndpointSpan.Length);
        var figures = await db.Database.SqlQuery<EndpointFigure>(
            $"""
             select model_id, endpoint_id,
                    sum(served)::bigint as served_day, sum(failed)::bigint as failed_day,
                    coalesce(sum(served) filter (where starts_at > {hour}), 0)::bigint as served_hour, coalesce(sum(failed) filter (where starts_at > {hour}), 0)::bigint as failed_hour,
                    coalesce(sum(served) filter (where starts_at > {half}), 0)::bigint as served_half, coalesce(sum(failed) filter (where starts_at > {half}), 0)::bigint as failed_half,
                    coalesce(sum(served) filter (where starts_at > {five}), 0)::bigint as served_five, coalesce(sum(failed) filter (where starts_at > {five}), 0)::bigint as failed_five,
                    sum_counts(first_tokens) as first_tokens, sum_counts(speeds) as speeds,
                    coalesce(sum_counts(first_tokens) filter (where starts_at > {half}), array[]::integer[]) as first_tokens_half,
                    coalesce(sum_counts(speeds) filter (where starts_at > {half}), array[]::integer[]) as speeds_half
             from endpoint_spans where starts_at > {day} group by model_id, endpoint_id
             """).ToListAsync(ct);

        var days = _report?.Days;
        if (days is null || now - _daysAt >= DaysFresh)
        {
            var first = today.AddDays(1 - DaysShown);
            var from = new DateTimeOffset(first.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);
            var rows = await db.Database.SqlQuery<DayFigure>(
                $"""
                 select model_id, (starts_at at time zone 'UTC')::date as day, sum(served)::bigint as served, sum(failed)::bigint as failed
                 from endpoint_spans where endpoint_id = {EndpointSpan.WholeModel} and starts_at >= {from} group by 1, 2
                 """).ToListAsync(ct);
            days = rows.GroupBy(row => row.ModelId).ToDictionary(group => group.Key, group => group.ToDictionary(row => row.Day, row => HealthReport.Share(row.Served, row.Failed)));
            _daysAt = now;
        }

        return new HealthReport(now, today.AddDays(1 - DaysShown), DaysShown, figures.ToDictionary(figure => (figure.ModelId, figure.EndpointId)), days);
    }

    private sealed record DayFigure(string ModelId, DateOnly Day, long Served, long Failed);
}

/// <summary>What was counted of one endpoint, or of a model as a whole, in the last day and in parts of it.</summary>
public sealed record EndpointFigure(
    string ModelId,
    Guid EndpointId,
    long ServedDay,
    long FailedDay,
    long ServedHour,
    long FailedHour,
    long ServedHalf,
    long FailedHalf,
    long ServedFive,
    long FailedFive,
    int[] FirstTokens,
    int[] Speeds,
    int[] FirstTokensHalf,
    int[] SpeedsHalf);

/// <summary>The figures at one moment.</summary>
public sealed class HealthReport(
    DateTimeOffset at, DateOnly firstDay, int dayCount, Dictionary<(string Model, Guid Endpoint), EndpointFigure> figures, Dictionary<string, Dictionary<DateOnly, double?>> days)
{
    // One failure among few calls is an accident, not an outage.
    private const int FewestFailures = 2;
    private const double Well = 0.99;
    private const double Poor = 0.5;

    public DateTimeOffset At => at;

    internal Dictionary<string, Dictionary<DateOnly, double?>> Days => days;

    /// <returns>Null when nobody has called it for a day.</returns>
    public EndpointFigure? Of(string model, Guid endpoint) => figures.GetValueOrDefault((model, endpoint));

    public IEnumerable<(DateOnly Day, double? Uptime)> DaysOf(string model)
    {
        var known = days.GetValueOrDefault(model);
        return Enumerable.Range(0, dayCount).Select(firstDay.AddDays).Select(day => (day, known?.GetValueOrDefault(day)));
    }

    /// <returns>Served ÷ all; null when there was nothing.</returns>
    public static double? Share(long served, long failed) => served + failed == 0 ? null : (double)served / (served + failed);

    /// <returns>operational, degraded, down or unknown: by the last half hour, or, where it was quiet, by the last hour or day.</returns>
    public static string Status(EndpointFigure? figure) => figure switch
    {
        null => "unknown",
        { ServedHalf: > 0 } or { FailedHalf: > 0 } => Judge(figure.ServedHalf, figure.FailedHalf),
        { ServedHour: > 0 } or { FailedHour: > 0 } => Judge(figure.ServedHour, figure.FailedHour),
        _ => Judge(figure.ServedDay, figure.FailedDay),
    };

    private static string Judge(long served, long failed) => Share(served, failed) switch
    {
        null => "unknown",
        _ when failed < FewestFailures => "operational",
        < Poor => "down",
        < Well => "degraded",
        _ => "operational",
    };
}
