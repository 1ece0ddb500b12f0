using System.Text.Json;
using AiHub.Gateway.Dialects.Anthropic;

namespace AiHub.Tests.Dialects.Anthropic;

public sealed class PromptSizeTests
{
    [Theory]
    [InlineData("""{"messages":[{"role":"user","content":"12345"}]}""", 5 + 4)]
    [InlineData("""{"system":"123","messages":[{"role":"user","content":[{"type":"text","text":"12"},{"type":"text","text":"345"}]}]}""", 3 + 5 + 4)]
    [InlineData("""{"system":[{"type":"text","text":"123"}],"messages":[]}""", 3)]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}}]}]}""", 1600 + 4)]
    [InlineData("""{"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"12","signature":"long"},{"type":"tool_use","id":"x","name":"fn","input":{"a":1}}]}]}""", 2 + 2 + 7 + 4 + 4)]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"x","content":"123"},{"type":"tool_result","tool_use_id":"y","content":[{"type":"text","text":"12"}]}]}]}""", 3 + 4 + 2 + 4 + 4)]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"document","title":"T","source":{"type":"text","data":"123"}}]}]}""", 1 + 3 + 4)]
    [InlineData("""{"tools":[{"name":"f"}],"messages":[]}""", 12 + 346)]
    [InlineData("""{"output_config":{"format":{"type":"json_schema"}},"messages":[]}""", 22)]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"tool_reference","tool_name":"f"}]}]}""", 41 + 4)]
    public void Everything_a_model_reads_is_counted(string request, long tokens) =>
        Assert.Equal(tokens, PromptSize.Count(JsonElement.Parse(request), text => text.Length));

    [Fact]
    public void A_long_document_counts_for_more_than_a_short_one()
    {
        Assert.Equal(4 + 1_600, Pdf(1_000));
        Assert.Equal(4 + 25_000, Pdf(1_000_000));

        static long Pdf(int characters) => PromptSize.Count(
            JsonElement.Parse($$$"""{"messages":[{"role":"user","content":[{"type":"document","source":{"type":"base64","data":"{{{new string('A', characters)}}}"}}]}]}"""),
            text => text.Length);
    }

    [Fact]
    public void A_page_of_models_begins_and_ends_where_it_was_asked_to()
    {
        var models = Enumerable.Range(1, 5).Select(number => new ListedModel($"m{number}", $"M{number}", DateTimeOffset.UnixEpoch, null, null)).ToList();

        Assert.Equal("m1 m2 m3 m4 m5 False", Page(null, null, null));
        Assert.Equal("m1 m2 True", Page(2, null, null));
        Assert.Equal("m3 m4 True", Page(2, "m2", null));
        Assert.Equal("m5 False", Page(2, "m4", null));
        Assert.Equal("m2 m3 True", Page(2, null, "m4"));
        Assert.Equal("m1 False", Page(2, null, "m2"));
        Assert.Equal(" False", Page(2, "m5", null));

        string Page(int? limit, string? after, string? before)
        {
            var body = new System.Buffers.ArrayBufferWriter<byte>();
            ModelList.Write(models, limit, after, before, body);
            var page = JsonElement.Parse(body.WrittenSpan);
            var ids = page.GetProperty("data").EnumerateArray().Select(model => model.GetProperty("id").GetString()).ToList();
            Assert.Equal(ids.FirstOrDefault(), page.GetProperty("first_id").GetString());
            Assert.Equal(ids.LastOrDefault(), page.GetProperty("last_id").GetString());
            return $"{string.Join(' ', ids)} {page.GetProperty("has_more").GetBoolean()}";
        }
    }
}
