using System.Security.Cryptography;
using k8s;
using k8s.Exceptions;
using k8s.KubeConfigModels;
using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace Pmoas.Host.Pods.Sources.Kubernetes;

/// <summary>Reads kubeconfig files: of several the first that names a thing is believed, as kubectl does it.</summary>
/// <remarks>The client's own reader prepares for every type of Kubernetes and leaves 40 MB behind; it also does not know <c>tokenFile</c>.</remarks>
internal static class Kubeconfig
{
    private const string NoToken = "-";

    /// <summary>What the current context says.</summary>
    /// <exception cref="SourceException">A file, or the context, is not usable.</exception>
    public static KubernetesClientConfiguration Read(IReadOnlyList<string> paths)
    {
        IDeserializer yaml = new DeserializerBuilder().IgnoreUnmatchedProperties().Build();
        // kubectl passes over files of $KUBECONFIG that do not exist.
        string[] there = paths.Count > 1 && paths.Any(File.Exists) ? [.. paths.Where(File.Exists)] : [.. paths];
        K8SConfiguration[] files = [.. there.Select(path => Load(yaml, path))];
        string named = string.Join(':', there);
        K8SConfiguration merged = new()
        {
            CurrentContext = files.Select(file => file.CurrentContext).FirstOrDefault(context => !string.IsNullOrEmpty(context)),
            Contexts = [.. files.SelectMany(file => file.Contexts ?? [])],
            Clusters = [.. files.SelectMany(file => file.Clusters ?? [])],
            Users = [.. files.SelectMany(file => file.Users ?? [])],
        };
        string? context = merged.CurrentContext;
        if (context is null)
        {
            throw new SourceException($"The kubeconfig {named} has no current-context: run kubectl config use-context with this file.");
        }
        User? user = UserOf(merged, context);
        string? tokenFile = user is null ? null : TokenFiles(yaml, there).GetValueOrDefault(user.Name);
        if (tokenFile is not null && user!.UserCredentials is { } credentials && string.IsNullOrWhiteSpace(credentials.Token))
        {
            credentials.Token = NoToken; // or it is refused for lack of credentials
        }
        KubernetesClientConfiguration config = Build(merged, context, named);
        if (tokenFile is not null)
        {
            config.TokenProvider = new TokenFile(tokenFile); // kubectl, too, prefers it to a token
        }
        return config;
    }

    private static KubernetesClientConfiguration Build(K8SConfiguration merged, string context, string named)
    {
        try
        {
            KubernetesClientConfiguration config = KubernetesClientConfiguration.BuildConfigFromConfigObject(merged);
            return config.SslCaCerts is { Count: 0 }
                ? throw new SourceException($"The certificate authority in the kubeconfig {named} is no certificate: put the cluster's CA there, as PEM.")
                : config;
        }
        catch (KubeConfigException e)
        {
            throw new SourceException($"The kubeconfig {named} is not usable ({e.Message.TrimEnd('.')}): mend the context {context} in it.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SourceException($"A file that the kubeconfig {named} names cannot be read ({e.Message.TrimEnd('.')}): make it readable to this process.", e);
        }
        catch (Exception e) when (e is CryptographicException or FormatException)
        {
            throw new SourceException(
                $"The certificate authority in the kubeconfig {named} cannot be read ({e.Message.TrimEnd('.')}): put the cluster's CA there, as PEM.", e);
        }
        catch (Exception e) when (e is NullReferenceException or ArgumentException or InvalidOperationException)
        {
            // The client does not check for each entry that its name or body is there.
            throw new SourceException($"The kubeconfig {named} lacks a part that the context {context} needs: compare it with kubectl config view.", e);
        }
    }

    private static User? UserOf(K8SConfiguration config, string context)
    {
        string? name = config.Contexts.FirstOrDefault(c => string.Equals(c.Name, context, StringComparison.OrdinalIgnoreCase))?.ContextDetails?.User;
        return config.Users.FirstOrDefault(user => name is not null && string.Equals(user.Name, name, StringComparison.OrdinalIgnoreCase));
    }

    private static K8SConfiguration Load(IDeserializer yaml, string path)
    {
        K8SConfiguration config = Parse<K8SConfiguration>(yaml, path);
        string directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
        foreach (ClusterEndpoint cluster in (config.Clusters ?? []).Select(c => c.ClusterEndpoint).OfType<ClusterEndpoint>())
        {
            cluster.CertificateAuthority = Rooted(directory, cluster.CertificateAuthority);
        }
        foreach (UserCredentials user in (config.Users ?? []).Select(u => u.UserCredentials).OfType<UserCredentials>())
        {
            user.ClientCertificate = Rooted(directory, user.ClientCertificate);
            user.ClientKey = Rooted(directory, user.ClientKey);
        }
        return config;
    }

    private static Dictionary<string, string> TokenFiles(IDeserializer yaml, IEnumerable<string> paths)
    {
        Dictionary<string, string> files = [];
        foreach (string path in paths)
        {
            foreach (TokenFileUser user in Parse<TokenFileUsers>(yaml, path).Users ?? [])
            {
                if (user is { Name: { } name, User.TokenFile: { Length: > 0 } file })
                {
                    files.TryAdd(name, Rooted(Path.GetDirectoryName(Path.GetFullPath(path))!, file)!);
                }
            }
        }
        return files;
    }

    private static T Parse<T>(IDeserializer yaml, string path)
        where T : class
    {
        try
        {
            return yaml.Deserialize<T?>(File.ReadAllText(path))
                ?? throw new SourceException($"The kubeconfig {path} is empty: put a kubeconfig of the cluster there.");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new SourceException($"The kubeconfig {path} does not exist: set [sources.kubernetes] kubeconfig, or KUBECONFIG, to one that does.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SourceException($"The kubeconfig {path} cannot be read ({e.Message.TrimEnd('.')}): make it readable to this process.", e);
        }
        catch (YamlException e)
        {
            // What the parser says is of use; what the binder says names types of ours.
            string why = e is SyntaxErrorException or SemanticErrorException ? e.Message.TrimEnd('.') : "not what a kubeconfig has there";
            throw new SourceException($"The kubeconfig {path} is no kubeconfig (line {e.Start.Line}: {why}): mend it, or name another file.", e);
        }
    }

    private static string? Rooted(string directory, string? path) => string.IsNullOrEmpty(path) ? path : Path.Combine(directory, path);

    private sealed class TokenFileUsers
    {
        [YamlMember(Alias = "users")]
        public TokenFileUser[]? Users { get; set; }
    }

    private sealed class TokenFileUser
    {
        [YamlMember(Alias = "name")]
        public string? Name { get; set; }

        [YamlMember(Alias = "user")]
        public TokenFileCredentials? User { get; set; }
    }

    private sealed class TokenFileCredentials
    {
        [YamlMember(Alias = "tokenFile")]
        public string? TokenFile { get; set; }
    }
}
