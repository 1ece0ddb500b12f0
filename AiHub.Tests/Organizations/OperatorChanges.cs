using AiHub.Contracts;
using AiHub.Gateway.Management.Docs;
using AiHub.Tests.Invoices;
using AiHub.Tests.Management;
using AiHub.Tests.Portal;
using Visitor = AiHub.Tests.Management.Visitor;

namespace AiHub.Tests.Organizations;

/// <summary>One successful change by each endpoint that operators run the hub with, by its operation id.</summary>
internal static class OperatorChanges
{
    public static readonly IReadOnlyDictionary<string, Func<ManagementHub, Task<Answer>>> All = new Dictionary<string, Func<ManagementHub, Task<Answer>>>
    {
        ["createVendor"] = async hub => await (await hub.OperateAsync()).PostAsync("admin/vendors", Vendor()),
        ["changeVendor"] = hub => WithVendorAsync(hub, (person, vendor) => person.PatchAsync($"admin/vendors/{vendor}", new VendorChange("Acme Ltd"))),
        ["addVendorKey"] = hub => WithVendorAsync(hub, AddKeyAsync),
        ["switchVendorKey"] = hub => WithVendorAsync(hub, async (person, vendor) =>
            await person.PatchAsync($"admin/vendor-keys/{(await AddKeyAsync(person, vendor)).Read<VendorKeyView>().Id}", new VendorKeyChange(false))),
        ["removeVendorKey"] = hub => WithVendorAsync(hub, async (person, vendor) =>
            await person.DeleteAsync($"admin/vendor-keys/{(await AddKeyAsync(person, vendor)).Read<VendorKeyView>().Id}")),
        ["createModel"] = hub => WithVendorAsync(hub, AddModelAsync),
        ["changeModel"] = hub => WithVendorAsync(hub, async (person, vendor) =>
            await person.PatchAsync("admin/models", new ModelChange((await AddModelAsync(person, vendor)).Read<ModelAdminView>().Id, "Turbo 2"))),
        ["createEndpoint"] = hub => WithEndpointAsync(hub, (_, created) => Task.FromResult(created)),
        ["changeEndpoint"] = hub => WithEndpointAsync(hub, (person, created) => person.PatchAsync($"admin/endpoints/{created.Read<EndpointView>().Id}", new EndpointChange(Weight: 3))),
        ["appendPrice"] = hub => WithPriceAsync(hub, (_, priced) => Task.FromResult(priced)),
        ["endPrice"] = hub => WithPriceAsync(hub, (person, priced) => person.PostAsync($"admin/prices/{priced.Read<PriceRowView>().Id}/end", new PriceEnd())),
        ["importCatalogue"] = hub => WithProposalAsync(hub, (_, imported, _) => Task.FromResult(imported)),
        ["approvePriceProposal"] = hub => WithProposalAsync(hub, (person, _, proposal) => person.PostAsync($"admin/price-proposals/{proposal}/approve", null)),
        ["rejectPriceProposal"] = hub => WithProposalAsync(hub, (person, _, proposal) => person.PostAsync($"admin/price-proposals/{proposal}/reject", null)),
        ["setHolidays"] = async hub => await (await hub.OperateAsync()).PutAsync("admin/holidays", AdminExamples.Holidays),
        ["addVendorTerms"] = hub => WithVendorAsync(hub, (person, vendor) => person.PostAsync("admin/finance/vendor-terms", new NewVendorTerms(vendor, "85"))),
        ["createCodeBatch"] = hub => WithCodesAsync(hub, (_, created) => Task.FromResult(created)),
        ["revokeCodeBatch"] = hub => WithCodesAsync(hub, (person, created) => person.PostAsync($"admin/code-batches/{created.Read<CreatedCodeBatch>().Batch.Id}/revoke", null)),
        ["checkAnyOrder"] = hub => WithOrderAsync(hub, paid: false, (person, order) => person.PostAsync($"admin/finance/orders/{order}/check", null)),
        ["refundAnyOrder"] = hub => WithOrderAsync(hub, paid: true, (person, order) => person.PostAsync($"admin/finance/orders/{order}/refunds", new NewRefund("1", "not needed"))),
        ["importFapiao"] = hub => WithFapiaoAsync(hub, (person, fapiao) => person.PostAsync("admin/finance/fapiao/import", new FapiaoImport([new FapiaoImportLine(fapiao, "25312000000123456789")]))),
        ["rejectFapiao"] = hub => WithFapiaoAsync(hub, (person, fapiao) => person.PostAsync($"admin/finance/fapiao/{fapiao}/reject", new FapiaoReason("the tax id is wrong"))),
        ["createCreditNote"] = hub => WithInvoiceAsync(hub, (person, invoice) => person.PostAsync($"{invoice}/credit-notes", new NewCreditNote("2.00", "offset", "too much"))),
        ["markInvoicePaid"] = hub => WithInvoiceAsync(hub, (person, invoice) => person.PostAsync($"{invoice}/paid", new InvoiceTransfer("TT-1"))),
        ["voidInvoice"] = hub => WithInvoiceAsync(hub, (person, invoice) => person.PostAsync($"{invoice}/void", new InvoiceReason("made twice"))),
        ["giveUpInvoice"] = hub => WithInvoiceAsync(hub, (person, invoice) => person.PostAsync($"{invoice}/uncollectible", new InvoiceReason("insolvent"))),
        ["putLegalEntity"] = async hub =>
        {
            var entity = await hub.Database.AsAdminAsync<string>("select id from legal_entities where currency = 'CNY'");
            return await (await hub.OperateAsync()).PutAsync($"admin/finance/legal-entities/{entity}", InvoiceExamples.EntityChange);
        },
        ["compareChannelBill"] = hub => WithBillAsync(hub, new DateOnly(2025, 3, 4), (person, bill) => person.PostAsync($"{bill}/again", null)),
        ["acceptBillDifference"] = hub => WithBillAsync(hub, new DateOnly(2025, 3, 5), async (person, bill) =>
        {
            var line = (await person.ReadAsync<Page<ChannelBillLineView>>($"{bill}/lines")).Data.First(line => line.Verdict == "missing_here");
            return await person.PostAsync($"{bill}/lines/{line.Id}/accept", new BillAcceptance("of another system"));
        }),
    };

