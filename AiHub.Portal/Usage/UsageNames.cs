using AiHub.Contracts;
using AiHub.Portal.Management;

namespace AiHub.Portal.Usage;

/// <summary>What calls can be narrowed down by, with the names people know.</summary>
public sealed record UsageNames(
    IReadOnlyList<ApiKeyView> Keys, IReadOnlyList<MemberView> Members, IReadOnlyList<TeamView> Teams, IReadOnlyList<ModelView> Models, VendorNames Vendors)
{
    public static async Task<UsageNames> LoadAsync(ManagementClient management, CancellationToken ct)
    {
        var (keys, members, teams, models, vendors) =
            (management.AllKeysAsync(ct), management.AllMembersAsync(ct), management.AllTeamsAsync(ct), management.ModelsAsync(ct), VendorNames.LoadAsync(management, ct));
        await Task.WhenAll(keys, members, teams, models, vendors);

        return new UsageNames(await keys, await members, await teams, (await models).Data, await vendors);
    }

    /// <summary>A key that was revoked is still known by its id.</summary>
    public string Key(Guid id) => Keys.FirstOrDefault(key => key.Id == id)?.Name ?? id.ToString();

    public string Member(Guid id) => Members.FirstOrDefault(member => member.UserId == id)?.DisplayName ?? id.ToString();

    public string Team(Guid id) => Teams.FirstOrDefault(team => team.Id == id)?.Name ?? id.ToString();
}
