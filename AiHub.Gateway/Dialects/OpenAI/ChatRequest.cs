using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using AiHub.Gateway.Dialects.Anthropic;
using AiHub.Gateway.Dialects.OpenRouter;
using AiHub.Gateway.Errors;
using AiHub.Gateway.Metering;
using AiHub.Gateway.Providers;
using AiHub.Gateway.Routing;

namespace AiHub.Gateway.Dialects.OpenAI;

/// <summary>A request is read, or the caller is told what is wrong with it.</summary>
public readonly record struct ChatRequestOutcome(ChatRequest? Request, OpenAIError? Error);

/// <summary>
/// A chat request as the client wrote it. The few fields the hub decides by are found in one scan; the rest is never looked at
/// and reaches the upstream byte for byte, including fields the hub has never heard of.
/// </summary>
public sealed class ChatRequest : IDisposable
{
    private const int MostAroundMessage = 8;
    private const int MostAroundTools = 512;
    private const int MostOfAttachment = 4 * TokenCounter.AttachmentTokens;

    private static readonly JsonReaderOptions Options = new() { MaxDepth = 256 };
    private static readonly byte[] AskForUsage = Encoding.UTF8.GetBytes("\"include_usage\":true");
    private static readonly byte[] AskForUsageOptions = Encoding.UTF8.GetBytes("{\"include_usage\":true}");
    private static readonly byte[] AskForUsageMember = Encoding.UTF8.GetBytes("\"stream_options\":{\"include_usage\":true},");
    private static readonly byte[] True = Encoding.UTF8.GetBytes("true");

    private readonly Dictionary<ChatExtras, ChatRequest> _variants = [];
    private byte[]? _rented;
    private int _sends;
    private int _firstMember;
    private JsonRange _model;
    private JsonRange _streamOptions;
    private JsonRange _streamOptionsName;
    private JsonRange _maxCompletionTokensName;
    private JsonRange _includeUsage;
    private JsonRange _maxTokens;
    private JsonRange _maxCompletionTokens;
    private bool _streamOptionsEmpty;
    private int _session;
    private bool _isHubs;

    private ChatRequest(ReadOnlyMemory<byte> json, byte[]? rented) => (Json, _rented) = (json, rented);

    public ReadOnlyMemory<byte> Json { get; }

    /// <summary>The model as the client spelled it: an id or an alias.</summary>
    public string Model { get; private set; } = "";

    public bool Stream { get; private set; }

    /// <summary>The client wants the usage chunk at the end of its stream.</summary>
    public bool IncludeUsage { get; private set; }

    /// <summary>The most tokens the client lets one choice have; null when it did not say.</summary>
    public long? MaxOutputTokens { get; private set; }

    /// <summary>How many answers are asked for (<c>n</c>); each is paid.</summary>
    public int Choices { get; private set; } = 1;

    /// <summary>What the request says about who shall answer it.</summary>
    public RoutePreferences Preferences { get; internal set; } = RoutePreferences.None;

    /// <summary>It has fields for the hub alone; see <see cref="WithoutRoutingFields"/>.</summary>
    public bool HasRoutingFields { get; private set; }

    /// <summary>A quick guess at the prompt's tokens, rather too many than too few.</summary>
    public long EstimatedPromptTokens { get; private set; }

    /// <summary>
    /// The most tokens any vendor could count the prompt's text as: one per byte, and what vendors add around messages and tools.
    /// Of attachments no vendor says beforehand what they come to.
    /// </summary>
    public long MostPromptTokens { get; private set; }

    /// <summary>What the client really sent, where that was another dialect.</summary>
    public ClientRequest? Original { get; private set; }

    /// <summary>Paths of what the client asked for and these words cannot say.</summary>
    public IReadOnlyList<string> Dropped { get; private set; } = [];

    public static async ValueTask<ChatRequestOutcome> ReadAsync(HttpRequest request, CancellationToken ct)
    {
        var body = await RequestBody.ReadAsync(request, ct);
        return body.Error is { } error ? Refuse(error) : Parse(body.Json, body.Rented);
    }

    /// <summary>A request of another dialect, in the plainest words of this one.</summary>
    public static ChatRequestOutcome Of(ClientRequest original) => Of(original, ChatExtras.None);

    /// <summary>The same request as a vendor may see it: what it says to the hub has become <see cref="Preferences"/>.</summary>
    public ChatRequestOutcome WithoutRoutingFields()
    {
        using var document = JsonDocument.Parse(Json, new JsonDocumentOptions { MaxDepth = 256 });
        var (preferences, error) = RoutingFields.Read(document.RootElement, Preferences);
        var rest = error is null ? RoutingFields.TakenOut(document.RootElement, Json.Length) : default;
        Dispose();
        if (error is not null)
        {
            return Refuse(error);
        }

        var outcome = Parse(rest);
        if (outcome.Request is { } request)
        {
            request.Preferences = preferences;
        }

        return outcome;
    }

