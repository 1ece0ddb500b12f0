using System.Text.Json;
using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Management;

/// <summary>Signing in without a password, by WebAuthn. The browser holds the ceremony; what it answers is checked here by ASP.NET Core Identity.</summary>
public static class Passkeys
{
    public const int MostPerPerson = 20;
    public static readonly TimeSpan CeremonyLifetime = TimeSpan.FromMinutes(5);

    public static void MapPasskeys(this IEndpointRouteBuilder api)
    {
        var passkeys = api.MapGroup("/auth/passkeys").WithTags("Accounts");

        passkeys.MapPost("/begin", BeginAsync)
            .RequireAuthorization(Policies.SignedIn)
            .Describe("beginPasskey", new("Begin to register a passkey", "开始注册通行密钥"), new("Takes the password. The answer is for the browser's `navigator.credentials.create`.", "需提供密码。响应供浏览器的 `navigator.credentials.create` 使用。"), SignInExamples.CurrentPassword, SignInExamples.PasskeyOptions)
            .Refuses(ProblemKind.InvalidCredentials, ProblemKind.PasskeyLimitReached, ProblemKind.TooManyAttempts, ProblemKind.SessionRequired);

        passkeys.MapPost("/", RegisterAsync)
            .RequireAuthorization(Policies.SignedIn)
            .Describe("createPasskey", new("Register a passkey", "注册通行密钥"), new("Takes what the browser answered.", "提交浏览器返回的结果。"), SignInExamples.NewPasskey, SignInExamples.Passkey)
            .Refuses(ProblemKind.PasskeyNotValid, ProblemKind.PasskeyLimitReached, ProblemKind.SessionRequired);

        passkeys.MapPatch("/{passkey_id}", RenameAsync)
            .RequireAuthorization(Policies.SignedIn)
            .Parameter("passkey_id", new("The passkey's id.", "通行密钥编号。"), "uuid", SignInExamples.Passkey.Id)
            .Describe("renamePasskey", new("Rename a passkey", "重命名通行密钥"), new("So that you know which it is.", "便于识别。"), SignInExamples.PasskeyName, SignInExamples.Passkey)
            .Refuses(ProblemKind.PasskeyNotFound, ProblemKind.SessionRequired);

        passkeys.MapDelete("/{passkey_id}", DeleteAsync)
            .RequireAuthorization(Policies.SignedIn)
            .Parameter("passkey_id", new("The passkey's id.", "通行密钥编号。"), "uuid", SignInExamples.Passkey.Id)
            .Describe("deletePasskey", new("Delete a passkey", "删除通行密钥"), new("It signs nobody in any more.", "删除后无法再用其登录。"))
            .Refuses(ProblemKind.PasskeyNotFound, ProblemKind.SessionRequired);

        passkeys.MapPost("/sign-in/begin", BeginSignInAsync)
            .Describe("beginPasskeySignIn", new("Begin to sign in with a passkey", "开始使用通行密钥登录"), new("The answer is for the browser's `navigator.credentials.get`. It names nobody: the passkey says whose it is.", "响应供浏览器的 `navigator.credentials.get` 使用，其中不含任何用户信息：由通行密钥表明身份。"), null, SignInExamples.PasskeyOptions)
            .Refuses(ProblemKind.TooManyAttempts);

        passkeys.MapPost("/sign-in", SignInAsync)
            .Describe("signInWithPasskey", new("Sign in with a passkey", "使用通行密钥登录"), new("Takes what the browser answered. A passkey checks the person itself, so no code is asked for.", "提交浏览器返回的结果。通行密钥已验证本人，因此无需验证码。"), SignInExamples.PasskeySignIn, Examples.Tokens)
            .Refuses(ProblemKind.PasskeyNotValid, ProblemKind.TooManyAttempts);
    }

    internal static PasskeyView View(Passkey passkey) => new(passkey.Id, passkey.Name, passkey.BackedUp, passkey.CreatedAt, passkey.LastUsedAt);

    private static async Task<Results<Ok<PasskeyOptions>, Refused>> BeginAsync(
        CurrentPassword request, Person person, HttpContext http, People people, IPasskeyHandler<User> handler, HubDb db, AttemptLimits limits, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        var user = await db.Users.SingleAsync(row => row.Id == person.UserId, ct);
        if (await TwoFactors.ProveAsync(request, user, http, people, limits) is { } refused)
        {
            return refused;
        }

        if (await db.Passkeys.CountAsync(row => row.UserId == user.Id, ct) >= MostPerPerson)
        {
            return Refused.Because(ProblemKind.PasskeyLimitReached, MostPerPerson);
        }

        var options = await handler.MakeCreationOptionsAsync(new PasskeyUserEntity { Id = user.Id.ToString(), Name = user.Email, DisplayName = user.DisplayName }, http);
        var ticket = await db.IssueTicketAsync(TicketPurpose.RegisterPasskey, user.Id, options.AttestationState, CeremonyLifetime, now, ct);
        return TypedResults.Ok(new PasskeyOptions(ticket, Json(options.CreationOptionsJson)));
    }

