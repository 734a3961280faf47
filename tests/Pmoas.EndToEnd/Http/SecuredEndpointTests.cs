using Pmoas.EndToEnd.Dashboards;

namespace Pmoas.EndToEnd.Http;

/// <summary>Who may read what the daemon serves.</summary>
public sealed class SecuredEndpointTests
{
    [Theory]
    [InlineData("basic_auth: { username: ada, password: 'correct horse' }", 1)]
    [InlineData("authorization: { credentials: f00dfeedf00dfeedf00dfeed }", 1)]
    [InlineData("basic_auth: { username: ada, password: 'wrong horse' }", 0)]
    [InlineData("authorization: { credentials: f00dfeedf00dfeedf00dfee }", 0)]
    public async Task Prometheus_scrapes_over_TLS_with_the_right_credentials_only(string credentials, int up)
    {
        using SecuredSite site = new();
        site.Site.Write(site.Toml);
        await using HostProcess daemon = await site.RunAsync();
        await using PrometheusServer prometheus = await PrometheusServer.StartAsync(
            site.Site.Folder, site.Site.Port, [], "scheme: https", $"tls_config: {{ ca_file: '{site.CertificateFile}' }}", credentials);

        // The first scrape of a busy machine may be too slow for Prometheus; the third is not.
        await daemon.UntilAsync(
            async () => (await prometheus.QueryAsync("up{job=\"pmoas\"}")).Contains(1) || (await prometheus.QueryAsync("count_over_time(up{job=\"pmoas\"}[1m])")).Any(scrapes => scrapes >= 3),
            "a scrape that succeeds, or three that do not");
        Assert.Equal([up], await prometheus.QueryAsync("up{job=\"pmoas\"}"));
        Assert.Equal(up, (await prometheus.QueryAsync("pmoas_build_info")).Count);
    }

    [Fact]
    public async Task an_address_that_other_machines_reach_is_refused_in_one_sentence()
    {
        using Site site = new();
        const string Cure = "can be reached from other machines: set certificate_file and key_file, and users_file or token_file, or else insecure = true";
        await using HostProcess byOption = HostProcess.Start(site, "run", arguments: ["--listen", $"0.0.0.0:{site.Port}"]);
        Assert.Equal(2, await byOption.ExitAsync());
        Assert.Equal($"pmoas: --listen: \"0.0.0.0:{site.Port}\" {Cure} under [http] in {site.Config}.", byOption.Log.Trim());

        await File.WriteAllTextAsync(site.Config, $"[http]\nlisten = \"[::]:{site.Port}\"\n");
        await using HostProcess byFile = HostProcess.Start(site, "run");
        Assert.Equal(2, await byFile.ExitAsync());
        Assert.Equal(
            $"{site.Config}:2:1: http.listen: \"[::]:{site.Port}\" {Cure}\npmoas: 1 mistake in the configuration; nothing was started.", byFile.Log.Trim());
    }

    [Fact]
    public async Task a_file_that_cannot_be_used_is_told_by_run_and_by_check()
    {
        using SecuredSite site = new();
        site.Site.Write(site.Toml);
        await File.WriteAllTextAsync(site.TokenFile, "short");
        string said = $"{site.TokenFile} holds no token of 16 characters or more without spaces: write one, such as \"openssl rand -hex 32\" prints.";
        await using HostProcess run = HostProcess.Start(site.Site, "run");
        Assert.Equal(1, await run.ExitAsync());
        Assert.Equal($"pmoas: {said}", run.Log.Trim());

        await using HostProcess check = HostProcess.Start(site.Site, "check");
        Assert.Equal(1, await check.ExitAsync());
        Assert.Contains(said, check.Output, StringComparison.Ordinal);
    }
}
