namespace AiHub.Domain.Catalog;

/// <summary>
/// Counts of values by size, each step a fifth larger than the one before, from 1 to two million: small enough to keep by the thousand, and to add up
/// across gateways; a median read from it is right to within a tenth.
/// </summary>
public static class LogScale
{
    public const int Steps = 80;
    private const double Growth = 1.2;

    public static int StepOf(double value) => value <= 1 ? 0 : Math.Min((int)(Math.Log(value) / Math.Log(Growth)), Steps - 1);

    /// <returns>Null when nothing has been counted.</returns>
    public static double? Median(IReadOnlyList<int> counts) => Quantile(counts, 0.5);

    /// <param name="share">Of the values that are not larger, 0 to 1.</param>
    /// <returns>Null when nothing has been counted.</returns>
    public static double? Quantile(IReadOnlyList<int> counts, double share)
    {
        var total = counts.Sum(count => (long)count);
        if (total == 0)
        {
            return null;
        }

        var seen = 0L;
        for (var step = 0; ; step++)
        {
            seen += counts[step];
            if (seen >= share * total)
            {
                return Math.Pow(Growth, step + 0.5);
            }
        }
    }
}
