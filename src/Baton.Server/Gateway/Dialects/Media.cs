namespace Baton.Server.Gateway;

/// <summary>Images and documents as they stand in requests: at an address, or in the text itself (RFC 2397).</summary>
internal static class Media
{
    public static Part Image(string url, string? detail, string path, Faults faults)
    {
        if (url.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || url.StartsWith("https://", StringComparison.OrdinalIgnoreCase)) return new Part.ImageUrl(url, detail);
        if (Data(url) is var (type, base64) && type.StartsWith("image/", StringComparison.OrdinalIgnoreCase)) return new Part.Image(Registered(type), base64, detail);
        faults.Add(path, "must be an http or https address, or data:image/TYPE;base64,DATA.");
        return new Part.Text("");
    }

    public static Part Document(string data, string? name, string path, Faults faults)
    {
        if (Data(data) is var (type, base64) && type.Equals("application/pdf", StringComparison.OrdinalIgnoreCase)) return new Part.Document(type, base64, name);
        faults.Add(path, "must be data:application/pdf;base64,DATA: no other document is understood everywhere.");
        return new Part.Text("");
    }

    /// <summary>The name that Anthropic takes, of which it knows no other spelling.</summary>
    private static string Registered(string type) => type.Equals("image/jpg", StringComparison.OrdinalIgnoreCase) ? "image/jpeg" : type.ToLowerInvariant();

    public static string Url(string mediaType, string base64) => $"data:{mediaType};base64,{base64}";

    private static (string Type, string Base64)? Data(string url)
    {
        if (!url.StartsWith("data:", StringComparison.OrdinalIgnoreCase)) return null;
        var comma = url.IndexOf(',', StringComparison.Ordinal);
        if (comma < 0) return null;
        var head = url.AsSpan("data:".Length, comma - "data:".Length);
        if (!head.EndsWith(";base64", StringComparison.OrdinalIgnoreCase)) return null;
        var end = head.IndexOf(';');   // parameters of the type say nothing to a model
        return (head[..end].ToString(), url[(comma + 1)..]);
    }
}
