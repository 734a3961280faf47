using Pmoas.Host.Demo;

namespace Pmoas.Beds.Docker;

/// <summary>The docker command line against one daemon, with nothing of the user's own configuration.</summary>
internal sealed class DockerCli(string socketPath, string configFolder)
{
    /// <summary>Runs a command and returns what it printed, trimmed.</summary>
    /// <exception cref="DemoException">It ended with another code than 0.</exception>
    internal async Task<string> RunAsync(IEnumerable<string> arguments, CancellationToken cancellation = default) =>
        (await Subprocess.RunAsync("docker", ["--config", configFolder, "--host", $"unix://{socketPath}", .. arguments], cancellation)).Trim();

    /// <summary>A field of a container, by a Go template.</summary>
    internal Task<string> InspectAsync(string container, string format) => RunAsync(["inspect", "--format", format, container]);

    /// <summary>The daemon is up.</summary>
    internal async Task<bool> AnswersAsync()
    {
        if (!File.Exists(socketPath))
        {
            return false;
        }

        try
        {
            return (await RunAsync(["version", "--format", "{{.Server.Version}}"])).Length > 0;
        }
        catch (DemoException)
        {
            // It has its socket and does not listen yet.
            return false;
        }
    }
}
