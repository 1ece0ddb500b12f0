using System.Text.Json;

namespace AiHub.Gateway.Dialects.OpenAI;

[Flags]
public enum AnswerTraits
{
    None = 0,
    HasChoices = 1 << 0,
    HasId = 1 << 1,
    HasObject = 1 << 2,
    HasCreated = 1 << 3,
    HasModel = 1 << 4,

    /// <summary>A choice carries something a reader would see: text, reasoning, a tool call, audio, an end.</summary>
    Semantic = 1 << 5,

    /// <summary>A delta names the assistant's role.</summary>
    HasRole = 1 << 6,
    HasToolCalls = 1 << 7,

    /// <summary>More than one piece of text, so <see cref="AnswerFacts.Text"/> is not all of it.</summary>
    ManyTexts = 1 << 8,

    /// <summary>A choice lacks its <c>finish_reason</c> key, a tool call its index or a fit argument string: some clients break on it.</summary>
    Irregular = 1 << 9,

    /// <summary>A <c>finish_reason</c> that OpenAI does not have; typed clients refuse the whole answer for it.</summary>
    OddFinish = 1 << 10,
}

/// <summary>What one pass over an answer, or one chunk of it, found out. Proves by the way that the text is whole, valid JSON.</summary>
/// <param name="Choices">How many choices it carries.</param>
/// <param name="UsageMember">The usage with its key and the comma that joins it to a neighbour, to be cut out as one piece.</param>
/// <param name="Text">The first piece of generated text, as a JSON string.</param>
/// <param name="Error">A top-level error that is not null.</param>
public readonly record struct AnswerFacts(
    AnswerTraits Traits,
    int Choices,
    JsonRange Usage,
    JsonRange UsageMember,
    JsonRange FinishReason,
    JsonRange Text,
    JsonRange Error)
{
    /// <summary>Of a piece that nobody but its reader understands: something a reader would see, and no more is known.</summary>
    public static readonly AnswerFacts Opaque = new(AnswerTraits.Semantic, 0, default, default, default, default, default);

    public bool Has(AnswerTraits traits) => (Traits & traits) == traits;
}

/// <summary>Reads an OpenAI chat answer (<c>chat.completion</c>) or chunk (<c>chat.completion.chunk</c>) without building objects.</summary>
internal static class AnswerScan
{
    private static readonly JsonReaderOptions Options = new() { MaxDepth = 256 };

