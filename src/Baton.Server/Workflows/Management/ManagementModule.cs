using Baton.Client;
using Baton.Server.Http;
using Microsoft.Extensions.Options;

namespace Baton.Server.Workflows;

/// <summary>The part of this feature that looks after whole runs.</summary>
internal static class ManagementModule
{
    public const string Lines = "application/x-ndjson";

    extension(IServiceCollection services)
    {
        public void AddRunManagement()
        {
            services.AddSettings<RetentionOptions>(RetentionOptions.Section).AddSingleton<IValidateOptions<RetentionOptions>, RetentionOptionsValidator>();
            services.AddSingleton<RunKeeper>().AddSingleton<RunControl>().AddSingleton<ProgressReader>().AddSingleton<RunArchive>().AddSingleton<ResultsReader>().AddSingleton<JournalPacker>();
            services.AddSingleton<Retention>().AddHostedService(provider => provider.GetRequiredService<Retention>());
        }
    }

    extension(RouteGroupBuilder runs)
    {
        public void MapRunManagement()
        {
            runs.MapGet("/statistics", ManagementEndpoints.Statistics).WithSummary("How many runs came to what, and how long they took, by workflow and period.")
                .Takes(("workflow", "name or namespace/name."), ("created_after", "Started from this time on."), ("created_before", "Started before this time."), ("period", "hour, day or week (UTC), to part the groups by.")).Produces<StatisticsView>().Refuses(400);
            runs.MapPost("/bulk", ManagementEndpoints.Bulk).WithSummary("Cancel, pause, resume, retry, delete or signal all runs that a filter finds, in portions.").Accepts<BulkRequest>("application/json").Produces<BulkView>().Refuses(400, 413, 415, 503);
            runs.MapGet("/archive", ArchiveEndpoints.Archive).WithSummary("Ended and paused runs with their journals, as JSON lines.").Takes(RunFilters.Parameters).Produces<string>(200, Lines).Refuses(400);
            runs.MapPost("/import", ArchiveEndpoints.Import).WithSummary("Store the runs of an archive; those that are there already are skipped.").Accepts<string>(Lines).Produces<ImportView>().Refuses(400, 413, 415, 503);
            runs.MapDelete("/{id}", ManagementEndpoints.Delete).WithSummary("Remove a run that has ended, and all that is its own.").Produces(204).Refuses(400, 404, 409, 503);
            runs.MapPost("/{id}/retry", ManagementEndpoints.Retry).WithSummary("Let a run that failed or was cancelled go on: what failed is performed again.").Accepts<RetryRequest>("application/json").Produces<RunView>(202).Refuses(400, 404, 409, 413, 415, 503);
            runs.MapPost("/{id}/fork", ManagementEndpoints.Fork).WithSummary("Make a run of this one's beginning, with another input or version if wanted.").Accepts<ForkRequest>("application/json").Produces<RunView>(202).Refuses(400, 404, 413, 415, 422, 503);
            runs.MapGet("/{id}/errors", ManagementEndpoints.Errors).WithSummary("What went wrong in a run, attempt by attempt.").Takes(("after", "Entries after this position; default -1, all."), ("limit", "1 to 1,000; default 200.")).Produces<Page<RunErrorView>>().Refuses(400, 404);
            runs.MapGet("/{id}/results", ResultsEndpoints.Get).WithSummary("What the steps of a run came to: by category, summed up, and which move together.").Produces<ResultsView>().Refuses(400, 404);
        }
    }
}
