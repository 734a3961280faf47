using System.Diagnostics;
using System.Net;
using System.Text;
using Pmoas.Host.Config;
using Pmoas.Host.Http;

namespace Pmoas.Tests.Http;

public sealed class HttpServingTests
{
    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    [InlineData("PATCH")]
    [InlineData("OPTIONS")]
    public async Task only_reading_is_answered(string method)
    {
        await using ServedPages pages = await new ServedPages().StartAsync(new HttpOptions());

        foreach (string path in (string[])["/metrics", "/healthz", "/nowhere"])
        {
            using HttpResponseMessage response = await pages.SendAsync(path, new HttpMethod(method));
            Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
            Assert.Equal(["GET", "HEAD"], response.Content.Headers.Allow);
        }

        Assert.Equal(HttpStatusCode.OK, await pages.StatusAsync("/metrics"));
        Assert.Equal(HttpStatusCode.OK, await pages.StatusAsync("/metrics", HttpMethod.Head));
    }

    [Fact]
    public async Task a_bearer_token_opens_all_but_the_health_checks_which_are_open()
    {
        await using ServedPages pages = new();
        await File.WriteAllTextAsync(pages.TokenFile, ServedPages.Token + "\n");
        await pages.StartAsync(new HttpOptions { TokenFile = pages.TokenFile });

        using HttpResponseMessage refused = await pages.SendAsync("/metrics");
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Equal("Bearer realm=\"pmoas\"", refused.Headers.WwwAuthenticate.ToString());
        Assert.Equal(HttpStatusCode.Unauthorized, await pages.StatusAsync("/nowhere"));
        Assert.Equal(HttpStatusCode.Unauthorized, await pages.StatusAsync("/metrics", authorization: "Bearer " + ServedPages.Token[1..]));
        Assert.Equal(HttpStatusCode.Unauthorized, await pages.StatusAsync("/metrics", authorization: "Bearer"));
        Assert.Equal(HttpStatusCode.Unauthorized, await pages.StatusAsync("/metrics", authorization: "Basic " + ServedPages.Token));
        Assert.Equal(HttpStatusCode.OK, await pages.StatusAsync("/metrics", authorization: "bearer " + ServedPages.Token));
        Assert.Equal(HttpStatusCode.OK, await pages.StatusAsync("/healthz"));
        Assert.Equal(HttpStatusCode.OK, await pages.StatusAsync("/readyz"));
    }

    [Fact]
    public async Task a_user_that_htpasswd_wrote_is_let_in_until_the_file_says_otherwise()
    {
        await using ServedPages pages = new();
        await File.WriteAllTextAsync(pages.UsersFile, "# who may read\n" + await HtpasswdAsync("ada", "sésame:1"));
        await pages.StartAsync(new HttpOptions { UsersFile = pages.UsersFile });

        using HttpResponseMessage refused = await pages.SendAsync("/metrics");
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Equal("Basic realm=\"pmoas\", charset=\"UTF-8\"", refused.Headers.WwwAuthenticate.ToString());
        Assert.Equal(HttpStatusCode.Unauthorized, await pages.StatusAsync("/metrics", authorization: Basic("ada:sesame:1")));
        Assert.Equal(HttpStatusCode.Unauthorized, await pages.StatusAsync("/metrics", authorization: Basic("eve:sésame:1")));
        Assert.Equal(HttpStatusCode.Unauthorized, await pages.StatusAsync("/metrics", authorization: Basic("ada")));
        Assert.Equal(HttpStatusCode.Unauthorized, await pages.StatusAsync("/metrics", authorization: "Basic %%%"));
        Assert.Equal(HttpStatusCode.OK, await pages.StatusAsync("/metrics", authorization: Basic("ada:sésame:1")));
        Assert.Equal(HttpStatusCode.OK, await pages.StatusAsync("/metrics", authorization: Basic("ada:sésame:1")));

        await File.WriteAllTextAsync(pages.UsersFile, await HtpasswdAsync("ada", "another"));
        await UntilAsync(async () => await pages.StatusAsync("/metrics", authorization: Basic("ada:another")) == HttpStatusCode.OK);
        Assert.Equal(HttpStatusCode.Unauthorized, await pages.StatusAsync("/metrics", authorization: Basic("ada:sésame:1")));
    }

    [Fact]
    public async Task a_renewed_certificate_is_shown_and_a_broken_one_is_not()
    {
        await using ServedPages pages = new();
        string first = pages.WriteCertificate("first");
        await pages.StartAsync(new HttpOptions { CertificateFile = pages.CertificateFile, KeyFile = pages.KeyFile });
        Assert.Equal(first, await ShownAsync(pages));

        await File.WriteAllTextAsync(pages.CertificateFile, "nothing");
        await Task.Delay(1100); // the files are looked at once a second
        Assert.Equal(first, await ShownAsync(pages));

        string second = pages.WriteCertificate("second");
        await UntilAsync(async () => await ShownAsync(pages) == second);
        using HttpClient plain = new();
        await Assert.ThrowsAsync<HttpRequestException>(() => plain.GetAsync(new UriBuilder(pages.Address) { Scheme = "http" }.Uri));
    }

