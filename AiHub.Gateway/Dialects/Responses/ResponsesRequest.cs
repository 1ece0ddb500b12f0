using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using AiHub.Gateway.Errors;

namespace AiHub.Gateway.Dialects.Responses;

/// <summary>A Responses request, read once: what the hub must know of it, and the rest as it was sent.</summary>
public sealed class ResponsesRequest : IDisposable
{
    private readonly JsonDocument _document;

    private ResponsesRequest(JsonDocument document, ToolNames tools)
    {
        (_document, Tools) = (document, tools);
        Reasoning = Body.Get("reasoning"u8);
    }

    public required string Model { get; init; }

    public required bool Stream { get; init; }

    /// <summary>Whether the client asked for the answer to be kept; null when it did not say.</summary>
    public required bool? Store { get; init; }

    public required string? PreviousResponseId { get; init; }

    internal JsonElement Body => _document.RootElement;

    internal JsonElement Reasoning { get; }

    /// <summary>The tools a chat model can be given, by the names it will call them.</summary>
    internal ToolNames Tools { get; }

    /// <summary>
    /// Where the model's thoughts are shown. A client that asks for a summary looks for it there and nowhere else, and a chat model
    /// has only the thoughts themselves to show.
    /// </summary>
    internal bool ThoughtsAsSummary => Reasoning.Get("summary"u8).Exists() || Reasoning.Get("generate_summary"u8).Exists();

