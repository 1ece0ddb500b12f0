using System.Text.Json.Nodes;

namespace AiHub.Gateway.Scim;

/// <summary>What this hub's SCIM can do, told to directories that ask (RFC 7643, sections 5 to 7).</summary>
public static class ScimSchemas
{
    public const string User = "urn:ietf:params:scim:schemas:core:2.0:User";
    public const string Group = "urn:ietf:params:scim:schemas:core:2.0:Group";
    public const string EnterpriseUser = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    public const string Error = "urn:ietf:params:scim:api:messages:2.0:Error";
    public const string List = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
    public const int MostResults = 200;

    private const string Config = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";
    private const string ResourceType = "urn:ietf:params:scim:schemas:core:2.0:ResourceType";
    private const string Schema = "urn:ietf:params:scim:schemas:core:2.0:Schema";

    public static JsonObject ListOf(IEnumerable<JsonObject> resources, int total, int start)
    {
        var items = new JsonArray([.. resources]);
        return new JsonObject
        {
            ["schemas"] = new JsonArray(List),
            ["totalResults"] = total,
            ["startIndex"] = start,
            ["itemsPerPage"] = items.Count,
            ["Resources"] = items,
        };
    }

    public static JsonObject ServiceProviderConfig(string root) => new()
    {
        ["schemas"] = new JsonArray(Config),
        ["patch"] = Supported(true),
        ["bulk"] = new JsonObject { ["supported"] = false, ["maxOperations"] = 0, ["maxPayloadSize"] = 0 },
        ["filter"] = new JsonObject { ["supported"] = true, ["maxResults"] = MostResults },
        ["changePassword"] = Supported(false),
        ["sort"] = Supported(false),
        ["etag"] = Supported(false),
        ["authenticationSchemes"] = new JsonArray(new JsonObject
        {
            ["type"] = "oauthbearertoken",
            ["name"] = "Bearer token",
            ["description"] = "A token made by an owner of the organization.",
            ["primary"] = true,
        }),
        ["meta"] = Meta("ServiceProviderConfig", $"{root}/ServiceProviderConfig"),
    };

    public static IReadOnlyList<JsonObject> ResourceTypes(string root) => [Type(root, "User", "/Users", User), Type(root, "Group", "/Groups", Group)];

    public static IReadOnlyList<JsonObject> Schemas(string root) =>
    [
        Describe(root, User, "User", "A member of the organization",
            Attribute("userName", required: true, uniqueness: "server"),
            Attribute("externalId", exact: true),
            Attribute("displayName"),
            Attribute("active", type: "boolean"),
            Complex("name", multi: false, Attribute("givenName"), Attribute("familyName"), Attribute("formatted", readOnly: true)),
            Complex("emails", multi: true, Attribute("value"), Attribute("type"), Attribute("primary", type: "boolean")),
            Complex("roles", multi: true, Attribute("value", readOnly: true)),
            Complex("groups", multi: true, Attribute("value", readOnly: true), Attribute("display", readOnly: true))),
        Describe(root, Group, "Group", "A team of the organization",
            Attribute("displayName", required: true, uniqueness: "server"),
            Attribute("externalId", exact: true),
            Complex("members", multi: true, Attribute("value", exact: true), Attribute("display", readOnly: true))),
    ];

    public static JsonObject Meta(string type, string location, DateTimeOffset? created = null, DateTimeOffset? changed = null)
    {
        var meta = new JsonObject { ["resourceType"] = type, ["location"] = location };
        if (created is { } from)
        {
            meta["created"] = from.UtcDateTime.ToString("O", System.Globalization.CultureInfo.InvariantCulture);
        }

        if (changed is { } last)
        {
            meta["lastModified"] = last.UtcDateTime.ToString("O", System.Globalization.CultureInfo.InvariantCulture);
        }

        return meta;
    }

    private static JsonObject Supported(bool supported) => new() { ["supported"] = supported };

    private static JsonObject Type(string root, string name, string endpoint, string schema) => new()
    {
        ["schemas"] = new JsonArray(ResourceType),
        ["id"] = name,
        ["name"] = name,
        ["endpoint"] = endpoint,
        ["schema"] = schema,
        ["schemaExtensions"] = new JsonArray(),
        ["meta"] = Meta("ResourceType", $"{root}/ResourceTypes/{name}"),
    };

    private static JsonObject Describe(string root, string id, string name, string description, params JsonObject[] attributes) => new()
    {
        ["schemas"] = new JsonArray(Schema),
        ["id"] = id,
        ["name"] = name,
        ["description"] = description,
        ["attributes"] = new JsonArray([.. attributes]),
        ["meta"] = Meta("Schema", $"{root}/Schemas/{id}"),
    };

    private static JsonObject Complex(string name, bool multi, params JsonObject[] parts)
    {
        var attribute = Attribute(name, type: "complex", multi: multi);
        attribute["subAttributes"] = new JsonArray([.. parts]);
        return attribute;
    }

    private static JsonObject Attribute(
        string name, string type = "string", bool required = false, bool exact = false, bool readOnly = false, bool multi = false, string uniqueness = "none") => new()
        {
            ["name"] = name,
            ["type"] = type,
            ["multiValued"] = multi,
            ["required"] = required,
            ["caseExact"] = exact,
            ["mutability"] = readOnly ? "readOnly" : "readWrite",
            ["returned"] = "default",
            ["uniqueness"] = uniqueness,
        };
}
