using System.CommandLine;
using System.Net;
using Pmoas.Host.Daemon;

namespace Pmoas.Host.Verbs;

/// <summary><c>pmoas run</c>: the daemon.</summary>
internal static class RunVerb
{
    /// <summary>Makes the verb.</summary>
    public static Command Create()
    {
        Command verb = new("run", "Run the daemon: measure the sidecars of this node and serve /metrics.");
        Places places = Places.AddTo(verb);
        Option<IPEndPoint?> listen = new("--listen", "-l")
        {
            Description = "Address and port of /metrics, /healthz and /readyz; overrides [http] listen.",
            HelpName = "ADDR:PORT",
            CustomParser = result =>
            {
                string text = result.Tokens[0].Value;
                if (IPEndPoint.TryParse(text, out IPEndPoint? endpoint) && text.EndsWith($":{endpoint.Port}", StringComparison.Ordinal))
                {
                    return endpoint;
                }

                result.AddError($"--listen: \"{text}\" is no address with a port; allowed is ADDR:PORT such as 127.0.0.1:8765 or [::]:8765");
                return null;
            },
        };
        verb.Add(listen);
        verb.SetAction((line, _) => SetupOrMistakes.Load(places, line) is { } setup
            ? DaemonProcess.RunAsync(setup, line.GetValue(listen) ?? setup.Options.Http.Endpoint)
            : Task.FromResult(ExitCode.Usage));
        return verb;
    }
}
