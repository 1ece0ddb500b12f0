namespace AiHub.Gateway.Dialects.Anthropic;

/// <summary>What an answer to an Anthropic client is called and how it names things.</summary>
/// <param name="Id">The message's id, <c>msg_…</c>.</param>
/// <param name="Model">The model as the client asked for it.</param>
/// <param name="Names">Tools whose names had to be shortened for the upstream.</param>
public sealed record MessageHead(string Id, string Model, ToolNames Names);