    /// <summary>Somebody who runs the hub.</summary>
    public static async Task<Visitor> OperateAsync(this ManagementHub hub)
    {
        var person = await hub.RegisterAsync("CNY");
        await hub.Database.AsAdminAsync<Guid>($"insert into operators (user_id, created_at) values ('{person.UserId}', '2026-01-01') returning user_id");
        return person;
    }

    private static NewVendor Vendor() => new($"v-{Guid.CreateVersion7():N}"[..30], "Acme", "https://api.acme.example/v1");

    private static async Task<Answer> WithVendorAsync(ManagementHub hub, Func<Visitor, string, Task<Answer>> change)
    {
        var (person, vendor) = (await hub.OperateAsync(), Vendor());
        var created = await person.PostAsync("admin/vendors", vendor);
        Assert.True(created.Message.IsSuccessStatusCode, created.Text);
        return await change(person, vendor.Id);
    }

    private static Task<Answer> AddKeyAsync(Visitor person, string vendor) => person.PostAsync("admin/vendor-keys", new NewVendorKey(vendor, "first", "sk-0123456789-abcdef"));

    private static Task<Answer> AddModelAsync(Visitor person, string vendor) => person.PostAsync("admin/models", new NewModel($"{vendor}/turbo", "Turbo", ContextLength: 1000, MaxOutputTokens: 100));

