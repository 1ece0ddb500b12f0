using System.Buffers.Binary;

namespace AiHub.Gateway.Audio;

/// <summary>How long a sound file plays, from its own words: WAV, FLAC, MP3, MP4 and Ogg.</summary>
internal static class AudioLength
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(7);
    private static readonly int[] Mpeg1Rates = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0];
    private static readonly int[] Mpeg2Rates = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0];
    private static readonly int[] SampleRates = [44_100, 48_000, 32_000];

    /// <param name="stream">Stands at the file's first byte.</param>
    /// <returns>Null when the file does not say, or is of a kind that is not known here.</returns>
    public static TimeSpan? Of(Stream stream, long length)
    {
        var file = new Bytes(stream, stream.Position, length);
        var seconds = file.At(0, 12) switch
        {
            [(byte)'R', (byte)'I', (byte)'F', (byte)'F', _, _, _, _, (byte)'W', (byte)'A', (byte)'V', (byte)'E'] => Wav(file),
            [(byte)'f', (byte)'L', (byte)'a', (byte)'C', ..] => Flac(file),
            [(byte)'O', (byte)'g', (byte)'g', (byte)'S', ..] => Ogg(file),
            [_, _, _, _, (byte)'f', (byte)'t', (byte)'y', (byte)'p', ..] => Mp4(file),
            [(byte)'I', (byte)'D', (byte)'3', ..] or [0xFF, >= 0xE0, ..] => Mp3(file),
            _ => null,
        };

        return seconds is > 0 && seconds < Longest.TotalSeconds ? TimeSpan.FromSeconds(seconds.Value) : null;
    }

    private static double? Wav(Bytes file)
    {
        var bytesPerSecond = 0u;
        for (var at = 12L; file.At(at, 8) is { Length: 8 } head;)
        {
            var size = BinaryPrimitives.ReadUInt32LittleEndian(head[4..]);
            if (head[..4].SequenceEqual("fmt "u8) && file.At(at + 8, 12) is { Length: 12 } format)
            {
                bytesPerSecond = BinaryPrimitives.ReadUInt32LittleEndian(format[8..]);
            }
            else if (head[..4].SequenceEqual("data"u8))
            {
                // Recorders that do not know the end write nothing or all ones.
                var rest = file.Length - at - 8;
                return bytesPerSecond > 0 ? (double)(size is 0 || size > rest ? rest : size) / bytesPerSecond : null;
            }

            at += 8 + size + (size & 1);
        }

        return null;
    }

    private static double? Flac(Bytes file)
    {
        if (file.At(18, 8) is not { Length: 8 } info)
        {
            return null;
        }

        var bits = BinaryPrimitives.ReadUInt64BigEndian(info);
        var (rate, samples) = (bits >> 44, bits & 0xF_FFFF_FFFF);
        return rate > 0 && samples > 0 ? (double)samples / rate : null;
    }

    private static double? Ogg(Bytes file)
    {
        var head = file.At(0, 64);
        var rate = head.IndexOf("OpusHead"u8) >= 0 ? 48_000u
            : head.IndexOf("\u0001vorbis"u8) is >= 0 and var at && head.Length >= at + 16 ? BinaryPrimitives.ReadUInt32LittleEndian(head[(at + 12)..])
            : 0u;
        var from = Math.Max(0, file.Length - (128 * 1024));
        var tail = file.At(from, (int)(file.Length - from));
        var last = tail.LastIndexOf("OggS"u8);

        return rate > 0 && last >= 0 && tail.Length >= last + 14 && BinaryPrimitives.ReadInt64LittleEndian(tail[(last + 6)..]) is > 0 and var samples ? (double)samples / rate : null;
    }

    private static double? Mp4(Bytes file)
    {
        var end = file.Length;
        for (var at = 0L; at < end && file.At(at, 16) is { Length: >= 8 } head;)
        {
            var size = (long)BinaryPrimitives.ReadUInt32BigEndian(head);
            var name = head[4..8];
            if (name.SequenceEqual("moov"u8))
            {
                // Its boxes lie inside.
                at += 8;
                continue;
            }

            if (name.SequenceEqual("mvhd"u8) && file.At(at + 8, 32) is { Length: 32 } movie)
            {
                var isLong = movie[0] == 1;
                var scale = BinaryPrimitives.ReadUInt32BigEndian(movie[(isLong ? 20 : 12)..]);
                var duration = isLong ? BinaryPrimitives.ReadUInt64BigEndian(movie[24..]) : BinaryPrimitives.ReadUInt32BigEndian(movie[16..]);
                return scale > 0 ? (double)duration / scale : null;
            }

            size = size == 1 && head.Length == 16 ? BinaryPrimitives.ReadInt64BigEndian(head[8..]) : size;
            if (size < 8)
            {
                return null;
            }

            at += size;
        }

        return null;
    }

    // Frame by frame: what a header claims about all of them need not be true.
    private static double? Mp3(Bytes file)
    {
        var at = file.At(0, 10) is [(byte)'I', (byte)'D', (byte)'3', _, _, _, var a, var b, var c, var d] ? 10L + (a << 21 | b << 14 | c << 7 | d) : 0;
        var seconds = 0d;
        while (file.At(at, 4) is { Length: 4 } head && head[0] == 0xFF && (head[1] & 0xE0) == 0xE0)
        {
            var (version, layer) = ((head[1] >> 3) & 3, (head[1] >> 1) & 3);
            var (rateIndex, sampleIndex) = (head[2] >> 4, (head[2] >> 2) & 3);
            if (version == 1 || layer != 1 || sampleIndex == 3)
            {
                break;
            }

            var sampleRate = SampleRates[sampleIndex] / (version == 3 ? 1 : version == 2 ? 2 : 4);
            var bitRate = 1000 * (version == 3 ? Mpeg1Rates : Mpeg2Rates)[rateIndex];
            var samples = version == 3 ? 1_152 : 576;
            if (bitRate == 0)
            {
                break;
            }

            seconds += (double)samples / sampleRate;
            at += (samples / 8 * bitRate / sampleRate) + ((head[2] >> 1) & 1);
        }

        return seconds > 0 ? seconds : null;
    }

    /// <summary>A part of a stream, read by position through a window that moves along.</summary>
    private sealed class Bytes(Stream stream, long start, long length)
    {
        private const int Window = 64 * 1024;

        private byte[] _window = [];
        private long _from;

        public long Length => length;

        /// <returns>Fewer bytes where the file ends.</returns>
        public ReadOnlySpan<byte> At(long position, int count)
        {
            if (position < 0 || position >= length)
            {
                return default;
            }

            count = (int)Math.Min(count, length - position);
            if (position < _from || position + count > _from + _window.Length)
            {
                _from = position;
                _window = new byte[(int)Math.Min(Math.Max(count, Window), length - position)];
                stream.Position = start + position;
                stream.ReadExactly(_window);
            }

            return _window.AsSpan((int)(position - _from), count);
        }
    }
}