    /// <summary>The same request in the words of an upstream that takes these extras; itself, unless it came in another dialect.</summary>
    public ChatRequest Taking(ChatExtras extras)
    {
        if (Original is null || extras == ChatExtras.None)
        {
            return this;
        }

        if (!_variants.TryGetValue(extras, out var variant))
        {
            variant = Of(Original, extras).Request ?? throw new InvalidOperationException("A request that can be said plainly cannot be said in more words.");
            _variants.Add(extras, variant);
        }

        return variant;
    }

    /// <summary>The same request in words that only its upstream has for it.</summary>
    internal ChatRequest Saying(ReadOnlyMemory<byte> json)
    {
        var request = Parse(json).Request ?? throw new InvalidOperationException("A request said in other words is one still.");
        (request.Original, request.Dropped) = (Original, Dropped);
        return request;
    }

    /// <summary>
    /// The same request with other words in it: what the hub covered, or added. Every vendor is told these; what the client itself wrote in another
    /// dialect goes no further.
    /// </summary>
    internal ChatRequest Reworded(ReadOnlyMemory<byte> json)
    {
        var request = Parse(json).Request ?? throw new InvalidOperationException("A request said in other words is one still.");
        (request.Preferences, request.Dropped, request._isHubs) = (Preferences with { ServiceTier = request.Preferences.ServiceTier }, Dropped, _isHubs || Original is not null);
        return request;
    }

    public static ChatRequestOutcome Parse(ReadOnlyMemory<byte> json) => Parse(json, null);

    /// <summary>The same request for an upstream: its own model name, usage asked for, and no more output than is paid for.</summary>
    /// <param name="outputCap">The most tokens one choice may have; null leaves the client's own limit alone.</param>
    public JsonEdits For(WireTarget target, long? outputCap)
    {
        var edits = new JsonEdits(Json);
        edits.Replace(_model, target.EncodedModel);

        if (Stream && !IncludeUsage && target.Quirks.ReportsStreamUsage)
        {
            if (_includeUsage.Exists)
            {
                edits.Replace(_includeUsage, True);
            }
            else if (_streamOptions.Exists)
            {
                edits.Replace(_streamOptionsEmpty ? _streamOptions : new JsonRange(_streamOptions.Start, 1), _streamOptionsEmpty ? AskForUsageOptions : (byte[])[(byte)'{', .. AskForUsage, (byte)',']);
            }
            else
            {
                edits.Insert(_firstMember, AskForUsageMember);
            }
        }

        if (Original is not null || _isHubs)
        {
            Reword(edits, target.Quirks);
        }

        if (outputCap is { } cap && !(MaxOutputTokens <= cap))
        {
            var number = Encoding.UTF8.GetBytes(cap.ToString(CultureInfo.InvariantCulture));
            if (_maxTokens.Exists)
            {
                edits.Replace(_maxTokens, number);
            }

            if (_maxCompletionTokens.Exists)
            {
                edits.Replace(_maxCompletionTokens, number);
            }

            if (!_maxTokens.Exists && !_maxCompletionTokens.Exists)
            {
                edits.Insert(_firstMember, Encoding.UTF8.GetBytes($"\"{target.Quirks.OutputLimitField}\":{cap.ToString(CultureInfo.InvariantCulture)},"));
            }
        }

        return edits;
    }

    // What the client wrote itself goes out as it is; words of the hub's own choice are those this vendor knows.
    private void Reword(JsonEdits edits, VendorQuirks quirks)
    {
        if (_maxCompletionTokens.Exists && !_maxTokens.Exists && quirks.OutputLimitField != "max_completion_tokens")
        {
            edits.Replace(_maxCompletionTokensName, Encoding.UTF8.GetBytes($"\"{quirks.OutputLimitField}\""));
        }

        if (_streamOptions.Exists && !quirks.ReportsStreamUsage)
        {
            // A translation never begins with it, so there is a comma in front.
            edits.Replace(new JsonRange(_streamOptionsName.Start - 1, _streamOptions.End - _streamOptionsName.Start + 1), default);
        }
    }

