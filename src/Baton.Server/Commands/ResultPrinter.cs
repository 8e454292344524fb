using System.Text.Json;
using Baton.Client;
using Spectre.Console;

namespace Baton.Server.Commands;

/// <summary>
/// Prints what a run gave. Two members of an output are for people: <c>display</c> (see <see cref="Display"/>), which is shown instead of
/// the JSON, and <c>artifacts</c> (a list of <c>{name, title, content}</c>), which are written as files.
/// </summary>
internal static class ResultPrinter
{
    /// <returns>The files that were written, by their titles.</returns>
    public static IReadOnlyList<(string Title, string Path)> Print(RunResult result, string folder)
    {
        if (result.State != "completed")
        {
            Output.Out.MarkupLine($"{Output.StateMarkup(result.State)}{(result.Error is null ? "" : $": {Markup.Escape(Output.Describe(result.Error))}")}");
            return [];
        }
        var output = result.Output ?? JsonElement.Parse("null");
        if (output.ValueKind == JsonValueKind.Object && output.TryGetProperty("display", out var member) && Display.Read(member) is { } display) display.Write(Output.Out);
        else Output.Json(output);
        return output.ValueKind == JsonValueKind.Object && output.TryGetProperty("artifacts", out var artifacts) ? Write(artifacts, folder, result.Id) : [];
    }

    private static List<(string Title, string Path)> Write(JsonElement artifacts, string folder, string run)
    {
        var written = new List<(string, string)>();
        if (artifacts.ValueKind != JsonValueKind.Array) return written;
        foreach (var artifact in artifacts.EnumerateArray())
        {
            // A name from a run's output is data: it names a file in the folder, and nothing outside it.
            if (Text(artifact, "content") is not { } content || Path.GetFileName(Text(artifact, "name")) is not { Length: > 0 } name || name is "." or "..") continue;
            var path = Path.GetFullPath(Path.Combine(folder, name));
            try
            {
                Directory.CreateDirectory(folder);
                File.WriteAllText(path, content);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new UnwritableException($"{name} cannot be written to {Path.GetDirectoryName(path)}: {e.Message.TrimEnd('.')}. Choose another folder with --out; the run has completed: baton runs result {run}", e);
            }
            written.Add((Text(artifact, "title") ?? name, path));
        }
        if (written.Count > 0) Output.Out.WriteLine();
        foreach (var (title, path) in written) Console.Out.WriteLine($"{title,-10} {Link(path)}");   // whole, however narrow the terminal: it is there to be copied
        return written;
    }

    private static string Link(string path) => Output.Out.Profile.Capabilities.Links ? $"\e]8;;{new Uri(path).AbsoluteUri}\e\\{path}\e]8;;\e\\" : path;

    private static string? Text(JsonElement of, string name) =>
        of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
