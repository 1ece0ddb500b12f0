using System.Text;
using AiHub.Domain.Alerts;
using MailKit.Net.Smtp;
using MailKit.Security;
using Microsoft.Extensions.Options;
using MimeKit;

namespace AiHub.Worker.Alerts;

/// <summary>Sends by SMTP, or drops into a folder.</summary>
public sealed class Mail(IOptions<MailOptions> options, IOptions<AlertOptions> alerts, TimeProvider time)
{
    /// <returns>What went wrong; null when nothing did.</returns>
    public Task<string?> SendAsync(AlertMessage message, CancellationToken ct)
    {
        var text = AlertText.Of(message);
        return SendAsync(message.Id, message.Target, text.Subject, text.Body, null, ct);
    }

    /// <inheritdoc cref="SendAsync(AlertMessage, CancellationToken)"/>
    public async Task<string?> SendAsync(
        Guid id, string target, string subject, string body, (string Name, string MediaType, byte[] Content)? attachment, CancellationToken ct)
    {
        var text = new BodyBuilder { TextBody = body };
        if (attachment is { } file)
        {
            text.Attachments.Add(file.Name, file.Content, ContentType.Parse(file.MediaType));
        }

        using var mail = new MimeMessage
        {
            Subject = subject,
            // The same message again has the same id, so a mailbox can tell.
            MessageId = $"{id:N}@ai-hub",
            Date = time.GetUtcNow(),
            Body = text.ToMessageBody(),
        };
        mail.From.Add(new MailboxAddress("AI Hub", options.Value.From));
        mail.To.Add(MailboxAddress.Parse(target));

        return options.Value switch
        {
            { Folder: { } folder } => await DropAsync(mail, id, folder, ct),
            { Host: { } host } server => await SendAsync(mail, host, server, ct),
            _ => "This hub has no mail server. Its operator has to set Mail__Host.",
        };
    }

    private static async Task<string?> DropAsync(MimeMessage mail, Guid id, string folder, CancellationToken ct)
    {
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, $"{id:N}.eml");
        await mail.WriteToAsync(path + ".part", ct);
        File.Move(path + ".part", path, overwrite: true);

        return null;
    }

    private async Task<string?> SendAsync(MimeMessage mail, string host, MailOptions server, CancellationToken ct)
    {
        using var client = new SmtpClient { Timeout = (int)alerts.Value.Timeout.TotalMilliseconds };
        await client.ConnectAsync(
            host,
            server.Port,
            server.Security switch { "tls" => SecureSocketOptions.SslOnConnect, "none" => SecureSocketOptions.None, _ => SecureSocketOptions.StartTls },
            ct);
        if (server.User is { Length: > 0 } user)
        {
            await client.AuthenticateAsync(Encoding.UTF8, user, server.Password ?? "", ct);
        }

        await client.SendAsync(mail, ct);
        await client.DisconnectAsync(quit: true, ct);

        return null;
    }
}
