namespace Pmoas.FakeKubernetes;

/// <summary>What a client asks a server before it asks for pods.</summary>
internal static class FakeDiscovery
{
    /// <summary>The document at a path; null when there is none.</summary>
    public static string? At(string path) => path switch
    {
        "/version" => """{"major":"1","minor":"32","gitVersion":"v1.32.0-fake","platform":"linux/amd64"}""",
        "/api" => """{"kind":"APIVersions","versions":["v1"],"serverAddressByClientCIDRs":[]}""",
        "/apis" => """{"kind":"APIGroupList","apiVersion":"v1","groups":[]}""",
        "/api/v1" =>
            """
            {"kind":"APIResourceList","groupVersion":"v1","resources":[
            {"name":"nodes","singularName":"node","namespaced":false,"kind":"Node","verbs":["get"]},
            {"name":"pods","singularName":"pod","namespaced":true,"kind":"Pod","verbs":["get","list","watch"],"shortNames":["po"]}]}
            """,
        _ => null,
    };
}
