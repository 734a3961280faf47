using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Pmoas.Host.Config;

namespace Pmoas.Tests.Config;

public sealed class ConfigWatchTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly string _directory = Directory.CreateTempSubdirectory("pmoas-config-").FullName;
    private readonly BlockingCollection<string> _heard = [];

    public void Dispose()
    {
        Directory.Delete(_directory, recursive: true);
        _heard.Dispose();
    }

    [Fact]
    public void a_good_edit_is_taken()
    {
        string path = Write("pmoas.toml", Level("error"));
        using ConfigWatch watch = Watch(path);

        File.WriteAllText(path, Level("debug"));

        Assert.Equal("Error to Debug", Heard());
        Assert.Equal(LogLevel.Debug, watch.Current.Log.Level);
    }

    [Fact]
    public void a_bad_edit_is_told_and_the_configuration_goes_on()
    {
        string path = Write("pmoas.toml", Level("error"));
        using ConfigWatch watch = Watch(path);

        File.WriteAllText(path, "[log]\nlevl = 1\n[htp]\n");

        Assert.Equal("rejected 2:1 3:2", Heard());
        Assert.Equal(LogLevel.Error, watch.Current.Log.Level);

        File.WriteAllText(path, Level("debug"));

        Assert.Equal("Error to Debug", Heard());
    }

    [Fact]
    public void an_edit_that_the_daemon_cannot_use_is_refused()
    {
        string path = Write("pmoas.toml", Level("error"));
        using ConfigWatch watch = Watch(path);

        File.WriteAllText(path, "[plugins.nope]\n");

        Assert.Equal("rejected 1:10", Heard());
    }

    [Fact]
    public void a_file_replaced_by_an_editor_is_noticed()
    {
        string path = Write("pmoas.toml", Level("error"));
        using ConfigWatch watch = Watch(path);

        File.Move(Write(".pmoas.toml.swp", Level("debug")), path, overwrite: true);

        Assert.Equal("Error to Debug", Heard());
    }

    [Fact]
    public void a_config_map_s_swapped_link_is_noticed()
    {
        Directory.CreateDirectory(Path.Combine(_directory, "..1"));
        Directory.CreateDirectory(Path.Combine(_directory, "..2"));
        Write("..1/pmoas.toml", Level("error"));
        Write("..2/pmoas.toml", Level("debug"));
        string data = Path.Combine(_directory, "..data");
        Directory.CreateSymbolicLink(data, "..1");
        string path = Path.Combine(_directory, "pmoas.toml");
        File.CreateSymbolicLink(path, "..data/pmoas.toml");
        using ConfigWatch watch = Watch(path);

        Directory.CreateSymbolicLink(data + "_tmp", "..2");
        using Process rename = Process.Start("mv", ["-T", data + "_tmp", data]); // File.Move follows the link
        rename.WaitForExit();

        Assert.Equal("Error to Debug", Heard());
    }

    [Fact]
    public void reload_takes_the_file_at_once_even_when_it_is_the_same()
    {
        using ConfigWatch watch = Watch(Write("pmoas.toml", Level("error")));

        Assert.Empty(watch.Reload());
        Assert.Equal("Error to Error", Heard());
    }

    [Fact]
    public void many_writes_are_one_edit()
    {
        string path = Write("pmoas.toml", Level("error"));
        using ConfigWatch watch = Watch(path);

        foreach (string level in (string[])["trace", "debug", "warning", "critical"])
        {
            File.WriteAllText(path, Level(level));
        }

        Assert.Equal("Error to Critical", Heard());
        Assert.False(_heard.TryTake(out string? more, TimeSpan.FromMilliseconds(500)), more);
    }

    private static string Level(string level) => $"[log]\nlevel = \"{level}\"\n";

    private string Write(string name, string text)
    {
        string path = Path.Combine(_directory, name);
        File.WriteAllText(path, text);
        return path;
    }

    private ConfigWatch Watch(string path)
    {
        ConfigWatch watch = new(path, ConfigFile.Load(path).Options!, o => o.PluginTables.CheckPlugins(["accept"]), NullLogger.Instance, TimeProvider.System);
        watch.Changed += (old, now) => _heard.Add($"{old.Log.Level} to {now.Log.Level}");
        watch.Rejected += errors => _heard.Add("rejected " + string.Join(" ", errors.Select(e => $"{e.At.Line}:{e.At.Column}")));
        return watch;
    }

    private string? Heard() => _heard.TryTake(out string? news, Patience) ? news : null;
}
