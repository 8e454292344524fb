using Baton.Server.Identity;
using Baton.Client;
using Baton.Server.Cluster;
using Baton.Server.Http;
using Microsoft.Extensions.Options;

namespace Baton.Server.Gateway;

/// <summary>Budgets in money.</summary>
internal static class BudgetsModule
{
    extension(IServiceCollection services)
    {
        public IServiceCollection AddBudgets()
        {
            services.AddSettings<BudgetOptions>(BudgetOptions.Section).AddSingleton<IValidateOptions<BudgetOptions>, BudgetOptionsValidator>();
            services.AddSingleton<BudgetStore>().AddSingleton<BudgetGate>().AddSingleton<BudgetWriter>();
            services.AddSingleton(provider => new BudgetLedger(provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<IOptions<BudgetOptions>>().Value.GrantWait));
            services.AddSingleton(provider => new Inheritance(provider.GetRequiredService<BudgetStore>().TakeOver));
            return services.AddHostedService(provider => provider.GetRequiredService<BudgetWriter>());
        }
    }

    extension(IEndpointRouteBuilder app)
    {
        public void MapBudgets()
        {
            var budgets = app.MapGroup("/api/v1/budgets").TakesNamedParameters().WithTags("Budgets");
            budgets.MapGet("/", BudgetEndpoints.List).WithSummary("All budgets, with what stands in their current periods.").Produces<Page<BudgetView>>().Refuses(400, 503);
            budgets.MapGet("/{name}", BudgetEndpoints.Get).WithSummary("One budget, with what stands in its current period.").Produces<BudgetView>().Refuses(400, 404, 503);
            budgets.MapPut("/{name}", BudgetEndpoints.Put).TakesAdminKeys().WithSummary("Make a budget, or change it; what was spent stays spent.").Accepts<PutBudget>("application/json").Produces<BudgetView>().Refuses(400, 403, 413, 415, 503);
            budgets.MapDelete("/{name}", BudgetEndpoints.Delete).TakesAdminKeys().WithSummary("Remove a budget: nothing is counted in it any more.").Produces(204).Refuses(400, 403, 404, 503);
            budgets.MapPost("/{name}/reconcile", BudgetEndpoints.Reconcile).TakesAdminKeys().WithSummary("Give back what killed processes had at hand, less what they did spend.").Accepts<ReconcileBudget>("application/json").Produces<BudgetView>().Refuses(400, 403, 404, 413, 415, 503);
        }
    }
}
