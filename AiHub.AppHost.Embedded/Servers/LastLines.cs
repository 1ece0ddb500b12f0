namespace AiHub.AppHost.Embedded.Servers;

/// <summary>The last lines a process wrote, to say why it ended.</summary>
internal sealed class LastLines(int count)
{
    private readonly Queue<string> _lines = new();
    private readonly Lock _lock = new();

    public void Add(string line)
    {
        lock (_lock)
        {
            _lines.Enqueue(line);
            if (_lines.Count > count)
            {
                _lines.Dequeue();
            }
        }
    }

    public string? Last
    {
        get
        {
            lock (_lock)
            {
                return _lines.LastOrDefault(line => !string.IsNullOrWhiteSpace(line));
            }
        }
    }

    /// <summary>The first of the kept lines that holds one of the <paramref name="parts"/>, without what stands before it (a time stamp).</summary>
    public string? Find(params ReadOnlySpan<string> parts)
    {
        lock (_lock)
        {
            foreach (var line in _lines)
            {
                foreach (var part in parts)
                {
                    if (line.IndexOf(part, StringComparison.Ordinal) is var start and >= 0)
                    {
                        return line[start..];
                    }
                }
            }

            return null;
        }
    }
}
