using System.Collections;
using System.Globalization;
using System.Reflection;
using AiHub.Gateway.Access;
using AiHub.ServiceDefaults;
using AiHub.Worker.Payments;
using AiHub.Worker.Payments.Alipay;
using AiHub.Worker.Payments.Stripe;
using AiHub.Worker.Payments.WechatPay;
using AiHub.Worker.Quotas;

namespace AiHub.Tests.Docs;

/// <summary>Every setting that the services' option types have, in the order of their names.</summary>
internal static class ProductOptions
{
    public static IReadOnlyList<(string Setting, string Kind, string Default)> All { get; } = [.. Types().SelectMany(type => Rows(type.Type, type.Section)).OrderBy(row => row.Setting, StringComparer.Ordinal)];

    private static IEnumerable<(Type Type, string Section)> Types() => new[] { typeof(ServerOptions).Assembly, typeof(Caller).Assembly, typeof(PeriodRun).Assembly, typeof(AiHub.Portal.PortalOptions).Assembly }
        .SelectMany(assembly => assembly.GetTypes())
        .Where(type => type.Name.EndsWith("Options", StringComparison.Ordinal))
        .Select(type => (type, Section: type.GetField("Section", BindingFlags.Public | BindingFlags.Static | BindingFlags.NonPublic)?.GetRawConstantValue() as string))
        .Where(options => options.Section is not null).Select(options => (options.type, options.Section!))
        // A channel is on when its section is there, so these are no options of the whole worker.
        .Concat([(typeof(StripeSettings), $"{PaymentOptions.Section}:Stripe"), (typeof(AlipaySettings), $"{PaymentOptions.Section}:Alipay"), (typeof(WechatPaySettings), $"{PaymentOptions.Section}:WechatPay")]);

    private static IEnumerable<(string Setting, string Kind, string Default)> Rows(Type type, string section)
    {
        var defaults = Activator.CreateInstance(type)!;
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite))
        {
            var kind = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            yield return ($"{section}:{property.Name}", NameOf(kind), property.GetValue(defaults) switch
            {
                null or ICollection or "" => "",
                TimeSpan time => $"`{time:c}`",
                bool truth => truth ? "`true`" : "`false`",
                IFormattable number => $"`{number.ToString(null, CultureInfo.InvariantCulture)}`",
                var other => $"`{other}`",
            });
        }
    }

    private static string NameOf(Type kind) =>
        kind == typeof(TimeSpan) ? "`hh:mm:ss`"
        : kind == typeof(bool) ? "`true` \\| `false`"
        : kind.IsEnum ? string.Join(" \\| ", Enum.GetNames(kind).Select(name => $"`{name}`"))
        : kind == typeof(string) ? "text"
        : kind == typeof(Uri) ? "URL"
        : kind.IsPrimitive ? "number"
        : typeof(IDictionary).IsAssignableFrom(kind) ? "by name (`:{name}`)"
        : typeof(IEnumerable).IsAssignableFrom(kind) ? "list (`:0`, `:1`, …)"
        : "section";
}
