namespace Baton.Server.Gateway;

/// <summary>An application at the other end of a connection.</summary>
internal sealed class ClientSink(HttpContext http) : IAnswerSink
{
    public IHeaderDictionary Headers => http.Response.Headers;

    public bool HasBegun => http.Response.HasStarted;

    public void Begin(int status, long? length)
    {
        http.Response.StatusCode = status;
        http.Response.ContentLength = length;
    }

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel) => await http.Response.BodyWriter.WriteAsync(bytes, cancel);

    public void Abort() => http.Abort();
}
