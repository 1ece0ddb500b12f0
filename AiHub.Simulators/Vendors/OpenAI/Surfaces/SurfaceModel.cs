namespace AiHub.Simulators.Vendors.OpenAI.Surfaces;

/// <summary>A model that is not for chat. <c>image-fault-dies</c> is <c>image</c> with a fault of the catalogue.</summary>
/// <param name="CountsTokens">It reports tokens where the plainer model reports seconds or searches.</param>
public sealed record SurfaceModel(string Name, string Surface, Fault Fault, bool CountsTokens)
{
    private const string WithFault = "-fault-";

    private static readonly Dictionary<string, (string Surface, bool CountsTokens)> Known = new()
    {
        ["embed"] = (EmbeddingAnswer.Path, true),
        ["image"] = (ImageAnswer.Path, true),
        ["speech"] = (SpeechAnswer.Path, true),
        ["transcribe"] = (TranscriptionAnswer.Path, false),
        ["transcribe-tokens"] = (TranscriptionAnswer.Path, true),
        ["moderate"] = (ModerationAnswer.Path, false),
        ["rerank"] = (RerankAnswer.Path, false),
        ["rerank-tokens"] = (RerankAnswer.Path, true),
    };

    public static IEnumerable<string> Names => Known.Keys;

    /// <returns>Null when there is no such model for this.</returns>
    public static SurfaceModel? Find(string name, string surface)
    {
        var at = name.IndexOf(WithFault, StringComparison.Ordinal);
        var plain = at < 0 ? name : name[..at];
        var fault = at < 0 ? Faults.None : Faults.All.GetValueOrDefault(name[(at + WithFault.Length)..]);

        return fault is not null && Known.TryGetValue(plain, out var known) && known.Surface == surface ? new SurfaceModel(name, surface, fault, known.CountsTokens) : null;
    }
}
