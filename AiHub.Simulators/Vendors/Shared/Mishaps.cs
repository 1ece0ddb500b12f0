using System.IO.Compression;
using System.Text;
using AiHub.Simulators.Vendors.OpenAI;
using Microsoft.Extensions.Options;

namespace AiHub.Simulators.Vendors.Shared;

/// <summary>What goes wrong in the same way at every vendor, whatever its dialect.</summary>
public static class Mishaps
{
    public static Task ResetAsync(HttpContext context)
    {
        context.Abort();
        return Task.CompletedTask;
    }

    /// <summary>A page for people where a machine asked, with status 200.</summary>
    public static Task HtmlAsync(HttpContext context, CancellationToken ct)
    {
        context.Response.ContentType = "text/html; charset=utf-8";
        return context.Response.WriteAsync("<!DOCTYPE html>\n<html><head><title>Just a moment...</title></head><body><h1>Checking your browser</h1></body></html>\n", ct);
    }

    /// <summary><see cref="SimulatorOptions.HugeBytes"/> of one letter, in the middle of an event or a document.</summary>
    /// <param name="compressed">With gzip, asked for or not.</param>
    public static async Task HugeAsync(HttpContext context, string start, string end, string contentType, bool compressed, CancellationToken ct)
    {
        var filling = new byte[64 * 1024];
        filling.AsSpan().Fill((byte)'a');
        context.Response.ContentType = contentType;
        if (compressed)
        {
            context.Response.Headers.ContentEncoding = "gzip";
        }

        await using var zip = compressed ? new GZipStream(context.Response.Body, CompressionLevel.SmallestSize, leaveOpen: true) : null;
        var body = zip ?? context.Response.Body;
        await body.WriteAsync(Encoding.UTF8.GetBytes(start), ct);
        for (var left = context.RequestServices.GetRequiredService<IOptions<SimulatorOptions>>().Value.HugeBytes; left > 0; left -= filling.Length)
        {
            await body.WriteAsync(filling.AsMemory(0, (int)Math.Min(left, filling.Length)), ct);
        }

        await body.WriteAsync(Encoding.UTF8.GetBytes(end), ct);
    }

    /// <summary>One byte a second.</summary>
    public static IEnumerable<Step> Dripped(Step.Bytes write)
    {
        for (var index = 0; index < write.Data.Length; index++)
        {
            var isLast = index == write.Data.Length - 1;
            yield return isLast ? write with { Data = [write.Data[index]] } : new Step.Bytes([write.Data[index]]);
            yield return new Step.Wait(TimeSpan.FromSeconds(1));
        }
    }

    /// <summary>Every character beyond ASCII in two writes.</summary>
    public static IEnumerable<Step> Halved(Step.Bytes write)
    {
        var from = 0;
        for (var index = 1; index < write.Data.Length; index++)
        {
            // 0b10xxxxxx continues a character: cut between its first byte and the next.
            if (write.Data[index - 1] >= 0xC0 && (write.Data[index] & 0xC0) == 0x80)
            {
                yield return new Step.Bytes(write.Data[from..index]);
                from = index;
            }
        }

        yield return write with { Data = write.Data[from..] };
    }

    /// <summary>A stream up to its middle, or to its finish where it is shorter, and then the trouble.</summary>
    /// <param name="after">How many pieces of the answer come before it.</param>
    /// <param name="trouble">Null when the stream just ends.</param>
    public static IEnumerable<Step> InTheMiddle(IEnumerable<(Step Step, bool IsPiece, bool Finishes)> sent, int after, Step? trouble, bool goesOn)
    {
        var pieces = 0;
        var happened = false;
        foreach (var (step, isPiece, finishes) in sent)
        {
            if (!happened && (pieces == after || finishes))
            {
                happened = true;
                if (trouble is not null)
                {
                    yield return trouble;
                }

                if (!goesOn)
                {
                    yield break;
                }
            }

            pieces += isPiece ? 1 : 0;
            yield return step;
        }
    }

    /// <summary>Half of a document, and the trouble unless that is an event of streams.</summary>
    public static IEnumerable<Step> HalfOf(byte[] document, Step? trouble)
    {
        var half = new Step.Bytes(document[..(document.Length / 2)]);
        return trouble is null or Step.Bytes ? [half] : [half, trouble];
    }

    public static Step.Bytes Text(string text) => new(Encoding.UTF8.GetBytes(text));
}
