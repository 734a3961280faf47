using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Pmoas.Host.Demo;
using Pmoas.KernelTests.Accept;

namespace Pmoas.KernelTests.StackTrace;

/// <summary><c>pmoas monitor stack</c>: single journeys, as they happen.</summary>
public sealed class ShownTests
{
    private static readonly string[] s_whole =
        ["tcp_sendmsg_locked", "net_dev_queue", "net_dev_start_xmit", "netif_receive_skb", "tcp_probe", "sk_data_ready", "tcp_rcv_space_adjust"];

    /// <summary>How long a slow service leaves a request unread: longer than anything else takes.</summary>
    private static readonly int s_sleepMs = (int)Patience.Of(TimeSpan.FromMilliseconds(3)).TotalMilliseconds;

    [Theory]
    [InlineData("IPv4", "127.0.0.1")]
    [InlineData("IPv6", "[::1]")]
    public async Task a_few_requests_are_shown_with_their_journeys_in_both_legs(string addresses, string service)
    {
        AddressKind kind = Enum.Parse<AddressKind>(addresses);
        await using PodBed bed = await PodBed.StartAsync(new PodBedOptions
        {
            Prefix = "pmoas-test",
            Service = Journeys.Responder(),
            InsideConnections = InsideConnections.KeepAlive,
            Outside = kind,
            Inside = kind,
        });
        string config = await ConfigureAsync(bed, "shown_per_second = 5");

        (JsonElement[] shown, string text) = await MonitorAsync(config, ["--json", "--phase", "data"], bed);

        // One in each window of 200 ms, for some 3 seconds: not one for each of the requests. The first may have begun before the programs were all at work.
        double seconds = (shown[^1].GetProperty("time").GetDateTimeOffset() - shown[0].GetProperty("time").GetDateTimeOffset()).TotalSeconds;
        Assert.True(shown.Length >= 10 && (shown.Length <= 20 || Patience.IsLong) && (shown.Length - 2) / 5.0 <= seconds + 0.1, text);
        Assert.All(shown.Skip(1), exchange => Assert.Equal("exchange", exchange.GetProperty("event").GetString()));
        foreach (JsonElement exchange in shown.Skip(1))
        {
            static decimal Seconds(JsonElement of, string what) => of.GetProperty(what + "_seconds").GetDecimal();
            JsonElement[] parts = [.. exchange.GetProperty("parts").EnumerateArray()];
            Assert.Equal(["outside request", "inside request", "inside response", "outside response"], parts.Select(part => part.GetProperty("name").GetString()));
            Assert.Equal(Seconds(exchange, "exchange"), parts.Sum(part => Seconds(part, "journey")) + Seconds(exchange, "sidecar") + Seconds(exchange, "service"));
            Assert.Equal(PodBed.SidecarName, exchange.GetProperty("container").GetString());
            foreach (JsonElement part in parts)
            {
                JsonElement[] steps = [.. part.GetProperty("steps").EnumerateArray()];
                Assert.Equal(Seconds(part, "journey"), steps.Sum(step => step.GetProperty("seconds").GetDecimal()));
                string[] name = part.GetProperty("name").GetString()!.Split(' ');
                bool inside = name[0] == "inside", request = name[1] == "request";
                Assert.Equal(inside ? s_whole : request ? s_whole[3..] : s_whole[..3], steps.Select(step => step.GetProperty("name").GetString()));
                Assert.Equal(inside && !request ? PodBed.ServiceName : PodBed.SidecarName, part.GetProperty("container").GetString());
                string listening = part.GetProperty(request ? "to" : "from").GetString()!;
                Assert.Equal(inside ? $"{service}:{BedPlan.ServicePort}" : $"{bed.Plan.SidecarUrl.Host}:{BedPlan.SidecarPort}", listening);
            }
        }
    }

    /// <summary>Only when somebody watches do the programs have all of this in them, and every kernel's verifier has to take it.</summary>
    [Fact]
    [OnEveryKernel]
    public async Task requests_are_shown_with_both_legs_on_every_kernel()
    {
        await using PodBed bed = await PodBed.StartAsync(new PodBedOptions { Prefix = "pmoas-test", Service = Journeys.Responder() });
        string config = await ConfigureAsync(bed, "shown_per_second = 1000");

        (JsonElement[] shown, string text) = await MonitorAsync(config, ["--json", "--phase", "data"], bed, keepAlive: false);

        // Where a program would have interrupted itself a journey may be missing, and the first request may have been under way.
        string[][] exchanges = [.. shown.Where(one => one.GetProperty("event").GetString() == "exchange").Select(one => one.GetProperty("parts").EnumerateArray().Select(part => part.GetProperty("name").GetString()!).ToArray())];
        int whole = exchanges.Count(parts => parts is ["outside request", "inside request", "inside response", "outside response"]);
        Assert.True(whole > 5 && whole >= exchanges.Length * 0.9, $"{whole} of {exchanges.Length}\n{text}");
    }

