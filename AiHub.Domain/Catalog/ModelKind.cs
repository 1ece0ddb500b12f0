namespace AiHub.Domain.Catalog;

public enum ModelKind
{
    Chat,
    Embedding,
    Image,
    Speech,
    Transcription,
    Moderation,
    Rerank,
}

public static class ModelKinds
{
    /// <summary>Whether prices of these components let a call of this kind be charged, however its vendor counts: nothing it may use is left unpriced.</summary>
    public static bool IsPricedBy(this ModelKind kind, Func<PriceComponent, bool> priced) => kind switch
    {
        ModelKind.Chat => ByTokens(priced),
        ModelKind.Embedding or ModelKind.Moderation => priced(PriceComponent.Input),
        ModelKind.Image => priced(PriceComponent.Image) || ByTokens(priced),
        ModelKind.Speech => priced(PriceComponent.Character) || ByTokens(priced),
        ModelKind.Transcription => priced(PriceComponent.Second) || ByTokens(priced),
        ModelKind.Rerank => priced(PriceComponent.SearchUnit) || priced(PriceComponent.Input),
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    private static bool ByTokens(Func<PriceComponent, bool> priced) => priced(PriceComponent.Input) && priced(PriceComponent.Output);
}
