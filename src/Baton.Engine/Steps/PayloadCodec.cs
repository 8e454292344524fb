using System.Text.Json;
using Baton.Jq;

namespace Baton.Engine.Steps;

/// <summary>How values of one type stand in the journal: as UTF-8 JSON.</summary>
internal abstract class PayloadCodec<T>
{
    public abstract ReadOnlyMemory<byte> Encode(T value);

    public abstract T Decode(ReadOnlyMemory<byte> payload);

    /// <summary>Completes <paramref name="result"/> with the decoded value, or with an error that names the step whose record does not fit its type.</summary>
    public void Decode(ReadOnlyMemory<byte> payload, string key, TaskCompletionSource<T> result)
    {
        T value;
        try
        {
            value = Decode(payload);
        }
        catch (JsonException e)
        {
            result.SetException(new WorkflowException(new WorkflowError(ErrorTypes.Validation, 500, "Recorded output does not fit its type",
                $"What is recorded for '{key}' cannot be read as {typeof(T).Name}: {e.Message} If the type was changed, give the workflow a new version.", key), ErrorClass.DataValidation, e));
            return;
        }
        result.SetResult(value);
    }
}

internal static class PayloadCodec
{
    public static PayloadCodec<T> For<T>(JsonSerializerOptions options) =>
        typeof(T) == typeof(ReadOnlyMemory<byte>) ? (PayloadCodec<T>)(object)RawCodec.Instance
        : typeof(T) == typeof(JqValue) ? (PayloadCodec<T>)(object)JqCodec.Instance
        : new JsonCodec<T>(options);

    /// <summary>Bytes that are JSON already.</summary>
    private sealed class RawCodec : PayloadCodec<ReadOnlyMemory<byte>>
    {
        public static readonly RawCodec Instance = new();

        public override ReadOnlyMemory<byte> Encode(ReadOnlyMemory<byte> value) => value;

        public override ReadOnlyMemory<byte> Decode(ReadOnlyMemory<byte> payload) => payload;
    }

    /// <summary>jq's values, without a detour through records.</summary>
    private sealed class JqCodec : PayloadCodec<JqValue>
    {
        public static readonly JqCodec Instance = new();

        public override ReadOnlyMemory<byte> Encode(JqValue value) => value.ToUtf8Bytes();

        public override JqValue Decode(ReadOnlyMemory<byte> payload)
        {
            try
            {
                return payload.IsEmpty ? JqValue.Null : JqValue.Parse(payload.Span, Payloads.Trusted);
            }
            catch (JqParseException e)   // jq builds values that are nested deeper than any that it reads
            {
                throw new JsonException(e.Message, e);
            }
        }
    }

    private sealed class JsonCodec<T>(JsonSerializerOptions options) : PayloadCodec<T>
    {
        public override ReadOnlyMemory<byte> Encode(T value) => JsonSerializer.SerializeToUtf8Bytes(value, options);

        public override T Decode(ReadOnlyMemory<byte> payload) => JsonSerializer.Deserialize<T>(payload.Span, options)!;
    }
}
