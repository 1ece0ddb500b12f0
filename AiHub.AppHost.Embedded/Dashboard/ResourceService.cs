using System.Collections;
using System.Globalization;
using System.Threading.Channels;
using AiHub.AppHost.Embedded.Dashboard.Wire;
using AiHub.AppHost.Embedded.Running;
using Aspire.Hosting.ApplicationModel;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Resource = AiHub.AppHost.Embedded.Dashboard.Wire.Resource;

namespace AiHub.AppHost.Embedded.Dashboard;

/// <summary>What the dashboard asks about the resources, and tells them to do.</summary>
internal sealed class ResourceService(
    HostSettings settings, ResourceNotificationService notifications, ResourceLoggerService logs, ResourceCommandService commands, Orchestrator orchestrator)
    : DashboardService.DashboardServiceBase
{
    public override Task<ApplicationInformationResponse> GetApplicationInformation(ApplicationInformationRequest request, ServerCallContext context) =>
        Task.FromResult(new ApplicationInformationResponse { ApplicationName = settings.ApplicationName });

    public override async Task WatchResources(WatchResourcesRequest request, IServerStreamWriter<WatchResourcesUpdate> responseStream, ServerCallContext context)
    {
        var news = Channel.CreateUnbounded<ResourceEvent>(new UnboundedChannelOptions { SingleReader = true });
        var initial = notifications.Subscribe(news.Writer);
        try
        {
            var data = new InitialResourceData();
            data.Resources.AddRange(initial.Select(Of));
            await responseStream.WriteAsync(new WatchResourcesUpdate { InitialData = data }, context.CancellationToken);

            while (await news.Reader.WaitToReadAsync(context.CancellationToken))
            {
                var changes = new WatchResourcesChanges();
                while (news.Reader.TryRead(out var change))
                {
                    changes.Value.Add(new WatchResourcesChange { Upsert = Of(change) });
                }

                await responseStream.WriteAsync(new WatchResourcesUpdate { Changes = changes }, context.CancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The dashboard has closed its page, or we are stopping.
        }
        finally
        {
            notifications.Unsubscribe(news.Writer);
        }
    }

    public override async Task WatchResourceConsoleLogs(
        WatchResourceConsoleLogsRequest request, IServerStreamWriter<WatchResourceConsoleLogsUpdate> responseStream, ServerCallContext context)
    {
        if (orchestrator.Find(request.ResourceName) is not { } life)
        {
            throw new RpcException(new Status(StatusCode.NotFound, $"There is no resource '{request.ResourceName}'."));
        }

        var name = life.Resource.Name;
        try
        {
            await foreach (var lines in request.SuppressFollow ? logs.GetAllAsync(name) : logs.WatchAsync(name, context.CancellationToken))
            {
                var update = new WatchResourceConsoleLogsUpdate();
                update.LogLines.AddRange(lines.Select(line => new ConsoleLogLine { LineNumber = line.LineNumber, Text = line.Content, IsStdErr = line.IsErrorMessage }));
                await responseStream.WriteAsync(update, context.CancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    public override async Task<ResourceCommandResponse> ExecuteResourceCommand(ResourceCommandRequest request, ServerCallContext context)
    {
        // A command once given is carried out, whether or not the page that gave it stays open.
        var result = await commands.ExecuteCommandAsync(request.ResourceName, request.CommandName, CancellationToken.None);
        var response = new ResourceCommandResponse
        {
            Kind = result switch
            {
                { Success: true } => ResourceCommandResponseKind.Succeeded,
                { Canceled: true } => ResourceCommandResponseKind.Cancelled,
                _ => ResourceCommandResponseKind.Failed,
            },
        };
        if (result.Message is { } message)
        {
            response.Message = message;
        }

        return response;
    }

    /// <summary>Stays open and says nothing.</summary>
    public override async Task WatchInteractions(IAsyncStreamReader<Interaction> requestStream, IServerStreamWriter<Interaction> responseStream, ServerCallContext context)
    {
        try
        {
            while (await requestStream.MoveNext(context.CancellationToken))
            {
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or IOException)
        {
        }
    }

    private static Resource Of(ResourceEvent change)
    {
        var snapshot = change.Snapshot;
        var resource = new Resource
        {
            Name = change.ResourceId,
            DisplayName = change.Resource.Name,
            ResourceType = snapshot.ResourceType,
            Uid = change.ResourceId,
            CreatedAt = Time(snapshot.CreationTimeStamp!.Value),
            StartedAt = snapshot.StartTimeStamp is { } started ? Time(started) : null,
            StoppedAt = snapshot.StopTimeStamp is { } stopped ? Time(stopped) : null,
            IsHidden = snapshot.IsHidden,
        };
        if (snapshot.State is { } state)
        {
            resource.State = state.Text;
            if (state.Style is { } style)
            {
                resource.StateStyle = style;
            }
        }

        resource.Environment.AddRange(snapshot.EnvironmentVariables.Select(Of));
        resource.Commands.AddRange(snapshot.Commands.Select(Of));
        resource.Properties.AddRange(snapshot.Properties.Select(property => new ResourceProperty { Name = property.Name, Value = ValueOf(property.Value), IsSensitive = property.IsSensitive }));
        if (snapshot.ExitCode is { } code)
        {
            resource.Properties.Add(new ResourceProperty { Name = "resource.exitCode", Value = ValueOf(code) });
        }

        if (snapshot.HealthStatus is { } health)
        {
            resource.Properties.Add(new ResourceProperty { Name = "resource.healthState", Value = ValueOf(health.ToString()) });
        }

        resource.Urls.AddRange(snapshot.Urls.Select((url, index) => Of(url, index, isActive: snapshot.State?.Text == KnownResourceStates.Running)));
        resource.HealthReports.AddRange(snapshot.HealthReports.Select(Of));
        resource.Relationships.AddRange(snapshot.Relationships.Select(relationship => new ResourceRelationship { ResourceName = relationship.ResourceName, Type = relationship.Type }));

        return resource;
    }

    private static EnvironmentVariable Of(EnvironmentVariableSnapshot variable) =>
        new() { Name = variable.Name, Value = variable.Value ?? string.Empty, IsFromSpec = variable.IsFromSpec };

    private static ResourceCommand Of(ResourceCommandSnapshot command) => new()
    {
        Name = command.Name,
        DisplayName = command.DisplayName,
        DisplayDescription = command.DisplayDescription ?? string.Empty,
        IconName = command.IconName ?? string.Empty,
        IsHighlighted = command.IsHighlighted,
        State = (Wire.ResourceCommandState)command.State,
    };

    private static Url Of(UrlSnapshot url, int index, bool isActive)
    {
        var wire = new Url
        {
            FullUrl = url.Url,
            IsInternal = url.IsInternal,
            IsInactive = !isActive,
            DisplayProperties = new UrlDisplayProperties { DisplayName = url.DisplayName, SortOrder = -index },
        };
        if (url.Name is { } name)
        {
            wire.EndpointName = name;
        }

        return wire;
    }

    private static Wire.HealthReport Of(HealthReportSnapshot report)
    {
        var wire = new Wire.HealthReport
        {
            Key = report.Name,
            Description = report.Description ?? string.Empty,
            Exception = report.ExceptionText ?? string.Empty,
            LastRunAt = report.LastRunAt is { } ran ? Time(ran) : null,
        };
        if (report.Status is { } status)
        {
            wire.Status = status switch
            {
                Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus.Healthy => Wire.HealthStatus.Healthy,
                Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus.Degraded => Wire.HealthStatus.Degraded,
                _ => Wire.HealthStatus.Unhealthy,
            };
        }

        return wire;
    }

    private static Timestamp Time(DateTime utc) => Timestamp.FromDateTime(utc);

    /// <summary>The dashboard takes numbers as text, and lists as lists.</summary>
    private static Value ValueOf(object? value) => value switch
    {
        null => Value.ForNull(),
        string text => Value.ForString(text),
        IEnumerable list => Value.ForList([.. list.Cast<object?>().Select(ValueOf)]),
        _ => Value.ForString(Convert.ToString(value, CultureInfo.InvariantCulture)),
    };
}
