using System.Net;
using System.Net.Http.Json;
using AiHub.Contracts;
using AiHub.Simulators;
using AiHub.Simulators.Identity;
using AiHub.Tests.Hub;
using AiHub.Tests.Management;
using Microsoft.AspNetCore.WebUtilities;

namespace AiHub.Tests.SignIn;

/// <summary>A gateway beside real identity providers, and a name server that says what a test wants it to.</summary>
public sealed class SignOnHub : ManagementHub, IAsyncLifetime
{
    private readonly ServiceHost<SimulatorOptions> _simulators;
    private readonly TxtServer _dns = new();

    public SignOnHub() => _simulators = new ServiceHost<SimulatorOptions>(new Dictionary<string, string?>(), Clock);

    public Uri Simulators => _simulators.Url;

    protected override IEnumerable<KeyValuePair<string, string?>> Settings =>
    [
        new("Outbound:AllowPrivateNetwork", "true"),
        new("SignOn:NameServers:0", $"127.0.0.1:{_dns.Port}"),
    ];

    public new async Task DisposeAsync()
    {
        await base.DisposeAsync();
        await _simulators.DisposeAsync();
        await _dns.DisposeAsync();
    }

    public string Issuer(string provider) => new Uri(Simulators, $"/identity/{provider}").ToString();

    /// <summary>A company with a provider and a domain of its own, proven.</summary>
    public async Task<Company> CompanyAsync(bool proven = true, Func<SignOnChange, SignOnChange>? change = null)
    {
        var name = $"c{Guid.CreateVersion7():N}";
        var owner = await RegisterAsync();
        var organization = (await owner.PostAsync("organizations", new NewOrganization(name))).Read<OrganizationView>();
        var company = new Company(this, owner, organization.Id, name, $"{name}.example.com");
        await company.SteerAsync("clients", new IdentityClient("ai-hub", "a client secret of 24 bytes", ["http://localhost:5081/sign-in/sso/callback"]));
        var wanted = new SignOnChange(Issuer(name), "ai-hub", company.Domain, "a client secret of 24 bytes");
        var put = await owner.PutAsync($"{company.Path}/sign-on", change?.Invoke(wanted) ?? wanted);
        Assert.True(put.Status == HttpStatusCode.OK, put.Text);
        if (proven)
        {
            await company.ProveAsync(put.Read<SignOnView>());
        }

        return company;
    }

    public void Say(string name, string text) => _dns.Records[name] = text;
}

/// <summary>A company whose people sign in with its own provider.</summary>
public sealed record Company(SignOnHub Hub, Visitor Owner, Guid Id, string Name, string Domain)
{
    public string Path => $"organizations/{Id}";

    public string NewEmail() => $"p{Guid.CreateVersion7():N}@{Domain}";

    public async Task ProveAsync(SignOnView view)
    {
        Hub.Say(view.ProofName, view.ProofValue);
        var proven = await Owner.PostAsync($"{Path}/sign-on/verify-domain", null);
        Assert.True(proven.Status == HttpStatusCode.OK, proven.Text);
    }

    /// <summary>Tells the company's provider what to do.</summary>
    public async Task SteerAsync(string what, object? how = null)
    {
        using var http = new HttpClient { BaseAddress = Hub.Simulators };
        (await http.PostAsJsonAsync($"/_sim/identity/{Name}/{what}", how ?? new { }, Json.Options)).EnsureSuccessStatusCode();
    }

    public async Task<SignOnBegun> BeginAsync(string email)
    {
        var begun = await Hub.Visit().PostAsync("auth/sign-on/begin", new SignOnBegin(email));
        Assert.True(begun.Status == HttpStatusCode.OK, begun.Text);
        return begun.Read<SignOnBegun>();
    }

    /// <summary>Signs in at the provider, as whoever one says one is, and comes back with what it sent along.</summary>
    public async Task<SignOnAnswer> AtProviderAsync(SignOnBegun begun, string email, string? subject = null, string? at = null)
    {
        using var http = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false });
        var url = new Uri(begun.AuthorizationUrl);
        var form = QueryHelpers.ParseQuery(url.Query).ToDictionary(pair => pair.Key, pair => pair.Value.ToString());
        form["email"] = email;
        form["name"] = "Wei";
        if (subject is not null)
        {
            form["subject"] = subject;
        }

        var answer = await http.PostAsync(at ?? url.GetLeftPart(UriPartial.Path), new FormUrlEncodedContent(form));
        Assert.True(answer.StatusCode == HttpStatusCode.Redirect, await answer.Content.ReadAsStringAsync());
        var back = QueryHelpers.ParseQuery(answer.Headers.Location!.Query);
        return new SignOnAnswer(begun.Ticket, back["state"].ToString(), back["code"].ToString(), back["iss"].ToString());
    }

    public Task<Answer> CompleteAsync(SignOnAnswer answer) => Hub.Visit().PostAsync("auth/sign-on/complete", answer);

    /// <summary>The whole way.</summary>
    public async Task<Answer> SignOnAsync(string email, string? subject = null) => await CompleteAsync(await AtProviderAsync(await BeginAsync(email), email, subject));

    public async Task<Visitor> SignedOnAsync(string email, string? subject = null)
    {
        var answer = await SignOnAsync(email, subject);
        Assert.True(answer.Status == HttpStatusCode.OK, answer.Text);
        var visitor = new Visitor(Hub, null);
        visitor.SignIn(answer.Read<TokenPair>());
        return visitor;
    }
}
