using System.Text;
using System.Text.Json;

namespace Baton.Server.PrConfidence;

/// <summary>The Atlassian document format (a JSON tree of nodes) as Markdown, as far as tickets use it. Unknown nodes give the text inside them.</summary>
internal static class AtlassianDocument
{
    public static string ToMarkdown(JsonElement document)
    {
        var text = new StringBuilder();
        Block(document, "", text);
        return text.ToString();
    }

    private static void Block(JsonElement node, string indent, StringBuilder text)
    {
        switch (TypeOf(node))
        {
            case "heading":
                text.Append('\n').Append('#', Math.Clamp(Number(node, "level", 2), 1, 6)).Append(' ').Append(Inline(node)).Append("\n\n");
                break;
            case "bulletList":
                Items(node, _ => "- ", indent, text);
                break;
            case "orderedList":
                var first = Number(node, "order", 1);
                Items(node, index => $"{first + index}. ", indent, text);
                break;
            case "taskList" or "decisionList":
                Items(node, _ => "", indent, text);
                break;
            case "taskItem" or "decisionItem":
                var isDone = Attribute(node, "state") is { ValueKind: JsonValueKind.String } state && state.GetString() == "DONE";
                text.Append(indent).Append(isDone ? "- [x] " : "- [ ] ").Append(Inline(node)).Append('\n');
                break;
            case "codeBlock":
                text.Append("\n```").Append(Attribute(node, "language") is { ValueKind: JsonValueKind.String } language ? language.GetString() : "")
                    .Append('\n').Append(Inline(node)).Append("\n```\n\n");
                break;
            case "tableRow":
                text.Append("| ").AppendJoin(" | ", Children(node).Select(Inline)).Append(" |\n");
                break;
            case "paragraph":
                text.Append(indent).Append(Inline(node)).Append('\n').Append(indent.Length == 0 ? "\n" : "");
                break;
            case "text":
                text.Append(Inline(node));
                break;
            default:
                foreach (var child in Children(node)) Block(child, indent, text);
                break;
        }
    }

    private static void Items(JsonElement list, Func<int, string> mark, string indent, StringBuilder text)
    {
        foreach (var (index, item) in Children(list).Index())
        {
            if (TypeOf(item) is "taskItem" or "decisionItem" or "taskList")
            {
                Block(item, TypeOf(item) == "taskList" ? indent + "  " : indent, text);
                continue;
            }
            var content = new StringBuilder();
            foreach (var child in Children(item)) Block(child, indent + "  ", content);
            text.Append(indent).Append(mark(index)).Append(content.ToString().TrimStart());
        }
        if (indent.Length == 0) text.Append('\n');
    }

    private static string Inline(JsonElement node)
    {
        switch (TypeOf(node))
        {
            case "text":
                var value = node.TryGetProperty("text", out var content) && content.ValueKind == JsonValueKind.String ? content.GetString()! : "";
                return IsCode(node) ? $"`{value}`" : value;
            case "hardBreak":
                return "\n";
            case "mention" or "emoji" or "status" or "inlineCard":
                return (Attribute(node, "text") ?? Attribute(node, "url")) is { ValueKind: JsonValueKind.String } shown ? shown.GetString()! : "";
            default:
                return string.Concat(Children(node).Select(Inline));
        }
    }

    private static bool IsCode(JsonElement node) =>
        node.TryGetProperty("marks", out var marks) && marks.ValueKind == JsonValueKind.Array && marks.EnumerateArray().Any(mark => TypeOf(mark) == "code");

    private static string TypeOf(JsonElement node) =>
        node.ValueKind == JsonValueKind.Object && node.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String ? type.GetString()! : "";

    private static JsonElement.ArrayEnumerator Children(JsonElement node) =>
        node.ValueKind == JsonValueKind.Object && node.TryGetProperty("content", out var content) && content.ValueKind == JsonValueKind.Array
            ? content.EnumerateArray() : default;

    private static JsonElement? Attribute(JsonElement node, string name) =>
        node.TryGetProperty("attrs", out var attributes) && attributes.ValueKind == JsonValueKind.Object && attributes.TryGetProperty(name, out var value)
            ? value : null;

    private static int Number(JsonElement node, string name, int otherwise) =>
        Attribute(node, name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt32(out var number) ? number : otherwise;
}
