using Baton.Client;
using Baton.Engine;
using Baton.Server.Http;
using Baton.Server.Identity;

namespace Baton.Server.Gateway;

/// <summary>Budgets over the API.</summary>
internal static class BudgetEndpoints
{
    private const int MaxName = 100;

    public static async Task<IResult> List(HttpContext http, BudgetStore store, BudgetLedger ledger, BudgetWriter writer, TimeProvider time, CancellationToken cancel)
    {
        await writer.RunOnceAsync(cancel);   // what was spent here stands in the answer
        var views = new List<BudgetView>();
        foreach (var budget in await store.ListAsync(http.Tenant, cancel)) views.Add(await ViewAsync(budget, store, ledger, time, cancel));
        return TypedResults.Json(new Page<BudgetView>([.. views], null), WireJson.Web.PageBudgetView);
    }

    public static async Task<IResult> Get(HttpContext http, string name, BudgetStore store, BudgetLedger ledger, BudgetWriter writer, TimeProvider time, CancellationToken cancel)
    {
        await writer.RunOnceAsync(cancel);
        return await AnswerAsync(http.Tenant, name, store, ledger, time, cancel);
    }

    public static async Task<IResult> Put(HttpContext http, string name, RequestBody bodies, BudgetStore store, BudgetLedger ledger, BudgetWriter writer, TimeProvider time, CancellationToken cancel)
    {
        if (name.Length > MaxName || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_')) return Problems.InvalidPath("name", $"A budget's name has 1 to {MaxName} letters, digits, dots, hyphens and underscores.");
        var body = await bodies.ReadJsonAsync(http.Request, cancel);
        if (body.Problem is not null) return body.Problem;
        var fields = new FieldReader(body.Value);
        var limit = Money(fields, "limit_micro", required: true);
        var (period, team, key, model) = (fields.Text("period", 10, required: true), Scope(fields, "team"), Scope(fields, "key"), Scope(fields, "model"));
        var parsed = period is null ? null : BudgetPeriods.Parse(period);
        if (period is not null && parsed is null) fields.Add("/period", "'period' is hour, day, week, month or total.");
        if (fields.Problem is { } problem) return problem;
        await store.PutAsync(new Budget($"bud_{Guid.CreateVersion7(time.GetUtcNow()):N}", http.Tenant, name, team, key, model, parsed!.Value, limit));
        await writer.ReloadAsync(cancel);
        return await AnswerAsync(http.Tenant, name, store, ledger, time, cancel);
    }

    public static async Task<IResult> Delete(HttpContext http, string name, BudgetStore store, BudgetWriter writer, CancellationToken cancel)
    {
        if (!await store.RemoveAsync(http.Tenant, name)) return Problems.UnknownBudget(name);
        await writer.ReloadAsync(cancel);
        return TypedResults.NoContent();
    }

    public static async Task<IResult> Reconcile(HttpContext http, string name, RequestBody bodies, BudgetStore store, BudgetLedger ledger, BudgetWriter writer, TimeProvider time, CancellationToken cancel)
    {
        if (await store.FindAsync(http.Tenant, name, cancel) is not { } budget) return Problems.UnknownBudget(name);
        var body = await bodies.ReadJsonAsync(http.Request, cancel);
        if (body.Problem is not null) return body.Problem;
        var spent = 0L;
        if (!body.Value.IsNull)
        {
            var fields = new FieldReader(body.Value);
            spent = Money(fields, "spent_micro", required: false);
            if (fields.Problem is { } problem) return problem;
        }
        await store.ReconcileAsync(budget, BudgetSpan.Of(budget.Period, time.GetUtcNow()).Start, spent);
        ledger.Retell();
        await writer.ReloadAsync(cancel);
        return await AnswerAsync(http.Tenant, name, store, ledger, time, cancel);
    }

    private static async Task<IResult> AnswerAsync(TenantId tenant, string name, BudgetStore store, BudgetLedger ledger, TimeProvider time, CancellationToken cancel) =>
        await store.FindAsync(tenant, name, cancel) is { } budget ? TypedResults.Json(await ViewAsync(budget, store, ledger, time, cancel), WireJson.Web.BudgetView) : Problems.UnknownBudget(name);

    private static async Task<BudgetView> ViewAsync(Budget budget, BudgetStore store, BudgetLedger ledger, TimeProvider time, CancellationToken cancel)
    {
        var span = BudgetSpan.Of(budget.Period, time.GetUtcNow());
        var state = await store.StateAsync(budget, span.Start, cancel);
        var reserved = ledger.Find(budget.Tenant, budget.Name)?.Reserved ?? 0;
        return new BudgetView(budget.Name, budget.Period.ToName(), budget.Team, budget.Key, budget.Model, budget.Limit, state.Spent, reserved, state.Lost, Math.Max(0, budget.Limit - state.Spent - reserved - state.Lost),
            span.End is null ? null : span.Start, span.End);
    }

    private static string? Scope(FieldReader fields, string name)
    {
        var text = fields.Name(name, 200);
        if (text is "") fields.Add($"/{name}", $"'{name}' has 1 to 200 characters; leave it out for all.");
        return text;
    }

    private static long Money(FieldReader fields, string name, bool required)
    {
        var value = fields.Any(name);
        if (value.IsNull && !required) return 0;
        if (value.TryGetInt64(out var amount) && amount is >= 0 and <= Budget.MaxLimit) return amount;
        fields.Add($"/{name}", $"'{name}' is a whole number of micro-dollars from 0 to {Budget.MaxLimit}{(required ? ", and required" : "")}.");
        return 0;
    }
}
