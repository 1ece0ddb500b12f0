using Npgsql;
using NpgsqlTypes;
using static AiHub.Gateway.Management.UsageReports;

namespace AiHub.Gateway.Management;

/// <summary>
/// The figures that answer a question, as SQL: the few sums of one dimension where the question knows but one (<c>usage_figures_by</c>), and else all
/// that can be told apart (<c>usage_figures</c>). Either way the span is from <c>@from</c> to <c>@to</c>, both included, in <c>@zone</c>.
/// </summary>
/// <param name="Rows">What they are read from.</param>
/// <param name="Id">The expression they are grouped by.</param>
/// <param name="Label">Its name, of <c>sums.id</c>.</param>
/// <param name="Grouped">What is grouped; <c>figures</c> are the rows.</param>
/// <param name="Whole">What is summed up for the total: each call once.</param>
internal sealed record UsageFigures(string Rows, string Id, string Label, string Grouped, string Whole)
{
    private const string Span = "@zone, (@from)::timestamp at time zone @zone, (@to + 1)::timestamp at time zone @zone";

    public static UsageFigures Of(string grain, UsageFilter filter, By? by, List<object> parameters)
    {
        var label = LabelOf(by);
        if (filter.OneDimension(by) is var (dimension, value))
        {
            parameters.Add(new NpgsqlParameter("value", NpgsqlDbType.Text) { Value = (object?)value ?? DBNull.Value });
            // A call with two tags is in two groups and once in the total.
            var whole = by == By.Tag ? $"usage_figures_by('all', null, '{grain}', {Span})" : "figures";
            return new UsageFigures($"usage_figures_by('{dimension}', @value, '{grain}', {Span})", "value", label, "figures", whole);
        }

        var rows = $"(select * from usage_figures('{grain}', {Span}) where true{filter.Sql(parameters)})";
        return by == By.Tag
            ? new UsageFigures(rows, "tag", label, "figures cross join lateral unnest(case when cardinality(tags) = 0 then array[''] else tags end) tag", "figures")
            : new UsageFigures(rows, by switch { By.Key => "key_id::text", By.Vendor => "vendor_id", By.User => "user_id::text", By.Team => "coalesce(team_id::text, '')", _ => "model_id" }, label, "figures", "figures");
    }

    private static string LabelOf(By? by) => by switch
    {
        By.Key => "(select name from api_keys where api_keys.id::text = sums.id)",
        By.Vendor => "(select name from vendors where vendors.id = sums.id)",
        By.User => "(select display_name from users where users.id::text = sums.id)",
        By.Team => "(select name from teams where teams.id::text = sums.id)",
        By.Tag => "sums.id",
        _ => "(select name from models where models.id = sums.id)",
    };
}
