using System.Text;
using System.Text.Json.Nodes;

namespace AiHub.Gateway.Scim;

/// <summary>A SCIM resource or message on its way out (RFC 7644).</summary>
public sealed class ScimAnswer(int status, JsonObject? body, string? location = null) : IResult
{
    public const string MediaType = "application/scim+json";

    public static ScimAnswer Ok(JsonObject body) => new(StatusCodes.Status200OK, body);

    public static ScimAnswer Created(JsonObject body, string location) => new(StatusCodes.Status201Created, body, location);

    public static readonly ScimAnswer NoContent = new(StatusCodes.Status204NoContent, null);

    public static ScimAnswer Error(int status, string detail, string? scimType = null)
    {
        var body = new JsonObject
        {
            ["schemas"] = new JsonArray(ScimSchemas.Error),
            ["status"] = status.ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["detail"] = detail,
        };
        if (scimType is not null)
        {
            body["scimType"] = scimType;
        }

        return new ScimAnswer(status, body);
    }

    public static ScimAnswer NotFound(string what) => Error(StatusCodes.Status404NotFound, $"There is no such {what}.");

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = status;
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        if (location is not null)
        {
            response.Headers.Location = location;
        }

        if (status == StatusCodes.Status401Unauthorized)
        {
            response.Headers.WWWAuthenticate = "Bearer";
        }

        if (body is not null)
        {
            response.ContentType = MediaType + "; charset=utf-8";
            await response.WriteAsync(body.ToJsonString(), Encoding.UTF8, httpContext.RequestAborted);
        }
    }
}

/// <summary>What a directory asked for is not right; thrown where it is found, answered in one place.</summary>
public sealed class ScimException(int status, string detail, string? scimType = null) : Exception(detail)
{
    public ScimAnswer Answer => ScimAnswer.Error(status, Message, scimType);

    public static ScimException InvalidValue(string detail) => new(StatusCodes.Status400BadRequest, detail, "invalidValue");

    public static ScimException InvalidPath(string path) => new(StatusCodes.Status400BadRequest, $"The path “{path}” is not one of this resource.", "invalidPath");

    public static ScimException InvalidFilter(string detail) => new(StatusCodes.Status400BadRequest, detail, "invalidFilter");

    public static ScimException Uniqueness(string detail) => new(StatusCodes.Status409Conflict, detail, "uniqueness");
}
