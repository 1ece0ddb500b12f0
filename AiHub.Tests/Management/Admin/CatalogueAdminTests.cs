using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using AiHub.Contracts;
using AiHub.Gateway.Access;
using AiHub.Tests.Hub;
using AiHub.Tests.Providers;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Tests.Management.Admin;

/// <summary>An operator changes the catalogue while the hub runs.</summary>
public sealed class CatalogueAdminTests(CatalogueAdminTests.OperatedHub fixture) : IClassFixture<CatalogueAdminTests.OperatedHub>
{
    private const string Answer =
        """{"id":"x","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}""";

    private HttpClient Operator => fixture.Operator.Management;

    [Fact]
    public async Task A_vendor_and_a_model_added_here_can_be_called_at_once_on_every_replica()
    {
        await using var vendor = await ScriptedVendor.AnsweringAsync(Answer);
        var name = NewName();
        const string Secret = "sk-acme-very-secret-9xYz";

        await PostAsync<VendorView>("admin/vendors", new NewVendor(name, "Acme", AddressOf(vendor), AllowPrivateNetwork: true));
        var key = await PostAsync<VendorKeyView>("admin/vendor-keys", new NewVendorKey(name, "first", Secret));
        Assert.Equal(("9xYz", "127.0.0.1"), (key.LastFour, key.Host));
        await PostAsync<ModelAdminView>("admin/models", new NewModel($"{name}/turbo", "Turbo", Aliases: [$"{name}-turbo"], MaxOutputTokens: 100));
        var endpoint = await PostAsync<EndpointView>("admin/endpoints", new NewEndpoint($"{name}/turbo", name, "turbo-2026"));

        // Unpriced is refused, never free.
        await EventuallyAsync(fixture.Caller.Api, $"{name}/turbo", HttpStatusCode.NotFound, "model_not_priced");
        await PriceAsync(endpoint.Id);
        await EventuallyAsync(fixture.Caller.Api, $"{name}-turbo", HttpStatusCode.OK);
        await EventuallyAsync(fixture.Hub.NewApiClient(fixture.Caller.Key.Key, fixture.Replica), $"{name}/turbo", HttpStatusCode.OK);

        Assert.All(vendor.Requests, request =>
        {
            Assert.Equal($"Bearer {Secret}", request.Headers["Authorization"]);
            Assert.Equal("turbo-2026", (string?)JsonNode.Parse(request.Body)!["model"]);
        });
        Assert.DoesNotContain(Secret, await Operator.GetStringAsync("admin/vendors"));
        Assert.Equal(0, await fixture.Hub.Database.AsAdminAsync<long>($"select count(*) from vendor_keys where vendor_keys::text like '%{Secret}%'"));
        Assert.Equal(0, await fixture.Hub.Database.AsAdminAsync<long>($"select count(*) from audit_entries where details::text like '%{Secret}%'"));
        Assert.Equal(
            ["vendor.created", "vendor_key.added"],
            (await AuditedAsync()).Where(entry => entry.Details.Contains(name) || entry.Subject == name).Select(entry => entry.Action).Where(action => action.StartsWith("vendor", StringComparison.Ordinal)).Order(StringComparer.Ordinal));

        // What is switched off is gone as fast.
        Assert.Equal(HttpStatusCode.OK, (await Operator.PatchAsJsonAsync($"admin/vendors/{name}", new VendorChange(Enabled: false), Json.Options)).StatusCode);
        await EventuallyAsync(fixture.Caller.Api, $"{name}/turbo", HttpStatusCode.NotFound, "model_not_available");
    }

    [Fact]
    public async Task A_key_is_sent_to_the_host_it_was_entered_for_and_to_no_other()
    {
        await using var vendor = await ScriptedVendor.AnsweringAsync(Answer);
        var (name, _) = await ServeAsync(vendor, "sk-first-key");
        await EventuallyAsync(fixture.Caller.Api, $"{name}/turbo", HttpStatusCode.OK);
        var served = vendor.Requests.Count;

        // The same port under another name: the vendor has moved.
        var moved = AddressOf(vendor).Replace("127.0.0.1", "localhost", StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await Operator.PatchAsJsonAsync($"admin/vendors/{name}", new VendorChange(BaseUrl: moved), Json.Options)).StatusCode);

