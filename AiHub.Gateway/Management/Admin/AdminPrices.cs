using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Catalog;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using StackExchange.Redis;

namespace AiHub.Gateway.Management.Admin;

/// <summary>The price book: rows are added and ended, never changed. What imports found waits until an operator agrees.</summary>
public static class AdminPrices
{
    private const int MostCatalogueBytes = 4 * 1024 * 1024;

    public static void MapAdminPrices(this IEndpointRouteBuilder api)
    {
        var admin = api.MapGroup("/admin").WithTags("Administration");

        admin.MapGet("/prices", ListAsync)
            .RequireAuthorization(Policies.Operator)
            .Parameter("endpoint_id", new("The endpoint whose prices are listed, past ones included.", "要查询价格（含历史价格）的端点。"), "uuid", AdminExamples.Price.EndpointId)
            .Describe("listPrices", new("List the prices of an endpoint", "列出端点价格"), new("Newest first.", "按生效时间从新到旧排列。"), null, new Page<PriceRowView>([AdminExamples.Price], null))
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.InvalidRequest);

        admin.MapPost("/prices", AppendAsync)
            .RequireAuthorization(Policies.Operator)
            .Describe("appendPrice", new("Add a price", "新增价格"),
                new("Ends the price that holds under the same conditions at the moment the new one begins. Calls already admitted keep theirs. With an organization it is what was agreed with that customer, and holds for nobody else.", "新价格生效时，相同条件下的现行价格随即结束。已受理的调用仍按原价计费。填写组织编号时为该客户的协议价，仅对其生效。"),
                AdminExamples.NewPrice, AdminExamples.Price)
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.EndpointNotFound, ProblemKind.PriceOverlaps, ProblemKind.OrganizationNotFound);

        admin.MapPost("/prices/{id}/end", EndAsync)
            .RequireAuthorization(Policies.Operator)
            .Parameter("id", new("The price's id.", "价格编号。"), "uuid", AdminExamples.Price.Id)
            .Describe("endPrice", new("End a price", "结束价格"),
                new("Now, unless a later moment is given. What is left without a price cannot be called; it is never free.", "默认立即结束，也可指定之后的时间。没有价格的端点不可调用，绝不免费。"),
                AdminExamples.PriceEnd, AdminExamples.Price)
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.PriceNotFound);

        admin.MapGet("/price-proposals", ProposalsAsync)
            .RequireAuthorization(Policies.Operator)
            .Describe("listPriceProposals", new("List price proposals", "列出价格提案"), new("What imports found and nobody has decided upon, oldest first.", "由导入产生、尚未审批的价格，按时间从旧到新排列。"), null, new Page<PriceProposalView>([AdminExamples.Proposal], null))
            .Refuses(ProblemKind.OperatorRequired);

        admin.MapPost("/price-proposals/{id}/approve", ApproveAsync)
            .RequireAuthorization(Policies.Operator)
            .Parameter("id", new("The proposal's id.", "提案编号。"), "uuid", AdminExamples.Proposal.Id)
            .Describe("approvePriceProposal", new("Approve a price proposal", "批准价格提案"), new("It becomes the price from now on, under your name.", "自当前时刻起生效，并记录审批人。"), null, AdminExamples.Price)
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.ProposalNotFound, ProblemKind.PriceOverlaps);

        admin.MapPost("/price-proposals/{id}/reject", RejectAsync)
            .RequireAuthorization(Policies.Operator)
            .Parameter("id", new("The proposal's id.", "提案编号。"), "uuid", AdminExamples.Proposal.Id)
            .Describe("rejectPriceProposal", new("Reject a price proposal", "驳回价格提案"), new("The same figure is not proposed again.", "同一价格不会再次提案。"))
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.ProposalNotFound);

        admin.MapPost("/catalogue/import", ImportAsync)
            .RequireAuthorization(Policies.Operator)
            .Describe("importCatalogue", new("Import a catalogue", "导入目录"),
                new("Vendors, models and endpoints are taken over except where an operator manages them; prices of what is priced already become proposals.", "导入厂商、模型与端点（由运营者管理的除外）；已有价格的端点，其新价格将作为提案等待审批。"),
                AdminExamples.Import, AdminExamples.Imported)
            .TellsProgress()
            .WithMetadata(new RequestSizeLimitAttribute(MostCatalogueBytes))
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.InvalidRequest, ProblemKind.NotACatalogue);

        admin.MapGet("/holidays", HolidaysAsync)
            .RequireAuthorization(Policies.Operator)
            .Describe("listHolidays", new("List holidays", "列出节假日"), new("The days off that prices by the hour ask for, by calendar and year.", "分时价格所依据的节假日，按日历与年份列出。"), null, new Page<HolidayYear>([AdminExamples.Holidays], null))
            .Refuses(ProblemKind.OperatorRequired);

        admin.MapPut("/holidays", SetHolidaysAsync)
            .RequireAuthorization(Policies.Operator)
            .Describe("setHolidays", new("Set the holidays of a year", "设置某年的节假日"), new("Replaces all of that calendar and year.", "替换该日历该年份的全部日期。"), AdminExamples.Holidays, AdminExamples.Holidays)
            .Refuses(ProblemKind.OperatorRequired);
    }

    private static async Task<Results<Ok<Page<PriceRowView>>, Refused>> ListAsync(
        HttpContext http, HubDb db, CancellationToken ct, [FromQuery(Name = "endpoint_id")] string? endpointId = null)
    {
        var asked = new Asked(http);
        var id = asked.Id("endpoint_id", endpointId ?? "");
        if (id is null)
        {
            return asked.Errors.Refuse();
        }

        var rows = await db.Prices.AsNoTracking().Where(row => row.UpstreamId == id).OrderByDescending(row => row.ValidFrom).ThenBy(row => row.Id).ToListAsync(ct);
        return TypedResults.Ok(new Page<PriceRowView>([.. rows.Select(View)], null));
    }

    private static async Task<Results<Created<PriceRowView>, Refused>> AppendAsync(
        NewPrice request, Person person, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        var errors = new FieldErrors(http.Request.Language());
        var currency = Enum.Parse<Currency>(request.Currency);
        PriceComponent? component = Enum.GetValues<PriceComponent>().Where(value => Wire.Name(value) == request.Component).Select(value => (PriceComponent?)value).FirstOrDefault();
        long? nanos = null;
        if (component is not { } known)
        {
            errors.Add("component", FieldText.OneOf, string.Join(", ", Enum.GetValues<PriceComponent>().Select(Wire.Name)));
        }
        else if ((nanos = CatalogImport.NanosPerMillion(request.Price, known, currency)) is null)
        {
            errors.Add("price", FieldText.Price);
        }

        if (request.Hours.Length > 0 && !PriceHours.TryParse(request.Hours, out _))
        {
            errors.Add("hours", FieldText.Hours);
        }

        // What has been charged stays as it was charged.
        if (request.ValidFrom < now)
        {
            errors.Add("valid_from", FieldText.Future);
        }

        if (request.ValidTo <= (request.ValidFrom ?? now))
        {
            errors.Add("valid_to", FieldText.Future);
        }

        if (errors.Any)
        {
            return errors.Refuse();
        }

        return await GuardAsync(() => db.AsOperatorAsync<Results<Created<PriceRowView>, Refused>>(person.UserId, async () =>
        {
            if (!await db.Upstreams.AnyAsync(row => row.Id == request.EndpointId, ct))
            {
                return Refused.Because(ProblemKind.EndpointNotFound);
            }

            // The database answers for who they are: no operator's own rows say so.
            if (request.OrganizationId is { } customer && !await db.OrganizationsOfHub(customer.ToString()).AnyAsync(row => row.Id == customer, ct))
            {
                return Refused.Because(ProblemKind.OrganizationNotFound);
            }

            var from = request.ValidFrom?.Cut() ?? now;
            var row = new PriceRow
            {
                Id = Guid.CreateVersion7(now),
                UpstreamId = request.EndpointId,
                Component = component!.Value,
                Currency = currency,
                NanosPerMillion = nanos!.Value,
                MinPromptTokens = request.MinPromptTokens,
                ServiceTier = request.ServiceTier,
                Hours = request.Hours,
                CustomerId = request.OrganizationId,
                ValidFrom = from,
                ValidTo = request.ValidTo?.Cut(),
                Source = request.Source,
                ApprovedBy = person.UserId.ToString(),
            };
            await ReplaceAsync(db, row, ct);
            await db.AuditAsync(http.Actor(), "price.added", row.Id.ToString(), null, request, now, ct);
            return TypedResults.Created($"{ManagementApi.Path}/admin/prices?endpoint_id={row.UpstreamId}", View(row));
        }, ct));
    }

    private static async Task<Results<Ok<PriceRowView>, Refused>> EndAsync(
        string id, PriceEnd request, Person person, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        if (request.At < now)
        {
            var errors = new FieldErrors(http.Request.Language());
            errors.Add("at", FieldText.Future);
            return errors.Refuse();
        }

        return await db.AsOperatorAsync<Results<Ok<PriceRowView>, Refused>>(person.UserId, async () =>
        {
            if (!Guid.TryParse(id, out var parsed) || await db.Prices.FirstOrDefaultAsync(row => row.Id == parsed && row.ValidTo == null, ct) is not { } price)
            {
                return Refused.Because(ProblemKind.PriceNotFound);
            }

            var before = new { price.ValidTo };
            var end = request.At?.Cut() ?? now;
            price.ValidTo = end > price.ValidFrom ? end : price.ValidFrom;
            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(), "price.ended", price.Id.ToString(), before, new { price.ValidTo }, now, ct);
            return TypedResults.Ok(View(price));
        }, ct);
    }

    private static async Task<Ok<Page<PriceProposalView>>> ProposalsAsync(HubDb db, CancellationToken ct)
    {
        var rows = await (
            from proposal in db.PriceProposals.AsNoTracking()
            join upstream in db.Upstreams on proposal.UpstreamId equals upstream.Id
            where proposal.Status == ProposalStatus.Pending
            orderby proposal.ProposedAt, proposal.Id
            select new { Proposal = proposal, upstream.ModelId, upstream.VendorId }).ToListAsync(ct);
        var endpoints = rows.Select(row => row.Proposal.UpstreamId).Distinct().ToList();
        var present = (await db.Prices.AsNoTracking().Where(row => endpoints.Contains(row.UpstreamId) && row.ValidTo == null && row.CustomerId == null).ToListAsync(ct)).ToDictionary(row => row.Slot);

        return TypedResults.Ok(new Page<PriceProposalView>(
            [.. rows.Select(row => View(row.Proposal, row.ModelId, row.VendorId, present.GetValueOrDefault(row.Proposal.Slot)))],
            null));
    }

    private static async Task<Results<Ok<PriceRowView>, Refused>> ApproveAsync(
        string id, Person person, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct) =>
        await GuardAsync(() => db.AsOperatorAsync<Results<Ok<PriceRowView>, Refused>>(person.UserId, async () =>
        {
            var now = time.Now();
            if (await DecideAsync(db, id, ProposalStatus.Approved, person, now, ct) is not { } proposal)
            {
                return Refused.Because(ProblemKind.ProposalNotFound);
            }

            var row = new PriceRow
            {
                Id = proposal.Id,
                UpstreamId = proposal.UpstreamId,
                Component = proposal.Component,
                Currency = proposal.Currency,
                NanosPerMillion = proposal.NanosPerMillion,
                MinPromptTokens = proposal.MinPromptTokens,
                ServiceTier = proposal.ServiceTier,
                Hours = proposal.Hours,
                ValidFrom = now,
                Source = proposal.Source,
                ApprovedBy = person.UserId.ToString(),
            };
            await ReplaceAsync(db, row, ct);
            await db.AuditAsync(http.Actor(), "price_proposal.approved", proposal.Id.ToString(), null, new { proposal.Source }, now, ct);
            return TypedResults.Ok(View(row));
        }, ct));

    private static async Task<Results<NoContent, Refused>> RejectAsync(
        string id, Person person, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct) =>
        await db.AsOperatorAsync<Results<NoContent, Refused>>(person.UserId, async () =>
        {
            var now = time.Now();
            if (await DecideAsync(db, id, ProposalStatus.Rejected, person, now, ct) is not { } proposal)
            {
                return Refused.Because(ProblemKind.ProposalNotFound);
            }

            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(), "price_proposal.rejected", proposal.Id.ToString(), null, new { proposal.Source }, now, ct);
            return TypedResults.NoContent();
        }, ct);

    private static async Task<Results<Ok<CatalogueImported>, Refused>> ImportAsync(
        CatalogueImport request, Person person, HttpContext http, HubDb db, IConnectionMultiplexer cache, TimeProvider time, CancellationToken ct)
    {
        var asked = new Asked(http);
        var tell = AdminImports.Teller(http, asked, person, cache);
        if (asked.Errors.Any)
        {
            return asked.Errors.Refuse();
        }

        var now = time.Now();
        try
        {
            var catalogue = CatalogData.Read(request.Catalogue);
            return await db.AsOperatorAsync<Results<Ok<CatalogueImported>, Refused>>(person.UserId, async () =>
            {
                var imported = await db.ImportCatalogAsync(catalogue with { Proposes = true }, now, ct, tell);
                await db.AuditAsync(http.Actor(), "catalogue.imported", catalogue.Source, null, imported, now, ct);
                return TypedResults.Ok(new CatalogueImported(imported.Vendors, imported.Models, imported.Upstreams, imported.PricesAdded, imported.PricesProposed));
            }, ct);
        }
        catch (CatalogException impossible)
        {
            return Refused.Because(ProblemKind.NotACatalogue, CatalogueFaults.Told(impossible, http.Request.Language()));
        }
    }

    private static async Task<Ok<Page<HolidayYear>>> HolidaysAsync(HubDb db, CancellationToken ct)
    {
        var days = await db.Holidays.AsNoTracking().OrderBy(day => day.Calendar).ThenBy(day => day.Day).ToListAsync(ct);
        return TypedResults.Ok(new Page<HolidayYear>(
            [.. days.GroupBy(day => (day.Calendar, day.Day.Year)).Select(year => new HolidayYear(year.Key.Calendar, year.Key.Year, [.. year.Select(day => day.Day)]))],
            null));
    }

    private static async Task<Results<Ok<HolidayYear>, Refused>> SetHolidaysAsync(
        HolidayYear request, Person person, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var days = request.Days.Distinct().Order().ToList();
        if (days.Exists(day => day.Year != request.Year))
        {
            var errors = new FieldErrors(http.Request.Language());
            errors.Add("days", FieldText.DayOfYear, request.Year);
            return errors.Refuse();
        }

        return await db.AsOperatorAsync<Results<Ok<HolidayYear>, Refused>>(person.UserId, async () =>
        {
            var (first, last) = (new DateOnly(request.Year, 1, 1), new DateOnly(request.Year, 12, 31));
            var year = db.Holidays.Where(day => day.Calendar == request.Calendar && day.Day >= first && day.Day <= last);
            var before = await year.OrderBy(day => day.Day).Select(day => day.Day).ToListAsync(ct);
            await year.ExecuteDeleteAsync(ct);
            db.Holidays.AddRange(days.Select(day => new Holiday { Calendar = request.Calendar, Day = day }));
            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(), "holidays.set", $"{request.Calendar}/{request.Year}", new { days = before }, new { days }, time.Now(), ct);
            return TypedResults.Ok(new HolidayYear(request.Calendar, request.Year, days));
        }, ct);
    }

    private static async Task<PriceProposal?> DecideAsync(HubDb db, string id, ProposalStatus decision, Person person, DateTimeOffset now, CancellationToken ct)
    {
        if (!Guid.TryParse(id, out var parsed)
            || await db.PriceProposals.FirstOrDefaultAsync(row => row.Id == parsed && row.Status == ProposalStatus.Pending, ct) is not { } proposal)
        {
            return null;
        }

        (proposal.Status, proposal.DecidedAt, proposal.DecidedBy) = (decision, now, person.UserId.ToString());
        return proposal;
    }

    /// <summary>Saves the row, and before it the end of the one it takes the place of.</summary>
    private static async Task ReplaceAsync(HubDb db, PriceRow row, CancellationToken ct)
    {
        var present = await db.Prices.FirstOrDefaultAsync(
            price => price.UpstreamId == row.UpstreamId && price.Component == row.Component && price.Currency == row.Currency
                && price.MinPromptTokens == row.MinPromptTokens && price.ServiceTier == row.ServiceTier && price.Hours == row.Hours && price.CustomerId == row.CustomerId && price.ValidTo == null,
            ct);
        if (present is not null)
        {
            present.ValidTo = present.ValidFrom > row.ValidFrom ? present.ValidFrom : row.ValidFrom;
            await db.SaveChangesAsync(ct);
        }

        db.Prices.Add(row);
        await db.SaveChangesAsync(ct);
    }

    private static async Task<Results<T, Refused>> GuardAsync<T>(Func<Task<Results<T, Refused>>> change) where T : IResult
    {
        try
        {
            return await change();
        }
        catch (DbUpdateException failure) when (failure.InnerException is PostgresException { SqlState: PostgresErrorCodes.ExclusionViolation or PostgresErrorCodes.UniqueViolation })
        {
            return Refused.Because(ProblemKind.PriceOverlaps);
        }
    }

    private static PriceRowView View(PriceRow row) => new(
        row.Id,
        row.UpstreamId,
        Wire.Name(row.Component),
        row.Currency.ToString(),
        Quoted(row.NanosPerMillion, row.Component, row.Currency),
        row.MinPromptTokens,
        row.ServiceTier,
        row.Hours,
        row.ValidFrom,
        row.ValidTo,
        row.Source,
        row.ApprovedBy,
        row.CustomerId);

    private static PriceProposalView View(PriceProposal proposal, string modelId, string vendorId, PriceRow? present) => new(
        proposal.Id,
        proposal.UpstreamId,
        modelId,
        vendorId,
        Wire.Name(proposal.Component),
        proposal.Currency.ToString(),
        Quoted(proposal.NanosPerMillion, proposal.Component, proposal.Currency),
        present is null ? null : Quoted(present.NanosPerMillion, present.Component, present.Currency),
        proposal.MinPromptTokens,
        proposal.ServiceTier,
        proposal.Hours,
        proposal.Source,
        proposal.ProposedAt,
        Wire.Name(proposal.Status),
        proposal.DecidedAt,
        proposal.DecidedBy);

    private static string Quoted(long nanosPerMillion, PriceComponent component, Currency currency) =>
        new Money(nanosPerMillion / (1_000_000 / component.Per()), currency).ToDecimalString();
}
