using System.Text.Json;
using System.Text.Json.Serialization;
using Spectre.Console;

namespace Baton.Server.Commands;

/// <summary>What the output of any workflow may hold under <c>display</c> for people at a terminal. Absent members show nothing.</summary>
/// <param name="Tone">plain, good, warning, bad or dim.</param>
internal sealed record Display(string? Headline, string? Summary, string? Tone, IReadOnlyList<DisplayTable>? Tables)
{
    /// <summary>Null when the value has another shape: the output of a workflow is what its author wants.</summary>
    public static Display? Read(JsonElement value)
    {
        try
        {
            return value.Deserialize(DisplayJson.Default.Display);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public void Write(IAnsiConsole console)
    {
        console.WriteLine();
        if (Headline is not null) console.Write(new Text($"{Headline}\n", new Style(decoration: Decoration.Bold)));
        if (Summary is not null) console.Write(new Text($"{Summary}\n", DisplayCell.Style(Tone)));
        foreach (var table in Tables ?? []) table.Write(console);
    }
}

internal sealed record DisplayTable(string? Title, IReadOnlyList<DisplayColumn>? Columns, IReadOnlyList<IReadOnlyList<DisplayCell>>? Rows, string? Footer)
{
    public void Write(IAnsiConsole console)
    {
        if (Columns is null or []) return;
        var table = new Table().Border(TableBorder.Rounded).BorderColor(Color.Grey);
        foreach (var column in Columns)
            table.AddColumn(new TableColumn(new Text(column.Header ?? "", new Style(decoration: Decoration.Bold))) { Alignment = column.Align == "right" ? Justify.Right : Justify.Left });
        foreach (var row in Rows ?? []) table.AddRow(row.Take(Columns.Count).Select(cell => new Text(cell.Text ?? "", DisplayCell.Style(cell.Tone))));
        console.WriteLine();
        if (Title is not null) console.Write(new Text($"{Title}\n", new Style(decoration: Decoration.Bold)));
        console.Write(table);
        if (Footer is not null) console.Write(new Text($"{Footer}\n", DisplayCell.Style("dim")));
    }
}

/// <param name="Align">left or right.</param>
internal sealed record DisplayColumn(string? Header, string? Align);

internal sealed record DisplayCell(string? Text, string? Tone)
{
    public static Style Style(string? tone) => tone switch
    {
        "good" => new Style(Color.Green),
        "warning" => new Style(Color.Yellow),
        "bad" => new Style(Color.Red),
        "dim" => new Style(Color.Grey),
        _ => Spectre.Console.Style.Plain,
    };
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(Display))]
internal sealed partial class DisplayJson : JsonSerializerContext;
