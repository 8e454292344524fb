using System.Buffers;
using System.Text;
using System.Text.Json;
using Baton.Jq;

namespace Baton.Server.Gateway;

/// <summary>What an answer says of itself, whoever gives it.</summary>
/// <param name="Id">Without the dialect's prefix.</param>
/// <param name="Created">Unix seconds.</param>
/// <param name="Model">As the caller names it, for targets that do not say theirs.</param>
/// <param name="WantsUsage">Whether a stream of chat completions ends with its tokens.</param>
/// <param name="Request">Of responses, which repeat it.</param>
internal sealed record AnswerHead(string Id, long Created, string Model, bool WantsUsage, JqValue Request);

/// <summary>Writes an answer in a caller's dialect. One for each answer; calls of tools come to it one behind the other.</summary>
internal abstract class AnswerWriter(AnswerHead head) : IDisposable
{
    private readonly Utf8JsonWriter json = new(new ArrayBufferWriter<byte>(1), RequestWriter.Json);

    protected AnswerHead Head => head;

    /// <summary>Appends what becomes of an event in a stream: server-sent events, or nothing.</summary>
    public abstract void Write(AnswerEvent said, IBufferWriter<byte> to);

    /// <summary>Appends an answer in one piece.</summary>
    public void WriteWhole(WholeAnswer answer, IBufferWriter<byte> to)
    {
        json.Reset(to);
        Whole(answer, json);
        json.Flush();
    }

    public void Dispose() => json.Dispose();

    /// <summary>A line that says nothing: it keeps connections open that are closed when they are silent.</summary>
    protected static void Comment(IBufferWriter<byte> to) => to.Write(": ping\n\n"u8);

    protected abstract void Whole(WholeAnswer answer, Utf8JsonWriter json);

    /// <summary>Begins an event: its object is open.</summary>
    /// <param name="type">Its name, which stands in the object too; null where events have none.</param>
    protected Utf8JsonWriter Open(string? type, IBufferWriter<byte> to)
    {
        if (type is not null)
        {
            to.Write("event: "u8);
            Encoding.UTF8.GetBytes(type.AsSpan(), to);
            to.Write("\n"u8);
        }
        to.Write("data: "u8);
        json.Reset(to);
        json.WriteStartObject();
        if (type is not null) json.WriteString("type", type);
        return json;
    }

    protected void Close(IBufferWriter<byte> to)
    {
        json.WriteEndObject();
        json.Flush();
        to.Write("\n\n"u8);
    }
}