    [Fact]
    public async Task one_request_more_than_are_answered_at_once_is_told_to_come_again()
    {
        await using ServedPages pages = await new ServedPages().StartAsync(new HttpOptions { ConcurrentRequests = 2 });
        Task<HttpStatusCode>[] slow = [pages.StatusAsync("/slow"), pages.StatusAsync("/slow")];
        await pages.AtSlow.WaitAsync();
        await pages.AtSlow.WaitAsync();

        using HttpResponseMessage third = await pages.SendAsync("/metrics");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, third.StatusCode);
        Assert.Equal("1", third.Headers.RetryAfter?.ToString());
        Assert.Equal(HttpStatusCode.OK, await pages.StatusAsync("/healthz"));

        pages.Slow.Release(2);
        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.OK], await Task.WhenAll(slow));
        Assert.Equal(HttpStatusCode.OK, await pages.StatusAsync("/metrics"));
    }

    [Theory]
    [InlineData("ada:plain", ":1 is no user with a bcrypt hash of cost 4 to 14: write lines as \"htpasswd -nB NAME\" prints them.")]
    [InlineData("\nada:$2y$05$short", ":2 is no user with a bcrypt hash of cost 4 to 14: write lines as \"htpasswd -nB NAME\" prints them.")]
    [InlineData("# nobody\n", " names no user: write lines as \"htpasswd -nB NAME\" prints them.")]
    public async Task a_file_of_users_that_is_none_is_told_by_its_line(string content, string said)
    {
        await using ServedPages pages = new();
        await File.WriteAllTextAsync(pages.UsersFile, content);

        HttpFileException e = await Assert.ThrowsAsync<HttpFileException>(() => pages.StartAsync(new HttpOptions { UsersFile = pages.UsersFile }));
        Assert.Equal(pages.UsersFile + said, e.Message);
    }

    [Fact]
    public async Task a_token_that_is_too_short_and_a_file_that_is_missing_are_told()
    {
        await using ServedPages pages = new();
        HttpFileException missing = await Assert.ThrowsAsync<HttpFileException>(() => pages.StartAsync(new HttpOptions { TokenFile = pages.TokenFile }));
        Assert.StartsWith($"{pages.TokenFile} cannot be read (", missing.Message, StringComparison.Ordinal);

        await File.WriteAllTextAsync(pages.TokenFile, "short");
        HttpFileException shortOne = await Assert.ThrowsAsync<HttpFileException>(() => pages.StartAsync(new HttpOptions { TokenFile = pages.TokenFile }));
        Assert.Equal($"{pages.TokenFile} holds no token of 16 characters or more without spaces: write one, such as \"openssl rand -hex 32\" prints.", shortOne.Message);
    }

    [Fact]
    public async Task a_certificate_with_the_key_of_another_is_told()
    {
        await using ServedPages pages = new();
        pages.WriteCertificate("one");
        string certificate = await File.ReadAllTextAsync(pages.CertificateFile);
        pages.WriteCertificate("two");
        await File.WriteAllTextAsync(pages.CertificateFile, certificate);

        HttpFileException e = await Assert.ThrowsAsync<HttpFileException>(
            () => pages.StartAsync(new HttpOptions { CertificateFile = pages.CertificateFile, KeyFile = pages.KeyFile }));
        Assert.StartsWith($"{pages.CertificateFile} and {pages.KeyFile} are no certificate with its key (", e.Message, StringComparison.Ordinal);
    }

    private static string Basic(string userAndPassword) => "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(userAndPassword));

    private static async Task<string?> ShownAsync(ServedPages pages)
    {
        (HttpClient client, Func<string?> shown) = pages.Client();
        using (client)
        {
            Assert.Equal("ok\n", await client.GetStringAsync(new Uri("/metrics", UriKind.Relative)));
            return shown();
        }
    }

    private static async Task<string> HtpasswdAsync(string user, string password)
    {
        using Process htpasswd = Process.Start(new ProcessStartInfo("htpasswd", ["-nbBC", "5", user, password]) { RedirectStandardOutput = true })!;
        string line = await htpasswd.StandardOutput.ReadToEndAsync();
        await htpasswd.WaitForExitAsync();
        return line;
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        for (long begun = Stopwatch.GetTimestamp(); !await condition(); await Task.Delay(100))
        {
            Assert.True(Stopwatch.GetElapsedTime(begun) < TimeSpan.FromSeconds(10), "10 s were not enough");
        }
    }
}
