using System.Text;

namespace Baton.Engine.Schema;

/// <summary>Writes errors for a language model that is to mend its answer: short, in order, without the schema's inner workings.</summary>
internal static class RepairText
{
    private const int MaxLevels = 3;

    public static string Of(ValidationResult result, int maxLength)
    {
        if (result.IsValid) return "";
        var text = new StringBuilder();
        var count = result.Errors.Length;
        text.Append(count == 1 && !result.IsTruncated
            ? "The JSON does not fit its schema. Mend this place and leave the rest as it is:"
            : $"The JSON does not fit its schema. Mend these {(result.IsTruncated ? "places (there are more)" : $"{count} places")} and leave the rest as it is:");
        for (var i = 0; i < count; i++)
        {
            var line = new StringBuilder();
            Append(line, result.Errors[i], level: 0);
            var more = $"\n- … and {count - i} more.";
            var room = maxLength - text.Length - (i == count - 1 ? 0 : more.Length);
            if (line.Length > room)
            {
                // The first error is never left out: a part of it says more than nothing.
                if (i == 0) text.Append(line, 0, Math.Max(0, maxLength - text.Length - more.Length - 1)).Append('…');
                var left = i == 0 ? count - 1 : count - i;
                if (left > 0) text.Append($"\n- … and {left} more.");
                break;
            }
            text.Append(line);
        }
        return text.ToString();
    }

    private static void Append(StringBuilder text, ValidationError error, int level)
    {
        text.Append('\n').Append(' ', level * 2).Append("- ").Append(error.Message);
        if (NearestAlternative.Of(error) is { Errors.IsEmpty: false } nearest && level < MaxLevels)
        {
            text.Append($". Nearest is alternative {nearest.Number}{(nearest.Title is null ? "" : $" ({nearest.Title})")}:");
            foreach (var cause in nearest.Errors) Append(text, cause, level + 1);
        }
        else
        {
            text.Append('.');
        }
    }
}
