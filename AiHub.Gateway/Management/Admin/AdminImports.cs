using AiHub.Contracts;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using Microsoft.AspNetCore.Http.HttpResults;
using StackExchange.Redis;

namespace AiHub.Gateway.Management.Admin;

/// <summary>How far imports are. Told through the cache, so that any gateway can answer; when the cache is lost, nothing else is.</summary>
public static class AdminImports
{
    private const string Progress = "progress";
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(10);

    public static void MapAdminImports(this IEndpointRouteBuilder api) => api.MapGroup("/admin/imports").WithTags("Administration")
        .MapGet("/{id}", ReadAsync)
        .RequireAuthorization(Policies.Operator)
        .Parameter("id", new("The id the import was given.", "导入时指定的编号。"), "uuid", AdminExamples.ImportId)
        .Describe("getImportProgress", new("Get how far an import is", "查询导入进度"),
            new("Of an import of your own that was given an id, while it lasts and for ten minutes.", "查询本人发起且指定了编号的导入，导入期间及之后十分钟内有效。"), null, new ImportProgress(400, 1000))
        .Refuses(ProblemKind.OperatorRequired, ProblemKind.InvalidRequest);

    /// <summary>Names the parameter <see cref="Teller"/> reads.</summary>
    public static RouteHandlerBuilder TellsProgress(this RouteHandlerBuilder endpoint) => endpoint.Asks(
        Progress, new("A UUID of your own: under it `GET /admin/imports/{id}` tells meanwhile how far the import is.", "自行指定的 UUID，导入期间可通过 `GET /admin/imports/{id}` 查询进度。"), AdminExamples.ImportId.ToString(), "uuid");

    /// <returns>What an import tells how much it has done of how much; null when nobody asks.</returns>
    public static Func<int, int, Task>? Teller(HttpContext http, Asked asked, Person person, IConnectionMultiplexer cache) =>
        asked.Id(Progress, http.Request.Query[Progress]) is not { } id
            ? null
            : async (done, total) =>
            {
                if (cache.IsConnected)
                {
                    await cache.GetDatabase().StringSetAsync(KeyOf(person, id), $"{done}/{total}", Kept, flags: CommandFlags.FireAndForget);
                }
            };

    private static async Task<Results<Ok<ImportProgress>, Refused>> ReadAsync(string id, Person person, HttpContext http, IConnectionMultiplexer cache)
    {
        var asked = new Asked(http);
        if (asked.Id("id", id) is not { } import)
        {
            return asked.Errors.Refuse();
        }

        string? told = cache.IsConnected ? await cache.GetDatabase().StringGetAsync(KeyOf(person, import)) : default(RedisValue);
        return TypedResults.Ok(told?.Split('/') is [var done, var total] && int.TryParse(done, out var some) && int.TryParse(total, out var all)
            ? new ImportProgress(some, all)
            : new ImportProgress(0, 0));
    }

    private static RedisKey KeyOf(Person person, Guid id) => $"import:{person.UserId:N}:{id:N}";
}