    private static async Task<Results<Created<PasskeyView>, Refused>> RegisterAsync(
        NewPasskey request, Person person, HttpContext http, UserStore store, IPasskeyHandler<User> handler, AccountMails mails, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        if (await db.TakeTicketAsync(TicketPurpose.RegisterPasskey, request.Ticket, now, ct) is not { Data: { } state } ticket || ticket.UserId != person.UserId)
        {
            return Refused.Because(ProblemKind.PasskeyNotValid);
        }

        var attested = await handler.PerformAttestationAsync(new PasskeyAttestationContext { CredentialJson = request.Credential.GetRawText(), AttestationState = state, HttpContext = http });
        if (!attested.Succeeded || attested.UserEntity.Id != person.UserId.ToString())
        {
            return Refused.Because(ProblemKind.PasskeyNotValid);
        }

        var user = await db.Users.SingleAsync(row => row.Id == person.UserId, ct);
        attested.Passkey.Name = request.Name?.Trim() is { Length: > 0 } name ? name : "Passkey";
        var passkey = UserStore.PasskeyOf(user.Id, attested.Passkey, now);
        var refusal = await db.InPersonalOrganizationAsync(user.Id, async () =>
        {
            if (await db.Passkeys.CountAsync(row => row.UserId == user.Id, ct) >= MostPerPerson)
            {
                return Refused.Because(ProblemKind.PasskeyLimitReached, MostPerPerson);
            }

            db.Passkeys.Add(passkey);
            mails.AddNews(db, user, AccountMails.PasskeyAdded, ClientAddress.Of(http), now);
            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(), "passkey.created", passkey.Id.ToString(), null, new { passkey.Name, synced = passkey.BackedUp }, now, ct);
            return null;
        }, ct);

        return refusal is null ? TypedResults.Created($"{ManagementApi.Path}/auth/security", View(passkey)) : refusal;
    }

    private static async Task<Results<Ok<PasskeyView>, Refused>> RenameAsync(
        [FromRoute(Name = "passkey_id")] string which, PasskeyName request, Person person, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        var renamed = Guid.TryParse(which, out var id) ? await db.InPersonalOrganizationAsync(person.UserId, async () =>
        {
            if (await db.Passkeys.FirstOrDefaultAsync(row => row.Id == id && row.UserId == person.UserId, ct) is not { } passkey)
            {
                return null;
            }

            var before = new { passkey.Name };
            passkey.Name = request.Name.Trim();
            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(), "passkey.renamed", id.ToString(), before, new { passkey.Name }, now, ct);
            return View(passkey);
        }, ct) : null;

        return renamed is null ? Refused.Because(ProblemKind.PasskeyNotFound) : TypedResults.Ok(renamed);
    }

    private static async Task<Results<NoContent, Refused>> DeleteAsync(
        [FromRoute(Name = "passkey_id")] string which, Person person, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        var deleted = Guid.TryParse(which, out var id) && await db.InPersonalOrganizationAsync(person.UserId, async () =>
        {
            if (await db.Passkeys.FirstOrDefaultAsync(row => row.Id == id && row.UserId == person.UserId, ct) is not { } passkey)
            {
                return false;
            }

            db.Passkeys.Remove(passkey);
            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(), "passkey.deleted", id.ToString(), new { passkey.Name }, null, now, ct);
            return true;
        }, ct);

        return deleted ? TypedResults.NoContent() : Refused.Because(ProblemKind.PasskeyNotFound);
    }

    private static async Task<Results<Ok<PasskeyOptions>, Refused>> BeginSignInAsync(
        HttpContext http, IPasskeyHandler<User> handler, HubDb db, AttemptLimits limits, TimeProvider time, CancellationToken ct)
    {
        if (limits.Refresh(ClientAddress.Network(http)) is { } wait)
        {
            return Refused.Later(ProblemKind.TooManyAttempts, wait);
        }

        var now = time.Now();
        var options = await handler.MakeRequestOptionsAsync(null, http);
        var ticket = await db.IssueTicketAsync(TicketPurpose.UsePasskey, null, options.AssertionState, CeremonyLifetime, now, ct);
        return TypedResults.Ok(new PasskeyOptions(ticket, Json(options.RequestOptionsJson)));
    }

    private static async Task<Results<Ok<TokenPair>, Refused>> SignInAsync(
        PasskeySignIn request, HttpContext http, IPasskeyHandler<User> handler, HubDb db, AttemptLimits limits, TimeProvider time, CancellationToken ct)
    {
        if (limits.Refresh(ClientAddress.Network(http)) is { } wait)
        {
            return Refused.Later(ProblemKind.TooManyAttempts, wait);
        }

        var now = time.Now();
        if (await db.TakeTicketAsync(TicketPurpose.UsePasskey, request.Ticket, now, ct) is not { Data: { } state })
        {
            return Refused.Because(ProblemKind.PasskeyNotValid);
        }

        var asserted = await handler.PerformAssertionAsync(new PasskeyAssertionContext { CredentialJson = request.Credential.GetRawText(), AssertionState = state, HttpContext = http });
        if (!asserted.Succeeded)
        {
            return Refused.Because(ProblemKind.PasskeyNotValid);
        }

        // One statement: of two uses of a copied authenticator with the same count, one gets in.
        var (user, passkey) = (asserted.User, asserted.Passkey);
        long count = passkey.SignCount;
        var used = await db.Passkeys.Where(row => row.UserId == user.Id && row.CredentialId == passkey.CredentialId && (row.SignCount < count || (count == 0 && row.SignCount == 0)))
            .ExecuteUpdateAsync(set => set
                .SetProperty(row => row.SignCount, count)
                .SetProperty(row => row.BackedUp, passkey.IsBackedUp)
                .SetProperty(row => row.UserVerified, passkey.IsUserVerified)
                .SetProperty(row => row.LastUsedAt, now), ct);

        return used == 1 ? TypedResults.Ok(await db.SignInAsync(user.Id, new FirstFactor("passkey"), null, http, now, ct)) : Refused.Because(ProblemKind.PasskeyNotValid);
    }

    private static JsonElement Json(string text)
    {
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }
}
