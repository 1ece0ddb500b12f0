using System.ClientModel;
using AiHub.Simulators.Vendors.OpenAI.Surfaces;
using OpenAI.Audio;
using OpenAI.Embeddings;
using OpenAI.Images;
using OpenAI.Moderations;

namespace AiHub.Tests.Sdk;

/// <summary>OpenAI's own SDK for .NET, unmodified, for what is not chat: against the vendor and through the hub.</summary>
public sealed class SurfacesDotNetTests
{
    [Theory, VendorAndHub]
    public async Task Embeddings(Answering answering)
    {
        var target = await SdkTarget.OfAsync(answering);
        var client = target.Client().GetEmbeddingClient(target.Model("embed"));

        OpenAIEmbeddingCollection all = await client.GenerateEmbeddingsAsync(["one", "two 二"], new EmbeddingGenerationOptions { Dimensions = 12 });

        Assert.Equal([0, 1], all.Select(one => one.Index));
        Assert.Equal(EmbeddingAnswer.Vector("two 二", 12), all[1].ToFloats().ToArray());
        Assert.Equal((3, 3), (all.Usage.InputTokenCount, all.Usage.TotalTokenCount));
    }

    [Theory, VendorAndHub]
    public async Task Images_made_and_edited(Answering answering)
    {
        var target = await SdkTarget.OfAsync(answering);
        var client = target.Client().GetImageClient(target.Model("image"));

        GeneratedImage made = await client.GenerateImageAsync("a red square", new ImageGenerationOptions { Quality = new GeneratedImageQuality("low") });
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], made.ImageBytes.ToArray()[..4]);

        using var picture = new MemoryStream(made.ImageBytes.ToArray());
        GeneratedImage edited = await client.GenerateImageEditAsync(picture, "red.png", "make it blue", new ImageEditOptions { Size = new GeneratedImageSize(1024, 1024) });
        Assert.NotEqual(made.ImageBytes.ToArray(), edited.ImageBytes.ToArray());
    }

    [Theory, VendorAndHub]
    public async Task Speech_and_its_transcription(Answering answering)
    {
        var target = await SdkTarget.OfAsync(answering);

        BinaryData sound = await target.Client().GetAudioClient(target.Model("speech"))
            .GenerateSpeechAsync(new string('a', 50), GeneratedSpeechVoice.Alloy, new SpeechGenerationOptions { ResponseFormat = GeneratedSpeechFormat.Wav });
        Assert.Equal(SpeechAnswer.Wav(50 * 1_200), sound.ToArray());

        var listener = target.Client().GetAudioClient(target.Model("transcribe"));
        AudioTranscription whole = await listener.TranscribeAudioAsync(sound.ToStream(), "sound.wav", new AudioTranscriptionOptions { ResponseFormat = AudioTranscriptionFormat.Verbose });
        Assert.Equal("A sound of 3 seconds.", whole.Text);
        Assert.Equal(TimeSpan.FromSeconds(2.5), whole.Duration);

        AudioTranscription plain = await listener.TranscribeAudioAsync(sound.ToStream(), "sound.wav", new AudioTranscriptionOptions { ResponseFormat = AudioTranscriptionFormat.Text });
        Assert.Equal("A sound of 3 seconds.\n", plain.Text);
    }

    [Theory, VendorAndHub]
    public async Task Moderation(Answering answering)
    {
        var target = await SdkTarget.OfAsync(answering);

        ModerationResultCollection results = await target.Client().GetModerationClient(target.Model("moderate")).ClassifyTextAsync(["good morning", "I will kill you"]);

        Assert.Equal([false, true], results.Select(result => result.Flagged));
        Assert.True(results[1].Violence.Flagged);
    }

    [Theory, VendorAndHub]
    public async Task Errors_carry_status_and_words(Answering answering)
    {
        var target = await SdkTarget.OfAsync(answering);

        var failure = await Assert.ThrowsAsync<ClientResultException>(() =>
            target.Client().GetEmbeddingClient(target.Model("embed")).GenerateEmbeddingAsync("a", new EmbeddingGenerationOptions { Dimensions = 9_999 }));

        Assert.Equal(400, failure.Status);
        Assert.Contains("dimensions", failure.Message);
    }
}
