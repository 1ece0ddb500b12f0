using Microsoft.EntityFrameworkCore;

namespace AiHub.Domain.Invoices;

/// <summary>The only code that asks for, issues and reverses fapiao: each method is one function of 71-fapiao.sql.</summary>
public static class FapiaoBooks
{
    /// <summary>What the organization at work may still ask a fapiao for, in fen: paid, consumed, and on no other.</summary>
    public static Task<long> InvoiceableAsync(this HubDb db, CancellationToken ct) =>
        db.Database.SqlQuery<long>($"select fapiao_open() as \"Value\"").SingleAsync(ct);

    /// <summary>Keeps a request if its amount is free. Call it inside the organization.</summary>
    /// <returns>False when more is asked for than is free.</returns>
    public static Task<bool> RequestAsync(this HubDb db, FapiaoRequest request, CancellationToken ct) => db.Database.SqlQuery<bool>(
        $"""
         select fapiao_request({request.Id}, {request.TitleId}, {request.UserId}, {Storage.Words.Of(request.Kind.ToString())}, {request.AmountMinor}, {request.TaxMinor},
                               {request.TaxBasisPoints}, {request.Remark}, {request.IdempotencyKey}, {request.CreatedAt.ToUniversalTime()}) as "Value"
         """).SingleAsync(ct);

    /// <summary>Asks that an issued one be taken back. Call it inside the organization.</summary>
    /// <returns>False when it is not issued.</returns>
    public static Task<bool> AskForRedAsync(this HubDb db, Guid id, string reason, CancellationToken ct) =>
        db.Database.SqlQuery<bool>($"select fapiao_red({id}, {reason}) as \"Value\"").SingleAsync(ct);

    /// <summary>What the tax platform said of a request. Call it inside the organization.</summary>
    /// <inheritdoc cref="MoveAsync"/>
    public static Task<bool> ProvidedAsync(this HubDb db, Guid id, FapiaoStatus to, string? number, string? reason, DateTimeOffset now, CancellationToken ct) =>
        db.Database.SqlQuery<bool>(
            $"select fapiao_provided({id}, {Storage.Words.Of(to.ToString())}, {number}, {reason}, {now.ToUniversalTime()}) as \"Value\"").SingleAsync(ct);

    /// <summary>What became of a request, by an operator's word. Call it as an operator inside the organization.</summary>
    /// <param name="number">The blue number of what was issued, the red one of what was reversed.</param>
    /// <returns>False when it is not in a state from which that follows.</returns>
    public static Task<bool> MoveAsync(this HubDb db, Guid id, FapiaoStatus to, string? number, string? reason, DateTimeOffset now, CancellationToken ct) =>
        db.Database.SqlQuery<bool>(
            $"select fapiao_move({id}, {Storage.Words.Of(to.ToString())}, {number}, {reason}, {now.ToUniversalTime()}) as \"Value\"").SingleAsync(ct);
}
