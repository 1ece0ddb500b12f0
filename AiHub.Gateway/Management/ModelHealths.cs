using AiHub.Contracts;
using AiHub.Domain.Catalog;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Routing;
using Microsoft.AspNetCore.Http.HttpResults;

namespace AiHub.Gateway.Management;

/// <summary>How the models answer, for the status page: public, so that it can be read when signing in is what fails.</summary>
public static class ModelHealths
{
    public static void MapModelHealths(this IEndpointRouteBuilder api) =>
        api.MapGroup("/catalog").WithTags("Catalog").MapGet("/health", ReadAsync)
            .Describe("getModelHealth", new("See how the models answer", "查看各模型的运行状况"),
                new("Needs no sign-in. Figures of calls really made, at most half a minute old.", "无需登录。数据来自真实调用，延迟不超过半分钟。"),
                null, Examples.Health);

    private static async Task<Ok<HealthBoard>> ReadAsync(Catalogue catalogue, HealthReports reports, CancellationToken ct)
    {
        await catalogue.Loaded.WaitAsync(ct);
        var report = await reports.ReadAsync(ct);
        var snapshot = catalogue.Current;
        return TypedResults.Ok(new HealthBoard(
            report.At,
            [
                .. snapshot.Models.Where(model => snapshot.UpstreamsOf(model).Count > 0)
                    .OrderBy(model => model.Id, StringComparer.Ordinal)
                    .Select(model => View(model, snapshot, report)),
            ]));
    }

    private static ModelHealth View(Model model, CatalogueSnapshot snapshot, HealthReport report)
    {
        var whole = report.Of(model.Id, EndpointSpan.WholeModel);
        return new ModelHealth(
            model.Id,
            model.Name,
            HealthReport.Status(whole),
            whole is null ? null : HealthReport.Share(whole.ServedHour, whole.FailedHour),
            whole is null ? null : HealthReport.Share(whole.ServedDay, whole.FailedDay),
            Latency(whole),
            Speed(whole),
            [.. report.DaysOf(model.Id).Select(one => new DayHealth(one.Day, one.Uptime))],
            [.. snapshot.UpstreamsOf(model).DistinctBy(serving => serving.Upstream.Id).Select(serving => View(serving, report.Of(model.Id, serving.Upstream.Id)))]);
    }

    private static EndpointHealth View(ServedUpstream serving, EndpointFigure? figure) => View(serving.Vendor.Id, serving.Upstream.Region, figure);

    internal static EndpointHealth View(string vendor, string region, EndpointFigure? figure) => new(
        vendor,
        region,
        HealthReport.Status(figure),
        figure is null ? null : HealthReport.Share(figure.ServedDay, figure.FailedDay),
        Latency(figure),
        Speed(figure));

    private static int? Latency(EndpointFigure? figure) => figure is null || LogScale.Median(figure.FirstTokens) is not { } median ? null : (int)Math.Round(median);

    private static double? Speed(EndpointFigure? figure) => figure is null || LogScale.Median(figure.Speeds) is not { } median ? null : Math.Round(median, 1);
}
