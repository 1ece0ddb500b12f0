using AiHub.Gateway.Management.Refusals;

namespace AiHub.Gateway.Management.Docs;

/// <summary>What the API reference says about an endpoint, in both languages.</summary>
public sealed record Described(string OperationId, Text Summary, Text Description, object? RequestExample, object? ResponseExample);

/// <summary>The problems an endpoint answers with, beyond those every endpoint may.</summary>
public sealed record Refuses(IReadOnlyList<ProblemKind> Kinds);

/// <summary>A query parameter the endpoint reads from the request by itself.</summary>
public sealed record QueryAsked(string Name, Text Description, string? Format = null, object? Example = null);

/// <summary>What a query parameter, path parameter or header means.</summary>
public sealed record ParameterDescribed(string Name, Text Description, string? Format = null, object? Example = null);

/// <summary>What an endpoint answers with 202 instead, when something is still missing.</summary>
public sealed record AcceptedInstead(object Example, Text Description);

public static class DescribedEndpoints
{
    /// <param name="operationId">Becomes the method's name in generated clients, so it is stable.</param>
    public static RouteHandlerBuilder Describe(
        this RouteHandlerBuilder endpoint, string operationId, Text summary, Text description, object? request = null, object? response = null) =>
        endpoint.WithName(operationId).WithMetadata(new Described(operationId, summary, description, request, response));

    public static RouteHandlerBuilder Refuses(this RouteHandlerBuilder endpoint, params ProblemKind[] kinds) => endpoint.WithMetadata(new Refuses(kinds));

    public static RouteHandlerBuilder OrAccepts(this RouteHandlerBuilder endpoint, object example, Text description) => endpoint.WithMetadata(new AcceptedInstead(example, description));

    public static RouteHandlerBuilder Asks(this RouteHandlerBuilder endpoint, string name, Text description, object? example = null, string? format = null) =>
        endpoint.WithMetadata(new QueryAsked(name, description, format, example));

    public static RouteHandlerBuilder Parameter(this RouteHandlerBuilder endpoint, string name, Text description, string? format = null, object? example = null) =>
        endpoint.WithMetadata(new ParameterDescribed(name, description, format, example));
}
