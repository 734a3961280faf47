using System.Text.Json;
using PuppeteerSharp;

namespace Pmoas.EndToEnd.Faces;

/// <summary>A page in a real headless Chromium, with what it asked for and what went wrong in it. Gone when disposed.</summary>
internal sealed class Browser : IAsyncDisposable
{
    private readonly IBrowser _browser;
    private readonly List<string> _asked = [];
    private readonly List<string> _wrong = [];
    private readonly List<string> _answers = [];

    private Browser(IBrowser browser, IPage page)
    {
        (_browser, Page) = (browser, page);
        page.Request += (_, request) => Add(_asked, request.Request.Url);
        page.PageError += (_, error) => Add(_wrong, error.Message);
        page.Console += (_, said) => Add(_wrong, said.Message.Text);
        page.RequestFinished += async (_, request) =>
        {
            if (request.Request.Url.EndsWith("/api/pods", StringComparison.Ordinal))
            {
                Add(_answers, await request.Request.Response.TextAsync());
            }
        };
    }

    internal IPage Page { get; }

    /// <summary>Addresses the page asked for.</summary>
    internal IReadOnlyList<string> Asked => Copy(_asked);

    /// <summary>Errors, and what was written to the console, as when the policy of the page forbids something.</summary>
    internal IReadOnlyList<string> Wrong => Copy(_wrong);

    /// <summary>What <c>/api/pods</c> answered.</summary>
    internal IReadOnlyList<JsonElement> Answers => [.. Copy(_answers).Select(answer => JsonDocument.Parse(answer).RootElement)];

    /// <summary>Starts it.</summary>
    internal static async Task<Browser> StartAsync(int width, int height, bool dark = false)
    {
        IBrowser browser = await Puppeteer.LaunchAsync(new LaunchOptions
        {
            ExecutablePath = "/usr/bin/chromium",
            Headless = true,
            Timeout = 60_000,
            Args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"], // root has no sandbox
            DefaultViewport = new ViewPortOptions { Width = width, Height = height },
        });
        try
        {
            IPage page = await browser.NewPageAsync();
            await page.EmulateMediaFeaturesAsync([new MediaFeatureValue { MediaFeature = MediaFeature.PrefersColorScheme, Value = dark ? "dark" : "light" }]);
            return new Browser(browser, page);
        }
        catch
        {
            await browser.DisposeAsync();
            throw;
        }
    }

    /// <summary>Opens the page and waits for its first numbers.</summary>
    internal async Task OpenAsync(Uri address)
    {
        await Page.GoToAsync(address.AbsoluteUri);
        await UntilAsync("document.querySelector('#clock').textContent.includes('over')");
    }

    /// <summary>Waits until an expression is true in the page.</summary>
    internal async Task UntilAsync(string expression)
    {
        try
        {
            await Page.WaitForExpressionAsync(expression, new WaitForFunctionOptions { Timeout = 20_000 });
        }
        catch (WaitTaskTimeoutException)
        {
            Assert.Fail($"20 s without {expression}: {await TextAsync("document.body.innerText")}\n{string.Join('\n', Wrong)}");
        }
    }

    /// <summary>Value of an expression that is text.</summary>
    internal Task<string> TextAsync(string expression) => Page.EvaluateExpressionAsync<string>(expression);

    /// <summary>Value of an expression that is a number.</summary>
    internal Task<double> NumberAsync(string expression) => Page.EvaluateExpressionAsync<double>(expression);

    public async ValueTask DisposeAsync() => await _browser.DisposeAsync();

    private static void Add(List<string> list, string text)
    {
        lock (list)
        {
            list.Add(text);
        }
    }

    private static string[] Copy(List<string> list)
    {
        lock (list)
        {
            return [.. list];
        }
    }
}
