using System.Text.Json;
using Baton.Client;
using Baton.Engine;
using Baton.Engine.Dsl;
using Baton.Server.Cluster;
using Baton.Server.Http;
using Baton.Server.Notifications;
using Baton.Server.Storage;
using Microsoft.Extensions.Options;

namespace Baton.Server.Workflows;

/// <summary>Runs and the workflows that they execute.</summary>
internal static class WorkflowsModule
{
    extension(IServiceCollection services)
    {
        public IServiceCollection AddWorkflows(IEnumerable<CodeWorkflow> code)
        {
            services.AddSettings<WorkflowOptions>(WorkflowOptions.Section).AddSingleton<IValidateOptions<WorkflowOptions>, WorkflowOptionsValidator>();
            // The host gives up on its services after 30 s, whatever they were given: draining ends by its own limit, and then has a while to record.
            services.AddOptions<HostOptions>().Configure<IOptions<WorkflowOptions>>((host, workflows) => host.ShutdownTimeout = workflows.Value.DrainTimeout + TimeSpan.FromSeconds(30));
            services.AddSettings<SecretOptions>(SecretOptions.Section);
            foreach (var workflow in code) services.AddSingleton(workflow);
            services.AddSingleton(provider => WorkflowSql.For(provider.GetRequiredService<Database>().Dialect)).AddSingleton(provider => provider.GetRequiredService<WorkflowSql>().Schedules);
            services.AddSettings<ErrorPolicyOptions>(ErrorPolicyOptions.Section).AddSingleton<IValidateOptions<ErrorPolicyOptions>, ErrorPolicyOptionsRules>();
            services.AddSingleton(provider => provider.GetRequiredService<IOptions<ErrorPolicyOptions>>().Value.Read());
            services.AddSingleton(provider => new RunWrites(provider.GetRequiredService<Database>(), provider.GetRequiredService<WorkflowSql>(), provider.GetRequiredService<EventTriggers>(), provider.GetRequiredService<Wakeups>(), provider.GetRequiredService<Node>(), provider.GetRequiredService<TimeProvider>())
            {
                Behaviour = EngineBehaviour.Current | (provider.GetRequiredService<PolicyCatalog>().AppliesByDefault ? EngineBehaviour.ServerPolicy : EngineBehaviour.None),
                Outbox = provider.GetRequiredService<Outbox>(),
            });
            services.AddSingleton<TaskOutputs>().AddSingleton<ApprovalStore>();
            services.AddSingleton(provider => new Lazy<IWorkflowEffects>(provider.GetRequiredService<WorkflowEffects>));   // documents name workflows, workflows come from documents
            services.AddSingleton<LlmFunction>().AddSingleton(provider => new HostedFunctions([provider.GetRequiredService<LlmFunction>().Function]));
            services.AddSingleton<WorkflowEffects>().AddSingleton<SecretStore>().AddSingleton<WorkflowCatalog>().AddSingleton<WorkflowRegistry>();
            services.AddSingleton<DefinitionStore>().AddSingleton<RunStore>().AddSingleton<JournalStore>().AddSingleton<RunQueries>().AddSingleton<ScheduleStore>();
            services.AddRunManagement();
            services.AddSingleton<ScheduleTable>().AddSingleton<EventTriggers>().AddSingleton<StepFeed>().AddSingleton<RunFollower>().AddSingleton<RunStarter>();
            services.AddSingleton<TakenRuns>().AddSingleton(provider => new Inheritance(provider.GetRequiredService<RunStore>().Rescue) { TakeBack = provider.GetRequiredService<TakenRuns>().TakeBack });
            services.AddHostedService<DocumentFolder>();
            services.AddHostedService<Scheduler>();   // before the worker: what its runs publish may start others
            services.AddSingleton<RunWorker>().AddHostedService(provider => provider.GetRequiredService<RunWorker>());
            services.AddHealthChecks().AddCheck<WorkerHealth>("worker");
            return services;
        }
    }

    extension(IEndpointRouteBuilder app)
    {
        public void MapWorkflows()
        {
            var api = app.MapGroup("/api/v1").TakesNamedParameters();
            MapDefinitions(api);
            MapApprovals(api.MapGroup("/approvals").WithTags("Approvals"));
            MapRuns(api.MapGroup("/runs").WithTags("Runs"));
            app.MapRunPage();
            app.MapGroup("/workflows/ai").TakesNamedParameters().MapPost("/{type}", RunEndpoints.StartByType).WithTags("Runs").WithSummary("Start a workflow by its type, with the body as input, and wait a while for its end.")
                .Takes(IdempotencyKey, ("wait_seconds", "How long to wait, 0 to 300; default 55."))
                .Accepts<JsonElement>("application/json").Produces<RunResult>().Produces<RunView>(202).Refuses(400, 404, 413, 415, 422, 503);
        }
    }

    private static readonly (string, string) IdempotencyKey = ("Idempotency-Key", "1 to 200 characters: a repetition of the request under the same key returns the first run."), Cursor = ("cursor", "The next_cursor of the page before.");

    private static readonly (string, string) Tree = ("tree", "true for the run and all runs below it, at any depth.");

