using System.Collections.Concurrent;
using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace AiHub.Gateway.Management.SignIn;

/// <summary>How often strangers may knock. Counted in each process; the lockout of an account is counted in the database.</summary>
public sealed class AttemptOptions
{
    public const string Section = "Management:Attempts";

    [Range(1, int.MaxValue)] public int SignInsPerAddressPerMinute { get; init; } = 60;
    [Range(1, int.MaxValue)] public int SignInsPerAccountPerMinute { get; init; } = 10;
    [Range(1, int.MaxValue)] public int RegistrationsPerAddressPerHour { get; init; } = 60;
    [Range(1, int.MaxValue)] public int RegistrationsPerAccountPerHour { get; init; } = 10;
    [Range(1, int.MaxValue)] public int RefreshesPerAddressPerMinute { get; init; } = 600;
    [Range(1, int.MaxValue)] public int MailsPerAddressPerHour { get; init; } = 60;
    [Range(1, int.MaxValue)] public int MailsPerAccountPerHour { get; init; } = 5;
}

/// <summary>Admits attempts evenly over time with room for a burst of the full count (the generic cell rate algorithm: one timestamp a key).</summary>
public sealed class AttemptLimits(IOptions<AttemptOptions> options, TimeProvider time)
{
    // Addresses are cheap for an attacker, memory is not: past this many keys, those that would be admitted anyway are forgotten.
    private const int ManyKeys = 100_000;

    private readonly ConcurrentDictionary<(string What, string Who), long> _full = new();

    public TimeSpan? SignIn(string address, string email) =>
        Admit("sign-in address", address, options.Value.SignInsPerAddressPerMinute, TimeSpan.FromMinutes(1))
        ?? Admit("sign-in account", Account(email), options.Value.SignInsPerAccountPerMinute, TimeSpan.FromMinutes(1));

    /// <summary>For codes of a second factor; counted apart from passwords, since each sign-in takes one of both.</summary>
    public TimeSpan? Code(string address, string email) =>
        Admit("code address", address, options.Value.SignInsPerAddressPerMinute, TimeSpan.FromMinutes(1))
        ?? Admit("code account", Account(email), options.Value.SignInsPerAccountPerMinute, TimeSpan.FromMinutes(1));

    public TimeSpan? Register(string address, string email) =>
        Admit("register address", address, options.Value.RegistrationsPerAddressPerHour, TimeSpan.FromHours(1))
        ?? Admit("register account", Account(email), options.Value.RegistrationsPerAccountPerHour, TimeSpan.FromHours(1));

    public TimeSpan? Refresh(string address) =>
        Admit("refresh address", address, options.Value.RefreshesPerAddressPerMinute, TimeSpan.FromMinutes(1));

    /// <summary>For what sends somebody a mail. The account is whatever address was typed, whether anybody has it or not.</summary>
    public TimeSpan? Mail(string address, string email) =>
        Admit("mail address", address, options.Value.MailsPerAddressPerHour, TimeSpan.FromHours(1))
        ?? Admit("mail account", Account(email), options.Value.MailsPerAccountPerHour, TimeSpan.FromHours(1));

    /// <returns>Null when admitted, else how long to wait.</returns>
    public TimeSpan? Admit(string what, string who, int count, TimeSpan window)
    {
        var now = time.GetUtcNow().UtcTicks;
        var step = window.Ticks / count;
        TimeSpan? wait = null;

        _full.AddOrUpdate(
            (what, who),
            _ =>
            {
                wait = null;
                return now + step;
            },
            (_, full) =>
            {
                var next = Math.Max(full, now) + step;
                wait = next - now > window.Ticks ? TimeSpan.FromTicks(next - now - window.Ticks) : null;
                return wait is null ? next : full;
            });

        if (_full.Count > ManyKeys)
        {
            Forget(now);
        }

        return wait;
    }

    private void Forget(long now)
    {
        foreach (var key in _full)
        {
            if (key.Value <= now)
            {
                // Only if it did not change meanwhile.
                _full.TryRemove(key);
            }
        }
    }

    private static string Account(string email) => email.Trim().ToUpperInvariant();
}
