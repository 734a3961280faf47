namespace Pmoas.Host.Demo;

/// <summary>nginx as the service, and as the other real sidecar: a master and forked workers.</summary>
internal static class Nginx
{
    /// <summary>Answers with <see cref="PodBedOptions.BodyBytes"/> bytes, and under <c>/bodies/</c> with the files of that folder of the bed.</summary>
    internal static ContainerCommand Service(BedPlan plan)
    {
        plan.Write("index.html", new string('x', plan.Options.BodyBytes));
        string listen = plan.Options.Inside == AddressKind.V4Mapped
            ? $"listen [::]:{BedPlan.ServicePort} ipv6only=off;"
            : $"listen {BedPlan.ServicePort};" + (plan.UsesIPv6 ? $" listen [::]:{BedPlan.ServicePort} ipv6only=on;" : "");
        return Command(plan, "service", workers: 1, $$"""
            server {
                {{listen}}
                root {{plan.Directory}};
                location / { try_files /index.html =404; }
                location /bodies/ { }
            }
            """);
    }

    /// <summary>Forwards every request to the service.</summary>
    internal static ContainerCommand Sidecar(BedPlan plan)
    {
        string listen = plan.Options.Outside switch
        {
            AddressKind.IPv4 => $"{BedPlan.SidecarPort}",
            AddressKind.IPv6 => $"[::]:{BedPlan.SidecarPort} ipv6only=on",
            _ => $"[::]:{BedPlan.SidecarPort} ipv6only=off",
        };
        bool keep = plan.Options.InsideConnections == InsideConnections.KeepAlive;
        return Command(plan, "proxy", plan.Options.SidecarWorkers, $$"""
            upstream service {
                server {{plan.InsideTarget}};
                {{(keep ? "keepalive 256; keepalive_requests 1000000000;" : "")}}
            }
            server {
                listen {{listen}};
                location / {
                    proxy_pass http://service;
                    proxy_http_version {{(keep ? "1.1" : "1.0")}};
                    proxy_set_header Connection "{{(keep ? "" : "close")}}";
                }
            }
            """);
    }

    private static ContainerCommand Command(BedPlan plan, string name, int workers, string servers)
    {
        // Its temporary folders are its own: nginx gives them to `user`, and those of the machine's nginx are not ours to give.
        string folders = string.Concat(((string[])["client_body", "proxy", "fastcgi", "uwsgi", "scgi"])
            .Select(kind => $"{kind}_temp_path {plan.Directory}/{name}-{kind};\n"));

        // An hour: the sidecar's end of a kept connection is to be the first to close it, or a request crosses the close and is lost.
        string config = plan.Write($"{name}.conf", $$"""
            daemon off;
            user root;
            worker_processes {{workers}};
            pid {{plan.Directory}}/{{name}}.pid;
            error_log stderr;
            events { worker_connections 2048; }
            http {
            access_log off;
            sendfile on;
            keepalive_requests 1000000000;
            keepalive_timeout 1h;
            {{folders}}
            {{servers}}
            }

            """);
        return new ContainerCommand("nginx", [Executable.Find("nginx"), "-e", "stderr", "-c", config]);
    }
}
