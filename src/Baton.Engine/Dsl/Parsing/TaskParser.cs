using System.Collections.Immutable;
using Baton.Engine.Dsl.Documents;
using Baton.Engine.Dsl.Expressions;
using Baton.Jq;

namespace Baton.Engine.Dsl.Parsing;

/// <summary>Lists of tasks, and what every task has.</summary>
internal static class TaskParser
{
    private const int MaxDepth = 20;

    private static readonly string[] Kinds = ["call", "do", "emit", "for", "fork", "listen", "raise", "run", "set", "switch", "try", "wait"];

    public static TaskList List(JqValue value, string pointer, ParseContext context, VariableNames variables, int depth = 0)
    {
        if (!value.TryGetArray(out var items))
        {
            context.Add(pointer, $"A list of tasks is a list, not {ObjectReader.Describe(value)}.", "Write each task as '- name:' with its properties below.");
            return new TaskList(pointer, []);
        }
        if (depth > MaxDepth)
        {
            context.Add(pointer, $"Tasks nest at most {MaxDepth} deep.", "Move inner tasks into a workflow of their own.");
            return new TaskList(pointer, []);
        }
        var tasks = ImmutableArray.CreateBuilder<TaskNode>(items.Count);
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < items.Count; i++)
        {
            var at = $"{pointer}/{i}";
            if (!items[i].TryGetObject(out var item) || item.Count != 1)
            {
                context.Add(at, "An item of a list of tasks is an object with one key, the task's name.", "Write '- name:' and the task's properties below it, indented further.");
                continue;
            }
            var (name, definition) = item.First();
            var path = $"{at}/{YamlReader.Escape(name)}";
            if (name.Length is 0 or > 100) context.Add(path, "A task's name has 1 to 100 characters.", "Shorten it.");
            if (!names.Add(name)) context.Add(path, $"Two tasks of this list are named '{name}'.", "Give each its own name: 'then' and $steps find tasks by it.");
            if (Task(name, definition, path, context, variables, depth) is { } task) tasks.Add(task);
        }
        var list = new TaskList(pointer, tasks.ToImmutable());
        CheckTargets(list, names, context);
        return list;
    }

    public static TaskNode? Task(string name, JqValue definition, string pointer, ParseContext context, VariableNames variables, int depth)
    {
        if (ObjectReader.Open(definition, pointer, context, "A task") is not { } reader) return null;
        var kinds = Kinds.Where(reader.Has).ToList();
        if (kinds.Count == 2 && kinds.Contains("for") && kinds.Contains("do")) kinds.Remove("do");   // 'do' belongs to 'for'
        if (kinds.Count != 1)
        {
            var unknown = definition.AsObject().Keys.FirstOrDefault(key => !Kinds.Contains(key, StringComparer.Ordinal) && Nearest.Find(key, Kinds) is not null);
            context.Add(pointer, kinds.Count == 0 ? "A task says what it does by one of its keywords." : $"A task does one thing; this one has {string.Join(" and ", kinds)}.",
                kinds.Count == 0 ? (unknown is null ? $"Add one of {string.Join(", ", Kinds)}." : Nearest.Hint(unknown, Kinds)) : "Split it into two tasks.");
            return null;
        }
        var kind = kinds[0];
        var task = kind switch
        {
            "call" => CallParser.Call(reader, context, variables, depth),
            "run" => RunParser.Run(reader, context, variables),
            "listen" or "emit" => EventParser.Event(kind, reader, context, variables, depth),
            _ => FlowParser.Flow(kind, reader, context, variables, depth),
        };
        var common = Common(reader, context, variables, depth);
        reader.Close($"A '{kind}' task");
        return task is null ? null : common(task with { Name = name, Pointer = pointer, Definition = definition });
    }

    private static Func<TaskNode, TaskNode> Common(ObjectReader reader, ParseContext context, VariableNames variables, int depth)
    {
        var condition = CommonParser.Condition(reader, "if", context, variables);
        var input = CommonParser.Input(reader, context, variables);
        var output = CommonParser.Output(reader, "output", context, variables);
        var export = CommonParser.Output(reader, "export", context, variables);
        var timeout = CommonParser.Timeout(reader, context, variables);
        var then = CommonParser.Then(reader);
        var (onError, compensate) = MetadataParser.Task(reader, context, variables, depth);
        return task => task with { If = condition, Input = input, Output = output, Export = export, Timeout = timeout, Then = then, OnError = onError, Compensate = compensate };
    }

    /// <summary>A directive can only name a task of its own list.</summary>
    private static void CheckTargets(TaskList list, HashSet<string> names, ParseContext context)
    {
        foreach (var (target, pointer) in list.Tasks.SelectMany(Jumps))
        {
            if (!names.Contains(target)) context.Add(pointer, $"There is no task '{target}' in this list ({list.Pointer}).", Nearest.Hint(target, [.. names, "continue", "exit", "end"]));
        }
    }

    /// <summary>Refuses jumps of a task that has no list around it in which to go on.</summary>
    public static void RefuseJumps(TaskNode task, string rule, ParseContext context)
    {
        foreach (var (_, pointer) in Jumps(task)) context.Add(pointer, rule, "Write continue, exit or end; or put the tasks that follow each other below one 'do:'.");
    }

    private static IEnumerable<(string Target, string Pointer)> Jumps(TaskNode task)
    {
        if (task.Then is Directive.Jump(var target)) yield return (target, $"{task.Pointer}/then");
        if (task is TaskNode.Switch choice)
        {
            for (var i = 0; i < choice.Cases.Length; i++)
            {
                if (choice.Cases[i].Then is Directive.Jump(var next)) yield return (next, $"{task.Pointer}/switch/{i}/{YamlReader.Escape(choice.Cases[i].Name)}/then");
            }
        }
        if (task is TaskNode.Try { Catch.Then: Directive.Jump(var caught) }) yield return (caught, $"{task.Pointer}/catch/then");
    }
}
