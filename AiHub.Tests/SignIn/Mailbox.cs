using System.Text.RegularExpressions;
using AiHub.Tests.Management;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Tests.SignIn;

/// <summary>What was written to people, as it waits to be sent.</summary>
public static partial class Mailbox
{
    public static async Task<List<(string Subject, string Body)>> MailsAsync(this ManagementHub hub, string email)
    {
        await using var db = hub.Database.OpenAsAdmin();
        return [.. (await db.OutgoingMails.Where(mail => mail.Address == email).OrderBy(mail => mail.CreatedAt).ThenBy(mail => mail.Id).ToListAsync()).Select(mail => (mail.Subject, mail.Body!))];
    }

    /// <summary>Waits for the mail with this subject to have been written this often, and takes the token from its link.</summary>
    public static async Task<string> LinkTokenAsync(this ManagementHub hub, string email, string page, int count = 1)
    {
        for (var attempt = 0; ; attempt++)
        {
            var links = (await hub.MailsAsync(email)).SelectMany(mail => Link().Matches(mail.Body)).Where(link => link.Groups[1].Value == page).ToList();
            if (links.Count >= count)
            {
                return links[count - 1].Groups[2].Value;
            }

            Assert.True(attempt < 600, $"No mail to {page} for {email}.");
            await Task.Delay(50);
        }
    }

    [GeneratedRegex(@"http://localhost:5081/([a-z/-]+)\?token=(aik_[0-9A-Za-z]{43})\b")]
    private static partial Regex Link();
}
