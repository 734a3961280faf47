using System.Globalization;
using System.Text.Json;
using Pmoas.EndToEnd.Http;
using Pmoas.Host.Demo;
using Pmoas.Host.Top;
using PuppeteerSharp;

namespace Pmoas.EndToEnd.Faces;

/// <summary>The page at <c>/</c> in a real Chromium over a real daemon under load.</summary>
public sealed class WebPageTests
{
    private const string Row = "document.querySelector('#pods tbody tr')";

    [Fact]
    public async Task shows_the_pod_with_the_numbers_of_the_load()
    {
        const int Requests = 3000;
        await using SeenPod seen = await SeenPod.StartAsync(SeenPod.AllPlugins);
        await using Browser browser = await Browser.StartAsync(1280, 800);
        await browser.OpenAsync(seen.Address);
        await browser.UntilAsync($"{Row} !== null");
        int before = browser.Answers.Count;

        // Each answer tells of the time since the one before.
        double Told(string times) => browser.Answers.Skip(before).DistinctBy(answer => answer.GetProperty("seconds").GetDouble())
            .Sum(answer => Count(Assert.Single(answer.GetProperty("pods").EnumerateArray()), times));

        Load load = await Load.RunAsync(seen.Bed, Requests, 1, keepAlive: false);
        Assert.Equal((Requests, 0), (load.Complete, load.Failed));
        await seen.Daemon.UntilAsync(() => Task.FromResult(Told("handoff") >= Requests && Told("forward") >= Requests), "the load in the page");
        Assert.Equal((Requests, Requests), (Told("handoff"), Told("forward")));
        Assert.Equal(seen.Name, await browser.TextAsync($"{Row}.cells[0].innerText"));

        // What is read is what was answered.
        await browser.Page.ClickAsync("#pause");
        await Task.Delay(500); // what was asked before is answered
        JsonElement last = browser.Answers[^1].GetProperty("pods")[0];
        Assert.Equal(Figures.Bytes(last.GetProperty("memory_bytes").GetDouble()), await browser.TextAsync(Cell("Memory")));
        Assert.Equal(Figures.Share(last.GetProperty("memory_share").GetDouble()), await browser.TextAsync(Cell("Memory share")));

        Assert.All(browser.Asked, url => Assert.StartsWith(seen.Address.AbsoluteUri, url, StringComparison.Ordinal));
        Assert.Empty(browser.Wrong);
    }

    [Fact]
    public async Task the_keyboard_opens_a_pod_with_every_stage_and_goes_back()
    {
        await using SeenPod seen = await SeenPod.StartAsync(SeenPod.AllPlugins);
        await using BackgroundLoad load = new(seen.Bed);
        await using Browser browser = await Browser.StartAsync(1280, 800);
        await browser.OpenAsync(seen.Address);
        await browser.UntilAsync($"{Row} !== null");

        string focus = "";
        for (int i = 0; i < 30 && focus != seen.Name; i++)
        {
            await browser.Page.Keyboard.PressAsync("Tab");
            focus = await browser.TextAsync("document.activeElement.innerText || document.activeElement.id");
        }

        Assert.Equal(seen.Name, focus);
        await Task.Delay(2500); // a refresh in between leaves the focus
        Assert.Equal(seen.Name, await browser.TextAsync("document.activeElement.innerText"));

        await browser.Page.Keyboard.PressAsync("Enter");
        await browser.UntilAsync("!document.querySelector('#pod').hidden && document.querySelectorAll('#path li.leg .bar').length === 4");
        Assert.Equal(seen.Name, await browser.TextAsync("document.querySelector('#name').innerText"));
        Assert.Equal("name", await browser.TextAsync("document.activeElement.id"));
        Assert.Equal(
            "outside request|inside request|inside response|outside response", await browser.TextAsync("[...document.querySelectorAll('#path li.leg')].map(leg => leg.dataset.leg).join('|')"));
        Assert.Equal(6, await browser.NumberAsync("document.querySelectorAll('#path li[data-leg=\"inside request\"] .stages li').length"));
        Assert.Equal("proxy|app", await browser.TextAsync("[...document.querySelectorAll('#containers tbody tr')].map(row => row.cells[0].innerText).join('|')"));
        Assert.Equal(0, await browser.NumberAsync("document.querySelectorAll('#hints li').length"));

        await browser.Page.Keyboard.PressAsync("Escape");
        await browser.UntilAsync("!document.querySelector('#list').hidden");
        Assert.Equal(seen.Name, await browser.TextAsync("document.activeElement.innerText"));
        await browser.Page.Keyboard.PressAsync("/");
        await browser.Page.Keyboard.TypeAsync("nobody");
        await browser.UntilAsync("document.querySelector('#none').innerText === 'No pod has this in its name.'");
        Assert.Empty(browser.Wrong);
    }