    /// <summary>At the stage that is asked for, and only there: from the function that passes the packet out to where the kernel was entered.</summary>
    [Fact]
    public async Task the_kernels_call_stack_at_a_stage_is_shown_on_request()
    {
        await using PodBed bed = await PodBed.StartAsync(new PodBedOptions { Prefix = "pmoas-test", Service = Journeys.Responder(), InsideConnections = InsideConnections.KeepAlive });
        string config = await ConfigureAsync(bed, "shown_per_second = 100");

        (JsonElement[] shown, string text) = await MonitorAsync(config, ["--json", "--phase", "data", "--stack", "tcp_probe"], bed);

        Assert.True(shown.Length > 10, text);
        foreach (JsonElement journey in shown.SelectMany(one => one.TryGetProperty("parts", out JsonElement parts) ? parts.EnumerateArray().ToArray() : [one]))
        {
            foreach (JsonElement step in journey.GetProperty("steps").EnumerateArray())
            {
                Assert.Equal(step.GetProperty("name").GetString() == "tcp_probe", step.TryGetProperty("stack", out JsonElement stack));
                if (stack.ValueKind == JsonValueKind.Array)
                {
                    string[] functions = [.. stack.EnumerateArray().Select(function => function.GetString()!.Split('+')[0])];
                    Assert.Equal("tcp_rcv_established", functions.First(function => function.StartsWith("tcp_", StringComparison.Ordinal)));
                    Assert.Contains("tcp_v4_do_rcv", functions); // below it is tcp_v4_rcv, or __release_sock when the application held the socket
                }
            }
        }

        (_, text) = await MonitorAsync(config, ["--phase", "data", "--stack", "tcp_v4_rcv"], bed);
        Assert.Contains("--stack tcp_v4_rcv: no such stage is on; on are tcp_sendmsg_locked, net_dev_queue,", text, StringComparison.Ordinal);
    }

    /// <summary>Each option by itself leaves nothing else, and something of it: the kernel samples of what is asked for.</summary>
    [Fact]
    public async Task only_what_is_asked_for_is_shown()
    {
        await using PodBed bed = await PodBed.StartAsync(new PodBedOptions { Prefix = "pmoas-test", Service = Journeys.Responder(sleepMs: s_sleepMs) });
        string config = await ConfigureAsync(bed, "shown_per_second = 1000");
        async Task<JsonElement[]> OnlyAsync(params string[] more)
        {
            (JsonElement[] shown, string text) = await MonitorAsync(config, ["--json", .. more], bed, keepAlive: false);
            Assert.True(shown.Length > 3, text);

            // The kernel reported nothing that is not shown.
            Assert.Contains($"{shown.Length} events shown; {shown.Length} attempts = {shown.Length} delivered + 0 dropped", text, StringComparison.Ordinal);
            return shown;
        }

        static string Of(JsonElement journey, string field) => journey.GetProperty(field).GetString()!;
        bool Has(JsonElement journey, string end) => Of(journey, "from") == end || Of(journey, "to") == end;

        Assert.Equal(["close", "handshake", "journey"], (await OnlyAsync("--port", $"{BedPlan.ServicePort}")).Select(one =>
        {
            Assert.True(Has(one, $"127.0.0.1:{BedPlan.ServicePort}"), one.ToString());
            return Of(one, "event");
        }).Distinct().Order(StringComparer.Ordinal));
        Assert.All(await OnlyAsync("--address", bed.Plan.ClientIPv4), one => Assert.Equal("outside", Of(one, "leg")));
        Assert.All(await OnlyAsync("--flag", "fin"), one => Assert.Equal("close", Of(one, "phase")));
        Assert.All(await OnlyAsync("--phase", "handshake"), one =>
        {
            Assert.Equal(("handshake", "handshake"), (Of(one, "event"), Of(one, "phase")));
            Assert.Equal("TCP_ESTABLISHED", Of(one.GetProperty("steps")[1], "name"));
        });
        Assert.All(await OnlyAsync("--phase", "close"), one => Assert.Equal("TCP_CLOSE", Of(one.GetProperty("steps").EnumerateArray().Last(), "name")));

        // What the service leaves unread so long, and now and then what a busy machine delays.
        JsonElement[] slow = await OnlyAsync("--phase", "data", "--min-duration", $"{s_sleepMs}ms");
        Assert.All(slow, one => Assert.True(one.GetProperty("journey_seconds").GetDecimal() >= s_sleepMs / 1000m, one.ToString()));
        Assert.True(slow.Count(one => (Of(one, "leg"), Of(one, "direction")) == ("inside", "request")) > slow.Length * 0.8);
    }

