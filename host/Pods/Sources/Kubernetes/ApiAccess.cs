using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using k8s;
using Pmoas.Host.Config;

namespace Pmoas.Host.Pods.Sources.Kubernetes;

/// <summary>The way to an API server: its address, whom it is trusted by, who we are.</summary>
/// <param name="Origin">Where that was found, as the user would name it.</param>
/// <param name="Config">What was found.</param>
internal sealed record ApiAccess(string Origin, KubernetesClientConfiguration Config)
{
    private static readonly TimeSpan PluginLimit = TimeSpan.FromSeconds(30);

    /// <summary>Where it will be looked for, before that was done.</summary>
    public static string Place(KubernetesSourceOptions options, ApiPlaces places) =>
        options.Kubeconfig.Length > 0 ? options.Kubeconfig
        : places.Kubeconfig.Length > 0 ? places.Kubeconfig
        : places.IsInCluster ? InClusterUrl(places)
        : places.HomeKubeconfig;

    /// <summary>True when somebody named a cluster to this process, or it runs in one; the user's own kubeconfig alone does not count.</summary>
    public static bool IsNamed(KubernetesSourceOptions options, ApiPlaces places) =>
        options.Kubeconfig.Length > 0 || places.Kubeconfig.Length > 0 || places.IsInCluster;

    /// <summary>The kubeconfig of the configuration, else of the environment, else the pod's service account, else the user's kubeconfig.</summary>
    /// <exception cref="SourceException">There is none, or it is not usable.</exception>
    public static async Task<ApiAccess> FindAsync(KubernetesSourceOptions options, ApiPlaces places, CancellationToken stopping)
    {
        if (!IsNamed(options, places) && !File.Exists(places.HomeKubeconfig))
        {
            throw new SourceException(
                $"No cluster is known: there is no KUBECONFIG, no service account and no {places.HomeKubeconfig}: set [sources.kubernetes] kubeconfig.");
        }
        if (options.Kubeconfig.Length == 0 && places.Kubeconfig.Length == 0 && places.IsInCluster)
        {
            return OfServiceAccount(places);
        }
        string paths = Place(options, places);
        // A kubeconfig may name a program that gives credentials: it is run here, and waited for.
        Task<KubernetesClientConfiguration> read = Task.Run(
            () => Kubeconfig.Read(options.Kubeconfig.Length > 0 ? [paths] : paths.Split(':', StringSplitOptions.RemoveEmptyEntries)), stopping);
        try
        {
            return new ApiAccess(paths, await read.WaitAsync(PluginLimit, stopping));
        }
        catch (TimeoutException e)
        {
            throw new SourceException(
                $"The program that {paths} names for credentials did not end within {PluginLimit.TotalSeconds:0} s: run it by hand to see what it waits for.", e);
        }
    }

    private static string InClusterUrl(ApiPlaces places) =>
        new UriBuilder("https", places.ServiceHost, int.TryParse(places.ServicePort, CultureInfo.InvariantCulture, out int port) ? port : 443)
            .Uri.GetLeftPart(UriPartial.Authority);

    private static ApiAccess OfServiceAccount(ApiPlaces places)
    {
        X509Certificate2Collection authorities = [];
        try
        {
            authorities.ImportFromPemFile(places.AuthorityFile);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new SourceException(
                $"The certificates of the cluster in {places.AuthorityFile} cannot be read ({e.Message.TrimEnd('.')}): mount the service account into the pod.", e);
        }
        if (authorities.Count == 0)
        {
            throw new SourceException($"There is no certificate in {places.AuthorityFile}: mount the service account into the pod.");
        }
        return new ApiAccess(
            $"the service account in {places.ServiceAccount}",
            new KubernetesClientConfiguration
            {
                Host = InClusterUrl(places),
                SslCaCerts = authorities,
                TokenProvider = new TokenFile(places.TokenFile),
            });
    }
}
