namespace AiHub.Gateway.Management.Refusals;

/// <summary>Everything that is wrong with a request, gathered before answering, so that a caller corrects it once.</summary>
public sealed class FieldErrors(Language language)
{
    private readonly Dictionary<string, List<string>> _byField = [];

    public bool Any => _byField.Count > 0;

    public void Add(string field, Text text, params object[] values)
    {
        if (!_byField.TryGetValue(field, out var messages))
        {
            _byField[field] = messages = [];
        }

        messages.Add(text.In(language, values));
    }

    public Refused Refuse() => Refused.Because(ProblemKind.InvalidRequest) with { Errors = ToDictionary() };

    public IReadOnlyDictionary<string, string[]> ToDictionary() => _byField.ToDictionary(field => field.Key, field => field.Value.ToArray());
}
