using System.Buffers.Text;

namespace AiHub.Gateway.Dialects.Responses;

/// <summary>What a chat model adds to its answer, in the words of every vendor: raw JSON, empty when missing or null.</summary>
internal readonly ref struct ChatDelta
{
    public ChatDelta(ReadOnlySpan<byte> json)
    {
        var members = new JsonMembers(json);
        while (members.Next())
        {
            var name = members.Name;
            var value = members.Value;
            if (name.SequenceEqual("content"u8))
            {
                Content = value;
            }
            else if (name.SequenceEqual("reasoning_content"u8))
            {
                ReasoningContent = value;
            }
            else if (name.SequenceEqual("reasoning"u8))
            {
                Reasoning = value;
            }
            else if (name.SequenceEqual("reasoning_details"u8))
            {
                ReasoningDetails = value;
            }
            else if (name.SequenceEqual("refusal"u8))
            {
                Refusal = value;
            }
            else if (name.SequenceEqual("tool_calls"u8))
            {
                ToolCalls = value;
            }
            else if (name.SequenceEqual("function_call"u8))
            {
                FunctionCall = value;
            }
            else if (name.SequenceEqual("annotations"u8))
            {
                Annotations = value;
            }
        }
    }

    public ReadOnlySpan<byte> Content { get; }

    public ReadOnlySpan<byte> ReasoningContent { get; }

    public ReadOnlySpan<byte> Reasoning { get; }

    public ReadOnlySpan<byte> ReasoningDetails { get; }

    public ReadOnlySpan<byte> Refusal { get; }

    public ReadOnlySpan<byte> ToolCalls { get; }

    /// <summary>The one call of the time before <c>tool_calls</c>.</summary>
    public ReadOnlySpan<byte> FunctionCall { get; }

    public ReadOnlySpan<byte> Annotations { get; }
}

/// <summary>One entry of <c>tool_calls</c>: whole, or the next fragment of a call.</summary>
internal readonly ref struct ChatToolCall
{
    public ChatToolCall(ReadOnlySpan<byte> json)
    {
        var members = new JsonMembers(json);
        while (members.Next())
        {
            var name = members.Name;
            var value = members.Value;
            if (name.SequenceEqual("index"u8))
            {
                Index = Utf8Parser.TryParse(value, out int index, out _) ? index : null;
            }
            else if (name.SequenceEqual("id"u8))
            {
                Id = value;
            }
            else if (name.SequenceEqual("function"u8) || name.SequenceEqual("custom"u8))
            {
                IsCustom = name.SequenceEqual("custom"u8);
                var function = new JsonMembers(value);
                while (function.Next())
                {
                    if (function.Name.SequenceEqual("name"u8))
                    {
                        Name = function.Value;
                    }
                    else if (function.Name.SequenceEqual("arguments"u8) || function.Name.SequenceEqual("input"u8))
                    {
                        Arguments = function.Value;
                    }
                }
            }
            else if (!name.SequenceEqual("type"u8) && !value.IsEmpty)
            {
                HasMore = true;
            }
        }
    }

    public int? Index { get; }

    public ReadOnlySpan<byte> Id { get; }

    public ReadOnlySpan<byte> Name { get; }

    /// <summary>A string with a fragment of JSON; from some vendors the JSON object itself.</summary>
    public ReadOnlySpan<byte> Arguments { get; }

    public bool IsCustom { get; }

    /// <summary>Carries members of the vendor's own, such as Gemini's <c>extra_content</c> with the signature of a thought.</summary>
    public bool HasMore { get; }
}
