using System.Net;
using Baton.Engine;
using Baton.Server.Cluster;
using Baton.Server.Gateway;
using Baton.Server.Http;
using Baton.Server.Identity;
using Baton.Server.Notifications;
using Baton.Server.Outbound;
using Baton.Server.PrConfidence;
using Baton.Server.Processes;
using Baton.Server.Sockets;
using Baton.Server.Storage;
using Baton.Server.Telemetry;
using Baton.Server.Workflows;

namespace Baton.Server;

/// <summary>Puts the server together: opens the doors of every feature, in their order.</summary>
internal static class BatonHost
{
    /// <summary>The version of this build.</summary>
    public static string Version { get; } = typeof(BatonHost).Assembly.GetName().Version!.ToString(3);

    /// <summary>Builds the server; the caller starts it.</summary>
    /// <param name="code">Workflows in C#.</param>
    /// <exception cref="DatabaseInUseException">Another server has the database.</exception>
    public static WebApplication Build(HostSettings settings, IReadOnlyCollection<CodeWorkflow> code)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ApplicationName = typeof(BatonHost).Assembly.GetName().Name, ContentRootPath = AppContext.BaseDirectory });
        settings.Configure(builder);
        var node = settings.FindNode(builder.Configuration);
        settings.Listen(builder.WebHost, listen =>
        {
            if (node.Is(NodeRoles.Gateway)) listen.UseGatewayLane();
        });
        var onlyForwards = node.Roles == NodeRoles.Gateway;
        builder.AddSockets(onlyForwards);
        var storage = builder.Configuration.GetSection(StorageOptions.Section).Get<StorageOptions>() ?? new StorageOptions();
        if (onlyForwards) storage.PageCacheBytes ??= StorageOptions.SmallPageCache;
        builder.Services.AddSingleton<IHostLifetime, OwnLifetime>().AddSingleton(TimeProvider.System);
        var isLoopbackOnly = IPAddress.IsLoopback(settings.Address);
        builder.Services.AddHttp(describesItself: node.Is(NodeRoles.Api)).AddStorage(Database.Open(settings.FindDatabase(builder.Configuration), storage, node.Id)).AddCluster(node).AddIdentity().AddOutbound(isLoopbackOnly).AddProcesses().AddTelemetry().AddGateway().AddNotifications().AddWorkflows(code).AddPrConfidence(isLoopbackOnly);
        settings.Override?.Invoke(builder.Services);
        var app = builder.Build();
        app.UseGoodbyes();
        app.UseProblems();
        app.UseIdentity();
        app.MapTelemetry();
        if (node.Is(NodeRoles.Gateway)) app.MapGateway();
        if (node.Is(NodeRoles.Api))
        {
            app.MapOpenApi("/openapi/{documentName}.json");
            app.MapKeys();
            app.MapRoutes();
            app.MapUsage();
            app.MapBudgets();
            app.MapWorkflows();
        }
        return app;
    }
}
