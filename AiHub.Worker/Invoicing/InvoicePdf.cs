using System.Globalization;
using AiHub.Domain.Invoices;
using PdfSharp.Drawing;
using PdfSharp.Pdf;

namespace AiHub.Worker.Invoicing;

/// <summary>Lays a paper out on A4, on as many pages as it takes.</summary>
internal sealed class InvoicePdf
{
    private const double Margin = 48;
    private const double Bottom = 770;
    private const double LineHeight = 14;
    private static readonly Lock OneAtATime = new();

    private readonly InvoicePaper _paper;
    private readonly PdfDocument _document = new();
    private readonly XFont _title = Font(20, XFontStyleEx.Bold);
    private readonly XFont _strong = Font(9.5, XFontStyleEx.Bold);
    private readonly XFont _text = Font(9.5, XFontStyleEx.Regular);
    private readonly XFont _fine = Font(8, XFontStyleEx.Regular);
    private readonly XPen _rule = new(XColor.FromArgb(0xC8, 0xCD, 0xD5), 0.7);
    private XGraphics _page;
    private double _y;

    private InvoicePdf(InvoicePaper paper)
    {
        _paper = paper;
        _page = NewPage();
    }

    private bool Zh => _paper.Language == InvoicePaper.Chinese;

    public static byte[] Of(InvoicePaper paper, DateTimeOffset now)
    {
        // PDFsharp's font caches belong to the process.
        lock (OneAtATime)
        {
            InvoiceFont.Register();
            var pdf = new InvoicePdf(paper);
            pdf._document.Info.Title = $"{paper.Title} {paper.Number}";
            pdf._document.Info.Author = paper.Seller.Name;
            pdf._document.Info.CreationDate = now.UtcDateTime;
            pdf.Write();
            return pdf.Save();
        }
    }

    private static XFont Font(double size, XFontStyleEx style)
    {
        InvoiceFont.Register();
        return new(InvoiceFont.Family, size, style);
    }

    private void Write()
    {
        _page.DrawString(_paper.Title, _title, XBrushes.Black, Margin, _y + 8);
        Right(_paper.Number, _strong, Width - Margin, _y + 6);
        _y += 40;

        var top = _y;
        Party(Zh ? "销售方" : "From", _paper.Seller, Margin);
        var below = _y;
        _y = top;
        Party(Zh ? "购买方" : "Bill to", _paper.Buyer, Width / 2);
        _y = Math.Max(below, _y) + 10;

        foreach (var (name, value) in _paper.Facts)
        {
            _page.DrawString(name, _text, XBrushes.DimGray, Margin, _y);
            foreach (var line in Wrapped(value, _text, Width - (2 * Margin) - 100))
            {
                _page.DrawString(line, _text, XBrushes.Black, Margin + 100, _y);
                _y += LineHeight;
            }
        }

        _y += 12;
        Table();
        Sums();
        Notes();
    }

    private void Party(string caption, InvoiceParty party, double x)
    {
        _page.DrawString(caption, _fine, XBrushes.DimGray, x, _y);
        _y += LineHeight;
        var font = _strong;
        foreach (var text in (string[])[party.Name, party.Address, party.TaxId.Length > 0 ? $"{(Zh ? "税号 " : "Tax ID ")}{party.TaxId}" : "", party.Email])
        {
            foreach (var line in Wrapped(text, font, (Width / 2) - Margin - 10))
            {
                _page.DrawString(line, font, XBrushes.Black, x, _y);
                _y += LineHeight;
            }

            font = _text;
        }
    }

    private void Table()
    {
        TableHead();
        foreach (var line in _paper.Lines)
        {
            var words = Wrapped(line.Description, _text, DescriptionWidth).ToList();
            Room((words.Count * LineHeight) + 6, andHead: true);
            Figures(_text, [line.Calls, line.InputTokens, line.OutputTokens, line.Tax, line.Amount]);
            foreach (var word in words)
            {
                _page.DrawString(word, _text, XBrushes.Black, Margin, _y);
                _y += LineHeight;
            }

            Rule(_y - 8);
            _y += 6;
        }
    }

