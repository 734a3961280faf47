using Pmoas.Host.Demo;

namespace Pmoas.Beds.Images;

/// <summary>The images of the beds: what is in each.</summary>
internal static class ImageCatalog
{
    /// <summary>Port of the sidecar in the mesh images.</summary>
    internal const int SidecarPort = 8080;

    /// <summary>Port of the service in the mesh images.</summary>
    internal const int ServicePort = 9080;

    /// <summary>Size of every response of the service, bytes.</summary>
    internal const int BodyBytes = 1024;

    /// <summary>C programs that are compiled for the images, by name.</summary>
    internal static IReadOnlyList<string> Programs { get; } = ["pause", "client"];

    /// <summary>All of them.</summary>
    /// <param name="programs">Folder of the compiled <see cref="Programs"/>.</param>
    internal static async Task<IReadOnlyList<OfflineImage>> AllAsync(string programs)
    {
        OfflineImage pause = new(OfflineImage.Pause, ["/pause"]);
        pause.Files["/pause"] = Path.Combine(programs, "pause");
        OfflineImage client = new(OfflineImage.Client, ["/client"]);
        client.Files["/client"] = Path.Combine(programs, "client");
        return [pause, client, Busybox(), await HaproxyAsync(), await NginxAsync()];
    }

    private static OfflineImage Busybox()
    {
        OfflineImage image = new(OfflineImage.Busybox, ["/bin/sh"]);
        image.Files["/bin/busybox"] = "/bin/busybox";
        foreach (string applet in (string[])["sh", "sleep", "cat", "nc", "wget", "true", "kill"])
        {
            image.Links[$"/bin/{applet}"] = "busybox";
        }

        return image;
    }

    private static async Task<OfflineImage> HaproxyAsync()
    {
        string program = Executable.Find("haproxy");
        OfflineImage image = new(OfflineImage.Haproxy, [program, "-W", "-db", "-f", "/etc/haproxy/haproxy.cfg"]);
        await image.AddProgramAsync(program);
        AddUsers(image);

        // No `check` at the server line: a health check is a connection nobody asked for, and the beds' counts are exact.
        image.Texts["/etc/haproxy/haproxy.cfg"] = $"""
            global
                maxconn 2000
                nbthread 1
            defaults
                mode http
                timeout connect 5s
                timeout client 60s
                timeout server 60s
                option http-server-close
                http-reuse never
            listen outside
                bind *:{SidecarPort}
                server service 127.0.0.1:{ServicePort}

            """;
        return image;
    }

    private static async Task<OfflineImage> NginxAsync()
    {
        string program = Executable.Find("nginx");
        OfflineImage image = new(OfflineImage.Nginx, [program, "-e", "stderr", "-c", "/etc/nginx/nginx.conf"]);
        await image.AddProgramAsync(program);
        AddUsers(image);
        image.Folders.Add("/var/lib/nginx");
        image.Texts["/srv/index.html"] = new string('x', BodyBytes);
        image.Texts["/etc/nginx/nginx.conf"] = $$"""
            daemon off;
            user root;
            worker_processes 1;
            pid /run/nginx.pid;
            error_log stderr;
            events { worker_connections 2048; }
            http {
            access_log off;
            keepalive_requests 1000000000;
            server {
                listen {{ServicePort}};
                root /srv;
                location / { try_files /index.html =404; }
            }
            }

            """;
        return image;
    }

    private static void AddUsers(OfflineImage image)
    {
        image.Texts["/etc/passwd"] = "root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n";
        image.Texts["/etc/group"] = "root:x:0:\nnogroup:x:65534:\n";
    }
}
