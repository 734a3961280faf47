using System.Net;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Pmoas.Host.Exposition;
using Pmoas.Host.Health;
using Pmoas.Sdk.Metrics;
using Pmoas.Tests.Metrics;

namespace Pmoas.Tests.Exposition;

public sealed class MetricsEndpointTests : IAsyncLifetime, IReadiness, ILiveness
{
    private static readonly CounterDef Scrapes = new("pmoas_lab_scrapes_total", "Scrapes.", []);

    private readonly Instruments _instruments = new();
    private readonly ScrapeCycle _cycle = new((_, _) => { }, new LoopClock("collecting from plugin", LoopClock.UsualLimit, TimeProvider.System));
    private readonly Scraper _scraper;
    private readonly WebApplication _app;
    private readonly HttpClient _client = new();

    public MetricsEndpointTests()
    {
        var self = new SelfMetrics(_instruments, "0.1.0", "0.1.0", "6.18.44");
        _scraper = new Scraper(_cycle, _instruments, self, () => [], new PodContainers(), () => new PodFacts([], 0, 0, 0), TimeSpan.FromSeconds(2));
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        new MetricsEndpoint(_scraper, this, this).Map(_app);
    }

    public string? NotReadyBecause { get; private set; } = "plugin accept is loading";

    public string? StuckBecause { get; private set; }

    public async ValueTask InitializeAsync()
    {
        await _app.StartAsync(TestContext.Current.CancellationToken);
        _client.BaseAddress = new Uri(_app.Urls.Single());
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync();
        _scraper.Dispose();
    }

    [Fact]
    public async Task metrics_are_collected_before_they_are_served_as_text()
    {
        Counter scrapes = _instruments.Register("lab", [Scrapes]).Counter(Scrapes);
        _cycle.Join("lab", [() => scrapes.Add(1)]);
        using HttpResponseMessage first = await Get("/metrics");
        using HttpResponseMessage second = await Get("/metrics");
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", first.Content.Headers.ContentType?.ToString());
        Assert.Contains("\npmoas_lab_scrapes_total 1\n", await Text(first), StringComparison.Ordinal);
        string text = await Text(second);
        Assert.Contains("\npmoas_lab_scrapes_total 2\n", text, StringComparison.Ordinal);
        Assert.Contains("\npmoas_scrape_duration_seconds_count 1\n", text, StringComparison.Ordinal);
        Assert.Contains("\nprocess_cpu_seconds_total ", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task openmetrics_is_served_to_who_asks_for_it()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        request.Headers.Accept.Add(MediaTypeWithQualityHeaderValue.Parse("application/openmetrics-text;version=1.0.0;q=0.6"));
        request.Headers.Accept.Add(MediaTypeWithQualityHeaderValue.Parse("text/plain;version=0.0.4;q=0.5"));
        using HttpResponseMessage response = await _client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal("application/openmetrics-text; version=1.0.0; charset=utf-8", response.Content.Headers.ContentType?.ToString());
        Assert.EndsWith("# EOF\n", await Text(response), StringComparison.Ordinal);
    }

    [Fact]
    public async Task concurrent_scrapes_run_one_after_the_other()
    {
        int inside = 0;
        int most = 0;
        _cycle.Join("lab", [() =>
        {
            most = Math.Max(most, Interlocked.Increment(ref inside));
            Thread.Sleep(10);
            Interlocked.Decrement(ref inside);
        }]);
        HttpResponseMessage[] responses = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => Get("/metrics")));
        Assert.All(responses, response => Assert.Equal(HttpStatusCode.OK, response.StatusCode));
        Assert.Equal(1, most);
    }

    [Fact]
    public async Task a_plugin_that_hangs_costs_the_caller_no_more_than_the_time_limit_and_is_named()
    {
        using var release = new ManualResetEventSlim();
        _cycle.Join("lab", [() => release.Wait(TestContext.Current.CancellationToken)]);
        try
        {
            using HttpResponseMessage response = await Get("/metrics");
            Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
            Assert.Equal("no metrics within 2 s; plugin lab is being read\n", await Text(response));
        }
        finally
        {
            release.Set();
        }

        using HttpResponseMessage after = await Get("/metrics");
        Assert.Equal(HttpStatusCode.OK, after.StatusCode);
    }

    [Fact]
    public async Task alive_at_once_and_ready_when_settled()
    {
        using HttpResponseMessage health = await Get("/healthz");
        Assert.Equal(HttpStatusCode.OK, health.StatusCode);
        using HttpResponseMessage early = await Get("/readyz");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, early.StatusCode);
        Assert.Equal("plugin accept is loading\n", await Text(early));
        NotReadyBecause = null;
        using HttpResponseMessage ready = await Get("/readyz");
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
        Assert.Equal("ok\n", await Text(ready));
    }

    [Fact]
    public async Task not_healthy_while_a_loop_is_stuck()
    {
        StuckBecause = "collecting from plugin lab takes 20 s already";
        using HttpResponseMessage ill = await Get("/healthz");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ill.StatusCode);
        Assert.Equal("collecting from plugin lab takes 20 s already\n", await Text(ill));
        StuckBecause = null;
        using HttpResponseMessage well = await Get("/healthz");
        Assert.Equal(HttpStatusCode.OK, well.StatusCode);
    }

    private Task<HttpResponseMessage> Get(string path) => _client.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);

    private static Task<string> Text(HttpResponseMessage response) => response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
}
