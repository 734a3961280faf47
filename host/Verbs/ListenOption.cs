using System.CommandLine;
using System.Net;

namespace Pmoas.Host.Verbs;

/// <summary>The option <c>--listen ADDR:PORT</c>.</summary>
internal static class ListenOption
{
    /// <summary>Adds the option to a verb; its value is null when it was not given.</summary>
    public static Option<IPEndPoint?> AddTo(Command verb, string description)
    {
        Option<IPEndPoint?> listen = new("--listen", "-l")
        {
            Description = description,
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
        return listen;
    }
}
