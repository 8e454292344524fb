using System.Text;
using Baton.Engine;
using Baton.Jq;

namespace Baton.Server.Outbound;

/// <summary>What a response's body is to a workflow.</summary>
internal static class ResponseContent
{
    private const int ExcerptLength = 500;

    /// <summary>
    /// The body as a value: JSON where the content type says JSON, a string where it says text, else Base64. Nothing, where JSON or an unknown
    /// type was announced, is null.
    /// </summary>
    /// <exception cref="WorkflowException">JSON was announced, but the body is none.</exception>
    public static JqValue Read(OutboundRequest request, OutboundResponse response)
    {
        var type = response.ContentType;
        var body = response.Body.Span;
        if (ContentTypes.IsText(type?.MediaType) && !ContentTypes.IsJson(type?.MediaType)) return ContentTypes.Decode(body, type);
        if (body.IsEmpty) return JqValue.Null;
        if (!ContentTypes.IsJson(type?.MediaType)) return Convert.ToBase64String(body);
        try
        {
            return JqValue.Parse(ContentTypes.Decode(body, type));
        }
        catch (JqParseException e)
        {
            throw CallErrors.BadAnswer($"{request.Label} announced {type!.MediaType}, but its body is not JSON: {e.Message}");
        }
    }

    /// <summary>The beginning of a body that is text, on one line and without secrets; null when there is nothing to quote.</summary>
    public static string? Excerpt(OutboundResponse response, Secrets secrets)
    {
        var type = response.ContentType;
        if (response.Body.IsEmpty || !(ContentTypes.IsText(type?.MediaType) || ContentTypes.IsJson(type?.MediaType))) return null;
        var text = new StringBuilder();
        foreach (var c in secrets.Mask(ContentTypes.Decode(response.Body.Span, type)))
        {
            var isSpace = char.IsWhiteSpace(c) || char.IsControl(c);
            if (!isSpace) text.Append(c);
            else if (text.Length > 0 && text[^1] != ' ') text.Append(' ');
            if (text.Length >= ExcerptLength) return $"{text.ToString(0, char.IsHighSurrogate(text[ExcerptLength - 1]) ? ExcerptLength - 1 : ExcerptLength)}…";
        }
        return text.Length == 0 ? null : text.ToString().TrimEnd();
    }
}