    [Theory]
    [InlineData("overview-light", 1280, 300, false, false)]
    [InlineData("pod-light", 1000, 800, false, true)]
    [InlineData("pod-dark", 1000, 800, true, true)]
    [InlineData("overview-phone", 360, 740, false, false)]
    [InlineData("pod-phone", 360, 740, true, true)]
    public async Task fits_a_screen_and_follows_its_colours(string name, int width, int height, bool dark, bool within)
    {
        await using SeenPod seen = await SeenPod.StartAsync(SeenPod.AllPlugins);
        await using BackgroundLoad load = new(seen.Bed);
        await using Browser browser = await Browser.StartAsync(width, height, dark);
        await browser.OpenAsync(seen.Address);
        await browser.UntilAsync($"{Row} !== null && parseFloat({Cell("Requests/s")}) > 0");
        if (within)
        {
            await browser.Page.ClickAsync("#pods tbody a");
            await browser.UntilAsync("document.querySelectorAll('#path li.leg .bar').length === 4");
        }

        Assert.Equal(width, await browser.NumberAsync("document.documentElement.scrollWidth"));
        string ground = await browser.TextAsync("getComputedStyle(document.body).backgroundColor");
        Assert.Equal(dark ? "rgb(20, 24, 27)" : "rgb(251, 251, 249)", ground);
        string folder = Path.Combine(Path.GetDirectoryName(Built.Plugins)!, "../screenshots");
        Directory.CreateDirectory(folder);
        await browser.Page.ScreenshotAsync(Path.Combine(folder, name + ".png"), new ScreenshotOptions { FullPage = within && width > 360 });
    }

    [Theory]
    [InlineData("", "accept resource_usage stack_trace")]
    [InlineData("Accept", "resource_usage stack_trace")]
    [InlineData("ResourceUsage", "accept stack_trace")]
    public async Task says_what_to_switch_on_for_what_is_missing(string plugin, string missing)
    {
        await using SeenPod seen = await SeenPod.StartAsync(plugin.Length > 0 ? [plugin] : []);
        await using Browser browser = await Browser.StartAsync(1280, 800);
        await browser.OpenAsync(seen.Address);
        string hints = "#none";
        if (plugin.Length > 0)
        {
            await Load.RunAsync(seen.Bed, 10, 1, keepAlive: false);
            await browser.UntilAsync($"{Row} !== null");
            await browser.Page.ClickAsync("#pods tbody a");
            await browser.UntilAsync("!document.querySelector('#pod').hidden");
            hints = "#hints";
        }

        string[] told = (await browser.TextAsync($"[...document.querySelectorAll('{hints} li')].map(hint => hint.dataset.plugin).join(' ')")).Split(' ');
        Assert.Equal(missing, string.Join(' ', told.Order(StringComparer.Ordinal)));
        Assert.Empty(browser.Wrong);
    }

    [Fact]
    public async Task a_user_reads_it_over_TLS_and_nobody_else()
    {
        using SecuredSite site = new();
        site.Site.Write(site.Toml);
        await using HostProcess daemon = await site.RunAsync();
        await using Browser browser = await Browser.StartAsync(1280, 800);
        NavigationException refused = await Assert.ThrowsAsync<NavigationException>(() => browser.Page.GoToAsync(site.Address.AbsoluteUri));
        Assert.StartsWith("net::ERR_INVALID_AUTH_CREDENTIALS", refused.Message, StringComparison.Ordinal);

        await browser.Page.AuthenticateAsync(new Credentials { Username = "ada", Password = SecuredSite.Password });
        await browser.OpenAsync(site.Address);
        Assert.StartsWith("No pod is measured yet.", await browser.TextAsync("document.querySelector('#none').innerText"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task a_daemon_that_is_gone_is_told_and_the_numbers_stay()
    {
        await using SeenPod seen = await SeenPod.StartAsync("Accept");
        await using Browser browser = await Browser.StartAsync(1280, 800);
        await Load.RunAsync(seen.Bed, 10, 1, keepAlive: false);
        await browser.OpenAsync(seen.Address);
        await browser.UntilAsync($"{Row} !== null");

        seen.Daemon.Signal("TERM");
        Assert.Equal(0, await seen.Daemon.ExitAsync());
        await browser.UntilAsync("document.querySelector('#trouble').innerText === 'The daemon does not answer; these are its last numbers.'");
        Assert.Equal(seen.Name, await browser.TextAsync($"{Row}.cells[0].innerText"));
    }

    private static string Cell(string column) => $"[...{Row}.cells].find(cell => cell.dataset.label === '{column}').innerText.trim()";

    private static double Count(JsonElement pod, string times) =>
        pod.TryGetProperty(times, out JsonElement found) ? double.Parse(found.GetProperty("count").GetRawText(), CultureInfo.InvariantCulture) : 0;
}
