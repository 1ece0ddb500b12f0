using System.Net;
using System.Text.RegularExpressions;
using AiHub.Contracts;
using AiHub.Portal.Keys;

namespace AiHub.Tests.Portal;

public sealed partial class SnippetTests
{
    [Fact]
    public void Colouring_a_snippet_changes_none_of_its_text()
    {
        foreach (var snippet in Snippet.All(new Uri("http://localhost:5080/v1"), "ai-hub-<b>&\"", "sim/echo"))
        {
            var html = Highlight.Of(snippet.Code, "sim/echo").Value;

            Assert.Equal(snippet.Code, WebUtility.HtmlDecode(Tags().Replace(html, "")));
            Assert.Contains("<span data-model>sim/echo</span>", html, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_first_call_goes_to_the_cheapest_real_model() =>
        Assert.Equal("b/cheap", FirstModel.Of([Model("a/dear", "a", "10"), Model("b/cheap", "b", "0.4"), Model("sim/echo", "sim", "0.1"), Model("c/picture", "c", "0.01", "image")]));

    [Fact]
    public void With_only_the_simulator_a_first_call_goes_to_the_model_that_answers() =>
        Assert.Equal("sim/echo", FirstModel.Of([Model("sim/busy", "sim", "0.1"), Model("sim/echo", "sim", "0.1")]));

    [Fact]
    public void Without_models_there_is_no_first_call() => Assert.Null(FirstModel.Of([]));

    private static ModelView Model(string id, string vendor, string output, string modality = "text") =>
        new(id, id, vendor, null, null, ["text"], [modality], new PriceView("USD", "0.1", output, null), 1, 1);

    [GeneratedRegex("<[^>]*>")]
    private static partial Regex Tags();
}
