using System.Text;
using Baton.Server.PrConfidence;

namespace Baton.Server.Tests.PrConfidence;

/// <summary>The tables as plain text, to be looked at in a test.</summary>
internal static class PlainTables
{
    public static string Render(TerminalReport report)
    {
        var text = new StringBuilder().Append(report.Headline).Append('\n').Append(report.Summary).Append('\n');
        foreach (var table in report.Tables) Render(table, text.Append('\n'));
        return text.ToString();
    }

    private static void Render(TableModel table, StringBuilder text)
    {
        var widths = table.Columns.Select((column, index) => table.Rows.Select(row => row[index].Text.Length).Append(column.Header.Length).Max()).ToArray();
        text.Append(table.Title).Append('\n');
        Line(table.Columns.Select(column => column.Header));
        Line(widths.Select(width => new string('-', width)));
        foreach (var row in table.Rows) Line(row.Select(cell => cell.Text));
        if (table.Footer is { } footer) text.Append("  ").Append(footer).Append('\n');

        void Line(IEnumerable<string> cells) => text.Append("  ").Append(string.Join("  ", cells.Select((cell, index) =>
            table.Columns[index].Align == Side.Right ? cell.PadLeft(widths[index]) : cell.PadRight(widths[index]))).TrimEnd()).Append('\n');
    }
}
