using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Baton.Client;
using Spectre.Console;

namespace Baton.Server.Commands;

/// <summary>How commands print: tables for people, JSON for scripts, progress beside both on the error stream.</summary>
internal static class Output
{
    private const int RedirectedWidth = 10_000_000;

    private static readonly JsonWriterOptions Indented = new() { Indented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = 10_100 };

    public static IAnsiConsole Out { get; } = Create(Console.Out, Console.IsOutputRedirected);

    /// <summary>Progress and remarks: never mixed into what a script reads.</summary>
    public static IAnsiConsole Progress { get; } = Create(Console.Error, Console.IsErrorRedirected);

    /// <summary>A file or a pipe gets no colours, and lines as long as they are.</summary>
    private static IAnsiConsole Create(TextWriter writer, bool isRedirected)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = isRedirected ? AnsiSupport.No : AnsiSupport.Detect,
            Interactive = isRedirected ? InteractionSupport.No : InteractionSupport.Detect,
        });
        if (isRedirected) console.Profile.Width = RedirectedWidth;
        return console;
    }

    public static void Json<T>(T value, JsonTypeInfo<T> json) => Json(JsonSerializer.SerializeToElement(value, json));

    public static void Json(JsonElement element)
    {
        using var stream = Console.OpenStandardOutput();
        using (var writer = new Utf8JsonWriter(stream, Indented)) element.WriteTo(writer);
        stream.WriteByte((byte)'\n');
    }

    public static string Ago(DateTimeOffset time, DateTimeOffset now) => (now - time) switch
    {
        { TotalSeconds: < 1 } => "now",
        { TotalMinutes: < 1 } span => $"{span.TotalSeconds:0} s ago",
        { TotalHours: < 1 } span => $"{span.TotalMinutes:0} min ago",
        { TotalDays: < 2 } span => $"{span.TotalHours:0} h ago",
        _ => time.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture),
    };

    public static string Duration(TimeSpan span) => span switch
    {
        { TotalMilliseconds: < 1_000 } => $"{span.TotalMilliseconds:0} ms",
        { TotalSeconds: < 60 } => $"{span.TotalSeconds:0.0} s",
        _ => span.ToString(@"d\.hh\:mm\:ss", System.Globalization.CultureInfo.InvariantCulture).TrimStart('0', '.').TrimStart(':'),
    };

    public static string StateMarkup(string state) => state switch
    {
        "completed" => "[green]completed[/]",
        "failed" => "[red]failed[/]",
        "cancelled" or "paused" => $"[yellow]{state}[/]",
        "running" => "[blue]running[/]",
        _ => state,
    };

    /// <summary>The error in an entry's meta; empty for none.</summary>
    public static string ErrorIn(JsonElement meta) =>
        meta.TryGetProperty("error", out var error) ? $"{error.GetProperty("title").GetString()}: {(error.TryGetProperty("detail", out var detail) ? detail.GetString() : "")}" : "";

    public static string Describe(ErrorView error) => $"{error.Title} ({error.Status}){(error.Instance is null ? "" : $" at {error.Instance}")}{(error.Detail is null ? "" : $": {error.Detail}")}";

    /// <summary>What an error policy decided, and why.</summary>
    public static string Decision(JsonElement policy)
    {
        var rule = policy.GetProperty("rule").GetString();
        return $"{policy.GetProperty("move").GetString()} {policy.GetProperty("class").GetString()}{(string.IsNullOrEmpty(rule) ? "" : $" by {rule}")}: {policy.GetProperty("reason").GetString()}";
    }

    /// <summary>What a person is asked.</summary>
    public static string Approval(JsonElement approval) =>
        approval.GetProperty("id").GetString() + (approval.TryGetProperty("title", out var title) ? $": {title.GetString()}" : "") + (approval.TryGetProperty("assignee", out var assignee) ? $", for {assignee.GetString()}" : "");
}
