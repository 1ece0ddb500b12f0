using System.Collections.Concurrent;
using System.Globalization;

namespace AiHub.Worker.Invoicing;

/// <summary>A request on its way to the tax platform, with all that the platform asks for.</summary>
public sealed record FapiaoJob(
    Guid Id, Guid OrganizationId, string Kind, string Status, long AmountMinor, long TaxMinor, int TaxBasisPoints, string Remark,
    string TitleKind, string TitleName, string? TitleTaxId, string TitleAddress, string TitlePhone, string TitleBank, string TitleBankAccount, string TitleEmail, string? Number)
{
    /// <summary>Whether an issued one is to be taken back.</summary>
    public bool IsRed => Status == "red_pending";
}

/// <param name="Number">Of what was issued, or of the red one. Null while it is under way, and when the platform would not.</param>
/// <param name="Failure">Why the platform would not.</param>
public sealed record FapiaoAnswer(string? Number, string? Failure)
{
    /// <summary>Ask again: platforms issue in their own time.</summary>
    public static readonly FapiaoAnswer UnderWay = new(null, null);
}

/// <summary>Whoever issues fapiao for the hub. All of it may be asked again: a request's id stands for one fapiao, however often it is sent.</summary>
public interface IFapiaoProvider
{
    /// <returns>Null leaves it to people: the operator exports what waits and imports the numbers.</returns>
    Task<FapiaoAnswer?> AskAsync(FapiaoJob job, CancellationToken ct);
}

/// <summary>By hand.</summary>
public sealed class ManualFapiao : IFapiaoProvider
{
    public Task<FapiaoAnswer?> AskAsync(FapiaoJob job, CancellationToken ct) => Task.FromResult<FapiaoAnswer?>(null);
}

/// <summary>A tax platform as a developer needs it: it takes its time, it has a credit line, and it gives each request one number.</summary>
public sealed class SimulatedFapiao : IFapiaoProvider
{
    /// <summary>A larger one is more than the platform's credit line.</summary>
    public const long CreditLineMinor = 100_000_00;

    private readonly ConcurrentDictionary<(Guid, bool), int> _asked = [];

    public Task<FapiaoAnswer?> AskAsync(FapiaoJob job, CancellationToken ct)
    {
        if (!job.IsRed && job.AmountMinor > CreditLineMinor)
        {
            return Task.FromResult<FapiaoAnswer?>(new FapiaoAnswer(null, "授信额度不足"));
        }

        var times = _asked.AddOrUpdate((job.Id, job.IsRed), 1, (_, count) => count + 1);
        // From the id, so that a restarted platform gives the same number.
        var digits = UInt128.Parse(job.Id.ToString("N"), NumberStyles.HexNumber, CultureInfo.InvariantCulture) % 1_000_000_000_000_000_000;
        return Task.FromResult<FapiaoAnswer?>(times < 2 ? FapiaoAnswer.UnderWay : new FapiaoAnswer($"{(job.IsRed ? "27" : "26")}{digits:D18}", null));
    }
}
