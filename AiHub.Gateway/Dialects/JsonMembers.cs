using System.Text.Json;

namespace AiHub.Gateway.Dialects;

/// <summary>Walks over the members of a JSON object without building anything. Values are the bytes as they stand; null is empty.</summary>
internal ref struct JsonMembers
{
    private readonly ReadOnlySpan<byte> _json;
    private Utf8JsonReader _reader;

    public JsonMembers(ReadOnlySpan<byte> json)
    {
        _json = json;
        _reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 256 });
        if (json.IsEmpty || !_reader.Read() || _reader.TokenType != JsonTokenType.StartObject)
        {
            _json = default;
        }
    }

    public ReadOnlySpan<byte> Name { get; private set; }

    public ReadOnlySpan<byte> Value { get; private set; }

    public bool Next()
    {
        if (_json.IsEmpty || !_reader.Read() || _reader.TokenType != JsonTokenType.PropertyName)
        {
            return false;
        }

        Name = _reader.ValueSpan;
        _reader.Read();
        Value = _json[JsonElements.ValueAt(ref _reader)];
        return true;
    }
}

/// <summary>Walks over the elements of a JSON array without building anything. Elements are the bytes as they stand; null is empty.</summary>
internal ref struct JsonElements
{
    private readonly ReadOnlySpan<byte> _json;
    private Utf8JsonReader _reader;

    public JsonElements(ReadOnlySpan<byte> json)
    {
        _json = json;
        _reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 256 });
        if (json.IsEmpty || !_reader.Read() || _reader.TokenType != JsonTokenType.StartArray)
        {
            _json = default;
        }
    }

    public ReadOnlySpan<byte> Value { get; private set; }

    public bool Next()
    {
        if (_json.IsEmpty || !_reader.Read() || _reader.TokenType == JsonTokenType.EndArray)
        {
            return false;
        }

        Value = _json[ValueAt(ref _reader)];
        return true;
    }

    internal static Range ValueAt(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            return default;
        }

        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        return start..(int)reader.BytesConsumed;
    }
}
