using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Baton.Engine;

namespace Baton.Server.Workflows;

/// <summary>Reads the lines of an archive into whole runs, and refuses what a server would not have written.</summary>
internal sealed class ArchiveReader
{
    /// <summary>Largest run that is taken in, in bytes of its lines: it is stored in one commit, and so is in memory once.</summary>
    public const long MaxRunBytes = 64L * 1024 * 1024;

    /// <summary>The last moment that a time may name: the end of the year 9999.</summary>
    private const long MaxTimeMs = 253_402_300_799_999;

    private readonly List<ArchiveLine> lines = [];
    private ArchivedRun? run;
    private long bytes, lastSeq;

    /// <summary>Takes a line.</summary>
    /// <returns>The run that it ended, if it did; or what is wrong with it.</returns>
    public (ArchivedRun? Run, IReadOnlyList<ArchiveLine> Lines, string? Fault) Take(ReadOnlySpan<byte> text)
    {
        ArchiveLine? line;
        try
        {
            line = JsonSerializer.Deserialize(text, (JsonTypeInfo<ArchiveLine>)ArchiveLine.Json.GetTypeInfo(typeof(ArchiveLine)));
        }
        catch (JsonException e)
        {
            return (null, [], $"It is no line of an archive: {e.Message}");
        }
        if ((bytes += text.Length) > MaxRunBytes) return (null, [], $"The run has more than {MaxRunBytes / (1024 * 1024)} MB.");
        switch (line)
        {
            case { Type: "run", Run: { } begun }:
                if (run is not null) return (null, [], $"{run.Id} has no end.");
                if (Fault(begun) is { } wrong) return (null, [], wrong);
                (run, bytes, lastSeq) = (begun, text.Length, -1);
                return (null, [], null);
            case { Type: "entry", Entry: { } entry } when run is not null: return (null, [], Fault(entry) ?? Keep(line));
            case { Type: "message", Message: { } message } when run is { State: "paused" }: return (null, [], Fault(message) ?? Keep(line));
            case { Type: "listener", Listener: { } listener } when run is { State: "paused" }: return (null, [], HasNul(listener.Key, listener.EventType, listener.EventSource) ? "A text holds the character NUL." : Keep(line));
            case { Type: "end" } when run is not null:
                var (ended, kept) = (run, lines.ToList());
                run = null;
                lines.Clear();
                if (line.Lines is null) return (null, [], null);   // it changed while it was archived
                return line.Lines != kept.Count ? (null, [], $"{ended.Id} has {kept.Count} lines and should have {line.Lines}.")
                    : kept.FirstOrDefault()?.Entry?.Kind != JournalKind.RunStarted ? (null, [], $"The journal of {ended.Id} does not begin with its start.") : (ended, kept, null);
            default: return (null, [], "A line is a run, then its entries, messages and listeners, then its end.");
        }
    }

    /// <summary>The run whose end has not come; null when nothing is missing.</summary>
    public string? Unfinished => run?.Id;

    private string? Keep(ArchiveLine line)
    {
        lines.Add(line);
        return null;
    }

    private static string? Fault(ArchivedRun run)
    {
        if (!RunId.TryParse(run.Id, out _) || run.Id.Length != 36) return $"'{run.Id[..Math.Min(run.Id.Length, 50)]}' is no id of a run.";
        if (!RunStates.TryParse(run.State, out var state) || !(state.IsTerminal() || state == RunState.Paused)) return $"'{run.State[..Math.Min(run.State.Length, 50)]}' is no state of a run that has ended or is paused.";
        if (HasNul(run.Namespace, run.Workflow, run.Version, run.Labels, run.ParentId, run.ParentKey, run.RequestReason, run.Error, run.ForkedFrom)) return "A text holds the character NUL.";
        if (run.Request is not (null or "pause" or "cancel")) return "A request is pause or cancel.";
        if (new[] { run.CreatedAtMs, run.UpdatedAtMs, run.StartedAtMs ?? 0, run.EndedAtMs ?? 0 }.Any(time => time is < 0 or > MaxTimeMs)) return "A time is out of range.";
        if (state.IsTerminal() != run.EndedAtMs.HasValue) return "A run that has ended has the time of its end, and no other has.";
        if (run.Fencing < 0 || run.InboxNo < 0 || run.Priority is < -100 or > 100) return "A number is out of range.";
        return !IsJson(run.Labels, JournalJson.Default.DictionaryStringString) ? "Labels are an object of texts." : run.Error is not null && !IsJson(run.Error, JournalJson.Default.WorkflowError) ? "An error is a problem." : null;
    }

    private string? Fault(ArchivedEntry entry)
    {
        if (entry.Seq <= lastSeq || entry.Seq > int.MaxValue) return $"Entry {entry.Seq} does not follow entry {lastSeq}.";
        lastSeq = entry.Seq;
        if (!Enum.IsDefined(entry.Kind)) return "The entry is of a kind that this version does not know.";
        if (entry.AtMs is < 0 or > MaxTimeMs || entry.TookMs is < 0 or > MaxTimeMs || entry.Attempt < 0) return "A number is out of range.";
        if (entry.Key.Length > 1_024 || HasNul(entry.Key, entry.Meta)) return "A key has at most 1,024 characters, none of them NUL.";
        return entry.Meta is not null && !IsJson(entry.Meta, JournalJson.Default.JournalMeta) ? "What the entry says of itself is not understood." : null;
    }

    private static string? Fault(ArchivedMessage message) =>
        message.Kind is not ("signal" or "event" or "child_ended") ? "A message is a signal, an event or child_ended."
        : HasNul(message.Name, message.ChildError) ? "A text holds the character NUL."
        : message.ChildState is not null && !RunStates.TryParse(message.ChildState, out _) ? "The state of the child is none."
        : message.ChildError is not null && !IsJson(message.ChildError, JournalJson.Default.WorkflowError) ? "An error is a problem." : null;

    private static bool HasNul(params ReadOnlySpan<string?> texts)
    {
        foreach (var text in texts)
        {
            if (text is not null && text.Contains('\0')) return true;
        }
        return false;
    }

    private static bool IsJson<T>(string text, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(text, type) is not null;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
