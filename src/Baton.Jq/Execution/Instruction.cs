namespace Baton.Jq;

/// <summary>
/// The machine has a current value, a current path (while <c>path(f)</c> runs) and the slots of a frame. S is <see cref="Instruction.Slot"/>,
/// T is <see cref="Instruction.Target"/>; slot S + 1 keeps the path where S keeps a value.
/// </summary>
internal enum Op : byte
{
    /// <summary>Replaces the current value by the output of an expression; backtracks if there is none.</summary>
    Evaluate,

    /// <summary>Gives the current value to the consumer.</summary>
    Output,

    Jump,
    Backtrack,

    /// <summary>Leaves a fork that goes on at T.</summary>
    Fork,

    /// <summary>Saves value and path in S and S + 1, and stops tracking the path: a subexpression begins.</summary>
    Save,

    /// <summary>Loads the saved value.</summary>
    Reload,

    /// <summary>Loads the saved value and path.</summary>
    Restore,

    /// <summary>Loads the saved path: the subexpression's value becomes current.</summary>
    RestorePath,

    /// <summary>Stores the value in S.</summary>
    Store,

    /// <summary>Stores value and path in S and S + 1.</summary>
    StoreState,

    /// <summary>Loads value and path from S and S + 1 and leaves null there, as jq's reduce does.</summary>
    TakeState,

    /// <summary>Goes to T unless the value is true; loads value and path from S and S + 1 either way.</summary>
    Branch,

    /// <summary>Stores the number of forks in S.</summary>
    Mark,

    /// <summary>Drops the forks made since the mark in S.</summary>
    Cut,

    /// <summary>Drops the forks made since the mark in S, T frames out, and backtracks.</summary>
    Break,

    /// <summary>Each element or member; with S = 1 nothing, instead of an error, for other kinds.</summary>
    Each,

    /// <summary>Numbers from slot S up to the value by the step in slot S + 1.</summary>
    Range,

    /// <summary>The value and everything below it.</summary>
    Descend,

    /// <summary>Starts an array in S and leaves a fork that goes on at T.</summary>
    CollectStart,

    /// <summary>Adds the value to the array in S and backtracks.</summary>
    CollectAdd,

    /// <summary>Loads the array in S.</summary>
    CollectEnd,

    /// <summary>Leaves a fork that goes on at T with the error when one is raised.</summary>
    Try,

    /// <summary>The body of the try with the handler at T has given an output.</summary>
    TryExit,

    /// <summary>Leaves a fork that goes on at T when an error is raised.</summary>
    OtherPattern,

    /// <summary>a // b: notes in S that nothing was found, and leaves a fork that goes on at T.</summary>
    AlternativeStart,

    /// <summary>a // b: if the value is true, notes so in S and goes to T; otherwise backtracks.</summary>
    AlternativeFound,

    /// <summary>a // b: backtracks if S is noted.</summary>
    AlternativeElse,

    /// <summary>limit and skip: checks the count in the value and stores it in S; the operand is the name for the error.</summary>
    CountStart,

    /// <summary>limit: backtracks if the count in S is zero.</summary>
    CountNone,

    /// <summary>Counts an output down in S, and cuts to the mark in T after the last.</summary>
    CountLimit,

    /// <summary>Counts an output down in S, and backtracks while it is to be skipped.</summary>
    CountSkip,

    /// <summary>last(f): notes in S + 2 that nothing came yet, and leaves a fork that goes on at T.</summary>
    LastStart,

    /// <summary>last(f): keeps value and path in S and S + 1, and backtracks.</summary>
    LastAdd,

    /// <summary>last(f): loads value and path from S and S + 1, or backtracks if nothing came.</summary>
    LastEnd,

    /// <summary>Starts tracking the path; S + 1 keeps the one around.</summary>
    PathStart,

    /// <summary>Loads the path as an array; path(f) ends.</summary>
    PathEnd,

    /// <summary>
    /// Update: stores the root in S, starts tracking the path (S + 1 keeps the one around), and leaves a fork that goes on at T.
    /// S + 2 will keep the path at hand, S + 3 the paths to delete.
    /// </summary>
    UpdateStart,

    /// <summary>Update: loads what stands at the path at hand.</summary>
    UpdateGet,

    /// <summary>Update: puts the value at the path at hand, and backtracks.</summary>
    UpdateSet,

    /// <summary>Update: notes the path at hand for deletion, and backtracks.</summary>
    UpdateDelete,

    /// <summary>Assignment: puts slot T at the path at hand, and backtracks.</summary>
    AssignSet,

    /// <summary>Update: loads the root without the paths noted for deletion.</summary>
    UpdateEnd,

    /// <summary>Calls a function.</summary>
    Call,

    /// <summary>Calls the closure in S, T frames out.</summary>
    CallClosure,

    Return,
}

/// <summary>One step of compiled code.</summary>
internal struct Instruction(Op op, int slot = 0, int target = 0, object? operand = null)
{
    public readonly Op Op = op;
    public readonly int Slot = slot;
    public int Target = target;
    public readonly object? Operand = operand;
}
