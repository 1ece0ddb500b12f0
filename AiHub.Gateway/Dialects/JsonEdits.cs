namespace AiHub.Gateway.Dialects;

/// <summary>A JSON text of which a few parts are replaced while it is written out; everything else leaves byte for byte as it came.</summary>
public sealed class JsonEdits(ReadOnlyMemory<byte> source)
{
    private readonly List<(JsonRange Range, ReadOnlyMemory<byte> Replacement)> _edits = [];

    public long Length { get; private set; } = source.Length;

    public void Replace(JsonRange range, ReadOnlyMemory<byte> replacement)
    {
        _edits.Add((range, replacement));
        _edits.Sort((left, right) => left.Range.Start.CompareTo(right.Range.Start));
        Length += replacement.Length - range.Length;
    }

    public void Insert(int position, ReadOnlyMemory<byte> text) => Replace(new JsonRange(position, 0), text);

    public IEnumerable<ReadOnlyMemory<byte>> Pieces()
    {
        var written = 0;
        foreach (var (range, replacement) in _edits)
        {
            yield return source[written..range.Start];
            yield return replacement;
            written = range.End;
        }

        yield return source[written..];
    }

    public byte[] ToArray()
    {
        var whole = new byte[Length];
        var written = 0;
        foreach (var piece in Pieces())
        {
            piece.Span.CopyTo(whole.AsSpan(written));
            written += piece.Length;
        }

        return whole;
    }
}
