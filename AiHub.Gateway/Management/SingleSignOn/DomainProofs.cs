using System.Net;
using System.Security.Cryptography;
using DnsClient;
using Microsoft.Extensions.Options;

namespace AiHub.Gateway.Management.SingleSignOn;

public sealed class DomainProofOptions
{
    public const string Section = "SignOn";

    /// <summary>Whom to ask for TXT records, for example <c>1.1.1.1:53</c>; empty: whom this machine asks.</summary>
    public string[] NameServers { get; set; } = [];
}

/// <summary>Whether an organization has the say over an e-mail domain: it shows by putting a TXT record there.</summary>
public sealed class DomainProofs(IOptions<DomainProofOptions> options)
{
    private const string Label = "_ai-hub.";
    private const string ValuePrefix = "ai-hub-domain-verification=";
    private const int ValueLength = 32;

    private readonly Lazy<LookupClient> _dns = new(() => new LookupClient(Settings(options.Value)));

    public static string NewValue() => ValuePrefix + RandomNumberGenerator.GetString("abcdefghijklmnopqrstuvwxyz0123456789", ValueLength);

    public static string NameOf(string domain) => Label + domain;

    public async Task<bool> HoldsAsync(string domain, string value, CancellationToken ct)
    {
        try
        {
            var answer = await _dns.Value.QueryAsync(NameOf(domain), QueryType.TXT, cancellationToken: ct);
            return answer.Answers.TxtRecords().Any(record => string.Concat(record.Text) == value);
        }
        catch (DnsResponseException)
        {
            // No answer proves nothing.
            return false;
        }
    }

    /// <returns>The domain in lower case and in letters DNS knows; null when it cannot be one that mail is sent to.</returns>
    public static string? Normalize(string domain)
    {
        var text = domain.Trim().TrimStart('@').TrimEnd('.');
        try
        {
            text = new System.Globalization.IdnMapping { UseStd3AsciiRules = true }.GetAscii(text).ToLowerInvariant();
        }
        catch (ArgumentException)
        {
            return null;
        }

        return text.Contains('.', StringComparison.Ordinal) && !IPAddress.TryParse(text, out _) && Uri.CheckHostName(text) == UriHostNameType.Dns ? text : null;
    }

    private static LookupClientOptions Settings(DomainProofOptions options)
    {
        var servers = options.NameServers.Select(IPEndPoint.Parse).Select(server => new NameServer(server.Address, server.Port == 0 ? 53 : server.Port)).ToArray();
        var settings = servers.Length > 0 ? new LookupClientOptions(servers) : new LookupClientOptions();
        // Whoever has just set the record must not have to wait for an answer that was kept.
        settings.UseCache = false;
        settings.Timeout = TimeSpan.FromSeconds(5);
        settings.Retries = 1;
        settings.ThrowDnsErrors = false;
        return settings;
    }
}
