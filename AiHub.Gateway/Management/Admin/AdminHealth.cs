using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using AiHub.Gateway.Routing;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Management.Admin;

/// <summary>Where queues and endpoints stand, and what nobody tries any more.</summary>
public static class AdminHealth
{
    private const int MostParked = 100;

    public static void MapAdminHealth(this IEndpointRouteBuilder api)
    {
        var health = api.MapGroup("/admin/health").WithTags("Administration");

        health.MapGet("", LookAsync)
            .RequireAuthorization(Policies.Operator)
            .Describe("getHubHealth", new("Get the hub's health", "查询平台状态"), new("Queues, what is parked in them, endpoints at rest, and how the worker's runs have gone. For operators.", "包括队列、搁置的任务、暂停调用的端点与后台任务的运行情况。仅限平台运营者。"), null, AdminExamples.Health)
            .Refuses(ProblemKind.OperatorRequired);

        health.MapPost("/parked/{queue}/{id}/replay", ReplayAsync)
            .RequireAuthorization(Policies.Operator)
            .Parameter("queue", new("The queue's name.", "队列名称。"), example: AdminExamples.Parked.Queue)
            .Parameter("id", new("The id of what is parked.", "搁置任务的编号。"), "uuid", AdminExamples.Parked.Id)
            .Describe("replayParked", new("Try a parked one again", "重新处理"), new("From the first try on. For operators.", "从第一次尝试重新开始。仅限平台运营者。"))
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.NothingParked);
    }

    private static async Task<Ok<HubHealthView>> LookAsync(Person person, HubDb db, UpstreamHealth health, TimeProvider time, CancellationToken ct)
    {
        var (queues, parked, runs) = await db.AsOperatorAsync(
            person.UserId, async () => (await db.QueuesAsync(ct), await db.ParkedAsync(MostParked, ct), await db.RunsAsync(time.Now(), ct)), ct);
        var endpoints = await db.Upstreams.AsNoTracking().Where(row => row.Enabled).OrderBy(row => row.ModelId).ThenBy(row => row.Priority).ToListAsync(ct);

        return TypedResults.Ok(new HubHealthView(
            queues.ConvertAll(queue => new QueueView(queue.Name, queue.Waiting, queue.Parked, queue.OldestAt)),
            parked.ConvertAll(row => new ParkedView(row.Queue, row.Id, row.OrganizationId, row.What, row.Attempts, row.Error, row.At)),
            [.. endpoints.Where(row => health.RestsUntil(row.Id) is not null).Select(row => AdminEndpoints.View(row, health))],
            runs.ConvertAll(run => new RunView(run.Name, run.LastAt, run.Runs, run.Failures, run.LongestMs, run.FailedAt, run.Error))));
    }

    private static async Task<Results<NoContent, Refused>> ReplayAsync(string queue, string id, Person person, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        var found = Guid.TryParse(id, out var parsed) && await db.AsOperatorAsync(person.UserId, async () =>
        {
            if (!await db.ReplayAsync(queue, parsed, now, ct))
            {
                return false;
            }

            await db.AuditAsync(http.Actor(), "queue.replayed", parsed.ToString(), null, new { queue }, now, ct);
            return true;
        }, ct);

        return found ? TypedResults.NoContent() : Refused.Because(ProblemKind.NothingParked);
    }
}