    private static void MapDefinitions(RouteGroupBuilder api)
    {
        var workflows = api.MapGroup("/workflows").WithTags("Workflows");
        workflows.MapPost("/", WorkflowEndpoints.Register).WithSummary("Register a workflow document.").Takes(("revise", "true to register other content under a taken version as its revision; default false.")).Accepts<string>("application/yaml", "application/json").Produces<WorkflowView>(201).Produces<WorkflowView>().Refuses(400, 409, 413, 415, 422, 503);
        workflows.MapGet("/", WorkflowEndpoints.List).WithSummary("All definitions.").Takes(Cursor, ("limit", "1 to 500; default 100.")).Produces<Page<WorkflowView>>().Refuses(400);
        workflows.MapGet("/{space}/{name}", WorkflowEndpoints.Versions).WithSummary("All versions of a workflow.").Produces<Page<WorkflowView>>().Refuses(400, 404);
        workflows.MapGet("/{space}/{name}/{version}", WorkflowEndpoints.Get).WithSummary("One definition with its document; 'latest' for the newest.").Produces<WorkflowView>().Refuses(400, 404);
        api.MapGet("/schedules", WorkflowEndpoints.Schedules).WithTags("Workflows").WithSummary("What starts by itself, and when.").Produces<Page<ScheduleView>>().Refuses(400);
        api.MapGet("/nodes", NodeEndpoints.List).WithTags("Cluster").WithSummary("The processes that share the database, and how many of your runs each has in memory.").Produces<Page<NodeView>>().Refuses(400);
        api.MapPost("/events", WorkflowEndpoints.Publish).WithTags("Events").WithSummary("Publish a CloudEvents event.").Accepts<JsonElement>("application/json", "application/cloudevents+json").Produces<EventReceipt>(202).Refuses(400, 413, 415, 503);
    }

    private static void MapApprovals(RouteGroupBuilder approvals)
    {
        approvals.MapGet("/", ApprovalEndpoints.List).WithSummary("Questions to people, the newest first.")
            .Takes(("state", "open, answered, expired or withdrawn."), ("assignee", "Whom they are for."), Cursor, ("limit", "1 to 500; default 50.")).Produces<Page<ApprovalView>>().Refuses(400);
        approvals.MapGet("/{id}", ApprovalEndpoints.Get).WithSummary("One question.").Produces<ApprovalView>().Refuses(400, 404);
        approvals.MapPost("/{id}", ApprovalEndpoints.Answer).WithSummary("Answer an open question, once; durable when answered.").Accepts<AnswerRequest>("application/json").Produces<ApprovalView>().Refuses(400, 404, 409, 413, 415, 503);
    }

    private static void MapRuns(RouteGroupBuilder runs)
    {
        runs.MapPost("/", RunEndpoints.Start).WithSummary("Start a run; durable when answered.").Takes(IdempotencyKey).Accepts<StartRun>("application/json").Produces<RunView>(202).Produces<RunView>().Refuses(400, 404, 413, 415, 422, 503);
        runs.MapGet("/", RunEndpoints.List).WithSummary("Runs by state, workflow, label, parent, time and text, the newest first.")
            .Takes(RunFilters.Paged(50, ("count", "true to say how many there are on all pages."))).Produces<Page<RunView>>().Refuses(400);
        runs.MapRunManagement();
        runs.MapGet("/{id}", RunEndpoints.Get).WithSummary("A run as it stands.").Produces<RunView>().Refuses(400, 404);
        runs.MapGet("/{id}/result", RunEndpoints.Result).WithSummary("What a run came to.").Produces<RunResult>().Refuses(400, 404, 409);
        runs.MapGet("/{id}/events", RunEndpoints.Events).WithSummary("The run's events as they come, resumable by Last-Event-ID.").Takes(("Last-Event-ID", "The id of the last event that was received."), ("after", "The same, for clients that cannot set headers.")).Produces<string>(200, "text/event-stream").Refuses(400, 404);
        runs.MapGet("/{id}/journal", RunEndpoints.Journal).WithSummary("What was recorded, in order.").Takes(("after", "Entries after this position; default -1, all."), ("limit", "1 to 1,000; default 200. Large payloads make a page shorter.")).Produces<Page<JournalEntryView>>().Refuses(400, 404);
        runs.MapPost("/{id}/signals/{name}", RunEndpoints.Signal).WithSummary("Send a signal; durable when answered.").Accepts<JsonElement>("application/json").Produces<RunView>(202).Refuses(400, 404, 409, 413, 415, 503);
        runs.MapPost("/{id}/cancel", RunEndpoints.Cancel).WithSummary("End a run, and the child runs that it awaits.").Takes(Tree).Accepts<ControlRequest>("application/json").Produces<RunView>(202).Refuses(400, 404, 409, 413, 415, 503);
        runs.MapPost("/{id}/pause", RunEndpoints.Pause).WithSummary("Let running steps finish, start no new ones.").Takes(Tree).Accepts<ControlRequest>("application/json").Produces<RunView>(202).Refuses(400, 404, 409, 413, 415, 503);
        runs.MapPost("/{id}/resume", RunEndpoints.Resume).WithSummary("Let a paused run go on.").Takes(Tree).Accepts<ControlRequest>("application/json").Produces<RunView>(202).Refuses(400, 404, 409, 413, 415, 503);
    }
}
