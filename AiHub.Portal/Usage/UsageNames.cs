using AiHub.Contracts;
using AiHub.Portal.Management;

namespace AiHub.Portal.Usage;

/// <summary>What calls can be narrowed down by, with the names people know.</summary>
public sealed record UsageNames(
    IReadOnlyList<ApiKeyView> Keys, IReadOnlyList<MemberView> Members, IReadOnlyList<TeamView> Teams, IReadOnlyList<ModelView> Models)
{
    public static async Task<UsageNames> LoadAsync(ManagementClient management, CancellationToken ct)
    {
        var (keys, members, teams, models) = (management.AllKeysAsync(ct), management.AllMembersAsync(ct), management.AllTeamsAsync(ct), management.ModelsAsync(ct));
        await Task.WhenAll(keys, members, teams, models);

        return new UsageNames(await keys, await members, await teams, (await models).Data);
    }

    public IEnumerable<string> Vendors => Models.Select(model => model.Vendor).Distinct().Order(StringComparer.Ordinal);

    /// <summary>A key that was revoked is still known by its id.</summary>
    public string Key(Guid id) => Keys.FirstOrDefault(key => key.Id == id)?.Name ?? id.ToString();

    public string Member(Guid id) => Members.FirstOrDefault(member => member.UserId == id)?.DisplayName ?? id.ToString();

    public string Team(Guid id) => Teams.FirstOrDefault(team => team.Id == id)?.Name ?? id.ToString();
}
