using System.Text.Json;

namespace Baton.Server.Commands;

/// <summary>JSON on the command line: as it stands, from a file (<c>@FILE</c>), or from standard input (<c>-</c>).</summary>
internal static class JsonArgument
{
    public static async Task<JsonElement> ReadAsync(string argument, string name, CancellationToken cancel)
    {
        string text;
        try
        {
            text = argument switch
            {
                "-" => await Console.In.ReadToEndAsync(cancel),
                ['@', .. var path] => await File.ReadAllTextAsync(path, cancel),
                _ => argument,
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{name}: {e.Message}");
        }
        try
        {
            return JsonElement.Parse(text, new JsonDocumentOptions { AllowDuplicateProperties = false });
        }
        catch (JsonException e)
        {
            var what = e.Message.Split(" LineNumber:")[0];   // where it is follows, counted from 1 as editors do
            throw new UsageException($"{name} is not JSON: {what} (line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1})");
        }
    }
}
