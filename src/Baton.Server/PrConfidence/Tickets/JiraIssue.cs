using System.Text;
using System.Text.Json;

namespace Baton.Server.PrConfidence;

/// <summary>
/// A Jira issue as <c>GET /rest/api/{2,3}/issue/KEY</c> gives it: version 3 has descriptions as Atlassian documents, version 2 as wiki markup.
/// With <c>expand=names</c>, a custom field named "Acceptance criteria" is found too.
/// </summary>
internal static class JiraIssue
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 128, AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    /// <summary>Markdown too may begin with a bracket.</summary>
    public static bool LooksLikeJson(string text)
    {
        var options = new JsonReaderOptions { MaxDepth = 128, AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(text), options);
        try
        {
            return reader.Read() && reader.Read() && reader.TokenType is JsonTokenType.PropertyName or JsonTokenType.StartObject;
        }
        catch (JsonException)    // the reader has no other way to say no
        {
            return false;
        }
    }

    public static TicketResult Read(TicketRequest request)
    {
        try
        {
            using var document = JsonDocument.Parse(Encoding.UTF8.GetBytes(request.Text), Options);
            return Issue(document.RootElement) is { } issue && issue.TryGetProperty("fields", out var fields) && fields.ValueKind == JsonValueKind.Object
                ? new TicketResult.Read(Read(issue, fields, request.Source))
                : new TicketResult.Failed(TicketError.NotAnIssue,
                    $"the JSON of {request.Source} is not one Jira issue: it needs 'key' and 'fields'; save the answer of /rest/api/3/issue/KEY?expand=names");
        }
        catch (JsonException failure)    // the parser has no other way to say no
        {
            return new TicketResult.Failed(TicketError.NotJson,
                $"the ticket {request.Source} is not valid JSON (line {failure.LineNumber + 1}); save the issue again, or give Markdown");
        }
        catch (InvalidOperationException)    // a string holds half of a surrogate pair, which shows only when it is read
        {
            return new TicketResult.Failed(TicketError.NotJson,
                $"the ticket {request.Source} holds a string that is not valid Unicode; save the issue again, or give Markdown");
        }
    }

    /// <summary>The issue itself, or the only one of a search result.</summary>
    private static JsonElement? Issue(JsonElement root)
    {
        if (root.ValueKind == JsonValueKind.Array) return root.GetArrayLength() == 1 ? Issue(root[0]) : null;
        if (root.ValueKind != JsonValueKind.Object) return null;
        if (root.TryGetProperty("issues", out var issues) && issues.ValueKind == JsonValueKind.Array) return Issue(issues);
        return root;
    }

    private static Ticket Read(JsonElement issue, JsonElement fields, string source)
    {
        var text = new StringBuilder(TextOf(fields, "description"));
        foreach (var field in CriteriaFields(issue, fields))
        {
            // Under a heading, as if the author had put it into the description.
            var content = TextOf(fields, field);
            if (content.Length > 0) text.Append("\n\n# Acceptance criteria\n\n").Append(content);
        }
        return MarkdownTicket.Read(StringOf(issue, "key"), StringOf(fields, "summary") ?? "", text.ToString(), source);
    }

    private static IEnumerable<string> CriteriaFields(JsonElement issue, JsonElement fields)
    {
        if (!issue.TryGetProperty("names", out var names) || names.ValueKind != JsonValueKind.Object) return [];
        return from name in names.EnumerateObject()
               where name.Value.ValueKind == JsonValueKind.String && name.Value.GetString()!.Contains("acceptance criteri", StringComparison.OrdinalIgnoreCase)
               where fields.TryGetProperty(name.Name, out _)
               select name.Name;
    }

    private static string TextOf(JsonElement fields, string name)
    {
        if (!fields.TryGetProperty(name, out var value)) return "";
        return value.ValueKind switch
        {
            JsonValueKind.String => WikiMarkup.ToMarkdown(value.GetString()!),
            JsonValueKind.Object => AtlassianDocument.ToMarkdown(value),
            _ => "",
        };
    }

    private static string? StringOf(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
