using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Alerts;
using AiHub.Domain.Catalog;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Access;
using AiHub.Gateway.Guardrails;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using AiHub.Outbound;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Management;

/// <summary>The checks that an organization and its teams put on what goes to models and what comes back.</summary>
public static class GuardrailEndpoints
{
    private const int Most = 50;
    private const int LongestTerm = 500;
    private const int LongestWord = 100;

    public static void MapGuardrails(this IEndpointRouteBuilder api)
    {
        var ours = api.MapGroup("/organizations/{id}/guardrails").WithTags("Guardrails");
        var guardrailId = new Text("The guardrail's id.", "护栏编号。");

        ours.MapGet("/", ListAsync)
            .InOrganizationOfPath(Permission.PolicyRead)
            .Describe("listGuardrails", new("List guardrails", "列出护栏"), new("The organization's and its teams'.", "组织及其团队的护栏。"), null, new Page<GuardrailView>([PolicyExamples.Guardrail], null));

        ours.MapPost("/", AddAsync)
            .InOrganizationOfPath(Permission.PolicyWrite)
            .Describe("createGuardrail", new("Add a guardrail", "添加护栏"),
                new("It looks at the calls of the organization, or of one team beside the organization's own, within a second. A blocked call is refused, what is masked is covered before anybody sees it, a flagged call goes on; usage records say which guardrail did what, never what it found.",
                    "一秒内生效，检查组织的调用，或在组织护栏之外检查某个团队的调用。block 拒绝调用，mask 遮盖内容，flag 放行并标记；用量记录仅注明由哪个护栏处理，不保存所发现的内容。"),
                PolicyExamples.NewGuardrail, PolicyExamples.CreatedGuardrail)
            .Refuses(ProblemKind.TeamNotFound, ProblemKind.TooManyGuardrails);

        ours.MapPatch("/{guardrail_id}", ChangeAsync)
            .InOrganizationOfPath(Permission.PolicyWrite)
            .Parameter("guardrail_id", guardrailId, "uuid", PolicyExamples.Guardrail.Id)
            .Describe("changeGuardrail", new("Change a guardrail", "修改护栏"), new("Holds on every gateway within a second.", "一秒内在所有网关生效。"), PolicyExamples.GuardrailChange, PolicyExamples.Guardrail)
            .Refuses(ProblemKind.GuardrailNotFound);

        ours.MapPost("/{guardrail_id}/rotate", RotateAsync)
            .InOrganizationOfPath(Permission.PolicyWrite)
            .Parameter("guardrail_id", guardrailId, "uuid", PolicyExamples.Guardrail.Id)
            .Describe("rotateGuardrail", new("Give a webhook another secret", "更换 Webhook 密钥"), new("Its requests are signed with it from now on. Shown this once.", "此后的请求使用新密钥签名。仅显示这一次。"), null, PolicyExamples.CreatedGuardrail)
            .Refuses(ProblemKind.GuardrailNotFound);

        ours.MapDelete("/{guardrail_id}", RemoveAsync)
            .InOrganizationOfPath(Permission.PolicyWrite)
            .Parameter("guardrail_id", guardrailId, "uuid", PolicyExamples.Guardrail.Id)
            .Describe("removeGuardrail", new("Remove a guardrail", "删除护栏"), new("It looks at no call after a second.", "一秒后不再检查任何调用。"))
            .Refuses(ProblemKind.GuardrailNotFound);
    }

    private static async Task<Ok<Page<GuardrailView>>> ListAsync(Member member, HubDb db, CancellationToken ct)
    {
        var rows = await db.InOrganizationAsync(
            member.OrganizationId, () => db.Guardrails.AsNoTracking().OrderBy(row => row.CreatedAt).ThenBy(row => row.Id).ToListAsync(ct), ct);
        return TypedResults.Ok(new Page<GuardrailView>([.. rows.Select(View)], null));
    }

