using System.CommandLine;
using Pmoas.Host.Verbs;

RootCommand root = new("PMOAS measures what sidecar proxies cost, from the kernel, without touching the application or the proxy.")
{
    RunVerb.Create(),
    TopVerb.Create(),
    MonitorVerb.Create(),
    PodsVerb.Create(),
    PluginsVerb.Create(),
    CheckVerb.Create(),
    DescribeVerb.Create(),
    DemoVerb.Create(),
};

ParseResult line = root.Parse(args);
if (line.Errors.Count > 0 && args.Length > 0)
{
    return UsageMistakes.Tell(line);
}

// No termination timeout: each verb that lasts listens to SIGINT and SIGTERM itself and cleans up in its own order.
int code = await line.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
return line.Errors.Count > 0 ? ExitCode.Usage : code;
