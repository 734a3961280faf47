using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Hosting.Systemd;
using Pmoas.Host.Exposition;
using Pmoas.Host.Health;
using Pmoas.Host.Http;
using Pmoas.Host.Web;
using Pmoas.Sdk.Bpf;

namespace Pmoas.Host.Daemon;

/// <summary>The daemon as a process: configuration, rights, HTTP and the node, in that order; a clean end on SIGTERM and SIGINT.</summary>
internal static class DaemonProcess
{
    private static readonly TimeSpan ScrapeLimit = TimeSpan.FromSeconds(8);

    /// <summary>Runs until it is told to stop.</summary>
    /// <param name="setup">What the user set up.</param>
    /// <param name="listen">Where HTTP is served.</param>
    /// <returns>0 after a clean end, 1 when it could not start or go on; the reason is then on standard error.</returns>
    public static async Task<int> RunAsync(Setup setup, IPEndPoint listen)
    {
        if (Preflight.CannotMeasure() is { } reason)
        {
            await Console.Error.WriteLineAsync($"pmoas: {reason}");
            return 1;
        }

        using ILoggerFactory loggers = LoggerFactory.Create(logging => DaemonLog.AddTo(logging, setup.Options.Log.Level));
        HttpServing serving;
        try
        {
            serving = new HttpServing(setup.Options.Http, listen, loggers.CreateLogger("pmoas.http"), TimeProvider.System);
        }
        catch (HttpFileException e)
        {
            await Console.Error.WriteLineAsync($"pmoas: {e.Message}");
            return 1;
        }

        using (serving)
        {
            return await RunAsync(setup, listen, serving);
        }
    }

    private static async Task<int> RunAsync(Setup setup, IPEndPoint listen, HttpServing serving)
    {
        // Empty: neither an appsettings.json in the working directory nor ASPNETCORE_URLS shall configure a root daemon, and it is 10 MB less.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        DaemonLog.AddTo(builder.Logging, setup.Options.Log.Level);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(5));
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(serving.Configure);
        builder.Services.AddSingleton(setup);
        builder.Services.AddSingleton(services => new NodeWatch(setup, live: null, services.GetRequiredService<ILoggerFactory>()));
        builder.Services.AddSingleton<ISystemdNotifier, SystemdNotifier>();
        builder.Services.AddSingleton(services => new ServiceManager(
            services.GetRequiredService<ISystemdNotifier>(), services.GetRequiredService<NodeWatch>(), services.GetRequiredService<ILoggerFactory>()));
        builder.Services.AddSingleton<NodeService>();
        builder.Services.AddHostedService(services => services.GetRequiredService<NodeService>());

        await using WebApplication app = builder.Build();
        try
        {
            NodeWatch node = app.Services.GetRequiredService<NodeWatch>();
            NodeService service = app.Services.GetRequiredService<NodeService>();
            using Scraper scraper = new(node.Scrapes, node.Instruments, node.Self, node.PluginFacts, node.Pods, node.PodFacts, ScrapeLimit);
            serving.Guard(app);
            new MetricsEndpoint(scraper, service, node).Map(app);
            using LiveOverview live = new(scraper, TimeProvider.System);
            new WebPage(live).Map(app);
            await app.StartAsync();
            app.Logger.LogInformation("ready: {Address}/metrics; the page: {Page}/", serving.Address, serving.Address);
            await app.WaitForShutdownAsync();
            return service.ExitCode;
        }
        catch (IOException e) when (e.InnerException is AddressInUseException)
        {
            await Console.Error.WriteLineAsync(
                $"pmoas: {listen} is in use by another process; choose another address with --listen or [http] listen.");
        }
        catch (SocketException e)
        {
            await Console.Error.WriteLineAsync($"pmoas: cannot listen on {listen}: {e.Message}; choose another address with --listen or [http] listen.");
        }
        catch (BpfException e)
        {
            await Console.Error.WriteLineAsync($"pmoas: {e.Message}");
        }

        return 1;
    }
}
