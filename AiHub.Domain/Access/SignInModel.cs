using AiHub.Domain.Mails;
using AiHub.Domain.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace AiHub.Domain.Access;

/// <summary>The tables of signing in: tickets, second factors and passkeys belong to people, single sign-on and provisioning to organizations.</summary>
internal static class SignInModel
{
    public static void Map(ModelBuilder model)
    {
        model.Entity<Ticket>(ticket =>
        {
            ticket.HasIndex(row => row.Hash).IsUnique();
            ticket.HasIndex(row => row.ExpiresAt);
            ticket.HasIndex(row => row.UserId);
            ticket.HasOne<User>().WithMany().HasForeignKey(row => row.UserId);
        });
        model.Entity<Authenticator>(authenticator =>
        {
            authenticator.HasKey(row => row.UserId);
            authenticator.HasOne<User>().WithMany().HasForeignKey(row => row.UserId);
        });
        model.Entity<RecoveryCode>(code =>
        {
            code.HasIndex(row => row.UserId);
            code.HasOne<User>().WithMany().HasForeignKey(row => row.UserId);
        });
        model.Entity<Passkey>(passkey =>
        {
            passkey.HasIndex(row => row.CredentialId).IsUnique();
            passkey.HasIndex(row => row.UserId);
            passkey.HasOne<User>().WithMany().HasForeignKey(row => row.UserId);
        });
        model.Entity<OutgoingMail>(mail => mail.HasIndex(row => row.NextAttemptAt).HasFilter("state = 'pending'"));
        model.Entity<TakenMail>().HasNoKey().ToTable((string?)null);

        model.Entity<SignOn>(signOn =>
        {
            signOn.HasKey(row => row.OrganizationId);
            // A domain is one organization's: whoever proved it last week must not share its people with whoever claims it today.
            signOn.HasIndex(row => row.Domain).IsUnique().HasFilter("domain_verified_at is not null");
            OfOrganization(signOn);
        });
        model.Entity<SignOnIdentity>(identity =>
        {
            identity.HasKey(row => new { row.OrganizationId, row.Issuer, row.Subject });
            identity.HasIndex(row => new { row.OrganizationId, row.UserId });
            identity.HasOne<User>().WithMany().HasForeignKey(row => row.UserId);
            OfOrganization(identity);
        });
        model.Entity<FoundSignOn>().HasNoKey().ToTable((string?)null);
        model.HasDbFunction(typeof(HubDb).GetMethod(nameof(HubDb.FindSignOn))!).HasName("find_sign_on");

        model.Entity<ScimToken>(token =>
        {
            token.HasIndex(row => row.Hash).IsUnique();
            token.HasIndex(row => row.OrganizationId);
            OfOrganization(token);
        });
        model.Entity<ScimUser>(user =>
        {
            user.HasKey(row => new { row.OrganizationId, row.UserId });
            user.HasIndex(row => new { row.OrganizationId, row.ExternalId });
            user.HasOne<User>().WithMany().HasForeignKey(row => row.UserId);
            OfOrganization(user);
        });
        model.Entity<ScimGroup>(group =>
        {
            group.HasKey(row => new { row.OrganizationId, row.TeamId });
            group.HasIndex(row => new { row.OrganizationId, row.ExternalId });
            group.HasOne<Team>().WithMany().HasForeignKey(row => new { row.TeamId, row.OrganizationId }).HasPrincipalKey(team => new { team.Id, team.OrganizationId });
            OfOrganization(group);
        });
        model.Entity<FoundScimToken>().HasNoKey().ToTable((string?)null);
        model.HasDbFunction(typeof(HubDb).GetMethod(nameof(HubDb.FindScimToken))!).HasName("find_scim_token");
    }

    private static void OfOrganization<T>(EntityTypeBuilder<T> entity) where T : class =>
        entity.HasOne<Organization>().WithMany().HasForeignKey("OrganizationId");
}
