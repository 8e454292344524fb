using Baton.Jq;

namespace Baton.Server.Gateway;

/// <summary>The input of a request as items that can be listed and read again: each with its type and an id, messages with a list of parts.</summary>
internal static class InputItems
{
    /// <param name="input">A text, or a list of items.</param>
    /// <param name="id">Of the response, without its prefix: ids of items are made of it.</param>
    public static JqValue Of(JqValue input, string id)
    {
        if (input.IsString) input = JqValue.Array(JqValue.Object(("role", "user"), ("content", input)));
        var items = new JqArray.Builder();
        foreach (var item in input.AsArray()) items.Add(Item(item, $"{id}_in{items.Count}"));
        return items.ToArray();
    }

    private static JqValue Item(JqValue item, string id)
    {
        if (item["type"].IsNull) item = item.With("type", "message");
        var type = item["type"].AsString();
        if (item["id"].IsNull) item = item.With("id", $"{Prefix(type)}_{id}");
        if (type is not "reasoning" && item["status"].IsNull) item = item.With("status", "completed");
        if (type == "message" && item["content"].IsString) item = item.With("content", JqValue.Array(Part(item["role"], item["content"])));
        return item;
    }

    private static JqValue Part(JqValue role, JqValue text) => role == "assistant"
        ? JqValue.Object(("type", "output_text"), ("text", text), ("annotations", JqValue.EmptyArray))
        : JqValue.Object(("type", "input_text"), ("text", text));

    private static string Prefix(string type) => type switch { "function_call" => "fc", "function_call_output" => "fco", "reasoning" => "rs", _ => "msg" };
}
