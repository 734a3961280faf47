using System.CommandLine;
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
        Option<int> seconds = new("--seconds") { Description = "How long it stays up.", HelpName = "N", DefaultValueFactory = _ => 10 };
        Option<int> requests = new("--requests") { Description = "Requests to send.", HelpName = "N", DefaultValueFactory = _ => 1000 };
        Option<bool> json = new("--json") { Description = "Print one JSON object at the end instead of a table." };
        Option<string> listen = new("--listen", "-l") { Description = "Where the daemon serves /metrics meanwhile.", HelpName = "ADDR:PORT", DefaultValueFactory = _ => "127.0.0.1:8765" };
        verb.Add(seconds);
        verb.Add(requests);
        verb.Add(json);
        verb.Add(listen);
        Places places = Places.AddTo(verb, withConfig: false);
        verb.SetAction((line, _) => Interrupt.RunAsync(stopping => DemoRun.RunAsync(
            new DemoOptions
            {
                Seconds = line.GetValue(seconds),
                Requests = line.GetValue(requests),
                Json = line.GetValue(json),
                PluginsDir = places.Plugins(line),
                Listen = line.GetRequiredValue(listen),
            },
            stopping)));
        return verb;
    }
}
