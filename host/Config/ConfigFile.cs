using System.Text;
using Pmoas.Host.Pods;

namespace Pmoas.Host.Config;

/// <summary>What reading <c>pmoas.toml</c> gave: options, or every mistake in it.</summary>
/// <param name="Options">Null when there is a mistake.</param>
/// <param name="Errors">In the order of the file.</param>
internal sealed record ConfigResult(PmoasOptions? Options, IReadOnlyList<ConfigError> Errors)
{
    /// <summary>The plugins' tables, also when there are mistakes elsewhere: so that theirs can be told in the same go.</summary>
    public PluginTables PluginTables { get; init; } = PluginTables.None;
}

/// <summary>Reads <c>pmoas.toml</c>.</summary>
internal static class ConfigFile
{
    // Invalid bytes are a mistake to be told, not question marks to be read over.
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads the file. A user's mistake, a missing or unreadable file included, is in the result and never thrown.</summary>
    public static ConfigResult Load(string path)
    {
        try
        {
            return Parse(Strict.GetString(File.ReadAllBytes(path)), path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DecoderFallbackException)
        {
            string cure = e switch
            {
                DecoderFallbackException => "is not UTF-8; save it as UTF-8",
                FileNotFoundException or DirectoryNotFoundException => "there is no such file; name another with --config",
                _ when Directory.Exists(path) => "is a directory; name a file with --config",
                UnauthorizedAccessException => $"may not be read by user {Environment.UserName}; run as root, or let this user read it",
                _ => $"cannot be read: {e.Message}",
            };
            return new ConfigResult(null, [new ConfigError(path, default, "", cure)]);
        }
    }

    /// <summary>Reads a text as if it were the file.</summary>
    /// <param name="text">TOML.</param>
    /// <param name="file">Named in errors and in the reasons of roles.</param>
    public static ConfigResult Parse(string text, string file)
    {
        List<ConfigError> errors = [];
        TomlTree tree = TomlTree.Read(text.TrimStart('\uFEFF'), file, errors);
        PmoasOptions options = (PmoasOptions)new TomlBinder(file, errors, tree.Broken).Bind(typeof(PmoasOptions), tree.Root, "");
        options.PluginTables = PluginTables.From(options.Plugins, file, errors);
        options.SidecarRules = EffectiveRules(options, Path.GetFileName(file));
        return new ConfigResult(
            errors.Count == 0 ? options : null,
            [.. errors.OrderBy(e => e.At.Line).ThenBy(e => e.At.Column)])
        {
            PluginTables = options.PluginTables,
        };
    }

    private static IReadOnlyList<SidecarRule> EffectiveRules(PmoasOptions options, string fileName)
    {
        IEnumerable<SidecarRule> own = options.Sidecars.Select((rule, i) => rule with { Origin = $"rule {i + 1} of {fileName}" });
        bool shipped = options.SidecarDefaults || options.Sidecars.Count == 0;
        return [.. own, .. shipped ? ShippedRules.All : []];
    }
}
