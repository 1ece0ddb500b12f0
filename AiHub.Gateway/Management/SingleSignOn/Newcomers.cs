using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Quotas;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Management.SignIn;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace AiHub.Gateway.Management.SingleSignOn;

/// <summary>People an organization brings along: by its identity provider or its directory. They have no password until they want one.</summary>
public sealed class Newcomers(HubDb db, People people, TimeProvider time)
{
    /// <summary>The person with this address, opened if there is none. Whoever calls has proof that the address's domain is theirs.</summary>
    public async Task<User> FindOrOpenAsync(Guid organizationId, string email, string? displayName, AuditActor actor, CancellationToken ct)
    {
        var normalized = people.NormalizeEmail(email);
        if (await FindAsync(normalized, ct) is { } known)
        {
            return known.EmailConfirmed ? known : await ClaimAsync(known, organizationId, actor, ct);
        }

        var company = await db.InOrganizationAsync(organizationId, () => db.Organizations.AsNoTracking().SingleAsync(row => row.Id == organizationId, ct), ct);
        var now = time.Now();
        var (userId, personalId) = (Guid.CreateVersion7(now), Guid.CreateVersion7(now));
        var chinese = company.Currency == Currency.CNY;
        var name = displayName?.Trim() is { Length: > 0 } given ? given : email[..email.LastIndexOf('@')];
        var personal = new Organization
        {
            Id = personalId,
            Name = Cut(chinese ? $"{name} 的组织" : $"{name}'s organization"),
            Personal = true,
            Currency = company.Currency,
            TimeZone = company.TimeZone,
            CreatedAt = now,
        };
        try
        {
            return await db.InOrganizationAsync(personalId, async () =>
            {
                var user = new User
                {
                    Id = userId,
                    Email = email,
                    NormalizedEmail = normalized,
                    EmailConfirmed = true,
                    SecurityStamp = Guid.CreateVersion7(now).ToString(),
                    DisplayName = Cut(name),
                    Language = chinese ? "zh-CN" : "en",
                    LockoutEnabled = true,
                    CreatedAt = now,
                };
                db.Users.Add(user);
                await db.SaveChangesAsync(ct);
                await db.OpenOrganizationAsync(personal, userId, PlanIds.Free, now, ct);
                await db.AuditAsync(actor with { Id = userId }, "user.registered", userId.ToString(), null, new { email, by = organizationId }, now, ct);
                return user;
            }, ct);
        }
        catch (DbUpdateException failure) when (failure.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation, TableName: "users" })
        {
            // Somebody else opened the account between the question and the insert.
            db.ChangeTracker.Clear();
            return await FindOrOpenAsync(organizationId, email, displayName, actor, ct);
        }
    }

    /// <summary>Makes the person a member, if they are none. Call it inside the organization.</summary>
    /// <returns>False when they were one.</returns>
    public async Task<bool> JoinAsync(Guid organizationId, Guid userId, Role role, string by, AuditActor actor, DateTimeOffset now, CancellationToken ct)
    {
        await db.LockMembersAsync(ct);
        if (await db.Memberships.AnyAsync(row => row.UserId == userId, ct))
        {
            return false;
        }

        db.Memberships.Add(new Membership { OrganizationId = organizationId, UserId = userId, Role = role, CreatedAt = now });
        await db.SaveChangesAsync(ct);
        await db.AuditAsync(actor, "member.joined", userId.ToString(), null, new { by, role = Wire.Name(role) }, now, ct);
        return true;
    }

    /// <summary>The account was opened by somebody who never showed that the address is theirs. Now its owner has come.</summary>
    private async Task<User> ClaimAsync(User user, Guid organizationId, AuditActor actor, CancellationToken ct)
    {
        var now = time.Now();
        await db.InPersonalOrganizationAsync(user.Id, async () =>
        {
            await db.DispossessAsync(user.Id, now, ct);
            await db.AuditAsync(actor with { Id = user.Id }, "user.claimed", user.Id.ToString(), null, new { by = organizationId }, now, ct);
            return true;
        }, ct);
        db.ChangeTracker.Clear();
        return await db.Users.SingleAsync(row => row.Id == user.Id, ct);
    }

    private Task<User?> FindAsync(string normalized, CancellationToken ct) => db.Users.FirstOrDefaultAsync(row => row.NormalizedEmail == normalized && row.ServiceAccountOf == null, ct);

    private static string Cut(string text) => text.Length > 100 ? text[..100] : text;
}
