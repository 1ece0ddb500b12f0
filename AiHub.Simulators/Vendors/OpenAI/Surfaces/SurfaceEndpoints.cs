using System.Text.Json;
using AiHub.Simulators.Control;
using AiHub.Simulators.Vendors.Shared;
using Microsoft.AspNetCore.Http.Features;

namespace AiHub.Simulators.Vendors.OpenAI.Surfaces;

/// <summary>What a vendor answers besides chat, as strict and as exact, and with the same faults.</summary>
public static class SurfaceEndpoints
{
    private const string UnknownParametersHeader = "x-sim-unknown-parameters";

    public static void MapSurfaces(this IEndpointRouteBuilder vendor)
    {
        Map("/v1/embeddings", EmbeddingAnswer.Path, (_, body, strict) => EmbeddingAnswer.Check(body, strict), (exchange, model, body) => EmbeddingAnswer.Of(model, body));
        Map("/v1/images/generations", ImageAnswer.Path, (_, body, strict) => ImageAnswer.Check(body, strict, edits: false), (exchange, model, body) => ImageAnswer.Of(body, exchange.Context.Request, exchange.Clock.GetUtcNow(), edits: false));
        Map("/v1/images/edits", ImageAnswer.Path, (_, body, strict) => ImageAnswer.Check(body, strict, edits: true), (exchange, model, body) => ImageAnswer.Of(body, exchange.Context.Request, exchange.Clock.GetUtcNow(), edits: true));
        Map("/v1/audio/speech", SpeechAnswer.Path, (_, body, strict) => SpeechAnswer.Check(body, strict), (exchange, model, body) => SpeechAnswer.Of(body));
        Map("/v1/audio/transcriptions", TranscriptionAnswer.Path, TranscriptionAnswer.Check, (exchange, model, body) => TranscriptionAnswer.Of(model, body));
        Map("/v1/moderations", ModerationAnswer.Path, (_, body, strict) => ModerationAnswer.Check(body, strict), (exchange, model, body) => ModerationAnswer.Of(model, body, exchange.Clock.GetUtcNow()));
        Map("/v1/rerank", RerankAnswer.Path, (_, body, strict) => RerankAnswer.Check(body, strict), (exchange, model, body) => RerankAnswer.Of(model, body, exchange.Clock.GetUtcNow()));
        vendor.MapGet("/pictures/{name}", IResult (string name) => name.Length == 10 && name.EndsWith(".png", StringComparison.Ordinal) && name[..6].All(char.IsAsciiHexDigitLower)
            ? TypedResults.Bytes(Picture.Of(name[..6]), "image/png")
            : TypedResults.NotFound());

        void Map(string path, string surface, Func<SurfaceModel?, SurfaceBody, bool, OpenAIError?> check, Func<Exchange, SurfaceModel, SurfaceBody, Answer> make) =>
            vendor.MapPost(path, context => Exchange.RunAsync(context, (exchange, ct) => AnswerAsync(exchange, surface, check, make, ct)));
    }

    private static async Task AnswerAsync(
        Exchange exchange, string surface, Func<SurfaceModel?, SurfaceBody, bool, OpenAIError?> check, Func<Exchange, SurfaceModel, SurfaceBody, Answer> make, CancellationToken ct)
    {
        var serving = new Serving(Exchange.Vendor, exchange.Context, exchange.Received, exchange.Clock);
        try
        {
            if (await SurfaceBody.ReadAsync(exchange, ct) is not { Fields.ValueKind: JsonValueKind.Object } body)
            {
                await exchange.RefuseAsync(OpenAIError.Invalid("We could not parse the body of your request."), ct);
                return;
            }

            var name = body.Fields.Given("model") is { ValueKind: JsonValueKind.String } given ? given.GetString()! : string.Empty;
            var model = SurfaceModel.Find(name, surface);
            var fault = model is null || model.Fault != Faults.None ? model?.Fault ?? Faults.None
                : exchange.Get<FaultQueue>().Take(Exchange.Vendor, name) is { } next ? Faults.All[next] : Faults.None;
            serving.Meets(name, fault == Faults.None ? null : fault.Name);
            var strict = fault.RefusesUnknownParameters || exchange.Context.Request.Headers[UnknownParametersHeader] == "refuse";
            var refusal = Rules.Needs(body.Fields, "model") ?? check(model, body, strict) ?? (model is null ? OpenAIError.NoSuchModel(name) : fault.Refusal);
            if (refusal is not null)
            {
                await exchange.RefuseAsync(refusal, ct);
                return;
            }

            var answer = make(exchange, model!, body);
            if (fault.Instead is { } insteadAsync)
            {
                await serving.SendInsteadAsync(() => insteadAsync(exchange.Context, answer.ContentType == ChatEndpoint.EventStream, ct), fault.Cuts);
                return;
            }

            serving.Asks(user: null, answer.ContentType == ChatEndpoint.EventStream);
            serving.Begins(new AnswerFigures(null, answer.InputTokens, 0, answer.OutputTokens, 0, Length: null));
            exchange.Context.Response.ContentType = answer.ContentType;
            exchange.Context.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
            await serving.SendAsync(answer.Document is { } document ? fault.Whole(document) : fault.Pieces(answer.Pieces), ct);
        }
        finally
        {
            exchange.Get<ServedLog>().Append(serving.Entry());
        }
    }
}
