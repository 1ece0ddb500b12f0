using System.Text.Json;
using AiHub.Simulators.Control;
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
        var serving = new Serving(exchange);
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
            serving.Meets(name, fault);
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
                serving.IsAnswered = true;
                serving.IsCut = fault.Cuts;
                await insteadAsync(exchange.Context, answer.ContentType == ChatEndpoint.EventStream, ct);
                return;
            }

            serving.Makes(answer);
            await SendAsync(exchange, serving, answer, fault, ct);
        }
        finally
        {
            exchange.Get<ServedLog>().Append(serving.Entry());
        }
    }

    private static async Task SendAsync(Exchange exchange, Serving serving, Answer answer, Fault fault, CancellationToken ct)
    {
        var response = exchange.Context.Response;
        response.ContentType = answer.ContentType;
        exchange.Context.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
        foreach (var step in answer.Document is { } document ? fault.Whole(document) : fault.Pieces(answer.Pieces))
        {
            ct.ThrowIfCancellationRequested();
            switch (step)
            {
                case Step.Bytes bytes:
                    await response.Body.WriteAsync(bytes.Data, ct);
                    await response.Body.FlushAsync(ct);
                    break;
                case Step.Wait wait:
                    await Task.Delay(wait.Time, exchange.Clock, ct);
                    break;
                case Step.Cut:
                    serving.IsCut = true;
                    exchange.Context.Abort();
                    return;
            }
        }

        serving.IsComplete = true;
    }

    /// <summary>Keeps count while an answer is sent, for <see cref="ServedLog"/>.</summary>
    private sealed class Serving(Exchange exchange)
    {
        private string? _model;
        private string? _fault;
        private Answer? _answer;

        public bool IsCut { get; set; }

        public bool IsAnswered { get; set; }

        public bool IsComplete { get; set; }

        public void Meets(string model, Fault fault)
        {
            _model = model;
            _fault = fault == Faults.None ? null : fault.Name;
            exchange.Received.Fault = _fault;
        }

        public void Makes(Answer answer) => (_answer, IsAnswered) = (answer, true);

        public ServedAnswer Entry()
        {
            var aborted = !IsCut && !IsComplete && exchange.Context.RequestAborted.IsCancellationRequested;
            exchange.Received.ClientAborted = aborted;
            return new ServedAnswer(
                0,
                Exchange.Vendor,
                exchange.RequestId,
                null,
                _model,
                null,
                _answer?.ContentType == ChatEndpoint.EventStream,
                exchange.Context.Response.HasStarted ? exchange.Context.Response.StatusCode : 0,
                _fault,
                IsCut ? "cut" : aborted ? "client_aborted" : IsAnswered ? "completed" : "refused",
                _answer?.InputTokens ?? 0,
                0,
                _answer?.OutputTokens ?? 0,
                0,
                IsComplete && _answer!.TellsUsage && _fault is not ("no-usage" or "usage-null"),
                exchange.Received.ReceivedAt,
                exchange.Clock.GetUtcNow());
        }
    }
}
