using System.Buffers;
using System.Text;
using System.Text.Json;
using AiHub.Domain.Catalog;
using AiHub.Domain.Usage;
using AiHub.Gateway.Dialects.OpenAI;
using AiHub.Gateway.Providers;

namespace AiHub.Gateway.Metering;

/// <summary>Counts along while a chat answer passes: what the vendor reports, and the text in case it reports nothing.</summary>
internal sealed class ChatTally(Call call, TokenCounter counter) : Tally
{
    // Beyond this the text is only estimated; no vendor that writes so much forgets to count it.
    private const int MostKeptCharacters = 1024 * 1024;

    private readonly ArrayBufferWriter<byte> _usage = new(256);
    private readonly StringBuilder _text = new();
    private long _unkeptTokens;

    // The finish reason is the last word; only the count follows it.
    public override bool CountIsNear => FinishReason is not null;

    public override bool IsWorthDraining => true;

    protected override void Hear(in ReplyChunk chunk)
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
    }

    protected override void Deliver(in ReplyChunk chunk)
    {
        if (call.Streamed || _usage.WrittenCount == 0)
        {
            Keep(chunk.Json.Span, chunk.Facts);
        }
    }

    public override Measured Measure()
    {
        if (_usage.WrittenCount > 0 && OpenAIUsage.Read(_usage.WrittenMemory) is { } reading)
        {
            return new Measured(new Consumption(reading.Tokens), call.Plan.Cache?.Answer is null ? UsageSource.Vendor : UsageSource.Cached, reading.Inconsistent);
        }

        if (Status == UsageStatus.Failed || call.Attempts.Exchange is not { Accepted: true })
        {
            return Measured.Nothing;
        }

        // An estimate is never more than was held for the call, hence never more than its max_tokens.
        var model = call.Plan.Model.Id;
        var prompt = Math.Min(counter.CountPrompt(model, call.Request), call.Reserved.Prompt);
        var output = Math.Min(_unkeptTokens + (_text.Length > 0 ? counter.Count(model, _text.ToString()) : 0), call.Reserved.Output);
        return new Measured(new Consumption(new TokenUsage(InputUncached: prompt, OutputText: output)), UsageSource.Estimated);
    }

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
