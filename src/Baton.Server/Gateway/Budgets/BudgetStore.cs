using Baton.Engine;
using Baton.Server.Cluster;
using Baton.Server.Storage;
using Dapper;

namespace Baton.Server.Gateway;

/// <summary>A budget's row.</summary>
internal sealed record BudgetRow(string TenantId, string Id, string Name, string? Team, string? Key, string? Model, string Period, long LimitMicro)
{
    public Budget ToBudget() => new(Id, new TenantId(TenantId), Name, Team, Key, Model, BudgetPeriods.Parse(Period)!.Value, LimitMicro);
}

/// <summary>What the database knows of a period. <c>Lent</c> is in the hands of living processes, <c>Lost</c> was in those of dead ones; both beside <c>Spent</c>.</summary>
internal sealed record BudgetState(long Spent, long Lent, long Lost);

/// <summary>Budgets as rows, and the lending of slices.</summary>
internal sealed class BudgetStore(Database database, Node node, TimeProvider time)
{
    /// <summary>Longer than any call is under way, and than the month before.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromDays(40);

    private readonly BudgetSql sql = BudgetSql.For(database.Dialect);

    /// <summary>This life of this process: what an earlier one was lent is not its own.</summary>
    private readonly string slice = $"{Guid.CreateVersion7(time.GetUtcNow()):N}";

    public Task<IReadOnlyList<Budget>> AllAsync(CancellationToken cancel) => database.ReadAsync<IReadOnlyList<Budget>>(async connection =>
        [.. (await connection.QueryAsync<BudgetRow>(new CommandDefinition(sql.All, cancellationToken: cancel))).Select(row => row.ToBudget())], cancel);

    public Task<IReadOnlyList<Budget>> ListAsync(TenantId tenant, CancellationToken cancel) => database.ReadAsync<IReadOnlyList<Budget>>(async connection =>
        [.. (await connection.QueryAsync<BudgetRow>(new CommandDefinition(sql.List, new { Tenant = tenant.Value }, cancellationToken: cancel))).Select(row => row.ToBudget())], cancel);

    public Task<Budget?> FindAsync(TenantId tenant, string name, CancellationToken cancel) => database.ReadAsync(async connection =>
        (await connection.QuerySingleOrDefaultAsync<BudgetRow>(new CommandDefinition(sql.Find, new { Tenant = tenant.Value, Name = name }, cancellationToken: cancel)))?.ToBudget(), cancel);

    /// <summary>What is known of the period that begins then.</summary>
    public Task<BudgetState> StateAsync(Budget budget, DateTimeOffset start, CancellationToken cancel) => database.ReadAsync(async connection =>
    {
        var periods = await connection.QueryAsync<(long Spent, long Lent, long Lost)>(new CommandDefinition(sql.State, new { Tenant = budget.Tenant.Value, Budget = budget.Id, StartMs = start.ToUnixTimeMilliseconds() }, cancellationToken: cancel));
        var (spent, lent, lost) = periods.SingleOrDefault();   // zeros before anything happened in it
        return new BudgetState(spent, lent, lost);
    }, cancel);

    /// <summary>Makes a budget, or changes the one of that name, which begins anew with another period; other nodes are told.</summary>
    /// <returns>Its id: the one that it had, where it was changed.</returns>
    public ValueTask<string> PutAsync(Budget budget) => database.WriteAsync(new WriteRequestOf<string>(statements =>
    {
        statements[sql.RemoveOther].Bind(1, budget.Tenant.Value).Bind(2, budget.Name).Bind(3, budget.Period.ToName()).Execute();
        var put = statements[sql.Put].Bind(1, budget.Tenant.Value).Bind(2, budget.Id).Bind(3, budget.Name).Bind(4, budget.Team).Bind(5, budget.Key).Bind(6, budget.Model)
            .Bind(7, budget.Period.ToName()).Bind(8, budget.Limit).Bind(9, time.GetUtcNow().ToUnixTimeMilliseconds());
        put.Step();
        var id = put.Text(0);
        put.Reset();
        return id;
    }, static () => [NodeNews.Budgets]));

    /// <returns>False when there is none.</returns>
    public ValueTask<bool> RemoveAsync(TenantId tenant, string name) =>
        database.WriteAsync(new WriteRequestOf<bool>(statements => statements[sql.Remove].Bind(1, tenant.Value).Bind(2, name).Execute() > 0, static () => [NodeNews.Budgets]));

