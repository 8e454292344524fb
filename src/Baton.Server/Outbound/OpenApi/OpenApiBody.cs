using System.Collections.Immutable;
using Baton.Engine;
using Baton.Jq;

namespace Baton.Server.Outbound;

/// <summary>One field that makes up the body of an operation.</summary>
/// <param name="Parameter">How its text is made.</param>
/// <param name="ContentType">Of its part in a multipart body; null for plain text.</param>
internal sealed record OpenApiField(OpenApiParameter Parameter, string? ContentType);

/// <summary>
/// The body of an operation. A workflow gives it whole, under its own name (Swagger 2.0) or as <c>body</c> (as <c>requestBody</c>, where the schema
/// has a property <c>body</c>), or field by field: the fields of a form, or the properties of the object that the schema describes.
/// </summary>
/// <param name="Name">The parameter that holds all of it.</param>
/// <param name="Fields">The parameters that make it up, when it is not given as a whole.</param>
internal sealed record OpenApiBody(string Name, bool IsRequired, string ContentType, ImmutableArray<OpenApiField> Fields)
{
    private const string Whole = "body";
    private const string OtherWhole = "requestBody";

    public bool Takes(string parameter) => parameter == Name || Fields.Any(field => field.Parameter.Name == parameter);

    /// <returns>Null when the operation takes no body.</returns>
    public static OpenApiBody? Read(OpenApiDocument document, JqValue operation, ImmutableArray<OpenApiParameter> parameters) =>
        document.IsSwagger ? OfSwagger(document, operation, parameters) : OfRequestBody(document, operation);

    /// <summary>The body of these values.</summary>
    /// <returns>Null when none was given.</returns>
    /// <exception cref="WorkflowException">A value does not fit.</exception>
    public RequestBody? Encode(IReadOnlyDictionary<string, JqValue> values)
    {
        if (values.TryGetValue(Name, out var whole)) return EncodeWhole(whole);
        var given = Fields.Where(field => values.ContainsKey(field.Parameter.Name)).ToArray();
        if (given.Length == 0) return null;
        var members = new JqObject.Builder(given.Length);
        foreach (var field in given) members[field.Parameter.Name] = values[field.Parameter.Name];
        return EncodeWhole(members.ToObject());
    }

    private RequestBody EncodeWhole(JqValue value)
    {
        var isForm = ContentType == ContentTypes.Form;
        if (!value.TryGetObject(out var members) || (!isForm && ContentType != ContentTypes.Multipart)) return RequestBody.Encode(value, ContentType);
        var fields = members.Where(member => !member.Value.IsNull).SelectMany(member => EncodeField(member.Key, member.Value));
        return isForm ? RequestBody.Form(fields) : RequestBody.Multipart(fields);
    }

    private IEnumerable<FormField> EncodeField(string name, JqValue value)
    {
        var field = Fields.FirstOrDefault(field => field.Parameter.Name == name)
            ?? new OpenApiField(new OpenApiParameter(name, "formData", false, ParameterStyle.Form, Explodes: true, false, false, false), null);
        var isMultipart = ContentType == ContentTypes.Multipart;
        var items = value.IsArray && (field.Parameter.Explodes || isMultipart) ? value.AsArray() : [value];
        return items.Select(item => new FormField(
            name,
            item.IsObject ? item.ToJson() : field.Parameter.InText(item),
            isMultipart ? field.ContentType ?? (item.IsObject ? ContentTypes.Json : null) : null,
            isMultipart && field.Parameter.IsFile ? name : null));
    }

