using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Access;
using AiHub.Gateway.Capture;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Management;

/// <summary>What was said in a call, where the organization keeps it. Whoever reads it is written down.</summary>
public static class CapturedContents
{
    public static void MapCapturedContents(this IEndpointRouteBuilder api) => api.MapGroup("/usage").WithTags("Usage")
        .MapGet("/requests/{id}/content", FindAsync)
        .OfOrganization(Permission.ContentRead)
        .Parameter("id", new("The id the caller received in `x-request-id`.", "调用方在 `x-request-id` 中收到的编号。"), "uuid", Examples.Request.Id)
        .Describe("getRequestContent", new("Read what was said in a call", "读取调用内容"),
            new("Only there if the organization's policy keeps contents, and until they are deleted. Each reading is written to the audit log.", "仅在组织策略保存内容且尚未删除时可用。每次读取都会写入审计日志。"),
            null, PolicyExamples.Content)
        .Refuses(ProblemKind.ContentNotFound);

    private static async Task<Results<Ok<CapturedContentView>, Refused>> FindAsync(string id, Member member, HttpContext http, HubDb db, ContentCapture capture, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        var view = !Guid.TryParse(id, out var call) ? null : await db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            if (await db.CapturedContents.AsNoTracking().FirstOrDefaultAsync(row => row.Id == call && row.ExpiresAt > now, ct) is not { } row || capture.Open(row) is not { } content)
            {
                return null;
            }

            await db.AuditAsync(http.Actor(), "content.read", call.ToString(), null, null, now, ct);
            return new CapturedContentView(row.Id, row.CapturedAt, row.ExpiresAt, content.Request, content.Answer);
        }, ct);

        return view is null ? Refused.Because(ProblemKind.ContentNotFound) : TypedResults.Ok(view);
    }
}