    private static Task<Answer> WithEndpointAsync(ManagementHub hub, Func<Visitor, Answer, Task<Answer>> change) => WithVendorAsync(hub, async (person, vendor) =>
    {
        var model = (await AddModelAsync(person, vendor)).Read<ModelAdminView>();
        return await change(person, await person.PostAsync("admin/endpoints", new NewEndpoint(model.Id, vendor, "turbo-2026")));
    });

    private static Task<Answer> WithPriceAsync(ManagementHub hub, Func<Visitor, Answer, Task<Answer>> change) => WithEndpointAsync(hub, async (person, created) =>
        await change(person, await person.PostAsync("admin/prices", new NewPrice(created.Read<EndpointView>().Id, "input", "USD", "1", "a contract"))));

    private static Task<Answer> WithProposalAsync(ManagementHub hub, Func<Visitor, Answer, Guid, Task<Answer>> change) => WithPriceAsync(hub, async (person, priced) =>
    {
        var endpoint = priced.Read<PriceRowView>().EndpointId;
        var model = await hub.Database.AsAdminAsync<string>($"select model_id from upstreams where id = '{endpoint}'");
        var imported = await person.PostAsync("admin/catalogue/import", $$"""
            {"catalogue":{"source":"a price list","vendors":[],"models":[{"id":"{{model}}","name":"Turbo","aliases":[],"context_length":1000,"max_output_tokens":100,"input_modalities":["text"],
             "output_modalities":["text"],"upstreams":[{"vendor":"{{model.Split('/')[0]}}","model":"turbo-2026","prices":{"USD":[{"input":"1.5"}]} }]}]} }
            """);
        var proposals = (await person.ReadAsync<Page<PriceProposalView>>("admin/price-proposals?limit=100")).Data;
        return await change(person, imported, proposals.First(proposal => proposal.EndpointId == endpoint).Id);
    });

    private static async Task<Answer> WithCodesAsync(ManagementHub hub, Func<Visitor, Answer, Task<Answer>> change)
    {
        var person = await hub.OperateAsync();
        return await change(person, await person.PostAsync("admin/code-batches", new NewCodeBatch("Spring", "USD", "10", 1, hub.Clock.GetUtcNow().AddDays(30))));
    }

    private static async Task<Answer> WithOrderAsync(ManagementHub hub, bool paid, Func<Visitor, Guid, Task<Answer>> change)
    {
        var customer = await hub.RegisterAsync("USD");
        return await change(await hub.OperateAsync(), await hub.AddOrderAsync(customer.OrganizationId, customer.UserId, "USD", paid));
    }

    private static async Task<Answer> WithFapiaoAsync(ManagementHub hub, Func<Visitor, Guid, Task<Answer>> change)
    {
        var customer = await hub.RegisterAsync("CNY");
        var title = (await customer.PostAsync("billing/fapiao/titles", new NewFapiaoTitle("personal", "Lin", null, "lin@example.com"))).Read<FapiaoTitleView>();
        await hub.SpendAsync(customer.OrganizationId);
        return await change(await hub.OperateAsync(), (await customer.PostAsync("billing/fapiao", new NewFapiao(title.Id, "general", "5.00"))).Read<FapiaoView>().Id);
    }

    private static Task<Answer> WithInvoiceAsync(ManagementHub hub, Func<Visitor, string, Task<Answer>> change) => InvoiceSetup.OpenAsync(hub, async (_, invoice) =>
        await change(await hub.OperateAsync(), $"admin/finance/invoices/{invoice}"));

    private static async Task<Answer> WithBillAsync(ManagementHub hub, DateOnly day, Func<Visitor, string, Task<Answer>> change)
    {
        await hub.Database.AddBillAsync("alipay", day);
        var bill = await hub.Database.AsAdminAsync<Guid>($"select id from channel_bills where channel = 'alipay' and day = '{day:yyyy-MM-dd}'");
        return await change(await hub.OperateAsync(), $"admin/finance/bills/{bill}");
    }
}
