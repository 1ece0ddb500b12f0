using AiHub.Domain;
using AiHub.Domain.Access;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace AiHub.Gateway.Management.SignIn;

/// <summary>
/// Identity's user manager with the hub's clock, and with failures counted by one statement each: read, add and write would let
/// parallel guesses count as one.
/// </summary>
public sealed class People(
    UserStore store,
    HubDb db,
    TimeProvider time,
    IOptions<IdentityOptions> options,
    IPasswordHasher<User> hasher,
    ILookupNormalizer normalizer,
    IdentityErrorDescriber errors,
    IServiceProvider services,
    ILogger<UserManager<User>> logger)
    : UserManager<User>(store, options, hasher, [], [], normalizer, errors, services, logger)
{
    // Hashing is slow on purpose; at most half of the machine is ever at it, so that a crowd at the door does not slow the answers inside.
    private static readonly SemaphoreSlim Bench = new(Math.Max(1, Environment.ProcessorCount / 2));

    // Identity's hasher takes the user and does not look at it.
    private static readonly User Nobody = new() { Id = Guid.Empty, Email = "", NormalizedEmail = "", DisplayName = "", CreatedAt = default };

    // Made once with the same parameters as every other, so that checking a password against it takes as long.
    private static string? _nobodysHash;

    public Task<string> HashPasswordAsync(string password, CancellationToken ct) => AtBenchAsync(() => PasswordHasher.HashPassword(Nobody, password), ct);

    public override async Task<bool> CheckPasswordAsync(User user, string password)
    {
        if (user.PasswordHash is null)
        {
            // Somebody who comes by single sign-on: Identity would say no at once, and the speed of it would tell that the account exists.
            await CheckNobodyAsync(password, CancellationToken.None);
            return false;
        }

        await Bench.WaitAsync();
        try
        {
            return await base.CheckPasswordAsync(user, password);
        }
        finally
        {
            Bench.Release();
        }
    }

    /// <summary>Whether it is the password of a hash that is nobody's yet.</summary>
    public Task<bool> CheckHashAsync(string hash, string password, CancellationToken ct) =>
        AtBenchAsync(() => PasswordHasher.VerifyHashedPassword(Nobody, hash, password) != PasswordVerificationResult.Failed, ct);

    /// <summary>Takes the time of a password check, so that an unknown address answers no faster than a wrong password.</summary>
    public Task CheckNobodyAsync(string password, CancellationToken ct) => AtBenchAsync(() =>
    {
        _nobodysHash ??= PasswordHasher.HashPassword(Nobody, SignInTokens.NewAccess());
        return PasswordHasher.VerifyHashedPassword(Nobody, _nobodysHash, password);
    }, ct);

    public override Task<bool> IsLockedOutAsync(User user) => Task.FromResult(user.LockoutEnd > time.GetUtcNow());

    public override async Task<IdentityResult> AccessFailedAsync(User user)
    {
        var now = time.GetUtcNow();
        var lockout = Options.Lockout;

        await CountAsync(() => db.Users
            .Where(row => row.Id == user.Id && (row.LockoutEnd == null || row.LockoutEnd <= now))
            .ExecuteUpdateAsync(set => set
                .SetProperty(row => row.LockoutEnd, row => row.AccessFailedCount + 1 >= lockout.MaxFailedAccessAttempts ? now + lockout.DefaultLockoutTimeSpan : null)
                .SetProperty(row => row.AccessFailedCount, row => row.AccessFailedCount + 1 >= lockout.MaxFailedAccessAttempts ? 0 : row.AccessFailedCount + 1)));

        return IdentityResult.Success;
    }

    /// <summary>What <see cref="AccessFailedAsync"/> costs, for an address nobody has.</summary>
    public Task CountNobodyAsync() => CountAsync(() => db.Users.Where(row => row.Id == Guid.Empty).ExecuteUpdateAsync(set => set.SetProperty(row => row.AccessFailedCount, 0)));

    /// <returns>Failed when the account was locked meanwhile: a right password that came too late does not open it.</returns>
    public override async Task<IdentityResult> ResetAccessFailedCountAsync(User user)
    {
        var now = time.GetUtcNow();
        var opened = await db.Users
            .Where(row => row.Id == user.Id && (row.LockoutEnd == null || row.LockoutEnd <= now))
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.AccessFailedCount, 0).SetProperty(row => row.LockoutEnd, (DateTimeOffset?)null));

        return opened == 1 ? IdentityResult.Success : IdentityResult.Failed(ErrorDescriber.DefaultError());
    }

    private static async Task<T> AtBenchAsync<T>(Func<T> work, CancellationToken ct)
    {
        await Bench.WaitAsync(ct);
        try
        {
            return work();
        }
        finally
        {
            Bench.Release();
        }
    }

    // Not waiting for the disk keeps a failure of an account that exists as fast as one of an account that does not.
    private async Task CountAsync(Func<Task<int>> update) => await db.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
    {
        await using var transaction = await db.Database.BeginTransactionAsync();
        await db.Database.ExecuteSqlAsync($"set local synchronous_commit = off");
        await update();
        await transaction.CommitAsync();
    });
}