    private void TableHead()
    {
        _page.DrawString(Zh ? "项目" : "Description", _fine, XBrushes.DimGray, Margin, _y);
        Figures(_fine, Zh ? ["调用次数", "输入令牌", "输出令牌", "税率", "金额"] : ["Calls", "Input tokens", "Output tokens", "Tax", "Amount"]);
        Rule(_y + 5);
        _y += LineHeight + 6;
    }

    private double DescriptionWidth => _paper.HasTokens ? 170 : 330;

    // From the right edge; the figures of use only where there are some.
    private void Figures(XFont font, string[] cells)
    {
        double[] edges = [Width - Margin - 280, Width - Margin - 205, Width - Margin - 130, Width - Margin - 90, Width - Margin];
        for (var i = 0; i < cells.Length; i++)
        {
            if (i > 2 || _paper.HasTokens)
            {
                Right(cells[i], font, edges[i], _y);
            }
        }
    }

    private void Sums()
    {
        _y += 6;
        foreach (var ((name, value), last) in _paper.Sums.Select((sum, index) => (sum, index == _paper.Sums.Count - 1)))
        {
            Room(LineHeight + 6, andHead: false);
            var font = last ? _strong : _text;
            Right(name, font, Width - Margin - 110, _y);
            Right(value, font, Width - Margin, _y);
            _y += LineHeight + 3;
        }
    }

    private void Notes()
    {
        _y += 18;
        foreach (var line in _paper.Notes.SelectMany(note => Wrapped(note, _fine, Width - (2 * Margin))))
        {
            Room(LineHeight, andHead: false);
            _page.DrawString(line, _fine, XBrushes.DimGray, Margin, _y);
            _y += LineHeight;
        }
    }

    private byte[] Save()
    {
        _page.Dispose();
        foreach (var (index, page) in _document.Pages.Cast<PdfPage>().Index())
        {
            using var graphics = XGraphics.FromPdfPage(page, XGraphicsPdfPageOptions.Append);
            var text = string.Create(CultureInfo.InvariantCulture, $"{_paper.Number} · {index + 1} / {_document.PageCount}");
            graphics.DrawString(text, _fine, XBrushes.DimGray, new XRect(0, 805, Width, 12), XStringFormats.TopCenter);
        }

        using var bytes = new MemoryStream();
        _document.Save(bytes, closeStream: false);
        return bytes.ToArray();
    }

    private double Width => XUnit.FromMillimeter(210).Point;

    private XGraphics NewPage()
    {
        var page = _document.AddPage();
        (page.Width, page.Height) = (XUnit.FromMillimeter(210), XUnit.FromMillimeter(297));
        _y = 60;
        return XGraphics.FromPdfPage(page);
    }

    private void Room(double height, bool andHead)
    {
        if (_y + height <= Bottom)
        {
            return;
        }

        _page.Dispose();
        _page = NewPage();
        if (andHead)
        {
            TableHead();
        }
    }

    private void Rule(double y) => _page.DrawLine(_rule, Margin, y, Width - Margin, y);

    private void Right(string text, XFont font, double x, double y) => _page.DrawString(text, font, XBrushes.Black, x - _page.MeasureString(text, font).Width, y);

    // Chinese breaks anywhere, so the text is broken by character; a word of letters goes to the next line whole if it fits there.
    private IEnumerable<string> Wrapped(string text, XFont font, double width)
    {
        foreach (var paragraph in text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var start = 0;
            for (var end = 1; end <= paragraph.Length; end++)
            {
                if (_page.MeasureString(paragraph[start..end], font).Width <= width || end - start == 1)
                {
                    continue;
                }

                var space = paragraph.LastIndexOf(' ', end - 1, end - start);
                var cut = space > start && char.IsAsciiLetterOrDigit(paragraph[end - 1]) ? space + 1 : end - 1;
                yield return paragraph[start..cut].TrimEnd();
                (start, end) = (cut, cut);
            }

            yield return paragraph[start..];
        }
    }
}
