using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AiHub.Domain.Alerts;
using AiHub.Tests.Hub;
using AiHub.Worker.Alerts;
using Microsoft.Extensions.Options;

namespace AiHub.Tests.Alerts;

/// <summary>What is sent, as its receivers expect it.</summary>
public sealed class AlertMessageTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 10, 4, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task A_webhook_is_signed_and_says_everything()
    {
        await using var receiver = await Receiver.StartAsync();
        using var post = Post();
        var secret = AlertSecrets.Generate();
        var message = Message(AlertChannelKind.Webhook, new Uri(receiver.Url, "/hook").ToString(), secret);

        Assert.Null(await post.SendAsync(message, default));

        var received = Assert.Single(receiver.Received);
        var signed = $"{received.Headers["webhook-id"]}.{received.Headers["webhook-timestamp"]}.{received.Body}";
        Assert.Equal($"v1,{Convert.ToBase64String(HMACSHA256.HashData(Convert.FromBase64String(secret["whsec_".Length..]), Encoding.UTF8.GetBytes(signed)))}", received.Headers["webhook-signature"]);
        Assert.Equal(message.Id.ToString(), received.Headers["webhook-id"]);
        using var json = JsonDocument.Parse(received.Body);
        var body = json.RootElement;
        Assert.Equal(
            ("alert.fired", "quota", 80, "8000", "10000", "TOK"),
            (body.GetProperty("type").GetString(), body.GetProperty("kind").GetString(), body.GetProperty("threshold_percent").GetInt32(),
                body.GetProperty("used").GetString(), body.GetProperty("limit").GetString(), body.GetProperty("unit").GetString()));
        Assert.DoesNotContain(secret, received.Body);
    }

    [Fact]
    public async Task Robots_hear_it_in_their_own_words_and_mean_yes_only_with_code_zero()
    {
        await using var receiver = await Receiver.StartAsync();
        using var post = Post();
        var url = new Uri(receiver.Url, "/robot?key=k").ToString();

        Assert.Null(await post.SendAsync(Message(AlertChannelKind.Wecom, url, null, "zh-CN"), default));
        Assert.Null(await post.SendAsync(Message(AlertChannelKind.Dingtalk, url, "SEC1", "zh-CN"), default));
        receiver.Answers.Enqueue((200, """{"code":0,"msg":"success"}"""));
        Assert.Null(await post.SendAsync(Message(AlertChannelKind.Feishu, url, "SEC2", "zh-CN"), default));
        receiver.Answers.Enqueue((200, """{"errcode":93000,"errmsg":"invalid webhook url"}"""));
        Assert.Equal("The robot refused it with code 93000.", await post.SendAsync(Message(AlertChannelKind.Wecom, url, null), default));
        receiver.Answers.Enqueue((200, "<html>"));
        Assert.NotNull(await post.SendAsync(Message(AlertChannelKind.Feishu, url, null), default));

        var received = receiver.Received.ToArray();
        var wecom = JsonDocument.Parse(received[0].Body).RootElement;
        Assert.Equal("markdown", wecom.GetProperty("msgtype").GetString());
        Assert.Contains("本周期套餐额度已使用 80%", wecom.GetProperty("markdown").GetProperty("content").GetString());

        var dingtalk = JsonDocument.Parse(received[1].Body).RootElement;
        Assert.Contains("额度为 10,000 令牌", dingtalk.GetProperty("markdown").GetProperty("text").GetString());
        var query = System.Web.HttpUtility.ParseQueryString(received[1].Path[received[1].Path.IndexOf('?', StringComparison.Ordinal)..]);
        Assert.Equal("k", query["key"]);
        Assert.Equal(Convert.ToBase64String(HMACSHA256.HashData("SEC1"u8, Encoding.UTF8.GetBytes($"{query["timestamp"]}\nSEC1"))), query["sign"]);

        var feishu = JsonDocument.Parse(received[2].Body).RootElement;
        Assert.Equal("text", feishu.GetProperty("msg_type").GetString());
        Assert.Equal(
            Convert.ToBase64String(HMACSHA256.HashData(Encoding.UTF8.GetBytes($"{feishu.GetProperty("timestamp").GetString()}\nSEC2"), ReadOnlySpan<byte>.Empty)),
            feishu.GetProperty("sign").GetString());
    }

    [Fact]
    public async Task A_refusal_a_redirect_and_silence_are_failures()
    {
        await using var receiver = await Receiver.StartAsync();
        using var post = Post();
        var message = Message(AlertChannelKind.Webhook, receiver.Url.ToString(), AlertSecrets.Generate());

        receiver.Answers.Enqueue((500, ""));
        Assert.Equal("The receiver answered 500.", await post.SendAsync(message, default));
        receiver.Answers.Enqueue((302, ""));
        Assert.Equal("The receiver answered 302.", await post.SendAsync(message, default));
    }

    [Theory]
    [InlineData("http://127.0.0.1:{0}/")]
    [InlineData("http://localhost:{0}/")]
    [InlineData("http://[::1]:{0}/")]
    [InlineData("http://0.0.0.0:{0}/")]
    [InlineData("http://[::ffff:127.0.0.1]:{0}/")]
    [InlineData("http://2130706433:{0}/")]
    [InlineData("http://169.254.169.254/latest/meta-data")]
    public async Task No_webhook_leads_into_the_hubs_own_network(string url)
    {
        await using var receiver = await Receiver.StartAsync();
        using var post = Post(allowPrivate: false);
        var target = string.Format(System.Globalization.CultureInfo.InvariantCulture, url, receiver.Url.Port);

        await Assert.ThrowsAnyAsync<Exception>(() => post.SendAsync(Message(AlertChannelKind.Webhook, target, AlertSecrets.Generate()), default));

        Assert.Empty(receiver.Received);
    }

    [Theory]
    [InlineData("en", AlertKind.Quota, "[AI Hub] Acme: 80% of the plan's quota is used", "“Acme” has used 8,000 tokens of 10,000 tokens in this period and reached 80%. The quota resets at 2026-04-01 00:00.")]
    [InlineData("zh-CN", AlertKind.Quota, "[AI Hub] Acme：本周期套餐额度已使用 80%", "组织“Acme”本周期已使用 8,000 令牌，额度为 10,000 令牌，已达到 80% 提醒线。额度将于 2026-04-01 00:00 重置。")]
    [InlineData("zh-CN", AlertKind.Budget, "[AI Hub] Acme：预算“low”已使用 80%", "预算“low”已使用 8,000 令牌，限额为 10,000 令牌，已达到 80% 提醒线。该预算将于 2026-04-01 00:00 重置。")]
    public void Alerts_are_written_in_the_language_of_the_channel(string language, AlertKind kind, string subject, string body)
    {
        var text = AlertText.Of(Message(AlertChannelKind.Email, "a@example.com", null, language, kind));

        Assert.Equal((subject, body), (text.Subject, text.Body.Split('\n')[0]));
    }

    [Fact]
    public async Task Mail_is_dropped_into_a_folder_where_one_is_named()
    {
        var folder = Directory.CreateTempSubdirectory("mail").FullName;
        try
        {
            var mail = new Mail(Options.Create(new MailOptions { Folder = folder, From = "hub@example.com" }), Options.Create(new AlertOptions()), TimeProvider.System);

            Assert.Null(await mail.SendAsync(Message(AlertChannelKind.Email, "finance@example.com", null, "zh-CN"), default));

            using var message = await MimeKit.MimeMessage.LoadAsync(Assert.Single(Directory.GetFiles(folder, "*.eml")));
            Assert.Equal(("finance@example.com", "[AI Hub] Acme：本周期套餐额度已使用 80%"), (message.To.Mailboxes.Single().Address, message.Subject));
            Assert.Contains("额度为 10,000 令牌", message.TextBody, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Mail_goes_out_by_smtp()
    {
        await using var server = new SmtpServer();
        var mail = new Mail(
            Options.Create(new MailOptions { Host = "127.0.0.1", Port = server.Port, Security = "none", From = "hub@example.com" }),
            Options.Create(new AlertOptions { Timeout = TimeSpan.FromMinutes(1) }),
            TimeProvider.System);

        Assert.Null(await mail.SendAsync(Message(AlertChannelKind.Email, "finance@example.com", null), default));

        await Eventually.HappensAsync(() => Task.FromResult(!server.Kept.IsEmpty), "the mail");
        var heard = Assert.Single(server.Kept);
        Assert.Contains("MAIL FROM:<hub@example.com>", heard, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("RCPT TO:<finance@example.com>", heard, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("Subject: [AI Hub] Acme: 80% of the plan's quota is used", heard, StringComparison.Ordinal);
    }

    private static WebhookPost Post(bool allowPrivate = true) =>
        new(Options.Create(new AlertOptions { AllowPrivateNetwork = allowPrivate, Timeout = TimeSpan.FromMinutes(1) }), TimeProvider.System);

    /// <summary>Some message for a webhook.</summary>
    internal static AlertMessage ToWebhook(string url) => Message(AlertChannelKind.Webhook, url, AlertSecrets.Prefix + Convert.ToBase64String(new byte[24]));

    private static AlertMessage Message(AlertChannelKind channel, string target, string? secret, string language = "en", AlertKind kind = AlertKind.Quota) => new()
    {
        Id = Guid.CreateVersion7(),
        Attempts = 1,
        OrganizationId = Guid.CreateVersion7(),
        OrganizationName = "Acme",
        TimeZone = "Asia/Shanghai",
        ChannelKind = channel,
        Target = target,
        Secret = secret,
        Language = language,
        FiringId = Guid.CreateVersion7(),
        Kind = kind,
        SourceId = Guid.CreateVersion7(),
        Name = "low",
        Threshold = 80,
        UsedAmount = 8_000,
        OfAmount = 10_000,
        Unit = "TOK",
        ResetsAt = new DateTimeOffset(2026, 3, 31, 16, 0, 0, TimeSpan.Zero),
        FiredAt = Noon,
    };
}
