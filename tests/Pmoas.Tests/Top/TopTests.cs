using Pmoas.Host.Overview;
using Pmoas.Host.Top;
using Pmoas.Tests.Overview;
using Spectre.Console.Testing;

namespace Pmoas.Tests.Top;

public sealed class TopTests
{
    private static readonly NodeOverview Node = Comparison.Of(Cpu(0, 0, 0).At(0), Cpu(1, 3, 2).At(10));

    [Theory]
    [InlineData("", "web mail cart")]
    [InlineData("c", "cart mail web")]
    [InlineData("n", "cart mail web")]
    [InlineData("nn", "web mail cart")]
    [InlineData("m", "cart mail web")]
    [InlineData("/A", "mail cart")]
    [InlineData("/xx\b\ba\b", "web mail cart")]
    [InlineData("/shop/web", "web")]
    public void keys_put_pods_in_order_and_choose_them(string keys, string pods) =>
        Assert.Equal(pods, string.Join(' ', Pressed(keys).Shown(Node).Select(pod => pod.Pod)));

    [Fact]
    public void Enter_opens_the_chosen_pod_and_Escape_goes_back()
    {
        TopState opened = Pressed("jj\r");
        Assert.Equal("cart", opened.Opened(Node)!.Pod);
        Assert.Equal("cart", Press(opened, "jkn").Opened(Node)!.Pod);
        Assert.Null(Press(opened, "\e").Opened(Node));
        Assert.Equal("web", Pressed("jjjjkkkkk\r").Opened(Node)!.Pod);
        Assert.Equal("cart", Pressed("jjjjjj\r").Opened(Node)!.Pod);
    }

    [Fact]
    public void letters_are_text_while_the_filter_is_typed()
    {
        TopState typing = Pressed("/qp");
        Assert.Equal(("qp", false, false), (typing.Filter, typing.IsOver, typing.IsPaused));
        Assert.True(Press(typing, "\rq").IsOver);
        Assert.True(Press(typing, "\rp").IsPaused);
        Assert.Equal("", Press(typing, "\e").Filter);
    }

    [Fact]
    public async Task the_screen_shows_what_was_pressed_until_q()
    {
        using TestConsole console = new TestConsole().EmitAnsiSequences().Interactive();
        console.Profile.Width = 120;
        console.Profile.Height = 30;
        foreach (char key in "jp\r")
        {
            console.Input.PushKey(Key(key));
        }

        console.Input.PushKey(Key('q'));
        int scrapes = 0;
        TopLoop loop = new(console, _ => Task.FromResult(++scrapes == 1 ? Cpu(0, 0, 0).At(0) : Cpu(1, 3, 2).At(10)), TimeSpan.FromMilliseconds(10));
        await loop.RunAsync(new TopState(), TestContext.Current.CancellationToken);

        Assert.Contains("pmoas top   3 pods, by cpu   over 10.0 s\e", console.Output, StringComparison.Ordinal);
        Assert.Contains("pmoas top   3 pods, by cpu   over 10.0 s   PAUSED\e", console.Output, StringComparison.Ordinal);
        Assert.Contains("Containers of shop/mail", console.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Containers of shop/web", console.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(200, 12)]
    [InlineData(80, 7)]
    [InlineData(20, 3)]
    public void columns_of_less_weight_go_where_there_is_no_room(int width, int columns) =>
        Assert.Equal(columns, TopTables.Pods(Node.Pods).Fitting(width).Columns.Count);

    [Fact]
    public void in_a_pipe_columns_are_aligned_and_what_is_unknown_is_a_dash()
    {
        Scraped before = new Scraped().Value(OverviewMetrics.Cpu, "cart", "proxy", "sidecar", 1).Value(OverviewMetrics.Cpu, "cart", "app", "service", 1);
        Scraped after = new Scraped().Value(OverviewMetrics.Cpu, "cart", "proxy", "sidecar", 2).Value(OverviewMetrics.Cpu, "cart", "app", "service", 4)
            .Value(OverviewMetrics.Memory, "cart", "proxy", "sidecar", 3 << 20).Value(OverviewMetrics.Open, "mail", "proxy", "sidecar", 3)
            .Times(OverviewMetrics.Handoff, "cart", "app", "service", 1e-5, 0, 500, 1000, 1000)
            .Interval("cart", "inside", "net_dev_queue", "tcp_probe", 6e-6, 0, 0, 2, 2);
        NodeOverview node = Comparison.Of(before.At(0), after.At(10));

        Assert.Equal(
            """
            POD        CPU    CPU SHARE  MEMORY   MEMORY SHARE  REQUESTS/S  CPU/REQUEST  FORWARD P50  FORWARD P99  HANDOFF P50  HANDOFF P99  RETRANSMITS/S
            shop/cart  0.100  25.0 %     3.0 MiB  100.0 %       100         1.00 ms      -            -            2 µs         4 µs         -
            shop/mail  -      -          -        -             -           -            -            -            -            -            -

            """, Plain([TopTables.Pods(node.Pods)]));
        Assert.Equal(
            """
            Containers of shop/cart
            CONTAINER  ROLE     CPU    THROTTLED  MEMORY   ACCEPTS/S  CONNECTS/S  OPEN  RECEIVED/S  SENT/S  REDIRECTED/S  ACCEPT QUEUE P99  RUN QUEUE P99  UNREAD P99
            proxy      sidecar  0.100  -          3.0 MiB  -          -           -     -           -       -             -                 -              -
            app        service  0.300  -          -        -          -           -     -           -       -             -                 -              -

            inside, request
            FROM           TO         JOURNEYS/S  MEAN  P50   P99
            net_dev_queue  tcp_probe  0.20        3 µs  3 µs  4 µs

            """, Plain([.. TopTables.Pod(node.Pods[0])]));
    }

    [Theory]
    [InlineData(null, "-")]
    [InlineData(0.0000294, "29 µs")]
    [InlineData(0.00105, "1.05 ms")]
    [InlineData(2.5, "2.50 s")]
    public void times_are_told_in_their_unit(double? seconds, string told) => Assert.Equal(told, Figures.Time(seconds));

    private static string Plain(IReadOnlyList<TopTable> tables)
    {
        using StringWriter text = new();
        TopText.Write(tables, text);
        return text.ToString();
    }

    private static Scraped Cpu(double cart, double web, double mail) => new Scraped()
        .Value(OverviewMetrics.Cpu, "cart", "proxy", "sidecar", cart).Value(OverviewMetrics.Memory, "cart", "proxy", "sidecar", 3000)
        .Value(OverviewMetrics.Cpu, "web", "proxy", "sidecar", web).Value(OverviewMetrics.Cpu, "mail", "proxy", "sidecar", mail)
        .Value(OverviewMetrics.Memory, "mail", "proxy", "sidecar", 2000);

    private static TopState Pressed(string keys) => Press(new TopState(), keys);

    private static TopState Press(TopState state, string keys) => keys.Aggregate(state, (now, key) => now.Press(Key(key), Node));

    private static ConsoleKeyInfo Key(char key) => new(key, key switch
    {
        '\r' => ConsoleKey.Enter,
        '\e' => ConsoleKey.Escape,
        '\b' => ConsoleKey.Backspace,
        _ => ConsoleKey.None,
    }, shift: false, alt: false, control: false);
}
