namespace AiHub.Portal.Preferences;

/// <summary>Light, dark, or what the device says. The server writes it into the page, so nothing flashes.</summary>
public static class Theme
{
    public const string CookieName = "aihub.theme";
    public const string System = "system";
    public const string Light = "light";
    public const string Dark = "dark";

    public static readonly IReadOnlyList<string> All = [System, Light, Dark];

    public static string Of(HttpContext context) =>
        context.Request.Cookies[CookieName] is { } theme && All.Contains(theme) ? theme : System;
}