    /// <summary>An HTTP stack may still be sending the body after its answer has come; the buffer is not reused under its hands.</summary>
    public IDisposable Sending() => new Send(this);

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _rented, null) is { } buffer && Volatile.Read(ref _sends) == 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static ChatRequestOutcome Parse(ReadOnlyMemory<byte> json, byte[]? rented)
    {
        var request = new ChatRequest(json, rented);
        OpenAIError? error;
        try
        {
            error = request.Scan(json.Span);
        }
        catch (JsonException failure)
        {
            error = OpenAIError.BadRequest(
                $"We could not parse the JSON body of your request (line {failure.LineNumber + 1}, byte {failure.BytePositionInLine + 1}). It must be one JSON object.");
        }

        if (error is null)
        {
            return new ChatRequestOutcome(request, null);
        }

        request.Dispose();
        return Refuse(error);
    }

    private static ChatRequestOutcome Of(ClientRequest original, ChatExtras extras)
    {
        var words = original.ToChat(extras);
        var outcome = Parse(words.Json);
        if (outcome.Request is { } request)
        {
            (request.Original, request.Dropped) = (original, words.Dropped);
        }

        return outcome;
    }

    private static ChatRequestOutcome Refuse(OpenAIError error) => new(null, error);

    private OpenAIError? Scan(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, Options);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return OpenAIError.BadRequest("The body of your request must be a JSON object.");
        }

        _firstMember = (int)reader.BytesConsumed;
        var hasMessages = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            OpenAIError? error = null;
            if (reader.ValueTextEquals("model"u8))
            {
                error = ReadModel(ref reader);
            }
            else if (reader.ValueTextEquals("messages"u8))
            {
                reader.Read();
                error = hasMessages ? Twice("messages")
                    : reader.TokenType != JsonTokenType.StartArray ? OpenAIError.WrongType("messages", "an array of messages")
                    : null;
                hasMessages = true;
                EstimatedPromptTokens += EstimateTokens(ref reader, out var messages, out var most) + 4L * messages;
                MostPromptTokens += most + MostAroundMessage * (messages + 1L);
                error ??= messages == 0 ? OpenAIError.BadRequest("Invalid 'messages': the array is empty.", "messages", "empty_array") : null;
            }
            else if (reader.ValueTextEquals("stream"u8))
            {
                reader.Read();
                error = reader.TokenType is JsonTokenType.True or JsonTokenType.False or JsonTokenType.Null ? null : OpenAIError.WrongType("stream", "a boolean");
                Stream = reader.TokenType == JsonTokenType.True;
                reader.Skip();
            }
            else if (reader.ValueTextEquals("stream_options"u8))
            {
                _streamOptionsName = Name(ref reader);
                error = ReadStreamOptions(ref reader);
            }
            else if (reader.ValueTextEquals("max_tokens"u8))
            {
                error = ReadLimit(ref reader, "max_tokens", ref _maxTokens);
            }
            else if (reader.ValueTextEquals("max_completion_tokens"u8))
            {
                _maxCompletionTokensName = Name(ref reader);
                error = ReadLimit(ref reader, "max_completion_tokens", ref _maxCompletionTokens);
            }
            else if (reader.ValueTextEquals("n"u8))
            {
                reader.Read();
                if (reader.TokenType != JsonTokenType.Null)
                {
                    var choices = 0;
                    error = reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out choices) && choices is >= 1 and <= 128
                        ? null
                        : OpenAIError.WrongType("n", "an integer between 1 and 128");
                    Choices = Math.Max(1, choices);
                    reader.Skip();
                }
            }
            else if (reader.ValueTextEquals("tools"u8) || reader.ValueTextEquals("functions"u8) || reader.ValueTextEquals("response_format"u8))
            {
                reader.Read();
                EstimatedPromptTokens += EstimateTokens(ref reader, out _, out var most);
                MostPromptTokens += most + MostAroundTools;
            }
            else if (reader.ValueTextEquals("models"u8) || reader.ValueTextEquals("provider"u8) || reader.ValueTextEquals("route"u8))
            {
                HasRoutingFields = true;
                reader.Read();
                reader.Skip();
            }
            else
            {
                ReadHint(ref reader);
            }

            if (error is not null)
            {
                return error;
            }
        }

        // One more read makes the reader complain about anything after the closing brace.
        reader.Read();

        EstimatedPromptTokens += 3;
        return !_model.Exists ? OpenAIError.Missing("model") : !hasMessages ? OpenAIError.Missing("messages") : null;
    }

    // What tells one conversation from another, and a service class with a price of its own.
    private void ReadHint(ref Utf8JsonReader reader)
    {
        var session = reader.ValueTextEquals("session_id"u8) ? 3 : reader.ValueTextEquals("prompt_cache_key"u8) ? 2 : reader.ValueTextEquals("user"u8) ? 1 : 0;
        var tier = reader.ValueTextEquals("service_tier"u8);
        HasRoutingFields |= session == 3;
        reader.Read();
        if (reader.TokenType != JsonTokenType.String)
        {
            reader.Skip();
        }
        else if (session > _session)
        {
            _session = session;
            Preferences = Preferences with { Session = reader.GetString() };
        }
        else if (tier && !reader.ValueTextEquals("auto"u8) && !reader.ValueTextEquals("default"u8) && !reader.ValueTextEquals("standard_only"u8))
        {
            Preferences = Preferences with { ServiceTier = reader.GetString()! };
        }
    }

    private OpenAIError? ReadModel(ref Utf8JsonReader reader)
    {
        if (_model.Exists)
        {
            return Twice("model");
        }

        reader.Read();
        if (reader.TokenType != JsonTokenType.String)
        {
            return OpenAIError.WrongType("model", "a string");
        }

        Model = reader.GetString()!;
        _model = Here(ref reader);
        return null;
    }

    private OpenAIError? ReadStreamOptions(ref Utf8JsonReader reader)
    {
        if (_streamOptions.Exists)
        {
            return Twice("stream_options");
        }

        reader.Read();
        var start = (int)reader.TokenStartIndex;
        if (reader.TokenType == JsonTokenType.Null)
        {
            _streamOptions = Here(ref reader);
            _streamOptionsEmpty = true;
            return null;
        }

        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return OpenAIError.WrongType("stream_options", "an object");
        }

        _streamOptionsEmpty = true;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            _streamOptionsEmpty = false;
            var include = reader.ValueTextEquals("include_usage"u8);
            reader.Read();
            if (include)
            {
                IncludeUsage = reader.TokenType == JsonTokenType.True;
                _includeUsage = Here(ref reader);
            }

            reader.Skip();
        }

        _streamOptions = new JsonRange(start, (int)reader.BytesConsumed - start);
        return null;
    }

    private OpenAIError? ReadLimit(ref Utf8JsonReader reader, string name, ref JsonRange range)
    {
        reader.Read();
        if (range.Exists)
        {
            return Twice(name);
        }

        range = Here(ref reader);
        if (reader.TokenType == JsonTokenType.Null)
        {
            return null;
        }

        if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out var limit) || limit < 1)
        {
            return OpenAIError.WrongType(name, "a positive integer");
        }

        MaxOutputTokens = Math.Min(MaxOutputTokens ?? limit, limit);
        return null;
    }

    // Two members of one name mean different things to different parsers; the one we checked must be the one the vendor obeys.
    private static OpenAIError Twice(string name) => OpenAIError.BadRequest($"'{name}' appears twice in the body.", name, "duplicate_parameter");

    private static JsonRange Here(ref Utf8JsonReader reader) => new((int)reader.TokenStartIndex, (int)(reader.BytesConsumed - reader.TokenStartIndex));

    private static JsonRange Name(ref Utf8JsonReader reader) => new((int)reader.TokenStartIndex, reader.ValueSpan.Length + 2);

    private static long EstimateTokens(ref Utf8JsonReader reader, out int elements, out long most)
    {
        var tokens = 0L;
        elements = 0;
        most = 0;
        var depth = reader.CurrentDepth;
        if (reader.TokenType is not (JsonTokenType.StartArray or JsonTokenType.StartObject))
        {
            return 0;
        }

        var binary = false;
        while (reader.Read() && reader.CurrentDepth > depth)
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject when reader.CurrentDepth == depth + 1:
                    elements++;
                    break;
                case JsonTokenType.PropertyName:
                    // Names are words of a schema; the fixed names of messages are paid for by their flat 4.
                    binary = reader.ValueTextEquals("data"u8) || reader.ValueTextEquals("file_data"u8);
                    tokens += reader.CurrentDepth > depth + 3 ? TokenCounter.Estimate(reader.ValueSpan) : 0;
                    most += reader.CurrentDepth > depth + 3 ? reader.ValueSpan.Length : 0;
                    break;
                case JsonTokenType.String:
                    var attached = binary || reader.ValueSpan.StartsWith("data:"u8);
                    tokens += attached ? TokenCounter.AttachmentTokens : TokenCounter.Estimate(reader.ValueSpan);
                    most += attached ? MostOfAttachment : reader.ValueSpan.Length;
                    break;
                case JsonTokenType.Number:
                    tokens++;
                    most += reader.ValueSpan.Length;
                    break;
            }
        }

        return tokens;
    }

    private sealed class Send : IDisposable
    {
        private readonly ChatRequest _request;

        public Send(ChatRequest request)
        {
            _request = request;
            Interlocked.Increment(ref request._sends);
        }

        public void Dispose() => Interlocked.Decrement(ref _request._sends);
    }
}
