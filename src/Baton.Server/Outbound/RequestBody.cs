using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Baton.Engine;
using Baton.Jq;

namespace Baton.Server.Outbound;

/// <summary>One field of a form.</summary>
/// <param name="FileName">Set for a file.</param>
internal sealed record FormField(string Name, string Text, string? ContentType = null, string? FileName = null);

/// <summary>A body and the content type that goes with it, parameters included.</summary>
internal sealed record RequestBody(ReadOnlyMemory<byte> Bytes, string ContentType)
{
    /// <summary>
    /// Turns a value into a body: JSON unless <paramref name="contentType"/> says otherwise. A string under another type is sent as it is; an
    /// object is sent as a form where the type is one: an array gives its name once for each element, null gives nothing.
    /// </summary>
    /// <exception cref="WorkflowException">The value cannot be sent as this type.</exception>
    public static RequestBody Encode(JqValue value, string? contentType)
    {
        if (contentType is null) return new RequestBody(value.ToUtf8Bytes(), ContentTypes.Json);
        if (!MediaTypeHeaderValue.TryParse(contentType, out var type)) throw CallErrors.Invalid($"'{contentType}' is no content type.");
        if (ContentTypes.IsJson(type.MediaType)) return new RequestBody(value.ToUtf8Bytes(), contentType);
        if (value.TryGetString(out var text)) return new RequestBody(ContentTypes.EncodingOf(type).GetBytes(text), contentType);
        if (!value.TryGetObject(out var members))
        {
            throw CallErrors.Invalid($"A body of the type {type.MediaType} must be a string; only JSON can carry {Describe(value)}.");
        }
        if (ContentTypes.Form.Equals(type.MediaType, StringComparison.OrdinalIgnoreCase)) return new RequestBody(Form(FieldsOf(members)).Bytes, contentType);
        if (ContentTypes.Multipart.Equals(type.MediaType, StringComparison.OrdinalIgnoreCase)) return Multipart(FieldsOf(members));
        throw CallErrors.Invalid($"A body of the type {type.MediaType} must be a string; an object can be sent as JSON, {ContentTypes.Form} or {ContentTypes.Multipart}.");
    }

    public static RequestBody Form(IEnumerable<FormField> fields)
    {
        var pairs = fields.Select(field => $"{WebUtility.UrlEncode(field.Name)}={WebUtility.UrlEncode(field.Text)}");
        return new RequestBody(Encoding.ASCII.GetBytes(string.Join('&', pairs)), ContentTypes.Form);
    }

    /// <summary>A part for each field (RFC 7578).</summary>
    public static RequestBody Multipart(IEnumerable<FormField> fields)
    {
        var parts = fields.Select(Part).ToArray();
        // Made from the content: a repeated attempt sends the same bytes, and no content can hold the mark of its own hash.
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(parts)));
        var boundary = $"baton-{Convert.ToHexStringLower(hash.AsSpan(0, 16))}";
        var text = $"{string.Concat(parts.Select(part => $"--{boundary}\r\n{part}\r\n"))}--{boundary}--\r\n";
        return new RequestBody(Encoding.UTF8.GetBytes(text), $"{ContentTypes.Multipart}; boundary={boundary}");

        static string Part(FormField field)
        {
            var file = field.FileName is null ? "" : $"; filename=\"{Quote(field.FileName)}\"";
            var type = field.ContentType is null ? "" : $"\r\nContent-Type: {field.ContentType}";
            return $"Content-Disposition: form-data; name=\"{Quote(field.Name)}\"{file}{type}\r\n\r\n{field.Text}";
        }

        static string Quote(string name) => name
            .Replace("\r", "%0D", StringComparison.Ordinal).Replace("\n", "%0A", StringComparison.Ordinal).Replace("\"", "%22", StringComparison.Ordinal);
    }

    /// <summary>The text of a scalar, as forms, queries and headers carry it.</summary>
    /// <exception cref="WorkflowException">The value is an array or an object.</exception>
    public static string Scalar(JqValue value, string what) => value.Kind switch
    {
        JqKind.String => value.AsString(),
        JqKind.Array or JqKind.Object => throw CallErrors.Invalid($"{what} must be a string, a number or a boolean, but is {Describe(value)}."),
        _ => value.ToJson(),
    };

    public static string Describe(JqValue value) => value.Kind switch
    {
        JqKind.Null => "null",
        JqKind.True or JqKind.False => "a boolean",
        JqKind.Number => "a number",
        JqKind.String => "a string",
        JqKind.Array => "an array",
        _ => "an object",
    };

    private static IEnumerable<FormField> FieldsOf(JqObject members) =>
        from member in members
        from item in member.Value.IsArray ? member.Value.AsArray() : [member.Value]
        where !item.IsNull
        select new FormField(member.Key, Scalar(item, $"The form field '{member.Key}'"));
}
