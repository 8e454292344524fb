using Baton.Jq;

namespace Baton.Server.Gateway;

/// <summary>Items that the input of a request names by their ids (<c>item_reference</c>) in place of saying them again.</summary>
internal static class ItemReferences
{
    private const string Type = "item_reference";

    /// <summary>Whether there may be any: most requests have none, and are not read for it.</summary>
    public static bool MayBeIn(ReadOnlySpan<byte> body) => body.IndexOf("\"item_reference\""u8) >= 0 || HasIdAlone(body);

    /// <summary>The type may be left out; what an item says may not.</summary>
    public static bool Is(JqValue item) => Faults.Member(item, "type") is var type && (type == Type || (type.IsNull && item.IsObject && item["role"].IsNull && item["content"].IsNull && item["id"].IsString));

    /// <summary>The ids, in their order.</summary>
    public static IEnumerable<string> In(JqValue body) =>
        body["input"].TryGetArray(out var items) ? items.Select(IdOf).OfType<string>() : [];

    /// <summary>The request with the items themselves.</summary>
    /// <param name="items">By their ids; what is not among them stays a reference.</param>
    public static JqValue Put(JqValue body, IReadOnlyDictionary<string, JqValue> items) =>
        body.With("input", JqValue.Array([.. body["input"].AsArray().Select(item => IdOf(item) is { } id && items.TryGetValue(id, out var found) ? found : item)]));

    /// <summary>The response that an item is of, by the id that <see cref="ResponsesAnswerWriter"/> or <see cref="InputItems"/> made of the response's: <c>msg_…_0</c>, <c>msg_…_in0</c>.</summary>
    /// <returns>Null where the id has another form.</returns>
    public static string? ResponseOf(string id) => id.Split('_') is [_, var response, _] ? $"resp_{response}" : null;

    /// <summary>Whether an object holds an id and nothing else.</summary>
    private static bool HasIdAlone(ReadOnlySpan<byte> body)
    {
        for (int at; (at = body.IndexOf("\"id\""u8)) >= 0;)
        {
            var isFirst = body[..at].TrimEnd(" \t\r\n"u8).EndsWith("{"u8);
            body = body[(at + "\"id\"".Length)..];
            var value = body.TrimStart(" \t\r\n:"u8);
            if (isFirst && value.StartsWith("\""u8) && value[1..].IndexOf((byte)'"') is >= 0 and var length && value[(length + 2)..].TrimStart(" \t\r\n"u8).StartsWith("}"u8)) return true;
        }
        return false;
    }

    private static string? IdOf(JqValue item) => Is(item) && item["id"].TryGetString(out var id) ? id : null;
}
