using System.Buffers;
using System.Text;
using System.Text.Json;
using AiHub.Domain.Usage;
using AiHub.Gateway.Dialects.OpenAI;
using AiHub.Gateway.Providers;

namespace AiHub.Gateway.Metering;

/// <summary>Counts along while an answer passes: what the vendor reports, and the text in case it reports nothing.</summary>
internal sealed class Tally(bool streamed)
{
    // Beyond this the text is only estimated; no vendor that writes so much forgets to count it.
    private const int MostKeptCharacters = 1024 * 1024;

    private readonly ArrayBufferWriter<byte> _usage = new(256);
    private readonly StringBuilder _text = new();
    private long _unkeptTokens;
    private volatile bool _left;

    /// <summary>The answer came to its proper end.</summary>
    public bool Ended { get; set; }

    /// <summary>Why it did not, if the vendor is to blame.</summary>
    public UpstreamException? Failure { get; set; }

    /// <summary>The caller went away before the end.</summary>
    public bool Abandoned { get; set; }

    public UsageStatus Status => Ended && !_left ? UsageStatus.Succeeded : Failure is null && Abandoned ? UsageStatus.Cancelled : UsageStatus.Failed;

    /// <summary>Bytes of the answer that nobody was there to read.</summary>
    public long Drained { get; private set; }

    /// <summary>The caller goes away now. What still comes is only read for its count; one who has the last word already misses nothing.</summary>
    public void Leave() => _left = FinishReason is null;

    /// <summary>Since the request came in.</summary>
    public TimeSpan? FirstPieceAt { get; set; }

    public string? FinishReason { get; private set; }

    public void Add(in ReplyChunk chunk)
    {
        var json = chunk.Json.Span;
        var facts = chunk.Facts;
        if (facts.Usage.Exists && facts.Usage.Of(json) is var usage && !usage.SequenceEqual("null"u8))
        {
            // Some vendors report with every chunk: the last one counts.
            _usage.ResetWrittenCount();
            _usage.Write(usage);
        }

        if (facts.FinishReason.Exists)
        {
            FinishReason ??= Encoding.UTF8.GetString(facts.FinishReason.Of(json)[1..^1]);
        }

        if (_left)
        {
            Drained += json.Length;
        }
        else if (streamed || _usage.WrittenCount == 0)
        {
            Keep(json, facts);
        }
    }

    /// <returns>Null when the vendor reported nothing usable.</returns>
    public UsageReading? VendorUsage() => _usage.WrittenCount > 0 ? OpenAIUsage.Read(_usage.WrittenMemory) : null;

    public long CountText(TokenCounter counter, string model) => _unkeptTokens + (_text.Length > 0 ? counter.Count(model, _text.ToString()) : 0);

    private void Keep(ReadOnlySpan<byte> json, in AnswerFacts facts)
    {
        if (!facts.Text.Exists)
        {
            return;
        }

        if (_text.Length > MostKeptCharacters)
        {
            _unkeptTokens += TokenCounter.Estimate(facts.Text.Of(json));
            return;
        }

        if (facts.Has(AnswerTraits.ManyTexts))
        {
            foreach (var text in AnswerScan.TextsOf(json))
            {
                _text.Append(text);
            }

            return;
        }

        var reader = new Utf8JsonReader(facts.Text.Of(json));
        reader.Read();
        var characters = ArrayPool<char>.Shared.Rent(reader.ValueSpan.Length);
        _text.Append(characters, 0, reader.CopyString(characters));
        ArrayPool<char>.Shared.Return(characters);
    }
}
