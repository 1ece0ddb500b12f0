using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;

namespace AiHub.Tests.Hosting.Embedded;

public sealed class ModelTests
{
    [Theory]
    [InlineData("")]
    [InlineData("1st")]
    [InlineData("two--hyphens")]
    [InlineData("trailing-")]
    [InlineData("under_score")]
    public async Task A_name_that_could_not_be_a_host_name_is_refused(string name)
    {
        await using var builder = DistributedApplicationTestingBuilder.Create();

        Assert.Throws<DistributedApplicationException>(() => builder.AddParameter(name, "value"));
    }

    [Fact]
    public async Task Names_must_differ_in_more_than_case()
    {
        await using var builder = DistributedApplicationTestingBuilder.Create();
        builder.AddParameter("colour", "red");

        Assert.Throws<DistributedApplicationException>(() => builder.AddParameter("Colour", "blue"));
    }

    [Fact]
    public async Task A_parameter_is_what_is_configured_else_its_default_and_a_kept_default_stays()
    {
        await using var builder = DistributedApplicationTestingBuilder.Create("Parameters:given=here");
        var given = builder.AddParameter("given", "default");
        var defaulted = builder.AddParameter("defaulted", "default");
        var missing = builder.AddParameter("missing");
        var kept = builder.AddParameter("kept", new GenerateParameterDefault { MinLength = 30, Special = false }, secret: true, persist: true);
        var keptAgain = builder.CreateResourceBuilder(new ParameterResource("other", _ => "unused"));
        await using var same = DistributedApplicationTestingBuilder.Create($"DataDirectory={builder.Configuration["DataDirectory"]}");

        Assert.Equal("here", await given.Resource.GetValueAsync());
        Assert.Equal("default", await defaulted.Resource.GetValueAsync());
        await Assert.ThrowsAsync<MissingParameterValueException>(async () => await missing.Resource.GetValueAsync());
        var value = await kept.Resource.GetValueAsync();
        Assert.Matches("^[A-Za-z0-9]{30}$", value);
        Assert.Equal(value, await same.AddParameter("kept", new GenerateParameterDefault(), persist: true).Resource.GetValueAsync());
        Assert.Equal("unused", await keptAgain.Resource.GetValueAsync());
    }

    [Fact]
    public async Task An_expression_is_put_together_from_values_known_later()
    {
        await using var builder = DistributedApplicationTestingBuilder.Create("ConnectionStrings:hub=Host=db.example;Username=owner");
        var hub = builder.AddConnectionString("hub");
        var password = builder.AddParameter("password", "pa{ss}");

        var app = builder.AddConnectionString("hub-app", ReferenceExpression.Create($"{hub};Username=hub_app;Password={password};Options={"{braces}"}"));

        Assert.Equal("Host=db.example;Username=owner;Username=hub_app;Password=pa{ss};Options={braces}", await ((IValueProvider)app.Resource).GetValueAsync());
        Assert.Equal("{hub.connectionString};Username=hub_app;Password={password.value};Options={braces}", app.Resource.ConnectionStringExpression.ValueExpression);
    }

    [Fact]
    public async Task A_child_cannot_wait_for_its_own_parent()
    {
        await using var builder = DistributedApplicationTestingBuilder.Create();
        var server = builder.AddPostgres("postgres");
        var database = server.AddDatabase("orders");

        Assert.Throws<DistributedApplicationException>(() => database.WaitFor(server));
    }

    [Fact]
    public async Task A_service_gets_the_variables_that_Aspire_would_give_it()
    {
        await using var builder = DistributedApplicationTestingBuilder.Create();
        var password = builder.AddParameter("secret", "s3cret");
        var orders = builder.AddPostgres("postgres", password: password, port: 1234).AddDatabase("orders");
        var cache = builder.AddRedis("cache", password: password);
        var other = builder.AddProject<HealthyService>("other-service");
        var service = builder.AddProject<HealthyService>("service").WithReference(orders, connectionName: "db").WithReference(cache).WithReference(other).WithEnvironment("Own__Value", "1");
        foreach (var endpoint in builder.Resources.SelectMany(resource => resource.Annotations.OfType<EndpointAnnotation>()))
        {
            endpoint.AllocatedEndpoint = new AllocatedEndpoint(endpoint, endpoint.TargetHost, 1000);
        }

        var context = new EnvironmentCallbackContext(builder.ExecutionContext, service.Resource);
        foreach (var annotation in service.Resource.Annotations.OfType<EnvironmentCallbackAnnotation>())
        {
            await annotation.Callback(context);
        }

        var variables = new SortedDictionary<string, string?>(StringComparer.Ordinal);
        foreach (var (name, value) in context.EnvironmentVariables)
        {
            variables[name] = value is IValueProvider provider ? await provider.GetValueAsync() : (string)value;
        }

        Assert.Equal(
            new SortedDictionary<string, string?>(StringComparer.Ordinal)
            {
                ["ASPNETCORE_ENVIRONMENT"] = "Development",
                ["CACHE_HOST"] = "127.0.0.1",
                ["CACHE_PASSWORD"] = "s3cret",
                ["CACHE_PORT"] = "1000",
                ["CACHE_URI"] = "redis://:s3cret@127.0.0.1:1000",
                ["ConnectionStrings__cache"] = "127.0.0.1:1000,password=s3cret",
                ["ConnectionStrings__db"] = "Host=127.0.0.1;Port=1000;Username=postgres;Password=s3cret;Database=orders",
                ["DB_DATABASENAME"] = "orders",
                ["DB_HOST"] = "127.0.0.1",
                ["DB_JDBCCONNECTIONSTRING"] = "jdbc:postgresql://127.0.0.1:1000/orders",
                ["DB_PASSWORD"] = "s3cret",
                ["DB_PORT"] = "1000",
                ["DB_URI"] = "postgresql://postgres:s3cret@127.0.0.1:1000/orders",
                ["DB_USERNAME"] = "postgres",
                ["DOTNET_LAUNCH_PROFILE"] = "http",
                ["OTHER_SERVICE_HTTP"] = "http://localhost:1000",
                ["Own__Value"] = "1",
                ["services__other-service__http__0"] = "http://localhost:1000",
            },
            variables);
    }
}
