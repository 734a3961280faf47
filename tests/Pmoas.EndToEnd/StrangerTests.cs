namespace Pmoas.EndToEnd;

/// <summary>A plugin built outside the tree against the package.</summary>
public sealed class StrangerTests
{
    [Fact]
    public async Task a_plugin_built_against_the_package_is_dropped_in_and_runs()
    {
        using Site site = new();
        site.Install(Built.NoOp, "NoOp");
        site.Write("[plugins.no_op]\nonly_state = 1");
        await using HostProcess daemon = await HostProcess.RunAsync(site);

        await daemon.UntilMetricAsync("pmoas_plugin_state{plugin=\"no_op\",state=\"running\"} 1");
        await daemon.UntilAsync(async () => (await daemon.MetricsAsync()).Split('\n')
            .Any(line => line.StartsWith("pmoas_no_op_transitions_total ", StringComparison.Ordinal) && !line.EndsWith(" 0", StringComparison.Ordinal)),
            "a counted transition");
    }
}
