using System.Net;
using System.Text.RegularExpressions;
using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Gateway.Access;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Management;

/// <summary>What a key may be given: what exists, what is spelled right, and never more than its creator has.</summary>
public sealed partial class KeyRules(Member creator, HubDb db, FieldErrors errors)
{
    /// <returns>The scopes in the order of the table; <see cref="KeyScopes.Models"/> when nothing was asked.</returns>
    public string[] Scopes(IReadOnlyList<string>? asked)
    {
        if (asked is null or [] or [KeyScopes.Models])
        {
            return [KeyScopes.Models];
        }

        if (asked.Any(name => !Permissions.Scopes.Contains(name)))
        {
            errors.Add("scopes", FieldText.UnknownScopes, string.Join(", ", Permissions.Scopes));
            return [];
        }

        var scopes = Permissions.Scopes.Where(asked.Contains).ToArray();
        var beyond = scopes.Where(name => !creator.May(Permissions.Find(name)!.Value)).ToList();
        if (beyond.Count > 0)
        {
            errors.Add("scopes", FieldText.BeyondCreator, string.Join(", ", beyond));
        }

        return scopes;
    }

    /// <summary>Aliases become the ids they stand for: what a key may call must not change when an alias moves on.</summary>
    public async Task<string[]> ModelsAsync(string field, IReadOnlyList<string> names, CancellationToken ct)
    {
        var asked = names.Distinct().ToArray();
        var found = asked.Length == 0 ? [] : await db.Models
            .Where(model => model.Enabled && (asked.Contains(model.Id) || model.Aliases.Any(alias => asked.Contains(alias))))
            .Select(model => new { model.Id, model.Aliases })
            .ToListAsync(ct);

        var ids = asked.ToLookup(name => found.FirstOrDefault(model => model.Id == name)?.Id ?? found.FirstOrDefault(model => model.Aliases.Contains(name))?.Id);
        if (ids[null].Any())
        {
            errors.Add(field, FieldText.UnknownModels, string.Join(", ", ids[null].Select(Short)));
        }

        return Narrow(field, [.. ids.Where(group => group.Key is not null).Select(group => group.Key!)], creator.Key?.Found.AllowedModels ?? []);
    }

    public async Task<string[]> VendorsAsync(string field, IReadOnlyList<string> names, CancellationToken ct)
    {
        var asked = names.Distinct().ToArray();
        var found = asked.Length == 0 ? [] : await db.Vendors.Where(vendor => asked.Contains(vendor.Id)).Select(vendor => vendor.Id).ToListAsync(ct);
        var unknown = asked.Except(found).ToList();
        if (unknown.Count > 0)
        {
            errors.Add(field, FieldText.UnknownVendors, string.Join(", ", unknown.Select(Short)));
        }

        return Narrow(field, [.. asked.Where(found.Contains)], creator.Key?.Found.AllowedVendors ?? []);
    }

    public string[] Networks(IReadOnlyList<string> asked)
    {
        var read = asked.Distinct().Select(text => (Text: text, Network: AllowedNetworks.Read(text))).ToList();
        var unreadable = read.Where(pair => pair.Network is null).Select(pair => Short(pair.Text)).ToList();
        if (unreadable.Count > 0)
        {
            errors.Add("allowed_ips", FieldText.Network, string.Join(", ", unreadable));
            return [];
        }

        IReadOnlyList<IPNetwork> ceiling = creator.Key?.Networks ?? [];
        if (ceiling.Count > 0 && read.Count == 0)
        {
            return [.. ceiling.Select(network => network.ToString())];
        }

        var beyond = ceiling.Count == 0 ? [] : read.Where(pair => !ceiling.Any(outer => AllowedNetworks.IsWithin(pair.Network!.Value, outer))).Select(pair => pair.Text).ToList();
        if (beyond.Count > 0)
        {
            errors.Add("allowed_ips", FieldText.BeyondCreator, string.Join(", ", beyond));
        }

        return [.. read.Select(pair => pair.Network!.Value.ToString()).Distinct()];
    }

    public DateTimeOffset? Expiry(DateTimeOffset? asked, DateTimeOffset now)
    {
        var expiry = asked?.Cut();
        if (expiry <= now)
        {
            errors.Add("expires_at", FieldText.Future);
        }

        // What a key makes does not outlive it.
        if (creator.Key?.Found.ExpiresAt is { } end && !(expiry <= end))
        {
            if (asked is not null)
            {
                errors.Add("expires_at", FieldText.BeyondCreator, Wire.Instant(asked.Value));
            }

            return end;
        }

        return expiry;
    }

    public Dictionary<string, string> Tags(IReadOnlyDictionary<string, string> asked)
    {
        var wrong = asked.Where(tag => !TagName().IsMatch(tag.Key) || tag.Value is not { Length: >= 1 and <= 100 } || tag.Value.Any(char.IsControl)).Select(tag => Short(tag.Key)).ToList();
        if (wrong.Count > 0)
        {
            errors.Add("tags", FieldText.Tag, string.Join(", ", wrong));
        }

        return new Dictionary<string, string>(asked);
    }

    public string[] TagNames(string field, IReadOnlyList<string> asked)
    {
        var wrong = asked.Where(name => !TagName().IsMatch(name)).Select(Short).ToList();
        if (wrong.Count > 0)
        {
            errors.Add(field, FieldText.Tag, string.Join(", ", wrong));
        }

        return [.. asked.Distinct()];
    }

    /// <summary>Whether the creator could have made this key.</summary>
    public bool Cover(ApiKey key) =>
        (!key.Manages || key.Scopes.All(scope => creator.May(Permissions.Find(scope)!.Value)))
        && (creator.Key is not { } ceiling
            || (IsWithin(key.AllowedModels, ceiling.Found.AllowedModels)
                && IsWithin(key.AllowedVendors, ceiling.Found.AllowedVendors)
                && (ceiling.Networks.Count == 0 || (key.AllowedIps.Length > 0 && Array.TrueForAll(key.AllowedIps, text => ceiling.Networks.Any(outer => AllowedNetworks.IsWithin(IPNetwork.Parse(text), outer)))))
                && (ceiling.Found.ExpiresAt is null || key.ExpiresAt <= ceiling.Found.ExpiresAt)));

    public async Task CheckAsync(KeyLimits? limits, CancellationToken ct) =>
        limits?.Check(await db.Plans.AsNoTracking().FirstAsync(plan => plan.Id == creator.Organization.PlanId, ct), errors);

    // Nothing asked means all the creator has; more than that is refused rather than cut.
    private string[] Narrow(string field, string[] asked, string[] ceiling)
    {
        if (ceiling.Length == 0)
        {
            return asked;
        }

        var beyond = asked.Except(ceiling).ToList();
        if (beyond.Count > 0)
        {
            errors.Add(field, FieldText.BeyondCreator, string.Join(", ", beyond));
        }

        return asked.Length > 0 ? asked : ceiling;
    }

    // An empty list means all.
    private static bool IsWithin(string[] list, string[] ceiling) => ceiling.Length == 0 || (list.Length > 0 && !list.Except(ceiling).Any());

    private static string Short(string text) => text.Length > 100 ? text[..100] + "…" : text;

    [GeneratedRegex("^[a-z0-9][a-z0-9_.-]{0,39}$")]
    private static partial Regex TagName();
}
