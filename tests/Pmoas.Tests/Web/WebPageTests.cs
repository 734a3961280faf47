using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Pmoas.Host.Exposition;
using Pmoas.Host.Health;
using Pmoas.Host.Web;
using Pmoas.Sdk.Metrics;
using Pmoas.Tests.Metrics;

namespace Pmoas.Tests.Web;

public sealed class WebPageTests : IAsyncLifetime
{
    private static readonly GaugeDef Memory = new("pmoas_resource_usage_memory_working_set_bytes", "Memory.", Label.Container);

    private readonly Instruments _instruments = new();
    private readonly ScrapeCycle _cycle = new((_, _) => { }, new LoopClock("collecting from plugin", LoopClock.UsualLimit, TimeProvider.System));
    private readonly Scraper _scraper;
    private readonly LiveOverview _live;
    private readonly WebApplication _app;
    private readonly HttpClient _client = new();
    private int _scrapes;

    public WebPageTests()
    {
        var self = new SelfMetrics(_instruments, "0.1.0", "0.1.0", "6.18.44");
        _scraper = new Scraper(_cycle, _instruments, self, () => [], new PodContainers(), () => new PodFacts([], 0, 0, 0), TimeSpan.FromSeconds(5));
        _live = new LiveOverview(_scraper, TimeProvider.System);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        new WebPage(_live).Map(_app);
    }

    public async ValueTask InitializeAsync()
    {
        await _app.StartAsync();
        _client.BaseAddress = new Uri(_app.Urls.Single());
        Gauge memory = _instruments.Register("lab", [Memory]).Gauge(Memory);
        _cycle.Join("lab", [() =>
        {
            _scrapes++;
            memory.Set(3000, "shop", "cart", "proxy", "sidecar");
            memory.Set(1000, "shop", "cart", "app", "service");
            memory.Set(1000, "lab", "chain", "app", "service");
        }]);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync();
        _live.Dispose();
        _scraper.Dispose();
    }

    [Theory]
    [InlineData("/", "text/html; charset=utf-8", "<!doctype html>")]
    [InlineData("/style.css", "text/css; charset=utf-8", ":root {")]
    [InlineData("/app.js", "text/javascript; charset=utf-8", "\"use strict\";")]
    [InlineData("/icon.svg", "image/svg+xml", "<svg ")]
    public async Task every_file_of_the_page_is_served_and_forbids_what_is_not_its_own(string path, string type, string beginning)
    {
        using HttpResponseMessage response = await _client.GetAsync(new Uri(path, UriKind.Relative));
        Assert.Equal(type, response.Content.Headers.ContentType?.ToString());
        Assert.StartsWith(beginning, await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            response.Headers.GetValues("Content-Security-Policy").Single());
    }

    [Fact]
    public async Task the_page_names_no_other_host_and_has_no_script_or_style_within()
    {
        string page = await _client.GetStringAsync(new Uri("/", UriKind.Relative));
        Assert.DoesNotContain("//", page, StringComparison.Ordinal);
        Assert.DoesNotContain("style=", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<style", page, StringComparison.Ordinal);
        Assert.Equal(page.IndexOf("<script", StringComparison.Ordinal), page.LastIndexOf("<script src=\"app.js\" defer></script>", StringComparison.Ordinal));
    }

    [Fact]
    public async Task a_list_gives_what_each_pod_costs_and_a_pod_what_is_within()
    {
        JsonElement list = await JsonAsync("/api/pods");
        Assert.Equal(["shop/cart", "lab/chain"], list.GetProperty("pods").EnumerateArray().Select(pod => $"{pod.GetProperty("namespace")}/{pod.GetProperty("pod")}").Order(StringComparer.Ordinal).Reverse());
        JsonElement cart = list.GetProperty("pods").EnumerateArray().Single(pod => pod.GetProperty("pod").GetString() == "cart");
        Assert.Equal(0.75, cart.GetProperty("memory_share").GetDouble());
        Assert.False(cart.TryGetProperty("cpu_share", out _));
        Assert.Empty(cart.GetProperty("containers").EnumerateArray());

        JsonElement one = (await JsonAsync("/api/pods/shop/cart")).GetProperty("pod");
        Assert.Equal(["proxy", "app"], one.GetProperty("containers").EnumerateArray().Select(container => container.GetProperty("name").GetString()));
        using HttpResponseMessage missing = await _client.GetAsync(new Uri("/api/pods/shop/gone", UriKind.Relative));
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        Assert.Equal("no such pod is measured\n", await missing.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task many_readers_cost_no_more_than_one_and_none_costs_nothing()
    {
        Assert.Equal(0, _scrapes);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => JsonAsync("/api/pods")));
        Assert.Equal(2, _scrapes);
    }

    private async Task<JsonElement> JsonAsync(string path) => JsonDocument.Parse(await _client.GetStringAsync(new Uri(path, UriKind.Relative))).RootElement;
}
