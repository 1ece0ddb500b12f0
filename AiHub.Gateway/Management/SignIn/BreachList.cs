using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using AiHub.Outbound;
using Microsoft.Extensions.Options;

namespace AiHub.Gateway.Management.SignIn;

/// <summary>Knows passwords that are in the hands of attackers.</summary>
public interface IBreachList
{
    Task<bool> ContainsAsync(string password, CancellationToken ct);
}

/// <summary>Asks nobody.</summary>
public sealed class NoBreachList : IBreachList
{
    public Task<bool> ContainsAsync(string password, CancellationToken ct) => Task.FromResult(false);
}

/// <summary>
/// A list that is asked for a range (as Pwned Passwords answers: <c>SUFFIX:COUNT</c> a line). It learns five of forty digits of the password's
/// SHA-1 and nothing of whose it is. When it cannot be reached, the password is taken: a list that is away must not keep people out.
/// </summary>
public sealed partial class PwnedRanges : IBreachList, IDisposable
{
    private const int PrefixDigits = 5;
    private const int LargestAnswer = 2 * 1024 * 1024;

    private readonly HttpMessageInvoker _invoker;
    private readonly BreachListOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<PwnedRanges> _logger;

    public PwnedRanges(IOptions<BreachListOptions> options, GuardedHttp outbound, TimeProvider time, ILogger<PwnedRanges> logger)
    {
        (_options, _time, _logger) = (options.Value, time, logger);
        _invoker = new HttpMessageInvoker(outbound.Untold(_options.AllowPrivateNetwork, _options.Timeout));
    }

    public void Dispose() => _invoker.Dispose();

    public async Task<bool> ContainsAsync(string password, CancellationToken ct)
    {
        // The list is kept by SHA-1; nothing is protected by it here.
#pragma warning disable CA5350
        var hash = Convert.ToHexString(SHA1.HashData(Encoding.UTF8.GetBytes(password)));
#pragma warning restore CA5350
        var (prefix, suffix) = (hash[..PrefixDigits], hash[PrefixDigits..]);
        using var limit = new CancellationTokenSource(_options.Timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ct);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_options.Url!, _options.Url!.AbsolutePath.TrimEnd('/') + "/" + prefix));
            // How long the answer is says nothing then.
            request.Headers.Add("Add-Padding", "true");
            request.Headers.Add("User-Agent", "AI-Hub");
            using var answer = await _invoker.SendAsync(request, either.Token);
            if (answer.StatusCode != HttpStatusCode.OK)
            {
                LogAway(_logger, null, (int)answer.StatusCode);
                return false;
            }

            var lines = await AnswerBody.ReadAsync(answer, LargestAnswer, either.Token);
            return lines.Split('\n').Any(line => Holds(line.AsSpan().Trim(), suffix));
        }
        catch (Exception failure) when (!ct.IsCancellationRequested)
        {
            LogAway(_logger, failure, 0);
            return false;
        }
    }

    // A padded line has count 0 and stands for nothing.
    private static bool Holds(ReadOnlySpan<char> line, string suffix) =>
        line.Length > suffix.Length + 1 && line[suffix.Length] == ':' && line[..suffix.Length].Equals(suffix, StringComparison.OrdinalIgnoreCase)
        && long.TryParse(line[(suffix.Length + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count > 0;

    [LoggerMessage(LogLevel.Warning, "The list of breached passwords did not answer (status {Status}); a password was taken without it.")]
    private static partial void LogAway(ILogger logger, Exception? failure, int status);
}

/// <summary>Reads what somebody answered, up to a size.</summary>
public static class AnswerBody
{
    public static async Task<string> ReadAsync(HttpResponseMessage answer, int largest, CancellationToken ct)
    {
        await using var stream = await answer.Content.ReadAsStreamAsync(ct);
        var buffer = new byte[8 * 1024];
        using var kept = new MemoryStream();
        for (int read; (read = await stream.ReadAsync(buffer, ct)) > 0;)
        {
            if (kept.Length + read > largest)
            {
                throw new HttpRequestException($"The answer is longer than {largest} bytes.");
            }

            kept.Write(buffer, 0, read);
        }

        return Encoding.UTF8.GetString(kept.GetBuffer(), 0, (int)kept.Length);
    }
}