    internal bool Includes(ReadOnlySpan<byte> what)
    {
        if (Body.Get("include"u8) is { ValueKind: JsonValueKind.Array } include)
        {
            foreach (var one in include.EnumerateArray())
            {
                if (one.ValueKind == JsonValueKind.String && one.ValueEquals(what))
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>The ids the input refers to by <c>item_reference</c>: what must be looked up before the request can be translated.</summary>
    public IReadOnlyList<string> References()
    {
        var ids = new List<string>();
        if (Body.Get("input"u8) is { ValueKind: JsonValueKind.Array } input)
        {
            foreach (var item in input.EnumerateArray())
            {
                if (ItemKinds.Of(item) == ItemKind.Reference && item.Text("id"u8) is { } id)
                {
                    ids.Add(id);
                }
            }
        }

        return ids;
    }

    /// <param name="json">Must stay unchanged for the life of the request: it is not copied.</param>
    public static bool TryRead(
        ReadOnlyMemory<byte> json,
        [NotNullWhen(true)] out ResponsesRequest? request,
        [NotNullWhen(false)] out OpenAIError? refusal)
    {
        request = null;
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(json, Wire.Documents);
        }
        catch (JsonException)
        {
            refusal = OpenAIError.BadRequest("The request body is not valid JSON.", null, "invalid_json");
            return false;
        }

        var tools = new ToolNames();
        refusal = Check(document.RootElement, tools);
        if (refusal is not null)
        {
            document.Dispose();
            return false;
        }

        var body = document.RootElement;
        request = new ResponsesRequest(document, tools)
        {
            Model = body.Text("model"u8)!,
            Stream = body.Get("stream"u8).ValueKind == JsonValueKind.True,
            Store = body.Get("store"u8) is { ValueKind: not JsonValueKind.Undefined } store ? store.GetBoolean() : null,
            PreviousResponseId = body.Text("previous_response_id"u8),
        };
        return true;
    }

    public void Dispose() => _document.Dispose();

    private static OpenAIError? Check(JsonElement body, ToolNames tools)
    {
        if (body.ValueKind != JsonValueKind.Object)
        {
            return OpenAIError.BadRequest("The request body must be a JSON object.", null, "invalid_type");
        }

        if (!body.Get("model"u8).Exists())
        {
            return OpenAIError.Missing("model");
        }

        // A prompt template or a conversation lives with one vendor; without it the model would answer another question.
        if (body.Get("prompt"u8).Exists())
        {
            return Unsupported("prompt", "Prompt templates stored with a vendor cannot be used here; send the instructions and input themselves.");
        }

        if (body.Get("conversation"u8).Exists())
        {
            return Unsupported("conversation", "Use 'previous_response_id', or send the whole conversation as 'input'.");
        }

        return Typed(body, "model"u8, "a string", JsonValueKind.String)
            ?? Typed(body, "input"u8, "a string or an array of items", JsonValueKind.String, JsonValueKind.Array)
            ?? Typed(body, "instructions"u8, "a string", JsonValueKind.String)
            ?? Typed(body, "previous_response_id"u8, "a string", JsonValueKind.String)
            ?? Typed(body, "stream"u8, "a boolean", JsonValueKind.True, JsonValueKind.False)
            ?? Typed(body, "store"u8, "a boolean", JsonValueKind.True, JsonValueKind.False)
            ?? Typed(body, "background"u8, "a boolean", JsonValueKind.True, JsonValueKind.False)
            ?? Typed(body, "parallel_tool_calls"u8, "a boolean", JsonValueKind.True, JsonValueKind.False)
            ?? Typed(body, "max_output_tokens"u8, "an integer", JsonValueKind.Number)
            ?? Typed(body, "temperature"u8, "a number", JsonValueKind.Number)
            ?? Typed(body, "top_p"u8, "a number", JsonValueKind.Number)
            ?? Typed(body, "top_logprobs"u8, "an integer", JsonValueKind.Number)
            ?? Typed(body, "metadata"u8, "an object", JsonValueKind.Object)
            ?? Typed(body, "reasoning"u8, "an object", JsonValueKind.Object)
            ?? Typed(body, "text"u8, "an object", JsonValueKind.Object)
            ?? Typed(body, "include"u8, "an array of strings", JsonValueKind.Array)
            ?? Typed(body, "tool_choice"u8, "a string or an object", JsonValueKind.String, JsonValueKind.Object)
            ?? Typed(body, "tools"u8, "an array of tools", JsonValueKind.Array)
            ?? CheckTools(body.Get("tools"u8), tools)
            ?? CheckInput(body);
    }

    private static OpenAIError Unsupported(string param, string why) =>
        OpenAIError.BadRequest($"Unsupported parameter: '{param}'. {why}", param, "unsupported_parameter");

    private static OpenAIError? Typed(JsonElement body, ReadOnlySpan<byte> name, string expected, params ReadOnlySpan<JsonValueKind> kinds)
    {
        var value = body.Get(name);
        return !value.Exists() || kinds.Contains(value.ValueKind) ? null : OpenAIError.WrongType(Encoding.UTF8.GetString(name), expected);
    }

    private static OpenAIError? CheckInput(JsonElement body)
    {
        var input = body.Get("input"u8);
        if (!input.Exists())
        {
            return body.Get("previous_response_id"u8).Exists() || body.Get("instructions"u8).Exists() ? null : OpenAIError.Missing("input");
        }

        if (input.ValueKind == JsonValueKind.Array)
        {
            var index = 0;
            foreach (var item in input.EnumerateArray())
            {
                if (item.ValueKind != JsonValueKind.Object)
                {
                    return OpenAIError.WrongType($"input[{index}]", "an object");
                }

                index++;
            }
        }

        return null;
    }

    private static OpenAIError? CheckTools(JsonElement tools, ToolNames names)
    {
        if (!tools.Exists())
        {
            return null;
        }

        var index = 0;
        foreach (var tool in tools.EnumerateArray())
        {
            var path = $"tools[{index++}]";
            if (tool.ValueKind != JsonValueKind.Object)
            {
                return OpenAIError.WrongType(path, "an object");
            }

            if (ToolKinds.Of(tool) is { } kind)
            {
                if (tool.Text("name"u8) is not { Length: > 0 } name)
                {
                    return OpenAIError.Missing(path + ".name");
                }

                names.Add(new ToolName(kind, name, null));
            }
            else if (ToolKinds.IsNamespace(tool))
            {
                if (tool.Text("name"u8) is not { Length: > 0 } space)
                {
                    return OpenAIError.Missing(path + ".name");
                }

                foreach (var member in ToolKinds.Members(tool))
                {
                    if (ToolKinds.Of(member) is { } memberKind && member.Text("name"u8) is { Length: > 0 } name)
                    {
                        names.Add(new ToolName(memberKind, name, space));
                    }
                }
            }
        }

        return null;
    }
}

internal static class ToolKinds
{
    /// <summary>Null for tools a chat model cannot be given: those that run at a vendor (<c>web_search</c>, <c>mcp</c>, ...).</summary>
    public static ToolKind? Of(JsonElement tool)
    {
        var type = tool.Get("type"u8);
        return type.ValueKind != JsonValueKind.String ? null
            : type.ValueEquals("function"u8) ? ToolKind.Function
            : type.ValueEquals("custom"u8) ? ToolKind.Custom
            : null;
    }

    public static bool IsNamespace(JsonElement tool) => tool.Get("type"u8) is { ValueKind: JsonValueKind.String } type && type.ValueEquals("namespace"u8);

    public static IEnumerable<JsonElement> Members(JsonElement space) =>
        space.Get("tools"u8) is { ValueKind: JsonValueKind.Array } tools ? tools.EnumerateArray() : [];
}

internal enum ItemKind
{
    Message,
    FunctionCall,
    FunctionCallOutput,
    CustomCall,
    CustomCallOutput,
    Reasoning,
    Reference,

    /// <summary>What only a vendor's own tools make or read: searches, computer actions, compactions.</summary>
    Other,
}

internal static class ItemKinds
{
    public static ItemKind Of(JsonElement item)
    {
        var type = item.Get("type"u8);
        if (type.ValueKind != JsonValueKind.String)
        {
            // Both are allowed to go without a type.
            return item.Get("role"u8).Exists() ? ItemKind.Message : item.Get("id"u8).Exists() ? ItemKind.Reference : ItemKind.Other;
        }

        return type.ValueEquals("message"u8) ? ItemKind.Message
            : type.ValueEquals("function_call"u8) ? ItemKind.FunctionCall
            : type.ValueEquals("function_call_output"u8) ? ItemKind.FunctionCallOutput
            : type.ValueEquals("custom_tool_call"u8) ? ItemKind.CustomCall
            : type.ValueEquals("custom_tool_call_output"u8) ? ItemKind.CustomCallOutput
            : type.ValueEquals("reasoning"u8) ? ItemKind.Reasoning
            : type.ValueEquals("item_reference"u8) ? ItemKind.Reference
            : ItemKind.Other;
    }
}
