using AiHub.Tests.Node;

namespace AiHub.Tests.Sdk;

/// <summary>OpenAI's own SDK for Node, unmodified, for what is not chat. The cases are in Node/surfaces.mjs.</summary>
public sealed class SurfacesNodeTests
{
    private static readonly string[] Cases = ["embeddings", "images", "stream", "edit", "speech", "transcription", "subtitles", "moderation", "rerank", "errors"];

    public static TheoryData<Answering, string> Everything()
    {
        var data = new TheoryData<Answering, string>();
        foreach (var name in Cases)
        {
            data.Add(Answering.Vendor, name);
            data.Add(Answering.Hub, name);
        }

        return data;
    }

    [NodeTheory, MemberData(nameof(Everything))]
    public async Task The_Node_SDK_gets_what_it_expects(Answering answering, string name)
    {
        var target = await SdkTarget.OfAsync(answering);

        Assert.Equal($"{name}: ok\n", await NodeClients.RunAsync("surfaces.mjs", target.Url.ToString(), target.Key, target.Model(string.Empty), name));
    }
}