    /// <exception cref="JsonException">The text is not one valid JSON object.</exception>
    public static AnswerFacts Of(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, Options);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("An answer is a JSON object.");
        }

        var found = new Findings();
        var previousEnd = (int)reader.BytesConsumed;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = (int)reader.TokenStartIndex;
            if (reader.ValueTextEquals("choices"u8))
            {
                reader.Read();
                Choices(ref reader, ref found);
            }
            else if (reader.ValueTextEquals("usage"u8))
            {
                reader.Read();
                var value = Value(ref reader);
                found.UsageMember = Member(json, previousEnd, key, value.End);
                found.Usage = value;
            }
            else if (reader.ValueTextEquals("error"u8))
            {
                reader.Read();
                found.Error = Value(ref reader, orNull: true);
            }
            else if (reader.ValueTextEquals("model"u8))
            {
                reader.Read();
                found.Mark(AnswerTraits.HasModel, reader.TokenType == JsonTokenType.String);
                reader.Skip();
            }
            else
            {
                var trait = reader.ValueTextEquals("id"u8) ? AnswerTraits.HasId
                    : reader.ValueTextEquals("object"u8) ? AnswerTraits.HasObject
                    : reader.ValueTextEquals("created"u8) ? AnswerTraits.HasCreated
                    : AnswerTraits.None;
                reader.Read();
                found.Mark(trait, reader.TokenType == (trait == AnswerTraits.HasCreated ? JsonTokenType.Number : JsonTokenType.String));
                reader.Skip();
            }

            previousEnd = (int)reader.BytesConsumed;
        }

        // One more read makes the reader complain about anything after the closing brace.
        reader.Read();

        return new AnswerFacts(found.Traits, found.Choices, found.Usage, found.UsageMember, found.FinishReason, found.Text, found.Error);
    }

    /// <summary>Everything generated in the answer or chunk, in order: text, reasoning, refusals, the names and arguments of tool calls.</summary>
    public static IEnumerable<string> TextsOf(ReadOnlySpan<byte> json)
    {
        var texts = new List<string>();
        var reader = new Utf8JsonReader(json, Options);
        var inAnswer = 0;
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.PropertyName)
            {
                if (inAnswer == 0 && (reader.ValueTextEquals("delta"u8) || reader.ValueTextEquals("message"u8)))
                {
                    inAnswer = reader.CurrentDepth;
                }
                else if (inAnswer > 0 && IsText(ref reader) && reader.Read() && reader.TokenType == JsonTokenType.String)
                {
                    texts.Add(reader.GetString()!);
                }
            }
            else if (reader.TokenType == JsonTokenType.EndObject && reader.CurrentDepth <= inAnswer)
            {
                inAnswer = 0;
            }
        }

        return texts;
    }

    private static void Choices(ref Utf8JsonReader reader, ref Findings found)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            return;
        }

        found.Mark(AnswerTraits.HasChoices, true);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                throw new JsonException("A choice is a JSON object.");
            }

            found.Choices++;
            Choice(ref reader, ref found);
        }
    }

    private static void Choice(ref Utf8JsonReader reader, ref Findings found)
    {
        var finishKey = false;
        var index = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("delta"u8) || reader.ValueTextEquals("message"u8))
            {
                reader.Read();
                Message(ref reader, ref found);
            }
            else if (reader.ValueTextEquals("finish_reason"u8))
            {
                finishKey = true;
                reader.Read();
                var reason = Value(ref reader, orNull: true);
                if (reason.Length > 2)
                {
                    found.FinishReason = reason;
                    found.Mark(AnswerTraits.Semantic, true);
                    found.Mark(AnswerTraits.Irregular | AnswerTraits.OddFinish, !FinishReasons.IsKnown(ref reader));
                }
                else
                {
                    // "" is how some vendors say null.
                    found.Mark(AnswerTraits.Irregular, reason.Exists);
                }
            }
            else
            {
                index |= reader.ValueTextEquals("index"u8);
                reader.Read();
                reader.Skip();
            }
        }

        found.Mark(AnswerTraits.Irregular, !finishKey || !index);
    }

    private static void Message(ref Utf8JsonReader reader, ref Findings found)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            found.Mark(AnswerTraits.Irregular, true);
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("role"u8))
            {
                reader.Read();
                var assistant = reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("assistant"u8);
                found.Mark(AnswerTraits.HasRole, assistant);
                found.Mark(AnswerTraits.Irregular, !assistant && reader.TokenType != JsonTokenType.Null);
                reader.Skip();
            }
            else if (reader.ValueTextEquals("tool_calls"u8))
            {
                reader.Read();
                ToolCalls(ref reader, ref found);
            }
            else if (IsText(ref reader))
            {
                reader.Read();
                Text(ref reader, ref found);
            }
            else
            {
                // Audio, a function call, annotations, what vendors will think of next: not empty, so somebody wants to see it.
                reader.Read();
                var value = Value(ref reader, orNull: true);
                found.Mark(AnswerTraits.Semantic | AnswerTraits.ManyTexts, value.Length > 2);
            }
        }
    }

    private static void ToolCalls(ref Utf8JsonReader reader, ref Findings found)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            found.Mark(AnswerTraits.Irregular, reader.TokenType != JsonTokenType.Null);
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            found.Mark(AnswerTraits.HasToolCalls | AnswerTraits.Semantic, true);
            var index = false;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("function"u8) || reader.ValueTextEquals("custom"u8))
                {
                    reader.Read();
                    Function(ref reader, ref found);
                }
                else
                {
                    var isIndex = reader.ValueTextEquals("index"u8);
                    reader.Read();
                    index |= isIndex && reader.TokenType == JsonTokenType.Number;
                    reader.Skip();
                }
            }

            found.Mark(AnswerTraits.Irregular, !index);
        }
    }

    private static void Function(ref Utf8JsonReader reader, ref Findings found)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var arguments = reader.ValueTextEquals("arguments"u8);
            reader.Read();
            if (reader.TokenType == JsonTokenType.String)
            {
                Text(ref reader, ref found);
            }
            else
            {
                // Arguments are string fragments, never objects, never null.
                found.Mark(AnswerTraits.Irregular, arguments);
                reader.Skip();
            }
        }
    }

    private static void Text(ref Utf8JsonReader reader, ref Findings found)
    {
        var isString = reader.TokenType == JsonTokenType.String;
        var value = Value(ref reader, orNull: true);
        if (value.Length <= 2)
        {
            return;
        }

        found.Mark(AnswerTraits.Semantic, true);
        if (found.Text.Exists || !isString)
        {
            found.Mark(AnswerTraits.ManyTexts, true);
        }
        else
        {
            found.Text = value;
        }
    }

    private static bool IsText(ref Utf8JsonReader reader) =>
        reader.ValueTextEquals("content"u8) || reader.ValueTextEquals("reasoning_content"u8) || reader.ValueTextEquals("reasoning"u8)
        || reader.ValueTextEquals("refusal"u8) || reader.ValueTextEquals("name"u8) || reader.ValueTextEquals("arguments"u8)
        || reader.ValueTextEquals("input"u8);

    private static JsonRange Value(ref Utf8JsonReader reader, bool orNull = false)
    {
        if (orNull && reader.TokenType == JsonTokenType.Null)
        {
            return default;
        }

        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        return new JsonRange(start, (int)reader.BytesConsumed - start);
    }

    // With the comma before it, or as the first member with the comma after it.
    private static JsonRange Member(ReadOnlySpan<byte> json, int previousEnd, int key, int end)
    {
        var comma = json[previousEnd..key].IndexOf((byte)',');
        if (comma >= 0)
        {
            return new JsonRange(previousEnd + comma, end - previousEnd - comma);
        }

        var after = end + json[end..].IndexOfAnyExcept(" \t\r\n"u8);
        return after >= end && json[after] == ',' ? new JsonRange(key, after + 1 - key) : new JsonRange(key, end - key);
    }

    private ref struct Findings
    {
        public AnswerTraits Traits;
        public int Choices;
        public JsonRange Usage;
        public JsonRange UsageMember;
        public JsonRange FinishReason;
        public JsonRange Text;
        public JsonRange Error;

        public void Mark(AnswerTraits traits, bool found) => Traits |= found ? traits : AnswerTraits.None;
    }
}