    private static async Task<Results<Created<CreatedGuardrail>, Refused>> AddAsync(
        NewGuardrail request, Member member, HttpContext http, HubDb db, GuardrailSecrets secrets, GuardedHttp outbound, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        var kind = Enum.Parse<GuardrailKind>(request.Kind, ignoreCase: true);
        var secret = kind == GuardrailKind.Webhook ? AlertSecrets.Generate() : null;
        var stages = request.Stages ?? ["input", "output"];
        var row = new Guardrail
        {
            Id = Guid.CreateVersion7(now),
            OrganizationId = member.OrganizationId,
            TeamId = request.TeamId,
            Name = request.Name.Trim(),
            Kind = kind,
            Action = Enum.Parse<GuardrailAction>(request.Action, ignoreCase: true),
            OnInput = stages.Contains("input"),
            OnOutput = stages.Contains("output"),
            Terms = Terms(request.Terms),
            Model = kind == GuardrailKind.Moderation ? request.Model : null,
            Url = kind == GuardrailKind.Webhook ? request.Url : null,
            TimeoutMs = Asks(kind) ? request.TimeoutMs : 0,
            FailsOpen = Asks(kind) && request.OnFailure == "open",
            CoversUnreadable = request.Unreadable,
            CreatedAt = now,
            UpdatedAt = now,
        };
        row.Secret = secret is null ? null : secrets.Seal(row, secret);
        var errors = new FieldErrors(http.Request.Language());
        await CheckAsync(row, stages, db, outbound, errors, ct);
        if (errors.Any)
        {
            return errors.Refuse();
        }

        return await db.InOrganizationAsync<Results<Created<CreatedGuardrail>, Refused>>(member.OrganizationId, async () =>
        {
            await db.Database.ExecuteSqlAsync($"select pg_advisory_xact_lock(hashtextextended('guardrails:' || current_organization(), 0))", ct);
            if (row.TeamId is { } team && !await db.Teams.AnyAsync(each => each.Id == team && each.ArchivedAt == null, ct))
            {
                return Refused.Because(ProblemKind.TeamNotFound);
            }

            if (await db.Guardrails.CountAsync(ct) >= Most)
            {
                return Refused.Because(ProblemKind.TooManyGuardrails, Most);
            }

            db.Guardrails.Add(row);
            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(), "guardrail.created", row.Id.ToString(), null, View(row), now, ct);
            return TypedResults.Created($"{ManagementApi.Path}/organizations/{member.OrganizationId}/guardrails", new CreatedGuardrail(View(row), secret));
        }, ct);
    }

    private static async Task<Results<Ok<GuardrailView>, Refused>> ChangeAsync(
        [FromRoute(Name = "guardrail_id")] string which, GuardrailChange request, Member member, HttpContext http, HubDb db, GuardedHttp outbound, TimeProvider time, CancellationToken ct)
    {
        var errors = new FieldErrors(http.Request.Language());
        var now = time.Now();
        var view = !Guid.TryParse(which, out var id) ? null : await db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            if (await db.Guardrails.FirstOrDefaultAsync(each => each.Id == id, ct) is not { } row)
            {
                return null;
            }

            var before = View(row);
            row.Name = request.Name?.Trim() ?? row.Name;
            row.Action = request.Action is { } action ? Enum.Parse<GuardrailAction>(action, ignoreCase: true) : row.Action;
            (row.OnInput, row.OnOutput) = request.Stages is { } stages ? (stages.Contains("input"), stages.Contains("output")) : (row.OnInput, row.OnOutput);
            row.Terms = request.Terms is { } terms ? Terms(terms) : row.Terms;
            row.Model = row.Kind == GuardrailKind.Moderation ? request.Model ?? row.Model : null;
            row.Url = row.Kind == GuardrailKind.Webhook ? request.Url ?? row.Url : null;
            row.TimeoutMs = Asks(row.Kind) ? request.TimeoutMs ?? row.TimeoutMs : 0;
            row.FailsOpen = Asks(row.Kind) && (request.OnFailure is { } failing ? failing == "open" : row.FailsOpen);
            row.CoversUnreadable = request.Unreadable ?? row.CoversUnreadable;
            row.Enabled = request.Enabled ?? row.Enabled;
            row.UpdatedAt = now;
            await CheckAsync(row, request.Stages ?? before.Stages, db, outbound, errors, ct);
            if (errors.Any)
            {
                db.ChangeTracker.Clear();
                return null;
            }

            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(), "guardrail.changed", row.Id.ToString(), before, View(row), now, ct);
            return View(row);
        }, ct);

        return errors.Any ? errors.Refuse() : view is null ? Refused.Because(ProblemKind.GuardrailNotFound) : TypedResults.Ok(view);
    }

    private static async Task<Results<Ok<CreatedGuardrail>, Refused>> RotateAsync(
        [FromRoute(Name = "guardrail_id")] string which, Member member, HttpContext http, HubDb db, GuardrailSecrets secrets, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        var secret = AlertSecrets.Generate();
        var view = !Guid.TryParse(which, out var id) ? null : await db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            if (await db.Guardrails.FirstOrDefaultAsync(each => each.Id == id && each.Kind == GuardrailKind.Webhook, ct) is not { } row)
            {
                return null;
            }

            row.Secret = secrets.Seal(row, secret);
            row.UpdatedAt = now;
            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(), "guardrail.rotated", row.Id.ToString(), null, new { row.Name }, now, ct);
            return View(row);
        }, ct);

        return view is null ? Refused.Because(ProblemKind.GuardrailNotFound) : TypedResults.Ok(new CreatedGuardrail(view, secret));
    }

    private static async Task<Results<NoContent, Refused>> RemoveAsync(
        [FromRoute(Name = "guardrail_id")] string which, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var removed = Guid.TryParse(which, out var id) && await db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            if (await db.Guardrails.FirstOrDefaultAsync(each => each.Id == id, ct) is not { } row)
            {
                return false;
            }

            db.Guardrails.Remove(row);
            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(), "guardrail.removed", row.Id.ToString(), View(row), null, time.Now(), ct);
            return true;
        }, ct);

        return removed ? TypedResults.NoContent() : Refused.Because(ProblemKind.GuardrailNotFound);
    }

    private static async Task CheckAsync(Guardrail row, IReadOnlyList<string> stages, HubDb db, GuardedHttp outbound, FieldErrors errors, CancellationToken ct)
    {
        if (row.Name.Any(char.IsControl))
        {
            errors.Add("name", FieldText.ControlCharacter);
        }

        if (stages.Count == 0 || stages.Any(stage => stage is not ("input" or "output")))
        {
            errors.Add("stages", FieldText.OneOf, "input, output");
        }

        if (row is { CoversUnreadable: true, OnInput: false })
        {
            errors.Add("unreadable", FieldText.NeedsInput);
        }

        if (row is { Kind: GuardrailKind.Moderation, Action: GuardrailAction.Mask })
        {
            // It says that something is there, not where.
            errors.Add("action", FieldText.OneOf, "block, flag");
        }

        switch (row.Kind)
        {
            case GuardrailKind.Regex or GuardrailKind.Keywords when row.Terms.Length == 0:
                errors.Add("terms", FieldText.Required);
                break;
            case GuardrailKind.Regex when row.Terms.FirstOrDefault(term => term.Length > LongestTerm || TextRule.Fault(term) is not null) is { } wrong:
                errors.Add("terms", FieldText.Pattern, Short(wrong), TextRule.Fault(wrong) ?? $"> {LongestTerm}");
                break;
            case GuardrailKind.Keywords when row.Terms.Any(term => term.Length > LongestWord):
                errors.Add("terms", FieldText.MaxLength, LongestWord);
                break;
            case GuardrailKind.Pii when row.Terms.Any(term => !PersonalData.Kinds.Contains(term)):
                errors.Add("terms", FieldText.OneOf, string.Join(", ", PersonalData.Kinds));
                break;
            case GuardrailKind.Moderation when row.Model is null || !await db.Models.AnyAsync(model => model.Kind == ModelKind.Moderation && (model.Id == row.Model || model.Aliases.Contains(row.Model)), ct):
                errors.Add("model", FieldText.UnknownModels, row.Model ?? "");
                break;
            case GuardrailKind.Webhook when row.Url is null || !OutboundAddress.IsForCustomers(row.Url, outbound.CustomersMayGoPrivate):
                errors.Add("url", FieldText.OutboundUrl);
                break;
        }
    }

    private static string[] Terms(IReadOnlyList<string>? terms) => [.. (terms ?? []).Where(term => term is { Length: > 0 }).Distinct()];

    private static bool Asks(GuardrailKind kind) => kind is GuardrailKind.Moderation or GuardrailKind.Webhook;

    private static string Short(string text) => text.Length > 100 ? text[..100] + "…" : text;

    private static GuardrailView View(Guardrail row) => new(
        row.Id, row.TeamId, row.Name, Wire.Name(row.Kind), Wire.Name(row.Action),
        [.. row.OnInput ? (IEnumerable<string>)["input"] : [], .. row.OnOutput ? (IEnumerable<string>)["output"] : []],
        row.Terms, row.Model, row.Url, Asks(row.Kind) ? row.TimeoutMs : null, Asks(row.Kind) ? row.FailsOpen ? "open" : "closed" : null, row.CoversUnreadable, row.Enabled, row.CreatedAt, row.UpdatedAt);
}
