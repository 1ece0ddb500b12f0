using System.Buffers;
using System.Text.Json;
using AiHub.Gateway.Dialects.Anthropic;
using AiHub.Gateway.Errors;

namespace AiHub.Gateway.Dialects.Responses;

/// <summary>A Responses request together with the turns it goes on from.</summary>
internal sealed class ResponsesCall : ClientRequest
{
    private readonly ArrayBufferWriter<byte> _chat = new(1024);
    private readonly List<string> _dropped = [];

    private ResponsesCall(ReadOnlyMemory<byte> json, ResponsesRequest request, EarlierTurns earlier) : base(WireDialect.Responses, json) =>
        (Request, Earlier) = (request, earlier);

    public ResponsesRequest Request { get; }

    public EarlierTurns Earlier { get; }

    // What is stored here no vendor can look up.
    public override bool StandsAlone => Earlier.IsEmpty;

    /// <returns>Either the call, or why it cannot be made.</returns>
    public static (ResponsesCall? Call, OpenAIError? Error) Of(ReadOnlyMemory<byte> json, ResponsesRequest request, EarlierTurns earlier)
    {
        var call = new ResponsesCall(json, request, earlier);
        var refusal = ChatTranslation.Write(request, earlier.Items, call._chat, call._dropped);
        return refusal is null ? (call, null) : (null, refusal);
    }

    public override ChatWords ToChat(ChatExtras extras) => new(_chat.WrittenMemory, _dropped);

    /// <summary>
    /// The turn as it is stored: <c>{"response":…,"input":[…],"output":[…],"earlier":["resp_…"]}</c>. Items that were only referred to are
    /// kept as they are, for the response they belong to may be gone by then.
    /// </summary>
    public ReadOnlyMemory<byte> Turn(ResponseAnswer answer)
    {
        var turn = new ArrayBufferWriter<byte>(4096);
        turn.Write("{\"response\":"u8);
        answer.Write(turn);
        turn.Write(",\"input\":"u8);
        using (var writer = new Utf8JsonWriter(turn, Wire.Writing))
        {
            WriteInput(writer);
        }

        turn.Write(",\"output\":"u8);
        answer.WriteItems(turn);
        turn.Write(",\"earlier\":"u8);
        using (var writer = new Utf8JsonWriter(turn, Wire.Writing))
        {
            writer.WriteStartArray();
            foreach (var id in Earlier.Ids)
            {
                writer.WriteStringValue(id.ToString());
            }

            writer.WriteEndArray();
        }

        turn.Write("}"u8);
        return turn.WrittenMemory;
    }

    private void WriteInput(Utf8JsonWriter writer)
    {
        var input = Request.Body.Get("input"u8);
        writer.WriteStartArray();
        switch (input.ValueKind)
        {
            case JsonValueKind.String:
                writer.WriteStartObject();
                writer.WriteString("type"u8, "message"u8);
                writer.WriteString("role"u8, "user"u8);
                writer.WriteStartArray("content"u8);
                writer.WriteStartObject();
                writer.WriteString("type"u8, "input_text"u8);
                writer.CopyRaw("text"u8, input);
                writer.WriteEndObject();
                writer.WriteEndArray();
                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                foreach (var item in input.EnumerateArray())
                {
                    var referred = ItemKinds.Of(item) == ItemKind.Reference && item.Text("id"u8) is { } id ? Earlier.Items.Referenced.GetValueOrDefault(id) : default;
                    writer.WriteRawValue((referred.Exists() ? referred : item).Raw(), skipInputValidation: true);
                }

                break;
        }

        writer.WriteEndArray();
    }
}
