using System.CommandLine;
using System.Net;
using Pmoas.Host.Demo;

namespace Pmoas.Host.Verbs;

/// <summary><c>pmoas demo</c>: a pod with a real proxy and a real service, watched.</summary>
internal static class DemoVerb
{
    /// <summary>Makes the verb.</summary>
    public static Command Create()
    {
        Command verb = new("demo",
            "Bring up a pod of a real proxy and a real service on this machine, send load through it and show what the sidecar costs. "
            + "Leaves nothing behind.");
        Option<int> seconds = NumberOption.AddTo(verb, "--seconds", "How long it stays up, at least.", minimum: 0, otherwise: 10);
        Option<int> requests = NumberOption.AddTo(verb, "--requests", "Requests to send, each over a new connection.", minimum: 1, otherwise: 1000);
        Option<bool> json = new("--json") { Description = "Print one JSON object at the end instead of a table." };
        verb.Add(json);
        Option<IPEndPoint?> listen = ListenOption.AddTo(verb, $"Where the daemon serves /metrics meanwhile; {DemoOptions.DefaultListen} otherwise.");
        Places places = Places.AddTo(verb, withConfig: false);
        verb.SetAction((line, _) => Interrupt.RunAsync(stopping => DemoRun.RunAsync(
            new DemoOptions
            {
                Seconds = line.GetValue(seconds),
                Requests = line.GetValue(requests),
                Json = line.GetValue(json),
                PluginsDir = places.Plugins(line),
                Listen = line.GetValue(listen)?.ToString() ?? DemoOptions.DefaultListen,
            },
            stopping)));
        return verb;
    }
}
