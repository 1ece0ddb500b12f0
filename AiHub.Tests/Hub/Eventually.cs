namespace AiHub.Tests.Hub;

/// <summary>What comes to pass by itself, soon but not at once.</summary>
public static class Eventually
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Usual = TimeSpan.FromMilliseconds(100);

    /// <param name="every">How long to wait before asking again: longer where asking uses something up.</param>
    public static async Task HappensAsync(Func<Task<bool>> happened, string what, TimeSpan? every = null)
    {
        var pause = every ?? Usual;
        for (var waited = TimeSpan.Zero; !await happened(); waited += pause)
        {
            Assert.True(waited < Patience, $"Not in time: {what}.");
            await Task.Delay(pause);
        }
    }
}