        await EventuallyAsync(fixture.Caller.Api, $"{name}/turbo", HttpStatusCode.NotFound, "model_not_available");
        var before = vendor.Requests.Count;
        Assert.Equal(HttpStatusCode.NotFound, (await AskAsync(fixture.Caller.Api, $"{name}/turbo")).StatusCode);
        Assert.Equal(before, vendor.Requests.Count);
        Assert.True(before >= served);
    }

    [Fact]
    public async Task When_a_key_dies_the_next_of_its_pool_answers()
    {
        await using var vendor = await ScriptedVendor.StartAsync(context =>
        {
            var dead = context.Request.Headers.Authorization == "Bearer sk-dead-key";
            context.Response.StatusCode = dead ? 401 : 200;
            return ScriptedVendor.WriteAsync(context, "application/json", dead ? """{"error":{"message":"no","type":"invalid_request_error","code":"invalid_api_key"}}""" : Answer);
        });
        var (name, _) = await ServeAsync(vendor, "sk-dead-key", "sk-live-key");
        await EventuallyAsync(fixture.Caller.Api, $"{name}/turbo", HttpStatusCode.OK);

        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(HttpStatusCode.OK, (await AskAsync(fixture.Caller.Api, $"{name}/turbo", $"call {i}")).StatusCode);
        }

        // Once it is known to be dead it is left alone.
        Assert.InRange(vendor.Requests.Count(request => request.Headers["Authorization"] == "Bearer sk-dead-key"), 0, 3);
    }

    [Fact]
    public async Task A_test_call_says_how_long_it_took_or_what_went_wrong()
    {
        await using var vendor = await ScriptedVendor.StartAsync(context =>
        {
            var works = context.Request.Headers.Authorization == "Bearer sk-right-key";
            context.Response.StatusCode = works ? 200 : 403;
            return ScriptedVendor.WriteAsync(context, "application/json", works ? Answer : """{"error":{"message":"this key sk-wrong-key is not allowed here"}}""");
        });
        var (_, right) = await ServeAsync(vendor, "sk-right-key");
        var (_, wrong) = await ServeAsync(vendor, "sk-wrong-key");

        Assert.Equal((true, 200, null), await TestAsync(right));
        Assert.Equal((false, 403, "this key *** is not allowed here"), await TestAsync(wrong));

        async Task<(bool, int?, string?)> TestAsync(Guid endpoint)
        {
            EndpointTest test;
            var tries = 0;
            do
            {
                await Task.Delay(50 * tries);
                test = await PostAsync<EndpointTest>($"admin/endpoints/{endpoint}/test", null);
            }
            while (test.Status is null && tries++ < 100);

            Assert.True(test.LatencyMs >= 0);
            return (test.Succeeded, test.Status, test.Error);
        }
    }

    [Fact]
    public async Task An_import_that_is_given_an_id_says_how_far_it_is()
    {
        var (id, name) = (Guid.CreateVersion7(), $"far{Guid.CreateVersion7():N}"[..20]);
        Assert.Equal(new ImportProgress(0, 0), await FarAsync(Operator));
        var models = Enumerable.Range(0, 250).Select(number => new
        {
            id = $"{name}/m{number}",
            name = "M",
            aliases = Array.Empty<string>(),
            context_length = 1000,
            max_output_tokens = 100,
            input_modalities = new[] { "text" },
            output_modalities = new[] { "text" },
            upstreams = new[] { new { vendor = "sim", model = $"{name}-{number}", prices = new { USD = new[] { new { input = "1", output = "2" } } } } },
        });

        var imported = await PostAsync<CatalogueImported>($"admin/catalogue/import?progress={id}", new { catalogue = new { source = "list", vendors = Array.Empty<object>(), models } });

        Assert.Equal(new CatalogueImported(0, 250, 250, 500, 0), imported);
        await Eventually.HappensAsync(async () => await FarAsync(Operator) == new ImportProgress(250, 250), "it tells");
        Assert.Equal(HttpStatusCode.BadRequest, (await Operator.PostAsJsonAsync("admin/catalogue/import?progress=half", new { catalogue = new { } })).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await Operator.GetAsync("admin/imports/half")).StatusCode);

        async Task<ImportProgress?> FarAsync(HttpClient asks) => await asks.GetFromJsonAsync<ImportProgress>($"admin/imports/{id}", Json.Options);
    }

    [Fact]
    public async Task An_import_proposes_prices_and_an_operator_decides()
    {
        await using var vendor = await ScriptedVendor.AnsweringAsync(Answer);
        var (name, endpoint) = await ServeAsync(vendor, "sk-some-key");

        var imported = await PostAsync<CatalogueImported>("admin/catalogue/import", new
        {
            catalogue = new
            {
                source = "price list, 2026-11-27",
                vendors = Array.Empty<object>(),
                models = new[]
                {
                    new
                    {
                        id = $"{name}/turbo", name = "Turbo", aliases = Array.Empty<string>(), context_length = 1000, max_output_tokens = 100,
                        input_modalities = new[] { "text" }, output_modalities = new[] { "text" },
                        upstreams = new[] { new { vendor = name, model = "turbo-2026", prices = new { USD = new[] { new { input = "1.5", output = "2.5" } } } } },
                    },
                },
            },
        });
        Assert.Equal(new CatalogueImported(0, 0, 0, 0, 2), imported);

        var proposals = (await ProposalsAsync()).Where(proposal => proposal.EndpointId == endpoint).OrderBy(proposal => proposal.Component).ToList();
        Assert.Equal([("input", "1.5", "1"), ("output", "2.5", "2")], proposals.Select(proposal => (proposal.Component, proposal.Price, proposal.Current!)));

        var price = await PostAsync<PriceRowView>($"admin/price-proposals/{proposals[0].Id}/approve", null);
        Assert.Equal(("1.5", "price list, 2026-11-27", fixture.Operator.UserId.ToString()), (price.Price, price.Source, price.ApprovedBy));
        Assert.Equal(HttpStatusCode.NoContent, (await Operator.PostAsync($"admin/price-proposals/{proposals[1].Id}/reject", null)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await Operator.PostAsync($"admin/price-proposals/{proposals[1].Id}/approve", null)).StatusCode);

        var open = (await PricesAsync(endpoint)).Where(row => row.ValidTo is null).OrderBy(row => row.Component).ToList();
        Assert.Equal([("input", "1.5"), ("output", "2")], open.Select(row => (row.Component, row.Price)));
        Assert.DoesNotContain(await ProposalsAsync(), proposal => proposal.EndpointId == endpoint);
    }

    [Fact]
    public async Task Prices_are_added_and_ended_never_changed_and_without_one_nothing_is_called()
    {
        await using var vendor = await ScriptedVendor.AnsweringAsync(Answer);
        var (name, endpoint) = await ServeAsync(vendor, "sk-some-key");
        await EventuallyAsync(fixture.Caller.Api, $"{name}/turbo", HttpStatusCode.OK);

        var dearer = await PostAsync<PriceRowView>("admin/prices", new NewPrice(endpoint, "input", "USD", "7", "negotiated"));
        var rows = (await PricesAsync(endpoint)).Where(row => row.Component == "input").ToList();
        Assert.Equal([("7", null), ("1", dearer.ValidFrom)], rows.Select(row => (row.Price, row.ValidTo)));

        Assert.Equal(HttpStatusCode.OK, (await Operator.PostAsJsonAsync($"admin/prices/{dearer.Id}/end", new PriceEnd(), Json.Options)).StatusCode);
        await EventuallyAsync(fixture.Caller.Api, $"{name}/turbo", HttpStatusCode.NotFound, "model_not_priced");
        Assert.Equal(HttpStatusCode.NotFound, (await Operator.PostAsJsonAsync($"admin/prices/{dearer.Id}/end", new PriceEnd(), Json.Options)).StatusCode);
    }

    [Fact]
    public async Task A_price_that_was_agreed_with_a_customer_is_theirs_alone_and_the_explanation_says_so()
    {
        await using var vendor = await ScriptedVendor.AnsweringAsync(Answer);
        var (name, endpoint) = await ServeAsync(vendor, "sk-some-key");
        var buyer = await fixture.Hub.RegisterAsync();
        await EventuallyAsync(buyer.Api, $"{name}/turbo", HttpStatusCode.OK);

        var agreed = await PostAsync<PriceRowView>("admin/prices", new NewPrice(endpoint, "input", "USD", "0.5", "contract 2026-17", OrganizationId: buyer.OrganizationId));
        Assert.Equal(buyer.OrganizationId, agreed.OrganizationId);
        Assert.Equal(
            HttpStatusCode.NotFound,
            (await Operator.PostAsJsonAsync("admin/prices", new NewPrice(endpoint, "input", "USD", "0.5", "x", OrganizationId: Guid.CreateVersion7()), Json.Options)).StatusCode);

        // 3 input tokens at 0.5 and 1 output token at 2 a million, once every replica has heard of it.
        for (var tries = 0; (await buyer.RequestsAsync())[0].Cost != "0.0000035"; tries++)
        {
            Assert.True(tries < 100, (await buyer.RequestsAsync())[0].Cost);
            await Task.Delay(100);
            Assert.Equal(HttpStatusCode.OK, (await AskAsync(buyer.Api, $"{name}/turbo")).StatusCode);
        }

        var explained = (await buyer.Management.GetFromJsonAsync<ChargeExplanation>($"usage/requests/{(await buyer.RequestsAsync())[0].Id}/explain", Json.Options))!;
        Assert.Equal([("input", "0.5", true), ("output", "2", false)], explained.Prices.Select(price => (price.Component, price.PerMillion, price.Agreed)));
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(fixture.Caller.Api, $"{name}/turbo")).StatusCode);
        Assert.Equal("0.000005", (await fixture.Caller.RequestsAsync())[0].Cost);
        // The list price goes on for everybody else, and ends by itself.
        Assert.Equal(2, (await PricesAsync(endpoint)).Count(row => row.Component == "input" && row.ValidTo is null));
        await PostAsync<PriceRowView>($"admin/prices/{agreed.Id}/end", new PriceEnd());
        Assert.Null((await PricesAsync(endpoint)).Single(row => row.Component == "input" && row.OrganizationId is null).ValidTo);
    }

    [Fact]
    public async Task A_discount_is_taken_off_the_public_price_and_the_explanation_adds_up_and_the_margin_keeps_the_vendor_s_price()
    {
        await using var vendor = await ScriptedVendor.AnsweringAsync(Answer);
        var (name, endpoint) = await ServeAsync(vendor, "sk-some-key");
        var buyer = await fixture.Hub.RegisterAsync();
        await EventuallyAsync(buyer.Api, $"{name}/turbo", HttpStatusCode.OK);
        var path = $"admin/organizations/{buyer.OrganizationId}/discounts";

        var broad = await PostAsync<PriceDiscountView>(path, new NewPriceDiscount("10", "contract 2026-17"));
        var agreed = await PostAsync<PriceDiscountView>(path, new NewPriceDiscount("12.5", "contract 2026-17, annex", name, $"{name}/*"));
        Assert.Equal(("12.5", name, $"{name}/*", fixture.Operator.UserId.ToString()), (agreed.Percent, agreed.VendorId, agreed.Model, agreed.ApprovedBy));

        // 3 input tokens at 1 and 1 output token at 2 a million, less an eighth, once every replica has heard of it.
        for (var tries = 0; (await buyer.RequestsAsync())[0].Cost != "0.000004375"; tries++)
        {
            Assert.True(tries < 100, (await buyer.RequestsAsync())[0].Cost);
            await Task.Delay(100);
            Assert.Equal(HttpStatusCode.OK, (await AskAsync(buyer.Api, $"{name}/turbo")).StatusCode);
        }

        var call = (await buyer.RequestsAsync())[0];
        var explained = (await buyer.Management.GetFromJsonAsync<ChargeExplanation>($"usage/requests/{call.Id}/explain", Json.Options))!;
        Assert.Equal((1_250, $"{name}/*", "contract 2026-17, annex"), (explained.Discount!.BasisPoints, explained.Discount.Model, explained.Discount.Source));
        Assert.Equal([("1", "0.000002625", 1_250), ("2", "0.00000175", 1_250)], explained.Lines.Select(line => (line.PerMillion, line.ExactAmount, line.DiscountBasisPoints)));
        Assert.Equal(("0.000004375", "0", "0.000004375"), (explained.ExactCost, explained.Rounding, explained.Cost));
        Assert.Null(call.VendorCost);
        Assert.Equal(5_000, await fixture.Hub.Database.AsAdminAsync<long>($"select vendor_cost_nanos from usage_records where id = '{call.Id}'"));
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(fixture.Caller.Api, $"{name}/turbo")).StatusCode);
        var theirs = (await fixture.Caller.RequestsAsync())[0];
        Assert.Equal("0.000005", theirs.Cost);
        Assert.Null((await fixture.Caller.Management.GetFromJsonAsync<ChargeExplanation>($"usage/requests/{theirs.Id}/explain", Json.Options))!.Discount);

        // The model list shows what is asked of whoever looks.
        var shown = (await buyer.Management.GetFromJsonAsync<Page<ModelView>>("catalog/models", Json.Options))!.Data.Single(model => model.Id == $"{name}/turbo");
        Assert.Equal(("0.875", "1.75"), (shown.Price!.Input, shown.Price.Output));
        // Every call cost the hub the vendor's price, whatever its customer has agreed.
        var margin = Assert.Single((await Operator.GetFromJsonAsync<Page<ModelMargin>>("admin/finance/models", Json.Options))!.Data, row => row.ModelId == $"{name}/turbo");
        Assert.Equal(margin.Calls * 0.000005m, decimal.Parse(margin.VendorCost, System.Globalization.CultureInfo.InvariantCulture));
        Assert.True(margin.Margin.StartsWith('-'), margin.Margin);

        var second = await PostAsync<PriceDiscountView>(path, new NewPriceDiscount("20", "renegotiated", name, $"{name}/*", agreed.ValidFrom.AddDays(30), agreed.ValidFrom.AddDays(60)));
        var listed = (await Operator.GetFromJsonAsync<Page<PriceDiscountView>>(path, Json.Options))!.Data;
        Assert.Equal([(second.Id, second.ValidTo), (agreed.Id, second.ValidFrom), (broad.Id, null)], listed.Select(row => (row.Id, row.ValidTo)));
        Assert.Equal(HttpStatusCode.Conflict, await StatusAsync(path, new NewPriceDiscount("5", "overlaps", name, $"{name}/*", agreed.ValidFrom.AddDays(40))));
        Assert.Equal(HttpStatusCode.BadRequest, await StatusAsync(path, new NewPriceDiscount("0", "nothing")));
        Assert.Equal(HttpStatusCode.BadRequest, await StatusAsync(path, new NewPriceDiscount("100.01", "more than all")));
        Assert.Equal(HttpStatusCode.BadRequest, await StatusAsync(path, new NewPriceDiscount("5", "nowhere", Model: "nobody/nothing*")));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(path, new NewPriceDiscount("5", "nobody", "nobody")));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync($"admin/organizations/{Guid.CreateVersion7()}/discounts", new NewPriceDiscount("5", "nobody")));

        Assert.NotNull((await PostAsync<PriceDiscountView>($"{path}/{broad.Id}/end", new PriceEnd())).ValidTo);
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync($"{path}/{broad.Id}/end", new PriceEnd()));
        // The customer reads in its own log what was agreed with it.
        Assert.Equal("3 1", await fixture.Hub.Database.AsAdminAsync<string>(
            $"select count(*) filter (where action = 'discount.added') || ' ' || count(*) filter (where action = 'discount.ended') from audit_entries where organization_id = '{buyer.OrganizationId}'"));
        await Assert.ThrowsAsync<Npgsql.PostgresException>(() => fixture.Hub.Database.AsAdminAsync<Guid>($"update price_discounts set basis_points = 1 where id = '{agreed.Id}' returning id"));
    }

    [Fact]
    public async Task What_cannot_be_is_refused_with_its_reason()
    {
        Assert.Equal(HttpStatusCode.BadRequest, await StatusAsync("admin/vendors", new NewVendor("Not A Slug", "x", "https://x.test")));
        Assert.Equal(HttpStatusCode.BadRequest, await StatusAsync("admin/vendors", new NewVendor("x", "x", "ftp://x.test/")));
        Assert.Equal(HttpStatusCode.BadRequest, await StatusAsync("admin/vendors", new NewVendor("x", "x", "https://x.test", Quirks: new Dictionary<string, string> { ["nonsense"] = "1" })));
        Assert.Equal(HttpStatusCode.BadRequest, await StatusAsync("admin/vendors", new NewVendor("x", "x", "https://x.test", Quirks: new Dictionary<string, string> { ["extras:x"] = "Nonsense" })));
        foreach (var (quirk, value) in new[] { ("defaults", "[]"), ("defaults:x", "{"), ("errors", "1113=nonsense"), ("errors", ""), ("rename", "a"), ("stream_options", "no"), ("done", ""), ("balance", "x") })
        {
            Assert.Equal(HttpStatusCode.BadRequest, (await Operator.PatchAsJsonAsync("admin/vendors/openai", new VendorChange(Quirks: new Dictionary<string, string> { [quirk] = value }), Json.Options)).StatusCode);
        }

        Assert.Equal(HttpStatusCode.BadRequest, (await Operator.PatchAsJsonAsync("admin/vendors/openai", new VendorChange(Dialect: "klingon"), Json.Options)).StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, await StatusAsync("admin/vendors", new NewVendor("openai", "x", "https://x.test")));
        Assert.Equal(HttpStatusCode.BadRequest, await StatusAsync("admin/models", new NewModel("no-slash", "x")));
        Assert.Equal(HttpStatusCode.Conflict, await StatusAsync("admin/models", new NewModel("openai/gpt-5.5", "x")));
        Assert.Equal(HttpStatusCode.Conflict, await StatusAsync("admin/models", new NewModel("x/y", "x", Aliases: ["gpt-5.5"])));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync("admin/endpoints", new NewEndpoint("openai/gpt-5.5", "nobody", "x")));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync("admin/vendor-keys", new NewVendorKey("nobody", "x", "sk-12345678")));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync("admin/prices", new NewPrice(Guid.CreateVersion7(), "input", "USD", "1", "x")));
        Assert.Equal(HttpStatusCode.BadRequest, await StatusAsync("admin/prices", new NewPrice(Guid.CreateVersion7(), "input", "USD", "-1", "x", Hours: "always")));
        Assert.Equal(HttpStatusCode.BadRequest, await StatusAsync("admin/catalogue/import", new { catalogue = new { nonsense = true } }));
    }

    [Theory]
    [InlineData("""{"source":"s","vendors":[]}""", "“models” is missing.", "缺少“models”。")]
    [InlineData("""{"source":"s","vendors":[],"models":[],"modles":[]}""", "A catalogue has no “modles”.", "目录中没有“modles”这一项。")]
    [InlineData("""{"source":"s","vendors":[{"id":"v","name":"V","base_url":null,"dialect":"openai","key_variable":null}],"models":[]}""", "The value of “vendors[0].base_url” is not of the right kind.", "“vendors[0].base_url”的值类型不正确。")]
    [InlineData("""{"source":"s","vendors":[],"models":[{"id":"a/b","name":"B","aliases":[],"context_length":"long","max_output_tokens":1,"input_modalities":[],"output_modalities":[],"upstreams":[]}]}""", "The value of “models[0].context_length” is not of the right kind.", "“models[0].context_length”的值类型不正确。")]
    [InlineData("""{"source":"s","vendors":[],"models":[{"id":"a/b","name":"B","aliases":[],"context_length":1,"max_output_tokens":1,"input_modalities":[],"output_modalities":[],"upstreams":[{"vendor":"openai","model":"b","prices":{"EUR":[]}}]}]}""", "A catalogue has no “models[0].upstreams[0].prices.EUR”.", "目录中没有“models[0].upstreams[0].prices.EUR”这一项。")]
    [InlineData("""{"source":"s","vendors":[],"models":[{"id":"a/b","name":"B","aliases":[],"context_length":1,"max_output_tokens":1,"input_modalities":[],"output_modalities":[],"upstreams":[{"vendor":"nobody","model":"b","prices":{}}]}]}""", "The model “a/b” names the vendor “nobody”, which is not in the catalogue.", "模型“a/b”引用的厂商“nobody”不在目录中。")]
    public async Task What_is_no_catalogue_is_told_by_its_path_in_the_operators_language(string catalogue, string english, string chinese)
    {
        foreach (var (language, told) in new[] { ("en", english), ("zh-CN", chinese) })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "admin/catalogue/import")
            {
                Content = new StringContent($$"""{"catalogue":{{catalogue}}}""", System.Text.Encoding.UTF8, "application/json"),
                Headers = { { "Accept-Language", language } },
            };

            using var answer = await Operator.SendAsync(request);

            var problem = (await answer.Content.ReadFromJsonAsync<ProblemView>(Json.Options))!;
            Assert.Equal("not_a_catalogue", problem.Code);
            Assert.EndsWith(told, problem.Detail, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("/user/balance infos.0.total infos.0.currency", """{"infos":[{"currency":"CNY","total":"110.00"}]}""", "110.00", "CNY")]
    [InlineData("/credits data.bought-data.used USD", """{"data":{"bought":20.5,"used":4.25}}""", "16.25", "USD")]
    [InlineData("/credits data.bought USD", """{"data":{}}""", null, null)]
    [InlineData("/credits data USD", "not json", null, null)]
    public async Task A_vendor_is_asked_what_is_left_with_the_key_it_is_about(string quirk, string answer, string? amount, string? currency)
    {
        string? asked = null;
        await using var vendor = await ScriptedVendor.StartAsync(context =>
        {
            asked = context.Request.Method + context.Request.Path;
            return ScriptedVendor.WriteAsync(context, "application/json", answer);
        });
        var name = NewName();
        await PostAsync<VendorView>("admin/vendors", new NewVendor(name, "Acme", AddressOf(vendor), AllowPrivateNetwork: true, Quirks: new Dictionary<string, string> { ["balance"] = quirk }));
        var key = await PostAsync<VendorKeyView>("admin/vendor-keys", new NewVendorKey(name, "first", "sk-acme-balance-1234"));

        var balance = (await Operator.GetFromJsonAsync<VendorBalanceView>($"admin/vendor-keys/{key.Id}/balance", Json.Options))!;

        Assert.Equal((amount, currency, amount is null), (balance.Amount, balance.Currency, balance.Error is not null));
        Assert.Equal("GET" + new Uri(AddressOf(vendor)).AbsolutePath.TrimEnd('/') + quirk.Split(' ')[0], asked);
        Assert.Equal("Bearer sk-acme-balance-1234", Assert.Single(vendor.Requests).Headers["Authorization"]);
    }

    [Fact]
    public async Task A_vendor_that_cannot_be_asked_is_not_and_a_way_that_is_none_is_refused()
    {
        await using var vendor = await ScriptedVendor.AnsweringAsync("{}", 401);
        var name = NewName();
        await PostAsync<VendorView>("admin/vendors", new NewVendor(name, "Acme", AddressOf(vendor), AllowPrivateNetwork: true));
        var key = await PostAsync<VendorKeyView>("admin/vendor-keys", new NewVendorKey(name, "first", "sk-acme-balance-1234"));
        Assert.Contains("cannot be asked", (await AskAsync()).Error, StringComparison.Ordinal);
        Assert.Empty(vendor.Requests);

        Assert.Equal(HttpStatusCode.BadRequest, await QuirkAsync("balance please"));
        Assert.Equal(HttpStatusCode.OK, await QuirkAsync("/balance amount USD"));
        Assert.Equal("The vendor answered 401.", (await AskAsync()).Error);
        Assert.Equal(HttpStatusCode.NotFound, (await Operator.GetAsync($"admin/vendor-keys/{Guid.CreateVersion7()}/balance")).StatusCode);

        async Task<VendorBalanceView> AskAsync() => (await Operator.GetFromJsonAsync<VendorBalanceView>($"admin/vendor-keys/{key.Id}/balance", Json.Options))!;

        async Task<HttpStatusCode> QuirkAsync(string balance) =>
            (await Operator.PatchAsJsonAsync($"admin/vendors/{name}", new VendorChange(Quirks: new Dictionary<string, string> { ["balance"] = balance }), Json.Options)).StatusCode;
    }

    [Fact]
    public async Task A_key_that_is_switched_off_is_not_used_until_it_is_switched_on_again()
    {
        await using var vendor = await ScriptedVendor.AnsweringAsync(Answer);
        var (name, _) = await ServeAsync(vendor, "sk-some-key");
        await EventuallyAsync(fixture.Caller.Api, $"{name}/turbo", HttpStatusCode.OK);
        var key = (await Operator.GetFromJsonAsync<Page<VendorView>>("admin/vendors", Json.Options))!.Data.Single(one => one.Id == name).Keys.Single();

        Assert.False((await SwitchAsync(false)).Enabled);
        await EventuallyAsync(fixture.Caller.Api, $"{name}/turbo", HttpStatusCode.NotFound, "model_not_available");
        Assert.True((await SwitchAsync(true)).Enabled);
        await EventuallyAsync(fixture.Caller.Api, $"{name}/turbo", HttpStatusCode.OK);

        Assert.Equal(["vendor_key.disabled", "vendor_key.enabled"], (await AuditedAsync()).Where(entry => entry.Subject == key.Id.ToString() && entry.Action != "vendor_key.added").Select(entry => entry.Action).Order(StringComparer.Ordinal));
        Assert.Equal(HttpStatusCode.NotFound, (await Operator.PatchAsJsonAsync($"admin/vendor-keys/{Guid.CreateVersion7()}", new VendorKeyChange(false), Json.Options)).StatusCode);

        async Task<VendorKeyView> SwitchAsync(bool on)
        {
            var response = await Operator.PatchAsJsonAsync($"admin/vendor-keys/{key.Id}", new VendorKeyChange(on), Json.Options);
            Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
            return (await response.Content.ReadFromJsonAsync<VendorKeyView>(Json.Options))!;
        }
    }

    [Fact]
    public async Task A_model_s_weights_are_an_operator_s_to_set()
    {
        await using var vendor = await ScriptedVendor.AnsweringAsync(Answer);
        var (name, _) = await ServeAsync(vendor, "sk-some-key");
        var weights = new ModelWeights(2_000, 500, 4_000, Image: 7_000_000);

        var response = await Operator.PatchAsJsonAsync("admin/models", new ModelChange($"{name}/turbo", Weights: weights), Json.Options);

        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        Assert.Equal(weights, (await response.Content.ReadFromJsonAsync<ModelAdminView>(Json.Options))!.Weights);
        Assert.Contains("4000", Assert.Single(await AuditedAsync(), entry => entry.Action == "model.changed" && entry.Subject == $"{name}/turbo").Details);

        // 3 in at two plan tokens each, 1 out at four.
        await EventuallyAsync(fixture.Caller.Api, $"{name}/turbo", HttpStatusCode.OK);
        for (var tries = 0; ; tries++)
        {
            var answer = await AskAsync(fixture.Caller.Api, $"{name}/turbo");
            var call = await fixture.Hub.Database.AsAdminAsync<long>($"select plan_tokens from usage_records where id = '{answer.Headers.GetValues("x-request-id").Single()}'");
            if (call == 10)
            {
                break;
            }

            Assert.True(tries < 200, $"The call counts {call} plan tokens.");
            await Task.Delay(50);
        }

        Assert.Equal(HttpStatusCode.BadRequest, (await Operator.PatchAsJsonAsync("admin/models", new ModelChange($"{name}/turbo", Weights: weights with { Output = -1 }), Json.Options)).StatusCode);
    }

    [Fact]
    public async Task A_dialect_nobody_speaks_is_refused_with_those_that_are_spoken()
    {
        var answer = await Operator.PostAsJsonAsync("admin/vendors", new NewVendor("x", "x", "https://x.test", Dialect: "klingon"), Json.Options);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("openai, azure, anthropic, responses, gemini", await answer.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("dialect = 'klingon'", "dialect = 'openai'")]
    [InlineData("""quirks = '{"extras":"Nonsense"}'""", "quirks = '{}'")]
    public async Task A_vendor_s_broken_row_stops_nobody_else(string broken, string mended)
    {
        await using var vendor = await ScriptedVendor.AnsweringAsync(Answer);
        var (name, _) = await ServeAsync(vendor, "sk-some-key");
        await EventuallyAsync(fixture.Caller.Api, $"{name}/turbo", HttpStatusCode.OK);

        await fixture.Hub.Database.AsAdminAsync<int>($"update vendors set {broken} where id = '{name}' returning 1");
        await EventuallyAsync(fixture.Caller.Api, $"{name}/turbo", HttpStatusCode.NotFound);

        var (other, _) = await ServeAsync(vendor, "sk-some-key");
        await EventuallyAsync(fixture.Caller.Api, $"{other}/turbo", HttpStatusCode.OK);
        await fixture.Hub.Database.AsAdminAsync<int>($"update vendors set {mended} where id = '{name}' returning 1");
        await EventuallyAsync(fixture.Caller.Api, $"{name}/turbo", HttpStatusCode.OK);
    }

    [Fact]
    public async Task Holidays_are_set_by_the_year()
    {
        var set = new HolidayYear("test-calendar", 2027, [new DateOnly(2027, 1, 1), new DateOnly(2027, 2, 6)]);
        Assert.Equal(HttpStatusCode.OK, (await Operator.PutAsJsonAsync("admin/holidays", set, Json.Options)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await Operator.PutAsJsonAsync("admin/holidays", set with { Days = [new DateOnly(2027, 1, 1)] }, Json.Options)).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await Operator.PutAsJsonAsync("admin/holidays", set with { Year = 2028 }, Json.Options)).StatusCode);

        var years = (await Operator.GetFromJsonAsync<Page<HolidayYear>>("admin/holidays", Json.Options))!.Data;
        Assert.Equal([new DateOnly(2027, 1, 1)], years.Single(year => year.Calendar == "test-calendar").Days);
        Assert.Contains(new DateOnly(2026, 10, 1), years.Single(year => year.Calendar == "cn-statutory").Days);
    }

    private async Task<(string Name, Guid Endpoint)> ServeAsync(ScriptedVendor vendor, params string[] keys)
    {
        var name = NewName();
        await PostAsync<VendorView>("admin/vendors", new NewVendor(name, name, AddressOf(vendor), AllowPrivateNetwork: true));
        foreach (var key in keys)
        {
            await PostAsync<VendorKeyView>("admin/vendor-keys", new NewVendorKey(name, "key", key));
        }

        await PostAsync<ModelAdminView>("admin/models", new NewModel($"{name}/turbo", "Turbo", MaxOutputTokens: 100));
        var endpoint = await PostAsync<EndpointView>("admin/endpoints", new NewEndpoint($"{name}/turbo", name, "turbo-2026"));
        await PriceAsync(endpoint.Id);
        return (name, endpoint.Id);
    }

    private async Task PriceAsync(Guid endpoint)
    {
        await PostAsync<PriceRowView>("admin/prices", new NewPrice(endpoint, "input", "USD", "1", "test"));
        await PostAsync<PriceRowView>("admin/prices", new NewPrice(endpoint, "output", "USD", "2", "test"));
    }

    private async Task<T> PostAsync<T>(string path, object? body)
    {
        var response = await Operator.PostAsync(path, body is null ? null : JsonContent.Create(body, body.GetType(), options: Json.Options));
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        return (await response.Content.ReadFromJsonAsync<T>(Json.Options))!;
    }

    private async Task<IReadOnlyList<PriceProposalView>> ProposalsAsync() =>
        (await Operator.GetFromJsonAsync<Page<PriceProposalView>>("admin/price-proposals", Json.Options))!.Data;

    private async Task<IReadOnlyList<PriceRowView>> PricesAsync(Guid endpoint) =>
        (await Operator.GetFromJsonAsync<Page<PriceRowView>>($"admin/prices?endpoint_id={endpoint}", Json.Options))!.Data;

    private async Task<List<(string Action, string Subject, string Details)>> AuditedAsync()
    {
        await using var db = fixture.Hub.Database.OpenAsAdmin();
        return (await db.AuditEntries.Where(entry => entry.OrganizationId == fixture.Operator.OrganizationId).ToListAsync())
            .ConvertAll(entry => (entry.Action, entry.Subject, entry.Details));
    }

    private static Task<HttpResponseMessage> AskAsync(HttpClient api, string model, string text = "hello") =>
        api.PostAsJsonAsync("chat/completions", new { model, messages = new[] { new { role = "user", content = text } } });

    private static async Task EventuallyAsync(HttpClient api, string model, HttpStatusCode status, string? code = null)
    {
        for (var tries = 0; ; tries++)
        {
            var response = await AskAsync(api, model);
            var body = await response.Content.ReadAsStringAsync();
            if (response.StatusCode == status && (code is null || body.Contains(code, StringComparison.Ordinal)))
            {
                return;
            }

            Assert.True(tries < 200, $"{model}: {response.StatusCode} {body}");
            await Task.Delay(50);
        }
    }

    private async Task<HttpStatusCode> StatusAsync(string path, object body) => (await Operator.PostAsync(path, JsonContent.Create(body, body.GetType(), options: Json.Options))).StatusCode;

    private static string AddressOf(ScriptedVendor vendor) => new Uri(vendor.Url, "/v1").ToString();

    private static string NewName() => $"acme-{Guid.CreateVersion7():N}"[..30];

    /// <summary>A hub of two gateways with an operator and a caller who may call as often as they like.</summary>
    public sealed class OperatedHub : IAsyncLifetime
    {
        public TestHub Hub { get; private set; } = null!;

        public ServiceHost<Caller> Replica { get; private set; } = null!;

        public TestCustomer Operator { get; private set; } = null!;

        public TestCustomer Caller { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            Hub = await TestHub.StartAsync();
            Replica = Hub.AddGateway();
            Operator = await Hub.RegisterAsync();
            Caller = await Hub.RegisterAsync();
            await Hub.Database.AsAdminAsync<Guid>($"insert into operators (user_id, created_at) values ('{Operator.UserId}', now()) returning user_id");
            await Hub.Database.AsAdminAsync<Guid>($"update subscriptions set plan_id = '{Domain.Quotas.PlanIds.Enterprise}' where organization_id = '{Caller.OrganizationId}' returning id");
        }

        public async Task DisposeAsync() => await Hub.DisposeAsync();
    }
}