    private static OpenApiBody? OfSwagger(OpenApiDocument document, JqValue operation, ImmutableArray<OpenApiParameter> parameters)
    {
        var consumes = (operation.Member("consumes").IsNull ? document["consumes"] : operation.Member("consumes")).Items().Select(type => type.TextOrNull()).OfType<string>().ToArray();
        if (parameters.FirstOrDefault(parameter => parameter.In == "body") is { } body) return new OpenApiBody(body.Name, body.IsRequired, consumes.Length == 0 ? ContentTypes.Json : Concrete(Choose(consumes)), []);
        var fields = parameters.Where(parameter => parameter.In == "formData").ToArray();
        if (fields.Length == 0) return null;
        var needsParts = fields.Any(field => field.IsFile) || (consumes.Contains(ContentTypes.Multipart, StringComparer.OrdinalIgnoreCase) && !consumes.Contains(ContentTypes.Form, StringComparer.OrdinalIgnoreCase));
        return new OpenApiBody(
            Whole, IsRequired: false, needsParts ? ContentTypes.Multipart : ContentTypes.Form,
            [.. fields.Select(field => new OpenApiField(field, field.IsFile ? "application/octet-stream" : null))]);
    }

    private static OpenApiBody? OfRequestBody(OpenApiDocument document, JqValue operation)
    {
        var body = document.Resolve(operation.Member("requestBody"));
        var content = body.Member("content").Members();
        if (content.Count == 0) return null;
        var type = Choose([.. content.Keys]);
        var media = document.Resolve(content[type]);
        var schema = document.Resolve(media.Member("schema"));
        var fields =
            from property in Properties(document, schema, depth: 0)
            let encoding = media.Member("encoding").Member(property.Key)
            let description = document.Resolve(property.Value)
            let parameter = OpenApiParameter.Read(encoding.IsObject ? encoding.With("name", property.Key).With("in", "formData") : JqValue.Object(("name", property.Key), ("in", "formData")), isSwagger: false)!
            let isFile = description.Member("format").TextOrNull() is "binary" || !description.Member("contentMediaType").IsNull
            select new OpenApiField(
                parameter with { IsFile = isFile, IsRequired = false },
                encoding.Member("contentType").TextOrNull() ?? description.Member("contentMediaType").TextOrNull() ?? (isFile ? "application/octet-stream" : null));
        var all = fields.ToImmutableArray();
        // A schema with a property of that name keeps it for the property.
        var whole = all.Any(field => field.Parameter.Name == Whole) ? OtherWhole : Whole;
        return new OpenApiBody(whole, body.Member("required").BooleanOrNull() == true, Concrete(type), all);
    }

    /// <summary>The properties of an object's schema, and of the schemas that it is composed of.</summary>
    private static IEnumerable<KeyValuePair<string, JqValue>> Properties(OpenApiDocument document, JqValue schema, int depth)
    {
        if (depth > 8) return [];
        return schema.Member("properties").Members()
            .Concat(schema.Member("allOf").Items().SelectMany(part => Properties(document, document.Resolve(part), depth + 1)))
            .DistinctBy(property => property.Key, StringComparer.Ordinal);
    }

    /// <summary>Of several content types the one that carries most and is understood best.</summary>
    private static string Choose(string[] types) =>
        types.FirstOrDefault(type => Is(type, ContentTypes.Json))
        ?? types.FirstOrDefault(type => ContentTypes.IsJson(MediaType(type)))
        ?? types.FirstOrDefault(type => type.Contains('*', StringComparison.Ordinal))
        ?? types.FirstOrDefault(type => Is(type, ContentTypes.Form))
        ?? types.FirstOrDefault(type => Is(type, ContentTypes.Multipart))
        ?? types[0];

    /// <summary>The type as it is sent: JSON for a range of types, and forms without parameters of their own.</summary>
    private static string Concrete(string type) =>
        type.Contains('*', StringComparison.Ordinal) ? ContentTypes.Json
        : Is(type, ContentTypes.Form) ? ContentTypes.Form
        : Is(type, ContentTypes.Multipart) ? ContentTypes.Multipart
        : type;

    private static bool Is(string type, string other) => MediaType(type).Equals(other, StringComparison.OrdinalIgnoreCase);

    private static string MediaType(string type) => type.Split(';')[0].Trim();
}
