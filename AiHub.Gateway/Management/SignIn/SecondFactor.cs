using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Access;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Management.SignIn;

/// <summary>How a sign-in goes on once the first factor is right: into a session, or to the question for a code.</summary>
public sealed record FirstFactor(string Method, Guid? SignOnOrganizationId = null);

/// <summary>Codes by time (RFC 6238) and recovery codes.</summary>
public sealed class SecondFactor(HubDb db, IDataProtectionProvider protection)
{
    public const int Digits = 6;
    public const int Attempts = 5;
    public const int RecoveryCodeCount = 10;
    public static readonly TimeSpan ChallengeLifetime = TimeSpan.FromMinutes(5);
    public static readonly string[] Methods = ["totp", "recovery_code"];

    private const int SecretBytes = 20;
    private const int StepSeconds = 30;
    private const int RecoveryCodeLength = 16;
    private const string Base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    private const string Issuer = "AI Hub";

    /// <summary>A new authenticator, not asked for until a code of it has confirmed that it works.</summary>
    /// <returns>Null when the person has one that is confirmed.</returns>
    public async Task<NewAuthenticator?> BeginAsync(User user, DateTimeOffset now, CancellationToken ct)
    {
        var secret = RandomNumberGenerator.GetBytes(SecretBytes);
        var kept = Protector(user.Id).Protect(Spell(secret));
        var authenticator = await db.Authenticators.FirstOrDefaultAsync(row => row.UserId == user.Id, ct);
        switch (authenticator)
        {
            case { ConfirmedAt: not null }:
                return null;
            case null:
                db.Authenticators.Add(new Authenticator { UserId = user.Id, Protected = kept, CreatedAt = now });
                break;
            default:
                (authenticator.Protected, authenticator.CreatedAt, authenticator.LastStep) = (kept, now, 0);
                break;
        }

        await db.SaveChangesAsync(ct);
        var text = Spell(secret);
        var label = Uri.EscapeDataString($"{Issuer}:{user.Email}");
        return new NewAuthenticator(text, $"otpauth://totp/{label}?secret={text}&issuer={Uri.EscapeDataString(Issuer)}&algorithm=SHA1&digits={Digits}&period={StepSeconds}");
    }

    /// <summary>Takes a code of the authenticator. One step to each side is let pass, and no step twice.</summary>
    public async Task<bool> TakeCodeAsync(Guid userId, string code, bool confirmed, DateTimeOffset now, CancellationToken ct)
    {
        var digits = code.Replace(" ", "", StringComparison.Ordinal);
        if (digits.Length != Digits || !digits.All(char.IsAsciiDigit)
            || await db.Authenticators.AsNoTracking().FirstOrDefaultAsync(row => row.UserId == userId && (row.ConfirmedAt != null) == confirmed, ct) is not { } authenticator)
        {
            return false;
        }

        var secret = Read(Protector(userId).Unprotect(authenticator.Protected));
        var current = now.ToUnixTimeSeconds() / StepSeconds;
        long? matched = null;
        for (var step = current - 1; step <= current + 1; step++)
        {
            if (CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(CodeAt(secret, step)), Encoding.ASCII.GetBytes(digits)))
            {
                matched = step;
            }
        }

