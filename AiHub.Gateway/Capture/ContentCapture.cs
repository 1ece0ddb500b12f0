using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using AiHub.Domain;
using AiHub.Domain.Tenancy;
using AiHub.Domain.Usage;
using AiHub.Gateway.Management;
using AiHub.Gateway.Metering;
using AiHub.Gateway.Providers;
using Microsoft.AspNetCore.DataProtection;

namespace AiHub.Gateway.Capture;

/// <summary>What was said in one call.</summary>
public sealed record SpokenContent(JsonElement Request, IReadOnlyList<string> Answer);

/// <summary>
/// Keeps what is said in the calls of organizations that want it kept: as ciphertext, under the call's id, until the day they chose. No call waits for it;
/// when the database does not keep up, the newest are not kept, which the log tells.
/// </summary>
public sealed partial class ContentCapture(IServiceScopeFactory scopes, IDataProtectionProvider protection, TimeProvider time, ILogger<ContentCapture> logger) : BackgroundService
{
    private const int MostWaiting = 1_000;
    private const int MostCharacters = 1024 * 1024;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private static readonly JsonSerializerOptions Deep = new() { MaxDepth = 300 };

    private readonly Channel<Said> _waiting = Channel.CreateBounded<Said>(new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.Wait, SingleReader = true });

    /// <summary>Passes an answer on, and keeps it with its request when it has ended, however it ends.</summary>
    public IAsyncEnumerable<ReplyChunk> Keeping(Call call, IAsyncEnumerable<ReplyChunk> answer, CancellationToken ct) =>
        call.Caller.Policy.RetentionDays is null ? answer : KeepAsync(call, answer, ct);

    /// <returns>Null when it cannot be opened.</returns>
    public SpokenContent? Open(CapturedContent row)
    {
        try
        {
            return JsonSerializer.Deserialize<SpokenContent>(Protector(row.OrganizationId, row.Id).Unprotect(row.Protected), Deep);
        }
        catch (System.Security.Cryptography.CryptographicException failure)
        {
            LogUnreadable(failure, row.Id);
            return null;
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var content in _waiting.Reader.ReadAllAsync(CancellationToken.None))
        {
            await StoreAsync(content, stoppingToken);
        }
    }

    // What has been taken is stored before the hub stops.
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _waiting.Writer.TryComplete();
        await base.StopAsync(cancellationToken);
    }

    private async IAsyncEnumerable<ReplyChunk> KeepAsync(Call call, IAsyncEnumerable<ReplyChunk> answer, [EnumeratorCancellation] CancellationToken ct)
    {
        // Its buffer goes back to a pool when the call is over.
        var request = call.Request.Json.ToArray();
        var said = new SortedDictionary<int, StringBuilder>();
        try
        {
            await foreach (var piece in answer.WithCancellation(ct))
            {
                Hear(piece, call.Request.Stream, said);
                yield return piece;
            }
        }
        finally
        {
            Keep(call, request, [.. said.Values.Select(text => text.ToString())]);
        }
    }

    private void Keep(Call call, byte[] request, IReadOnlyList<string> answer)
    {
        var now = time.GetUtcNow();
        if (!_waiting.Writer.TryWrite(new Said(call.Id, call.Caller.OrganizationId, now, now.AddDays(call.Caller.Policy.RetentionDays!.Value), request, answer)))
        {
            LogNotKept(call.Id);
        }
    }

    private async Task StoreAsync(Said said, CancellationToken stopping)
    {
        // A second try for a database that was away for a moment; content is not worth more.
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var scope = scopes.CreateAsyncScope();
                var db = scope.ServiceProvider.GetRequiredService<HubDb>();
                var content = JsonSerializer.SerializeToUtf8Bytes(
                    new SpokenContent(JsonElement.Parse(said.Request, new JsonDocumentOptions { MaxDepth = 256 }), said.Answer), Deep);
                await db.InOrganizationAsync(said.OrganizationId, async () =>
                {
                    db.CapturedContents.Add(new CapturedContent
                    {
                        Id = said.Id,
                        OrganizationId = said.OrganizationId,
                        CapturedAt = said.At.Cut(),
                        ExpiresAt = said.ExpiresAt.Cut(),
                        Protected = Protector(said.OrganizationId, said.Id).Protect(content),
                    });
                    await db.SaveChangesAsync(CancellationToken.None);
                }, CancellationToken.None);
                return;
            }
            catch (Exception failure)
            {
                if (attempt == 2 || stopping.IsCancellationRequested)
                {
                    LogNotStored(failure, said.Id);
                    return;
                }

                await Task.Delay(Pause, time, CancellationToken.None);
            }
        }
    }

    private static void Hear(in ReplyChunk piece, bool streamed, SortedDictionary<int, StringBuilder> said)
    {
        if (piece.Facts.Choices == 0)
        {
            return;
        }

        using var json = JsonDocument.Parse(piece.Json, new JsonDocumentOptions { MaxDepth = 256 });
        foreach (var (position, choice) in json.RootElement.GetProperty("choices").EnumerateArray().Index())
        {
            if (choice.ValueKind == JsonValueKind.Object && choice.TryGetProperty(streamed ? "delta" : "message", out var words) && words.ValueKind == JsonValueKind.Object
                && words.TryGetProperty("content", out var content) && content.ValueKind == JsonValueKind.String)
            {
                var index = choice.TryGetProperty("index", out var number) && number.ValueKind == JsonValueKind.Number && number.TryGetInt32(out var given) ? given : position;
                if (!said.TryGetValue(index, out var text))
                {
                    said[index] = text = new StringBuilder();
                }

                if (text.Length < MostCharacters)
                {
                    text.Append(content.GetString());
                }
            }
        }
    }

    // Each call's content has a key of its own, so no row can stand in for another.
    private IDataProtector Protector(Guid organization, Guid call) => protection.CreateProtector("captured-content", organization.ToString(), call.ToString());

    [LoggerMessage(LogLevel.Warning, "What was said in call {Call} is not kept: too much is waiting to be stored.")]
    private partial void LogNotKept(Guid call);

    [LoggerMessage(LogLevel.Error, "What was said in call {Call} could not be stored.")]
    private partial void LogNotStored(Exception failure, Guid call);

    [LoggerMessage(LogLevel.Error, "What was said in call {Call} cannot be opened.")]
    private partial void LogUnreadable(Exception failure, Guid call);

    private sealed record Said(Guid Id, Guid OrganizationId, DateTimeOffset At, DateTimeOffset ExpiresAt, byte[] Request, IReadOnlyList<string> Answer);
}
