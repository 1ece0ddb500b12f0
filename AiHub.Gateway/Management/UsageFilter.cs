using System.Text;
using AiHub.Domain;
using AiHub.Domain.Usage;
using AiHub.Gateway.Management.Docs;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace AiHub.Gateway.Management;

/// <summary>Which calls a page, a sum or an export is about; the same questions everywhere.</summary>
public sealed record UsageFilter(string? Model, string? Vendor, Guid? Key, Guid? User, Guid? Team, string? Tag, UsageStatus? Status = null)
{
    private static readonly DateTimeOffset EndOfTime = new(9000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Reads <c>model</c>, <c>vendor</c>, <c>key_id</c>, <c>user_id</c>, <c>team_id</c> and <c>tag</c>, and <c>status</c> where it can be asked for.</summary>
    public static UsageFilter Read(HttpContext http, Asked asked, bool withStatus = false)
    {
        var query = http.Request.Query;

        return new UsageFilter(
            asked.Word("model", query["model"]),
            asked.Word("vendor", query["vendor"]),
            asked.Id("key_id", query["key_id"]),
            asked.Id("user_id", query["user_id"]),
            asked.Id("team_id", query["team_id"]),
            asked.Word("tag", query["tag"]),
            withStatus ? asked.OneOf<UsageStatus>("status", query["status"]) : null);
    }

    /// <summary>The newest calls it is about since a moment and before another call, the newest first, as many as asked for.</summary>
    public async Task<List<UsageRecord>> ListAsync(HubDb db, string zone, DateTimeOffset? since, Cursor? before, int count, CancellationToken ct)
    {
        var (first, last) = (since ?? DateTimeOffset.UnixEpoch, before ?? new Cursor(EndOfTime, Guid.Empty));
        string? status = Status is { } only ? Wire.Name(only) : null;
        var found = await db.Database.SqlQuery<Place>(
            $"select id, occurred_at from usage_calls({Model}, {Vendor}, {Key}, {User}, {Team}, {Tag}, {status}, {zone}, {first}, {last.At}, {last.Id}, {count})").ToListAsync(ct);
        if (found.Count == 0)
        {
            return [];
        }

        // The span tells the planner which months to look into.
        var (newest, oldest) = (found[0].OccurredAt, found[^1].OccurredAt);
        var ids = found.ConvertAll(place => place.Id);
        return await db.UsageRecords.AsNoTracking()
            .Where(record => ids.Contains(record.Id) && record.OccurredAt >= oldest && record.OccurredAt <= newest)
            .OrderByDescending(record => record.OccurredAt).ThenByDescending(record => record.Id)
            .ToListAsync(ct);
    }

    /// <summary>
    /// The one dimension that is enough to answer, and its value (null for all values): there is no filter, or one and it is what is grouped by. Null
    /// where it takes two. By tags and for a tag are two: a call has others besides.
    /// </summary>
    internal (string Dimension, string? Value)? OneDimension(UsageReports.By? by)
    {
        var asked = new[] { ("model", Model), ("vendor", Vendor), ("key", Key?.ToString()), ("user", User?.ToString()), ("team", Team?.ToString()), ("tag", Tag) }
            .Where(filter => filter.Item2 is not null).ToList();
        var grouped = by is { } what ? Wire.Name(what) : null;

        return asked switch
        {
            [] => (grouped ?? "all", null),
            [var only] when grouped is null || (grouped == only.Item1 && by != UsageReports.By.Tag) => only,
            _ => null,
        };
    }

    /// <summary>As conditions on columns that usage records and their sums have alike, each led in by "and".</summary>
    public string Sql(List<object> parameters)
    {
        var sql = new StringBuilder();
        Add("model_id = @model", "model", Model);
        Add("vendor_id = @vendor", "vendor", Vendor);
        Add("key_id = @key", "key", Key);
        Add("user_id = @user", "user", User);
        Add("team_id = @team", "team", Team);
        Add("@tag = any (tags)", "tag", Tag);
        Add("status = @status", "status", Status is { } status ? Wire.Name(status) : null);

        return sql.ToString();

        void Add(string condition, string name, object? value)
        {
            if (value is not null)
            {
                sql.Append(" and ").Append(condition);
                parameters.Add(new NpgsqlParameter(name, value));
            }
        }
    }

    private sealed record Place(Guid Id, DateTimeOffset OccurredAt);
}

public static class UsageFilters
{
    /// <summary>Names the parameters <see cref="UsageFilter.Read"/> reads; the endpoint takes them from the request by itself.</summary>
    public static RouteHandlerBuilder Filtered(this RouteHandlerBuilder endpoint, bool withStatus = false)
    {
        endpoint
            .Asks("model", new("Only calls of this model id.", "仅统计该模型的调用。"), "sim/echo")
            .Asks("vendor", new("Only calls this vendor served.", "仅统计由该厂商提供服务的调用。"), "deepseek")
            .Asks("key_id", new("Only calls with this key.", "仅统计使用该密钥的调用。"), format: "uuid")
            .Asks("user_id", new("Only calls with keys of this member.", "仅统计该成员的密钥发起的调用。"), format: "uuid")
            .Asks("team_id", new("Only calls with keys of this team.", "仅统计该团队的密钥发起的调用。"), format: "uuid")
            .Asks("tag", new("Only calls filed under this tag.", "仅统计带有该标签的调用。"), "project:search");

        return withStatus ? endpoint.Asks("status", new("succeeded, cancelled or failed.", "succeeded、cancelled 或 failed。"), "succeeded") : endpoint;
    }
}
