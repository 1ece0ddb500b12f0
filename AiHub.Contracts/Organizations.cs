using System.ComponentModel.DataAnnotations;

namespace AiHub.Contracts;

/// <param name="Currency">The billing currency, <c>USD</c> or <c>CNY</c>; it cannot be changed later.</param>
public sealed record NewOrganization(
    [property: Required, StringLength(100, MinimumLength = 1)] string Name,
    [property: AllowedValues("USD", "CNY", null)] string? Currency = null,
    [property: StringLength(64)] string? TimeZone = null);

/// <summary>What is null stays as it is.</summary>
public sealed record OrganizationChange(
    [property: StringLength(100, MinimumLength = 1)] string? Name = null,
    [property: StringLength(64)] string? TimeZone = null,
    bool? CachesAnswers = null);

/// <param name="UserId">The member who becomes the owner; the owner until now becomes an admin.</param>
public sealed record OwnershipTransfer(Guid UserId);

/// <param name="Kind">person or service_account.</param>
/// <param name="Email">Null for a service account.</param>
/// <param name="Teams">Ids of the teams they are in.</param>
public sealed record MemberView(
    Guid UserId, string Kind, string? Email, string DisplayName, string Role, IReadOnlyList<Guid> Teams, DateTimeOffset JoinedAt);

public sealed record RoleChange([property: Required, AllowedValues("admin", "billing", "developer", "viewer")] string Role);

/// <param name="TeamId">A team to join as well.</param>
public sealed record NewInvitation(
    [property: Required, EmailAddress, StringLength(254)] string Email,
    [property: Required, AllowedValues("admin", "billing", "developer", "viewer")] string Role,
    Guid? TeamId = null);

public sealed record InvitationView(
    Guid Id, string Email, string Role, Guid? TeamId, string InvitedBy, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt);

/// <param name="Token">Lets the owner of the address join, once. It is shown this once and cannot be recovered.</param>
public sealed record CreatedInvitation(
    Guid Id, string Token, string Email, string Role, Guid? TeamId, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt);

public sealed record InvitationToken([property: Required, StringLength(200)] string Token);

/// <summary>What somebody with the token sees before accepting.</summary>
public sealed record InvitationPreview(
    string OrganizationName, string Email, string Role, string? TeamName, string InvitedBy, DateTimeOffset ExpiresAt);

public sealed record NewTeam([property: Required, StringLength(100, MinimumLength = 1)] string Name);

public sealed record TeamView(Guid Id, string Name, int Members, int Keys, DateTimeOffset CreatedAt);

/// <param name="Role">lead or member.</param>
public sealed record TeamMemberView(Guid UserId, string DisplayName, string Role, DateTimeOffset JoinedAt);

public sealed record TeamRoleChange([property: Required, AllowedValues("lead", "member")] string Role);

public sealed record NewServiceAccount(
    [property: Required, StringLength(100, MinimumLength = 1)] string Name,
    [property: Required, AllowedValues("billing", "developer", "viewer")] string Role,
    Guid? TeamId = null);

/// <summary>An organization as an operator of the hub sees it.</summary>
/// <param name="Status">active, suspended or closed.</param>
public sealed record HubOrganizationView(
    Guid Id, string Name, bool Personal, string Status, string Currency, string? Plan, string? OwnerEmail, long Members, DateTimeOffset CreatedAt);

/// <summary>How far below zero an organization's purchased wallet may go.</summary>
/// <param name="Amount">Money in the organization's currency: a number or a decimal string. Zero for none.</param>
public sealed record NewCreditLimit(
    [property: Required, System.Text.Json.Serialization.JsonConverter(typeof(AmountConverter)), StringLength(40)] string Amount,
    [property: Required, StringLength(500, MinimumLength = 1)] string Reason);

public sealed record StatusReason([property: Required, StringLength(500, MinimumLength = 1)] string Reason);
