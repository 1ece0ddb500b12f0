using System.IO.Compression;
using PdfSharp.Fonts;

namespace AiHub.Worker.Invoicing;

/// <summary>
/// The one font of our papers, Noto Sans SC (OFL, beside it): it ships with the worker, so that a paper looks the same on a machine without
/// any Chinese font. The file holds the characters of the CJK blocks that the font has, compressed; a paper embeds only those it uses.
/// </summary>
internal sealed class InvoiceFont : IFontResolver
{
    public const string Family = "Noto Sans SC";
    private const string Face = "noto-sans-sc";
    private static readonly Lazy<byte[]> File = new(Unpack);
    private static readonly Lazy<bool> Registered = new(() =>
    {
        GlobalFontSettings.FontResolver = new InvoiceFont();
        return true;
    });

    /// <summary>PDFsharp knows one resolver a process.</summary>
    public static void Register() => _ = Registered.Value;

    public byte[] GetFont(string faceName) => File.Value;

    public FontResolverInfo? ResolveTypeface(string familyName, bool bold, bool italic) => new(Face, mustSimulateBold: bold, mustSimulateItalic: false);

    private static byte[] Unpack()
    {
        using var packed = typeof(InvoiceFont).Assembly.GetManifestResourceStream("noto-sans-sc.ttf.br")!;
        using var unpacked = new BrotliStream(packed, CompressionMode.Decompress);
        using var bytes = new MemoryStream();
        unpacked.CopyTo(bytes);
        return bytes.ToArray();
    }
}
