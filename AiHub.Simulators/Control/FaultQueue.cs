namespace AiHub.Simulators.Control;

/// <summary>What goes wrong next, by order of <c>/_sim/faults</c>. The first order for a vendor is used up before the second begins.</summary>
public sealed class FaultQueue
{
    private readonly Lock _lock = new();
    private readonly List<PendingFault> _pending = [];

    public void Add(PendingFault fault)
    {
        lock (_lock)
        {
            _pending.Add(fault);
        }
    }

    /// <returns>The fault that this request meets, or null.</returns>
    public string? Take(string vendor, string model)
    {
        lock (_lock)
        {
            var next = _pending.FindIndex(pending => pending.Vendor == vendor && (pending.Model is null || pending.Model == model));
            if (next < 0)
            {
                return null;
            }

            var fault = _pending[next];
            if (fault.Count > 1)
            {
                _pending[next] = fault with { Count = fault.Count - 1 };
            }
            else
            {
                _pending.RemoveAt(next);
            }

            return fault.Fault;
        }
    }

    public IReadOnlyList<PendingFault> Pending()
    {
        lock (_lock)
        {
            return [.. _pending];
        }
    }

    public void Clear()
    {
        lock (_lock)
        {
            _pending.Clear();
        }
    }
}

/// <param name="Model">Only requests for this model meet it; null for all.</param>
public sealed record PendingFault(string Vendor, string Fault, int Count, string? Model);
