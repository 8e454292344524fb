using System.Text.Json;
using Baton.Engine.Steps;

namespace Baton.Engine;

/// <summary>
/// A workflow in C#. Its code may await only what <see cref="RunContext"/> offers, and must do the same when it is given the same outcomes:
/// what it reads from the world (time, randomness, files, services) it reads in a step.
/// </summary>
public interface IWorkflow<TInput, TOutput>
{
    Task<TOutput> RunAsync(RunContext run, TInput input);
}

/// <summary>A C# workflow under the name and version that runs are pinned to. A change that existing runs would stumble over needs a new version.</summary>
public sealed record CodeWorkflow(WorkflowRef Ref, WorkflowBody Body)
{
    /// <summary>Whether a cancelled run, too, undoes what it registered with <see cref="RunContext.CompensateWith"/>. Default: only a failed one does.</summary>
    public bool CompensatesOnCancel { get; init; }

    /// <summary>How many of its runs may be open at once; null for any number.</summary>
    public ConcurrencyLimits? Concurrency { get; init; }

    /// <summary>The priority of runs that are started without one: -100 to 100, higher goes first. Runs that they start take theirs.</summary>
    public int Priority { get; init; }

    /// <param name="create">Makes the workflow for one run.</param>
    /// <param name="options">How its input and output stand as JSON; null for snake_case.</param>
    public static CodeWorkflow Of<TInput, TOutput>(WorkflowRef workflow, Func<IWorkflow<TInput, TOutput>> create, JsonSerializerOptions? options = null)
    {
        var input = PayloadCodec.For<TInput>(options ?? Payloads.Json);
        var output = PayloadCodec.For<TOutput>(options ?? Payloads.Json);
        return new CodeWorkflow(workflow, async (run, payload) => output.Encode(await create().RunAsync(run, Decode(input, payload))));
    }

    private static T Decode<T>(PayloadCodec<T> codec, ReadOnlyMemory<byte> payload)
    {
        try
        {
            return codec.Decode(payload);
        }
        catch (JsonException e)
        {
            throw new WorkflowException(new WorkflowError(ErrorTypes.Validation, 400, "Invalid input", $"The input cannot be read as {typeof(T).Name}: {e.Message}", "/input"), ErrorClass.DataValidation, e);
        }
    }
}
