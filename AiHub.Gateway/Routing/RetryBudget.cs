using System.Collections.Concurrent;

namespace AiHub.Gateway.Routing;

/// <summary>
/// Bounds how many second tries a model's calls may make, so that an outage of all its vendors is not answered with a multiple of the usual load:
/// every call earns half a try, and a quiet hub has some saved.
/// </summary>
public sealed class RetryBudget
{
    private const int EarnedHalves = 1;
    private const int CostHalves = 2;
    private const int MostHalves = 2 * 100;
    private const int FirstHalves = 2 * 30;

    private readonly ConcurrentDictionary<string, Purse> _purses = new();

    public void Earn(string model) => _purses.GetOrAdd(model, _ => new Purse()).Add(EarnedHalves);

    public bool TrySpend(string model) => _purses.GetOrAdd(model, _ => new Purse()).TryTake(CostHalves);

    private sealed class Purse
    {
        private int _halves = FirstHalves;

        public void Add(int halves)
        {
            // Racing earners may overfill it by a little, which does not matter.
            if (Volatile.Read(ref _halves) < MostHalves)
            {
                Interlocked.Add(ref _halves, halves);
            }
        }

        public bool TryTake(int halves)
        {
            while (true)
            {
                var saved = Volatile.Read(ref _halves);
                if (saved < halves)
                {
                    return false;
                }

                if (Interlocked.CompareExchange(ref _halves, saved - halves, saved) == saved)
                {
                    return true;
                }
            }
        }
    }
}
