namespace Baton.Engine.Schema;

/// <summary>
/// Finds references that lead back to their own schema without a step into the value, so that validation would never end. Where a
/// <c>$dynamicRef</c> leads shows only when a value is validated: there the depth limit ends such a loop.
/// </summary>
internal static class EndlessLoops
{
    private enum Visit : byte
    {
        Open,
        Done,
    }

    public static void Report(IEnumerable<SchemaNode> schemas, ProblemList problems)
    {
        var visits = new Dictionary<SchemaNode, Visit>();
        var path = new Stack<IEnumerator<(SchemaLocation Location, SchemaNode Schema)>>();
        var nodes = new Stack<SchemaNode>();
        foreach (var start in schemas)
        {
            if (visits.ContainsKey(start)) continue;
            Open(start);
            while (path.TryPeek(out var next))
            {
                if (!next.MoveNext())
                {
                    path.Pop().Dispose();
                    visits[nodes.Pop()] = Visit.Done;
                }
                else if (!visits.TryGetValue(next.Current.Schema, out var visit))
                {
                    Open(next.Current.Schema);
                }
                else if (visit == Visit.Open)
                {
                    var target = next.Current.Schema.Location;
                    problems.Add(next.Current.Location, $"leads back to {(target.Parent is null ? "the root" : $"`{target}`")} without a step into the value, so that validation would never end. Refer to it from inside of properties or items, or not at all");
                }
            }
        }

        void Open(SchemaNode node)
        {
            visits.Add(node, Visit.Open);
            nodes.Push(node);
            path.Push(node.Keywords.SelectMany(keyword => keyword.InPlace).GetEnumerator());
        }
    }
}