    /// <summary>Gives back what dead processes held of a budget: for whoever knows what they spent.</summary>
    /// <param name="start">Of the current period.</param>
    /// <param name="spent">By them, in micro-dollars; counted in that period, as far as it was uncertain in it.</param>
    public ValueTask<long> ReconcileAsync(Budget budget, DateTimeOffset start, long spent) => database.WriteAsync(new WriteRequestOf<long>(statements =>
    {
        var (tenant, startMs) = (budget.Tenant.Value, start.ToUnixTimeMilliseconds());
        _ = One(statements[sql.Spent].Bind(1, tenant).Bind(2, budget.Id).Bind(3, startMs));   // others wait
        var (_, lost) = Two(statements[sql.Others].Bind(1, tenant).Bind(2, budget.Id).Bind(3, startMs).Bind(4, slice)) ?? (0, 0);
        var counted = Math.Min(lost, spent);
        if (counted > 0) statements[sql.Spend].Bind(1, tenant).Bind(2, budget.Id).Bind(3, startMs).Bind(4, counted).Execute();
        statements[sql.Reconcile].Bind(1, tenant).Bind(2, budget.Id).Execute();
        return counted;
    }, static () => [NodeNews.Budgets]));

    /// <summary>Writes down what was spent from this process's slices and lends it what it asks for, as far as there is so much. One transaction.</summary>
    /// <returns>In the order of the reports; null where the budget is gone.</returns>
    public ValueTask<SliceGrant?[]> ReportAsync(IReadOnlyList<SliceReport> reports) => ReportAsync(reports, isLast: false);

    /// <summary>The same, at the end of this process: nothing is lent any more.</summary>
    public ValueTask<SliceGrant?[]> CloseAsync(IReadOnlyList<SliceReport> reports) => ReportAsync(reports, isLast: true);

    /// <summary>A process is gone: see <see cref="Inheritance"/>. What it was lent stays counted; here it is said why.</summary>
    /// <param name="dead">The node; null for every one but this.</param>
    public int TakeOver(SqlStatements statements, string? dead)
    {
        statements[sql.Lose].Bind(1, dead).Bind(2, slice).Execute();
        return 0;   // of runs, nothing
    }

    private ValueTask<SliceGrant?[]> ReportAsync(IReadOnlyList<SliceReport> reports, bool isLast)
    {
        var isShort = false;
        // In one order on all nodes: each waits for the other's rows, never both.
        var order = Enumerable.Range(0, reports.Count).OrderBy(at => reports[at].Account.Budget.Id, StringComparer.Ordinal).ThenBy(at => reports[at].Account.Span.Start).ToArray();
        return database.WriteAsync(new WriteRequestOf<SliceGrant?[]>(statements =>
        {
            isShort = false;
            var grants = new SliceGrant?[reports.Count];
            foreach (var at in order)
            {
                grants[at] = Report(statements, reports[at], isLast);
                isShort |= grants[at] is { Lent: > 0 } grant && reports[at].Demand > 0 && grant.Ceiling < reports[at].Wanted;
            }
            return grants;
        }, () => isShort ? [NodeNews.BudgetsWanted] : null));
    }

    private SliceGrant? Report(SqlStatements statements, SliceReport report, bool isLast)
    {
        var budget = report.Account.Budget;
        var start = report.Account.Span.Start.ToUnixTimeMilliseconds();
        if (One(statements[sql.Limit].Bind(1, budget.Tenant.Value).Bind(2, budget.Id)) is not { } limit) return null;
        On(sql.Open).Execute();
        var spent = One(On(sql.Spent)) ?? 0;
        var known = Two(On(sql.Slice).Bind(4, slice));
        var (reported, ceiling) = known ?? (0, 0);
        var (lent, lost) = Two(On(sql.Others).Bind(4, slice)) ?? (0, 0);
        var added = report.Spent - reported;
        var free = limit - spent - added - lent - lost;
        var granted = Math.Max(report.Spent, report.Wanted <= ceiling ? report.Wanted : Math.Max(ceiling, Math.Min(report.Wanted, report.Spent + Math.Max(0, free))));
        if (added != 0) On(sql.Spend).Bind(4, added).Execute();
        if (isLast && granted == report.Spent) On(sql.Close).Bind(4, slice).Execute();
        else On(sql.Lend).Bind(4, slice).Bind(5, node.Id).Bind(6, report.Spent).Bind(7, granted).Execute();
        if (known is null) statements[sql.Forget].Bind(1, budget.Tenant.Value).Bind(2, budget.Id).Bind(3, (report.Account.Span.Start - Kept).ToUnixTimeMilliseconds()).Execute();
        return new SliceGrant(granted, free - (granted - report.Spent), lent, limit);

        SqlStatement On(string text) => statements[text].Bind(1, budget.Tenant.Value).Bind(2, budget.Id).Bind(3, start);
    }

    private static long? One(SqlStatement query)
    {
        if (!query.Step()) return null;
        var value = query.Long(0);
        query.Reset();
        return value;
    }

    private static (long, long)? Two(SqlStatement query)
    {
        if (!query.Step()) return null;
        var values = (query.Long(0), query.Long(1));
        query.Reset();
        return values;
    }
}
