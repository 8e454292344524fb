namespace Baton.Server.Gateway;

/// <summary>Where the answer to a call goes: to a client, or to a part of this process. One writer at a time.</summary>
internal interface IAnswerSink
{
    /// <summary>The answer's headers, to be set before it begins.</summary>
    IHeaderDictionary Headers { get; }

    /// <summary>Whether the other side has something of the answer: another one can no longer take its place.</summary>
    bool HasBegun { get; }

    /// <param name="length">Of the body, in bytes, where it is known.</param>
    void Begin(int status, long? length);

    /// <summary>Hands bytes on at once. Of a stream they are whole events.</summary>
    ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel);

    /// <summary>Breaks off, so that half an answer does not look like a whole one.</summary>
    void Abort();
}
