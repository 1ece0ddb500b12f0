using AiHub.Tests.Node;

namespace AiHub.Tests.Sdk;

/// <summary>OpenAI's own SDK for Node, unmodified, against the vendor and through the hub. The cases are in Node/chat.mjs.</summary>
public sealed class OpenAINodeTests
{
    private static readonly string[] Cases =
        ["complete", "stream", "usage", "helper", "choices", "tools", "runner", "reasoning", "parameters", "errors", "dies", "abort", "models"];

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

        Assert.Equal($"{name}: ok\n", await NodeClients.RunAsync("chat.mjs", target.Url.ToString(), target.Key, target.Model(string.Empty), name));
    }
}
