using System.Collections;
using System.Collections.Concurrent;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json;

namespace AiHub.Gateway.Management.Refusals;

/// <summary>Checks a request body against the rules written on its contract, once, at the door, and says in the caller's language what is wrong.</summary>
public static class RequestRules
{
    private static readonly ConcurrentDictionary<Type, Rule[]> RulesByType = new();

    /// <summary>Every contract among the arguments of the endpoint is checked before the endpoint runs.</summary>
    public static async ValueTask<object?> Filter(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var errors = new FieldErrors(context.HttpContext.Request.Language());
        foreach (var argument in context.Arguments)
        {
            if (argument is not null && IsContract(argument.GetType()))
            {
                Check(argument, "", errors);
            }
        }

        return errors.Any ? errors.Refuse() : await next(context);
    }

    public static void Check(object contract, string prefix, FieldErrors errors)
    {
        foreach (var rule in RulesByType.GetOrAdd(contract.GetType(), RulesOf))
        {
            var value = rule.Property.GetValue(contract);
            var field = prefix + rule.Field;

            foreach (var attribute in rule.Attributes)
            {
                if (!attribute.IsValid(value))
                {
                    Explain(attribute, field, errors);
                    break;
                }
            }

            switch (value)
            {
                // PostgreSQL cannot store U+0000, and no other control character belongs into a name or an address.
                case string text when text.Any(char.IsControl):
                    errors.Add(field, FieldText.ControlCharacter);
                    break;
                case IEnumerable<string?> texts when texts.Any(text => text is null || text.Any(char.IsControl)):
                    errors.Add(field, texts.Contains(null) ? FieldText.WrongType : FieldText.ControlCharacter);
                    break;
                case not null and not IEnumerable when IsContract(value.GetType()):
                    Check(value, field + ".", errors);
                    break;
            }
        }
    }

    private static void Explain(ValidationAttribute attribute, string field, FieldErrors errors)
    {
        switch (attribute)
        {
            case RequiredAttribute:
                errors.Add(field, FieldText.Required);
                break;
            case StringLengthAttribute { MinimumLength: 0 } length:
                errors.Add(field, FieldText.MaxLength, length.MaximumLength);
                break;
            case StringLengthAttribute length:
                errors.Add(field, FieldText.Length, length.MinimumLength, length.MaximumLength);
                break;
            case MaxLengthAttribute length:
                errors.Add(field, FieldText.MaxItems, length.Length);
                break;
            case RangeAttribute range:
                errors.Add(field, FieldText.Range, range.Minimum, range.Maximum);
                break;
            case AllowedValuesAttribute allowed:
                errors.Add(field, FieldText.OneOf, string.Join(", ", allowed.Values.Where(value => value is not null)));
                break;
            case EmailAddressAttribute:
                errors.Add(field, FieldText.Email);
                break;
            default:
                throw new NotSupportedException($"{attribute.GetType().Name} on {field} has no text for people yet.");
        }
    }

    private static bool IsContract(Type type) => type.Assembly == typeof(AiHub.Contracts.Json).Assembly;

    private static Rule[] RulesOf(Type type) =>
    [
        .. type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => property.GetIndexParameters().Length == 0)
            .Select(property => new Rule(
                property,
                JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name),
                [.. property.GetCustomAttributes<ValidationAttribute>().OrderByDescending(attribute => attribute is RequiredAttribute)])),
    ];

    private sealed record Rule(PropertyInfo Property, string Field, ValidationAttribute[] Attributes);
}
