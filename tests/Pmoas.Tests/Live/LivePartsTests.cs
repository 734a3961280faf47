using System.Text;
using System.Text.Json;
using Pmoas.Host.Live;
using Pmoas.Sdk.Pods;
using Pmoas.Tests.Metrics;

namespace Pmoas.Tests.Live;

/// <summary>How an event is shown that has parts with steps of their own.</summary>
public sealed class LivePartsTests
{
    private readonly PodContainers _containers = new();

    public LivePartsTests() => _containers.Run(PodContainers.Make(1, "proxy", Role.Sidecar));

    [Fact]
    public void people_see_parts_side_by_side_and_the_slowest_step_of_all_marked()
    {
        using StringWriter output = new();
        LiveText live = new(new LiveFilter(), _containers, output, colour: false);
        WriteTwo(live);

        string[] lines = output.ToString().Split('\n')[1..];
        Assert.Equal(
            [
                "            there       back",
                "    write               ·",
                "    queue   ·           +7ns",
                "    wire    +2.5µs",
                "    read    +1.50ms ←   +1.0µs",
                "    there   container=proxy to=a",
                "      wire",
                "        inner",
                "        outer",
                "    back    container=proxy to=b",
            ],
            lines[..10]);
        Assert.Contains(" second ", lines[10], StringComparison.Ordinal);
        Assert.Matches("^    one  \\+5ns +█+ ← slowest$", lines[11]);
    }

    [Fact]
    public void programs_see_an_array_of_objects()
    {
        using MemoryStream output = new();
        using LiveJson live = new(new LiveFilter(), _containers, output);
        WriteTwo(live);

        JsonElement[] events = [.. Encoding.UTF8.GetString(output.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.Equal(["first", "second"], events.Select(e => e.GetProperty("event").GetString()));
        Assert.Equal(
            """[{"name":"there","namespace":"test","pod":"pod","container":"proxy","role":"sidecar","to":"a","steps":[{"name":"queue","seconds":0},{"name":"wire","seconds":0.0000025,"stack":["inner","outer"]},{"name":"read","seconds":0.0015}]},"""
            + """{"name":"back","namespace":"test","pod":"pod","container":"proxy","role":"sidecar","to":"b","steps":[{"name":"write","seconds":0},{"name":"queue","seconds":0.000000007},{"name":"read","seconds":0.000001}]}]""",
            Anonymous(events[0].GetProperty("parts").GetRawText()));
        Assert.Equal("""[{"name":"one","seconds":0.000000005}]""", events[1].GetProperty("steps").GetRawText());
    }

    /// <summary>The container's namespace and pod are whatever the other tests call them.</summary>
    private string Anonymous(string json)
    {
        Assert.True(_containers.TryGet(1, out Container? container));
        return json.Replace($"\"{container.Namespace}\"", "\"test\"", StringComparison.Ordinal).Replace($"\"pod\":\"{container.Pod}\"", "\"pod\":\"pod\"", StringComparison.Ordinal);
    }

    /// <summary>Two events in one go: beginning the second ends the first.</summary>
    private static void WriteTwo(LiveOutput live)
    {
        live.Begin(1, "first");
        live.Container(1);
        live.Part("there");
        live.Container(1);
        live.Text("to", "a");
        live.Step("queue", 0);
        live.Step("wire", 2500);
        live.Stack(["inner", "outer"]);
        live.Step("read", 1_500_000);
        live.Part("back");
        live.Container(1);
        live.Text("to", "b");
        live.Step("write", 0);
        live.Step("queue", 7);
        live.Step("read", 1000);
        live.Begin(2, "second");
        live.Container(1);
        live.Step("one", 5);
        live.End();
        live.End();
        live.Flush();
        Assert.Equal(2, live.Shown);
    }
}
