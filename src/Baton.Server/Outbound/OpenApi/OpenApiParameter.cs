using System.Text;
using Baton.Engine;
using Baton.Jq;

namespace Baton.Server.Outbound;

/// <summary>How an array or an object becomes text (OpenAPI 3.1, section 4.8.12.2 and RFC 6570).</summary>
internal enum ParameterStyle
{
    Simple,
    Label,
    Matrix,
    Form,
    SpaceDelimited,
    PipeDelimited,
    TabDelimited,
    DeepObject,
}

/// <summary>One parameter of an operation.</summary>
/// <param name="In">path, query, header, cookie, formData or body.</param>
/// <param name="IsJson">True when its value is sent as JSON text.</param>
internal sealed record OpenApiParameter(string Name, string In, bool IsRequired, ParameterStyle Style, bool Explodes, bool AllowsReserved, bool IsJson, bool IsFile)
{
    /// <param name="parameter">Its description, with references resolved.</param>
    /// <returns>Null when it has no name or place.</returns>
    public static OpenApiParameter? Read(JqValue parameter, bool isSwagger)
    {
        if (parameter.Member("name").TextOrNull() is not { } name || parameter.Member("in").TextOrNull() is not { } place) return null;
        var isRequired = place == "path" || parameter.Member("required").BooleanOrNull() == true;
        var usual = place is "query" or "cookie" or "formData" ? ParameterStyle.Form : ParameterStyle.Simple;
        if (isSwagger)
        {
            var (style, explodes) = parameter.Member("collectionFormat").TextOrNull() switch
            {
                "ssv" => (ParameterStyle.SpaceDelimited, false),
                "tsv" => (ParameterStyle.TabDelimited, false),
                "pipes" => (ParameterStyle.PipeDelimited, false),
                "multi" => (ParameterStyle.Form, true),
                _ => (usual, false),
            };
            return new OpenApiParameter(name, place, isRequired, style, explodes, false, false, parameter.Member("type").TextOrNull() == "file");
        }
        var named = parameter.Member("style").TextOrNull() switch
        {
            "simple" => ParameterStyle.Simple,
            "label" => ParameterStyle.Label,
            "matrix" => ParameterStyle.Matrix,
            "form" => ParameterStyle.Form,
            "spaceDelimited" => ParameterStyle.SpaceDelimited,
            "pipeDelimited" => ParameterStyle.PipeDelimited,
            "deepObject" => ParameterStyle.DeepObject,
            _ => usual,
        };
        return new OpenApiParameter(
            name, place, isRequired, named, parameter.Member("explode").BooleanOrNull() ?? named == ParameterStyle.Form,
            parameter.Member("allowReserved").BooleanOrNull() == true, parameter.Member("content").IsObject, IsFile: false);
    }

    /// <summary>The text that takes the place of the parameter in a path.</summary>
    /// <exception cref="WorkflowException">The value cannot stand in a path.</exception>
    public string InPath(JqValue value)
    {
        var text = Style switch
        {
            ParameterStyle.Label => $".{Join(value, Explodes ? "." : ",", "=", Uri.EscapeDataString)}",
            ParameterStyle.Matrix when value.IsArray && Explodes => string.Concat(value.AsArray().Select(item => $";{Name}={Uri.EscapeDataString(Scalar(item))}")),
            ParameterStyle.Matrix when value.IsObject && Explodes => string.Concat(value.AsObject().Select(member => $";{Uri.EscapeDataString(member.Key)}={Uri.EscapeDataString(Scalar(member.Value))}")),
            ParameterStyle.Matrix => $";{Name}={Join(value, ",", ",", Uri.EscapeDataString)}",
            _ => Join(value, Delimiter, Explodes ? "=" : ",", Uri.EscapeDataString),
        };
        // Dots would be taken as steps in the path, and nothing at all as another path.
        if (text.Length == 0 || text.All(c => c == '.')) throw CallErrors.Invalid($"The parameter '{Name}' stands in the path and cannot be '{text}'.");
        return text;
    }

    /// <summary>The name=value pairs of a query, encoded.</summary>
    public IEnumerable<string> InQuery(JqValue value)
    {
        var name = Uri.EscapeDataString(Name);
        if (IsJson) return [$"{name}={Encode(value.ToJson())}"];
        if (Style == ParameterStyle.DeepObject && value.TryGetObject(out var deep))
        {
            return from member in deep
                   from item in member.Value.IsArray ? member.Value.AsArray() : [member.Value]
                   where !item.IsNull
                   select $"{name}[{Uri.EscapeDataString(member.Key)}]={Encode(Scalar(item))}";
        }
        if (value.TryGetArray(out var items))
        {
            if (Explodes || Style == ParameterStyle.DeepObject) return items.Select(item => $"{name}={Encode(Scalar(item))}");
            return items.Count == 0 ? [] : [$"{name}={Join(value, Uri.EscapeDataString(Delimiter).Replace("%2C", ",", StringComparison.Ordinal), ",", Encode)}"];
        }
        if (value.TryGetObject(out var members) && Explodes) return members.Where(member => !member.Value.IsNull).Select(member => $"{Uri.EscapeDataString(member.Key)}={Encode(Scalar(member.Value))}");
        return [$"{name}={Join(value, ",", ",", Encode)}"];
    }

    /// <summary>The text of a header, of a cookie, or of one field of a form.</summary>
    public string InText(JqValue value) => IsJson ? value.ToJson() : Join(value, Delimiter, Explodes ? "=" : ",", text => text);

    private string Delimiter => Style switch
    {
        ParameterStyle.SpaceDelimited => " ",
        ParameterStyle.PipeDelimited => "|",
        ParameterStyle.TabDelimited => "\t",
        _ => ",",
    };

    private string Join(JqValue value, string delimiter, string equals, Func<string, string> encode)
    {
        if (IsJson) return encode(value.ToJson());
        if (value.TryGetArray(out var items)) return string.Join(delimiter, items.Select(item => encode(Scalar(item))));
        if (!value.TryGetObject(out var members)) return encode(Scalar(value));
        return string.Join(delimiter, members.Where(member => !member.Value.IsNull).Select(member => $"{encode(member.Key)}{equals}{encode(Scalar(member.Value))}"));
    }

    private string Scalar(JqValue value) => RequestBody.Scalar(value, $"Each part of the parameter '{Name}'");

    private string Encode(string text)
    {
        if (!AllowsReserved) return Uri.EscapeDataString(text);
        var encoded = new StringBuilder();
        // Reserved characters stay, but for those that would end the value (OpenAPI 3.1.1, section 4.8.12.2).
        foreach (var c in text.EnumerateRunes()) encoded.Append(c.IsAscii && ":/?[]@!$'()*,;".Contains((char)c.Value, StringComparison.Ordinal) ? c.ToString() : Uri.EscapeDataString(c.ToString()));
        return encoded.ToString();
    }
}
