namespace AiHub.Gateway.Modalities;

/// <summary>Bytes kept for as long as a request lasts: the first of them in memory, more than that in a file that nobody finds afterwards.</summary>
internal sealed class SetAside : IDisposable
{
    private const int MostInMemory = 256 * 1024;
    private const FileShare WithReaders = FileShare.ReadWrite | FileShare.Delete;

    private MemoryStream? _memory = new();
    private FileStream? _file;

    public long Length { get; private set; }

    /// <returns>False when there is more than <paramref name="limit"/>.</returns>
    public async ValueTask<bool> TakeAsync(Stream source, long limit, CancellationToken ct)
    {
        var buffer = new byte[64 * 1024];
        while (await source.ReadAsync(buffer, ct) is var read and > 0)
        {
            Length += read;
            if (Length > limit)
            {
                return false;
            }

            if (_file is null && Length > MostInMemory)
            {
                _file = new FileStream(System.IO.Path.GetTempFileName(), FileMode.Create, FileAccess.Write, WithReaders, bufferSize: 0, FileOptions.Asynchronous | FileOptions.DeleteOnClose);
                await _file.WriteAsync(_memory!.GetBuffer().AsMemory(0, (int)_memory.Length), ct);
                _memory = null;
            }

            await (_file ?? (Stream)_memory!).WriteAsync(buffer.AsMemory(0, read), ct);
        }

        return true;
    }

    /// <summary>From the beginning. Several may read at once.</summary>
    public Stream OpenRead() => _file is null
        ? new MemoryStream(_memory!.GetBuffer(), 0, (int)_memory.Length, writable: false)
        : new FileStream(_file.Name, FileMode.Open, FileAccess.Read, WithReaders, bufferSize: 64 * 1024, FileOptions.Asynchronous);

    public void Dispose() => _file?.Dispose();
}
