using System.Text;
using AiHub.Domain;
using AiHub.Domain.Invoices;
using AiHub.Domain.Tenancy;
using AiHub.Tests.Accounts;
using AiHub.Tests.Alerts;
using AiHub.Tests.Hub;
using AiHub.Worker.Alerts;
using AiHub.Worker.Invoicing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using MimeKit;
using UglyToad.PdfPig;

namespace AiHub.Tests.Invoices;

/// <summary>Invoices on their way to whoever pays them.</summary>
public sealed class InvoiceMailTests(LedgerFixture books) : PostpaidTests(books)
{
    private static readonly DateTimeOffset JuneBegan = new(2026, 5, 31, 16, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("zh-CN", "账单 {0}（¥123.46）", "购买方")]
    [InlineData("en", "Invoice {0} (¥123.46)", "Bill to")]
    public async Task An_invoice_is_mailed_once_with_its_file_in_the_buyer_s_language_also_when_the_server_refuses_first(string language, string subject, string word)
    {
        await using var server = new SmtpServer(refusals: 2);
        var clock = new FakeTimeProvider(JuneBegan + InvoiceRun.Grace + TimeSpan.FromMinutes(1));
        var customer = await PostpaidAsync(500_000_000_000);
        var address = $"finance-{language}@example.com";
        await using var db = Books.Database.Open();
        await db.InOrganizationAsync(customer.Id, async () =>
        {
            db.BillingProfiles.Add(new BillingProfile { OrganizationId = customer.Id, Name = "Acme", Address = "", TaxId = "", Email = address, Language = language, UpdatedAt = Customer.Start });
            await db.SaveChangesAsync();
        }, default);
        await UseAsync(customer, 123_456_000_000, Customer.Start);
        await InvoiceRun.RunAsync(db, clock.GetUtcNow(), (_, failure) => Assert.Fail(failure.ToString()), default);
        var number = (await InvoicesAsync(customer)).Single().Invoice.Number!;

        await using var services = new ServiceCollection().AddDbContext<HubDb>(options => options.UseNpgsql(Books.Database.AppConnectionString)).BuildServiceProvider();
        var mail = new Mail(
            Options.Create(new MailOptions { Host = "127.0.0.1", Port = server.Port, Security = "none", From = "hub@example.com" }),
            Options.Create(new AlertOptions { Timeout = TimeSpan.FromMinutes(1) }),
            clock);
        using var run = new InvoiceMailRun(clock, services.GetRequiredService<IServiceScopeFactory>(), mail, NullLogger<InvoiceMailRun>.Instance);
        await run.StartAsync(default);
        // It comes again after some seconds, then after a minute; and no more once it is kept.
        await Eventually.HappensAsync(() => Passes(server.Refused == 1), "the first refusal");
        await Eventually.HappensAsync(() => Passes(server.Refused == 2), "the second refusal");
        await Eventually.HappensAsync(() => Passes(!server.Kept.IsEmpty), "the mail");
        await Eventually.HappensAsync(
            () => Books.Database.AsAdminAsync<bool>($"select sent_at is not null and attempts = 3 from invoice_mails where organization_id = '{customer.Id}'"), "the note that it was sent");
        for (var later = 0; later < 5; later++)
        {
            clock.Advance(TimeSpan.FromHours(1));
            await Task.Delay(200);
        }

        await run.StopAsync(default);
        var conversation = Assert.Single(server.Kept);
        Assert.Equal(2, server.Refused);
        Assert.Contains($"RCPT TO:<{address}>", conversation, StringComparison.OrdinalIgnoreCase);
        using var message = await MimeMessage.LoadAsync(new MemoryStream(Encoding.UTF8.GetBytes(SmtpServer.MessageIn(conversation))));
        Assert.Contains(string.Format(null, subject, number), message.Subject, StringComparison.Ordinal);
        var file = Assert.IsType<MimePart>(Assert.Single(message.Attachments));
        Assert.Equal(($"{number}.pdf", "application/pdf"), (file.FileName, file.ContentType.MimeType));
        using var content = new MemoryStream();
        await file.Content!.DecodeToAsync(content);
        using var pdf = PdfDocument.Open(content.ToArray());
        var text = string.Concat(pdf.GetPages().Select(page => page.Text)).Normalize(NormalizationForm.FormKC).Replace(" ", "", StringComparison.Ordinal);
        Assert.All([number, "123.46", word.Replace(" ", "", StringComparison.Ordinal)], expected => Assert.Contains(expected, text, StringComparison.Ordinal));

        Task<bool> Passes(bool happened)
        {
            clock.Advance(TimeSpan.FromSeconds(5));
            return Task.FromResult(happened);
        }
    }
}