    [Fact]
    public async Task people_see_the_legs_side_by_side_and_the_slowest_stage_marked()
    {
        await using PodBed bed = await PodBed.StartAsync(new PodBedOptions { Prefix = "pmoas-test", Service = Journeys.Responder(sleepMs: s_sleepMs) });
        string config = await ConfigureAsync(bed);

        (_, string text) = await MonitorAsync(config, ["--container", PodBed.SidecarName], bed);

        string[] lines = text.Split('\n');
        int at = Array.FindLastIndex(lines, line => line.Contains(" exchange ", StringComparison.Ordinal) && line.Contains(" service=", StringComparison.Ordinal));
        Assert.True(at >= 0, text);
        Assert.Equal("outside request   inside request   inside response   outside response", lines[at + 1].Trim());
        Assert.Equal(s_whole, lines[(at + 2)..(at + 9)].Select(line => line.Trim().Split(' ')[0]));
        string others = Patience.IsLong ? "[µm]s" : "µs";
        Match last = Regex.Match(lines[at + 8], $@"^    tcp_rcv_space_adjust +\+[0-9.]+{others} +\+([0-9.]+)ms ← +\+[0-9.]+{others}$");
        Assert.True(last.Success, lines[at + 8]);
        Assert.InRange(double.Parse(last.Groups[1].Value, CultureInfo.InvariantCulture), s_sleepMs, s_sleepMs * (Patience.IsLong ? 2 : 4 / 3.0));
        Assert.Single(lines[at..(at + 9)], line => line.Contains('←', StringComparison.Ordinal));
        Assert.StartsWith($"    outside request        container={PodBed.SidecarName} from={bed.Plan.ClientIPv4}:", lines[at + 9], StringComparison.Ordinal);
        Assert.Contains("[FINISHED]", text, StringComparison.Ordinal);
    }

    /// <summary>With conditions single journeys are looked for, and shown with their stages one below the other.</summary>
    [Fact]
    public async Task people_see_the_stages_of_a_single_journey_one_below_the_other()
    {
        await using PodBed bed = await PodBed.StartAsync(new PodBedOptions { Prefix = "pmoas-test", Service = Journeys.Responder(sleepMs: s_sleepMs) });
        string config = await ConfigureAsync(bed);

        (_, string text) = await MonitorAsync(config, ["--container", PodBed.SidecarName, "--port", $"{BedPlan.ServicePort}"], bed);

        string[] lines = text.Split('\n');
        int at = Array.FindIndex(lines, line => line.Contains(" journey ", StringComparison.Ordinal) && line.Contains("leg=inside", StringComparison.Ordinal) && line.Contains("direction=request", StringComparison.Ordinal));
        Assert.True(at >= 0, text);
        Assert.Equal(s_whole, lines[(at + 1)..(at + 8)].Select(line => line.Trim().Split(' ')[0]));
        Assert.EndsWith("← slowest", lines[at + 7], StringComparison.Ordinal);
    }

    /// <summary>Writes a configuration with the pod and StackTrace; returns its path.</summary>
    private static async Task<string> ConfigureAsync(PodBed bed, string option = "")
    {
        string config = Path.Combine(bed.Plan.Directory, "pmoas.toml");
        await File.WriteAllTextAsync(config, $"{bed.StaticPodToml()}[plugins.stack_trace]\n{option}\n");
        return config;
    }

    /// <summary>Runs the verb for three seconds, with traffic from the moment it watches.</summary>
    private static async Task<(JsonElement[] Lines, string Text)> MonitorAsync(string config, string[] more, PodBed bed, bool keepAlive = true)
    {
        string pmoas = Path.Combine(Path.GetDirectoryName(Watched.PluginDirectory())!, "pmoas");
        using Process process = new()
        {
            StartInfo = new ProcessStartInfo(pmoas, ["monitor", "stack", "--config", config, "--duration", "3", .. more]) { RedirectStandardOutput = true, RedirectStandardError = true },
        };
        TaskCompletionSource watching = new(TaskCreationOptions.RunContinuationsAsynchronously);
        List<string> output = [];
        void Take(string? line)
        {
            lock (output)
            {
                output.Add(line ?? "");
            }

            if (line?.StartsWith("[INFO] watching", StringComparison.Ordinal) == true)
            {
                watching.TrySetResult();
            }
        }

        process.OutputDataReceived += (_, e) => Take(e.Data);
        process.ErrorDataReceived += (_, e) => Take(e.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        try
        {
            await Task.WhenAny(watching.Task, process.WaitForExitAsync()).WaitAsync(Patience.Of(TimeSpan.FromSeconds(20)));
            while (!process.HasExited)
            {
                await ExactClient.RunAsync(bed, bed.SidecarUrl, 50, keepAlive);
            }

            await process.WaitForExitAsync();
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
                await process.WaitForExitAsync();
            }
        }

        string text = string.Join('\n', output);
        return ([.. output.Where(line => line.StartsWith('{')).Select(line => JsonDocument.Parse(line).RootElement)], text);
    }
}
