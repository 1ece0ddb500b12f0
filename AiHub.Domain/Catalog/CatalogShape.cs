using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace AiHub.Domain.Catalog;

/// <summary>Finds where JSON is not shaped like a catalogue. The reader of JSON would refuse it too, but in words of its own, about types of ours.</summary>
internal static class CatalogShape
{
    public static void Check(JsonElement element, JsonTypeInfo type, string path)
    {
        switch (type.Kind, element.ValueKind)
        {
            case (JsonTypeInfoKind.Object, JsonValueKind.Object):
                CheckFields(element, type, path);
                break;
            case (JsonTypeInfoKind.Enumerable, JsonValueKind.Array):
                var index = 0;
                foreach (var item in element.EnumerateArray())
                {
                    Check(item, Of(type, type.ElementType!), $"{path}[{index++}]");
                }

                break;
            case (JsonTypeInfoKind.Dictionary, JsonValueKind.Object):
                foreach (var entry in element.EnumerateObject())
                {
                    if (type.KeyType is { IsEnum: true } names && !Enum.TryParse(names, entry.Name, ignoreCase: true, out _))
                    {
                        throw Unknown(Within(path, entry.Name));
                    }

                    Check(entry.Value, Of(type, type.ElementType!), Within(path, entry.Name));
                }

                break;
            default:
                CheckValue(element, type, path);
                break;
        }
    }

    private static void CheckFields(JsonElement element, JsonTypeInfo type, string path)
    {
        var fields = type.Properties.ToDictionary(field => field.Name, StringComparer.OrdinalIgnoreCase);
        foreach (var member in element.EnumerateObject())
        {
            var at = Within(path, member.Name);
            if (!fields.Remove(member.Name, out var field))
            {
                throw Unknown(at);
            }

            if (member.Value.ValueKind != JsonValueKind.Null)
            {
                Check(member.Value, Of(type, field.PropertyType), at);
            }
            else if (!field.IsSetNullable)
            {
                throw Unreadable(at);
            }
        }

        if (fields.Values.FirstOrDefault(field => field.IsRequired || field.AssociatedParameter is { HasDefaultValue: false }) is { } missing)
        {
            var at = Within(path, missing.Name);
            throw new CatalogException($"'{at}' is missing.", CatalogFault.FieldMissing, at);
        }
    }

    private static void CheckValue(JsonElement element, JsonTypeInfo type, string path)
    {
        try
        {
            _ = element.Deserialize(type);
        }
        catch (JsonException)
        {
            throw Unreadable(path);
        }
    }

    internal static CatalogException Unreadable(string path) => new($"'{path}' cannot be read.", CatalogFault.ValueUnreadable, path);

    private static CatalogException Unknown(string path) => new($"A catalogue has no '{path}'.", CatalogFault.FieldUnknown, path);

    private static JsonTypeInfo Of(JsonTypeInfo within, Type type) => within.Options.GetTypeInfo(type);

    private static string Within(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";
}
