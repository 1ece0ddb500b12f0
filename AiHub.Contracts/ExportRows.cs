namespace AiHub.Contracts;

/// <summary>What an export says before its first row, so that whoever reads it knows how far it is.</summary>
public static class ExportRows
{
    /// <summary>How many rows there are, without the one of titles.</summary>
    public const string Header = "x-aihub-rows";
}
