namespace AiHub.Gateway.Management;

/// <summary>The keys programs call models with.</summary>
public static class Keys
{
    /// <summary>Bounds what one tenant can make every gateway remember.</summary>
    public const int MaxActive = 500;
}
