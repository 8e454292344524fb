using System.Globalization;
using Baton.Client;
using Spectre.Console;

namespace Baton.Server.Commands;

/// <summary>Shows a run as it goes: a line for each step that ends, and under them what is at work now, with a bar for a map.</summary>
internal sealed class RunProgress(IAnsiConsole console)
{
    private const int BarWidth = 30;

    private readonly Dictionary<string, string> labels = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (int Total, int Done, int Failed, int Shown)> maps = new(StringComparer.Ordinal);
    private readonly bool isLive = console.Profile.Capabilities.Interactive && console.Profile.Capabilities.Ansi;
    private bool hasStatus;

    public void Show(RunEvent one)
    {
        if (one.Step is { } step) Begin(step);
        else if (one.Entry is { } entry) Record(entry);
        else if (one.Run is { State: "waiting" or "paused" } run) Line($"  [yellow]·[/] {run.State}{(run.WakeAt is { } at ? $" until {at.ToLocalTime():HH:mm:ss}" : run.Turn is not null ? " for its turn" : "")}");
    }

    /// <summary>Removes what is only of the moment.</summary>
    public void Close() => Clear();

    private void Begin(StepStartedView step)
    {
        labels[step.Key] = step.Label;
        if (MapOf(step.Key) is null) Status($"… {step.Label}{(step.Attempt > 1 ? $" (attempt {step.Attempt})" : "")}");
    }

    private void Record(JournalEntryView entry)
    {
        if (entry.Kind is "step_completed" or "step_failed" && MapOf(entry.Key) is { } map)
        {
            Count(map, entry);
            return;
        }
        switch (entry.Kind)
        {
            case "map_started":
                maps[entry.Key] = (entry.Meta!.Value.GetProperty("count").GetInt32(), 0, 0, 0);
                Bar(entry.Key);
                break;
            case "step_completed" when !entry.Key.Contains('~'): Line($"  [green]✓[/] {Label(entry.Key)} [grey]{Took(entry)}[/]"); break;
            case "step_failed": Line($"  [red]✗[/] {Label(entry.Key)} [grey]attempt {entry.Attempt}[/] {Markup.Escape(entry.Meta is { } meta ? Output.ErrorIn(meta) : "")}"); break;
            case "child_started": Line($"  [blue]→[/] {Label(entry.Key)} started {entry.Meta!.Value.GetProperty("child").GetString()}"); break;
            case "policy_decided": Line($"  [yellow]↪[/] {Label(entry.Key)} {Markup.Escape(Output.Decision(entry.Meta!.Value.GetProperty("policy")))}"); break;
            case "approval_asked": Line($"  [blue]?[/] {Label(entry.Key)} {Markup.Escape(Output.Approval(entry.Meta!.Value.GetProperty("approval")))}: answer with 'baton approve'"); break;
            case "compensated": Line($"  {(entry.Meta!.Value.TryGetProperty("error", out _) ? "[red]✗[/]" : "[green]↩[/]")} {Markup.Escape(entry.Meta.Value.GetProperty("task").GetString()!)} undone{(entry.Meta.Value.TryGetProperty("error", out _) ? $": {Markup.Escape(Output.ErrorIn(entry.Meta.Value))}" : "")}"); break;
            case "event_emitted": Line($"  [green]✓[/] {Label(entry.Key)} published"); break;
        }
    }

    private void Count(string map, JournalEntryView entry)
    {
        var isFinal = entry.Kind == "step_completed" || entry.Meta is null || !entry.Meta.Value.TryGetProperty("retry_at_ms", out _);
        if (!isFinal || !entry.Key.EndsWith(']')) return;
        var (total, done, failed, shown) = maps[map];
        maps[map] = (total, done + 1, failed + (entry.Kind == "step_failed" ? 1 : 0), shown);
        Bar(map);
    }

    /// <summary>On a terminal the bar moves; elsewhere a line stands for each tenth.</summary>
    private void Bar(string map)
    {
        var (total, done, failed, shown) = maps[map];
        var filled = total == 0 ? BarWidth : (int)((long)done * BarWidth / total);
        var text = $"{Label(map)} {new string('█', filled)}{new string('░', BarWidth - filled)} {done.ToString("N0", CultureInfo.InvariantCulture)}/{total.ToString("N0", CultureInfo.InvariantCulture)}{(failed > 0 ? $", {failed} failed" : "")}";
        var tenth = total == 0 ? 10 : (int)((long)done * 10 / total);
        if (done == total) Line($"  {(failed > 0 ? "[yellow]✓[/]" : "[green]✓[/]")} {text}");
        else if (isLive) Status(text);
        else if (tenth > shown)
        {
            maps[map] = (total, done, failed, tenth);
            Line($"  … {text}");
        }
    }

    private string? MapOf(string key)
    {
        for (var end = key.IndexOf('['); end >= 0; end = key.IndexOf('[', end + 1))
        {
            if (maps.ContainsKey(key[..end])) return key[..end];
        }
        return null;
    }

    private string Label(string key) => Markup.Escape(labels.TryGetValue(key, out var label) && label != key ? label : Last(key));

    /// <summary>The task's name out of a key such as <c>/do/2/collect</c>.</summary>
    private static string Last(string key) => key.StartsWith('/') ? key[(key.LastIndexOf('/') + 1)..] : key;

    private static string Took(JournalEntryView entry) => entry.TookMs is { } ms ? Output.Duration(TimeSpan.FromMilliseconds(ms)) : "";

    private void Line(string markup)
    {
        Clear();
        console.MarkupLine(markup);
    }

    private void Status(string text)
    {
        if (!isLive) return;
        Clear();
        var width = Math.Max(20, console.Profile.Width - 4);
        console.Write(new Text($"  {(text.Length > width ? text[..width] : text)}", new Style(Color.Grey)));
        hasStatus = true;
    }

    private void Clear()
    {
        if (!hasStatus) return;
        console.Profile.Out.Writer.Write("\r\u001b[2K");
        hasStatus = false;
    }
}
