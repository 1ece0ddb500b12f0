namespace AiHub.Gateway.Dialects.Anthropic;

/// <summary>
/// What an upstream takes beyond the Chat Completions that every vendor understands. Some vendors refuse a request for one unknown
/// field, so what is not listed for a vendor is not sent to it: it is put in plain words where possible, and otherwise reported as dropped.
/// </summary>
[Flags]
public enum ChatExtras
{
    None = 0,

    /// <summary><c>reasoning_effort</c>: the model reasons and lets itself be told how much.</summary>
    ReasoningEffort = 1 << 0,

    /// <summary><c>reasoning {effort, max_tokens, enabled}</c>.</summary>
    ReasoningObject = 1 << 1,

    /// <summary><c>reasoning_content</c> in the assistant's earlier messages.</summary>
    ReasoningContent = 1 << 2,

    /// <summary><c>reasoning_details</c> in the assistant's earlier messages: reasoning with its signatures.</summary>
    ReasoningDetails = 1 << 3,

    /// <summary><c>cache_control</c> on parts, messages and tools.</summary>
    CacheControl = 1 << 4,

    TopK = 1 << 5,

    /// <summary><c>max_completion_tokens</c> instead of <c>max_tokens</c>.</summary>
    MaxCompletionTokens = 1 << 6,

    /// <summary>The messages of the assistant and of tools may be made of parts; a tool may answer with images.</summary>
    Parts = 1 << 7,

    /// <summary>Vendor fields on tool calls, such as Gemini's thought signatures, are wanted back.</summary>
    ToolCallExtras = 1 << 8,

    /// <summary><c>web_search_options</c>.</summary>
    WebSearch = 1 << 9,

    /// <summary>
    /// Not for vendors: everything that only Anthropic knows is kept in fields of the hub's own, so that translating back gives the
    /// request one began with.
    /// </summary>
    Everything = 1 << 10,

    /// <summary>What a translation back to Anthropic restores.</summary>
    Lossless = Everything | ReasoningEffort | ReasoningObject | ReasoningContent | ReasoningDetails | CacheControl | TopK | Parts | ToolCallExtras | WebSearch,
}
