using AiHub.AppHost.Embedded.Running;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting;

public static class ParameterResourceBuilderExtensions
{
    /// <summary>A setting that must be configured as <c>Parameters:{name}</c>.</summary>
    public static IResourceBuilder<ParameterResource> AddParameter(this IDistributedApplicationBuilder builder, string name, bool secret = false) =>
        builder.AddResource(Configured(builder, name, secret));

    public static IResourceBuilder<ParameterResource> AddParameter(this IDistributedApplicationBuilder builder, string name, string value, bool publishValueAsDefault = false, bool secret = false) =>
        builder.AddResource(new ParameterResource(name, _ => builder.Configuration[Key(name)] ?? value, secret));

    /// <param name="persist">Keep the default made this time for the next runs: what a database was made with must not change.</param>
    public static IResourceBuilder<ParameterResource> AddParameter(
        this IDistributedApplicationBuilder builder, string name, ParameterDefault value, bool secret = false, bool persist = false) =>
        builder.AddResource(WithDefault(builder, name, value, secret, persist));

    /// <summary>A connection string that must be configured as <c>ConnectionStrings:{name}</c>.</summary>
    public static IResourceBuilder<IResourceWithConnectionString> AddConnectionString(this IDistributedApplicationBuilder builder, string name, string? environmentVariableName = null)
    {
        var parameter = new ParameterResource(
            name,
            _ => builder.Configuration.GetConnectionString(name)
                ?? throw new MissingParameterValueException($"The connection string '{name}' is missing: configure ConnectionStrings:{name}."),
            secret: true);

        return builder.AddResource(new ConnectionStringResource(name, ReferenceExpression.Create($"{parameter}")));
    }

    internal static ParameterResource GeneratedPassword(IDistributedApplicationBuilder builder, string name) =>
        WithDefault(builder, name, new GenerateParameterDefault { Special = false }, secret: true, persist: true);

    private static ParameterResource WithDefault(IDistributedApplicationBuilder builder, string name, ParameterDefault value, bool secret, bool persist) =>
        new(name, _ => builder.Configuration[Key(name)] ?? (persist ? KeptParameters.Of(builder).GetOrAdd(name, value.GetDefaultValue) : value.GetDefaultValue()), secret)
        {
            Default = value,
        };

    private static ParameterResource Configured(IDistributedApplicationBuilder builder, string name, bool secret) => new(
        name,
        _ => builder.Configuration[Key(name)] ?? throw new MissingParameterValueException($"The parameter '{name}' is missing: configure {Key(name)}."),
        secret);

    private static string Key(string name) => $"Parameters:{name}";
}

public static class ConnectionStringBuilderExtensions
{
    /// <summary>A connection string made of other values.</summary>
    public static IResourceBuilder<ConnectionStringResource> AddConnectionString(this IDistributedApplicationBuilder builder, string name, ReferenceExpression connectionStringExpression)
    {
        var resource = builder.AddResource(new ConnectionStringResource(name, connectionStringExpression));
        foreach (var referenced in connectionStringExpression.ValueProviders.OfType<IResource>())
        {
            resource.WithRelationship(referenced, "Reference");
        }

        return resource;
    }
}
