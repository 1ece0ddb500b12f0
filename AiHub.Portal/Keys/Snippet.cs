using AiHub.Portal.Resources;

namespace AiHub.Portal.Keys;

/// <summary>A first call in one language, ready to paste.</summary>
public sealed record Snippet(string Id, string Name, string Code)
{
    /// <summary>Stands where a key will be, on pages that have none.</summary>
    public const string SampleKey = "ai-hub-…";

    public static IReadOnlyList<Snippet> All(Uri baseUrl, string key, string model)
    {
        var url = baseUrl.ToString().TrimEnd('/');
        var root = url.EndsWith("/v1", StringComparison.Ordinal) ? url[..^3] : url;
        var hello = Text.Snippet_Hello;

        return
        [
            new("curl", "curl", $$"""
                curl -N {{url}}/chat/completions \
                  -H "Authorization: Bearer {{key}}" \
                  -H "Content-Type: application/json" \
                  -d '{
                    "model": "{{model}}",
                    "messages": [{"role": "user", "content": "{{hello}}"}],
                    "stream": true
                  }'
                """),
            new("python", "Python", $$"""
                # pip install openai
                from openai import OpenAI

                client = OpenAI(
                    base_url="{{url}}",
                    api_key="{{key}}",
                )

                stream = client.chat.completions.create(
                    model="{{model}}",
                    messages=[{"role": "user", "content": "{{hello}}"}],
                    stream=True,
                )

                for chunk in stream:
                    if chunk.choices:
                        print(chunk.choices[0].delta.content or "", end="", flush=True)
                """),
            new("node", "Node.js", $$"""
                // npm install openai
                import OpenAI from "openai";

                const client = new OpenAI({
                  baseURL: "{{url}}",
                  apiKey: "{{key}}",
                });

                const stream = await client.chat.completions.create({
                  model: "{{model}}",
                  messages: [{ role: "user", content: "{{hello}}" }],
                  stream: true,
                });

                for await (const chunk of stream) {
                  process.stdout.write(chunk.choices[0]?.delta?.content ?? "");
                }
                """),
            new("csharp", "C#", $$"""
                // dotnet add package OpenAI
                using System.ClientModel;
                using OpenAI;
                using OpenAI.Chat;

                var client = new ChatClient(
                    "{{model}}",
                    new ApiKeyCredential("{{key}}"),
                    new OpenAIClientOptions { Endpoint = new Uri("{{url}}") });

                await foreach (var update in client.CompleteChatStreamingAsync("{{hello}}"))
                {
                    foreach (var part in update.ContentUpdate)
                    {
                        Console.Write(part.Text);
                    }
                }
                """),
            new("anthropic", "Anthropic", $$"""
                # pip install anthropic
                from anthropic import Anthropic

                client = Anthropic(
                    base_url="{{root}}",
                    auth_token="{{key}}",
                )

                with client.messages.stream(
                    model="{{model}}",
                    max_tokens=1024,
                    messages=[{"role": "user", "content": "{{hello}}"}],
                ) as stream:
                    for text in stream.text_stream:
                        print(text, end="", flush=True)
                """),
        ];
    }
}