        // One statement, so that a code presented twice at once is taken once.
        return matched is { } fits
            && await db.Authenticators.Where(row => row.UserId == userId && row.LastStep < fits).ExecuteUpdateAsync(set => set.SetProperty(row => row.LastStep, fits), ct) == 1;
    }

    public async Task<bool> TakeRecoveryCodeAsync(Guid userId, string code, DateTimeOffset now, CancellationToken ct)
    {
        var plain = Plain(code);
        if (plain.Length != RecoveryCodeLength)
        {
            return false;
        }

        var hash = HashOf(userId, plain);
        return await db.RecoveryCodes.Where(row => row.UserId == userId && row.Hash == hash && row.UsedAt == null).ExecuteUpdateAsync(set => set.SetProperty(row => row.UsedAt, now), ct) == 1;
    }

    /// <summary>Replaces all recovery codes; only hashes are kept.</summary>
    public async Task<RecoveryCodes> RenewRecoveryCodesAsync(Guid userId, DateTimeOffset now, CancellationToken ct)
    {
        await db.RecoveryCodes.Where(row => row.UserId == userId).ExecuteDeleteAsync(ct);
        var codes = Enumerable.Range(0, RecoveryCodeCount).Select(_ => RandomNumberGenerator.GetString(Base32, RecoveryCodeLength)).ToList();
        db.RecoveryCodes.AddRange(codes.Select(code => new RecoveryCode { Id = Guid.CreateVersion7(now), UserId = userId, Hash = HashOf(userId, code), CreatedAt = now }));
        await db.SaveChangesAsync(ct);
        return new RecoveryCodes([.. codes.Select(code => string.Join('-', code.Chunk(4).Select(part => new string(part))))]);
    }

    public async Task RemoveAsync(Guid userId, CancellationToken ct)
    {
        await db.Authenticators.Where(row => row.UserId == userId).ExecuteDeleteAsync(ct);
        await db.RecoveryCodes.Where(row => row.UserId == userId).ExecuteDeleteAsync(ct);
    }

    /// <summary>Asks for a code. The ticket remembers by which first factor the person came.</summary>
    public async Task<SecondFactorNeeded> ChallengeAsync(Guid userId, FirstFactor first, DateTimeOffset now, CancellationToken ct) => new(
        await db.IssueTicketAsync(TicketPurpose.SecondFactor, userId, JsonSerializer.Serialize(first), ChallengeLifetime, now, ct),
        (int)ChallengeLifetime.TotalSeconds,
        Methods);

    public static FirstFactor FirstOf(Ticket ticket) => JsonSerializer.Deserialize<FirstFactor>(ticket.Data!)!;

    /// <summary>The code of a time step (RFC 4226 with HMAC-SHA-1, which is what apps speak).</summary>
    public static string CodeAt(byte[] secret, long step)
    {
        Span<byte> counter = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(counter, step);
#pragma warning disable CA5350
        var mac = HMACSHA1.HashData(secret, counter);
#pragma warning restore CA5350
        var number = BinaryPrimitives.ReadInt32BigEndian(mac.AsSpan(mac[^1] & 0xF)) & int.MaxValue;
        return (number % 1_000_000).ToString("D6", CultureInfo.InvariantCulture);
    }

    public static byte[] Read(string base32)
    {
        var bytes = new byte[base32.Length * 5 / 8];
        var (bits, held, at) = (0, 0, 0);
        foreach (var character in base32)
        {
            bits = (bits << 5 | Base32.IndexOf(character, StringComparison.Ordinal)) & 0xFFFF;
            held += 5;
            if (held >= 8)
            {
                bytes[at++] = (byte)(bits >> (held -= 8));
            }
        }

        return bytes;
    }

    private static string Spell(byte[] bytes)
    {
        var text = new StringBuilder();
        var (bits, held) = (0, 0);
        foreach (var value in bytes)
        {
            bits = (bits << 8 | value) & 0xFFFF;
            for (held += 8; held >= 5;)
            {
                text.Append(Base32[bits >> (held -= 5) & 31]);
            }
        }

        return text.ToString();
    }

    // What people confuse when they copy by hand, and the marks they leave out.
    private static string Plain(string code) =>
        new([.. code.ToUpperInvariant().Where(character => character is not ('-' or ' ')).Select(character => character switch { '0' => 'O', '1' => 'I', '8' => 'B', _ => character })]);

    // 80 random bits need no slow hash; the person is hashed along, so that equal codes of two people look different.
    private static byte[] HashOf(Guid userId, string plain) => SHA256.HashData(Encoding.ASCII.GetBytes($"{userId:N}:{plain}"));

    private IDataProtector Protector(Guid userId) => protection.CreateProtector("authenticators", userId.ToString("N"));
}
