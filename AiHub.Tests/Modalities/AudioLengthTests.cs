using System.Buffers.Binary;
using AiHub.Gateway.Audio;
using AiHub.Simulators.Vendors.OpenAI.Surfaces;

namespace AiHub.Tests.Modalities;

public sealed class AudioLengthTests
{
    public static TheoryData<string, byte[], double> Files => new()
    {
        { "wav", SpeechAnswer.Wav(36_000), 1.5 },
        { "wav of a recorder that did not know its end", Changed(SpeechAnswer.Wav(24_000), 40, 0xFF, 0xFF, 0xFF, 0xFF), 1 },
        { "mp3 of constant rate", Frames([0xFF, 0xFB, 0x90, 0x00], 417, 100), 100 * 1152 / 44_100d },
        { "mp3 with a tag before it", [.. "ID3"u8, 4, 0, 0, 0, 0, 0, 20, .. new byte[20], .. Frames([0xFF, 0xFB, 0x90, 0x00], 417, 10)], 10 * 1152 / 44_100d },
        { "mp3 of version 2", Frames([0xFF, 0xF3, 0x40, 0x00], 104, 10), 10 * 576 / 22_050d },
        { "flac", [.. "fLaC"u8, 0, 0, 0, 34, .. new byte[10], 0x0A, 0xC4, 0x42, 0xF0, 0, 0, 0xAC, 0x44, .. new byte[16]], 1 },
        { "ogg of opus", [.. Page(0, "OpusHead"u8), .. new byte[300], .. Page(96_000, ""u8)], 2 },
        { "mp4", [0, 0, 0, 16, .. "ftypM4A \0\0\0\0"u8, 0, 0, 0, 48, .. "moov"u8, 0, 0, 0, 40, .. "mvhd"u8, .. new byte[12], 0, 0, 3, 232, 0, 0, 9, 196, .. new byte[12]], 2.5 },
    };

    [Theory, MemberData(nameof(Files))]
    public void A_sound_file_says_how_long_it_plays(string kind, byte[] file, double seconds)
    {
        // It need not begin where its stream does.
        using var stream = new MemoryStream([7, 7, 7, .. file, 7, 7]);
        stream.Position = 3;

        Assert.True(AudioLength.Of(stream, file.Length) is { } length && Math.Abs(length.TotalSeconds - seconds) < 0.001, kind);
    }

    public static TheoryData<byte[]> Nonsense =>
    [
        [],
        [1, 2, 3],
        [.. "RIFF\0\0\0\0WAVE"u8],
        [.. "RIFF\0\0\0\0WAVEdata\0\0\0\0"u8],
        [.. "fLaC"u8],
        [.. "OggS"u8, 1, 2],
        [0, 0, 0, 0, .. "ftyp"u8],
        [0, 0, 0, 1, .. "ftyp"u8, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
        [0xFF, 0xFB, 0xF0, 0xFF, 0xFF],
    ];

    [Theory, MemberData(nameof(Nonsense))]
    public void What_is_no_sound_file_has_no_length(byte[] file)
    {
        using var stream = new MemoryStream(file);

        Assert.Null(AudioLength.Of(stream, file.Length));
    }

    private static byte[] Frames(byte[] head, int length, int count) =>
        [.. Enumerable.Repeat((byte[])[.. head, .. new byte[length - head.Length]], count).SelectMany(frame => frame)];

    private static byte[] Page(long samples, ReadOnlySpan<byte> content)
    {
        var position = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(position, samples);
        return [.. "OggS"u8, 0, 0, .. position, .. new byte[14], .. content];
    }

    private static byte[] Changed(byte[] file, int at, params byte[] with)
    {
        with.CopyTo(file, at);
        return file;
    }
}
