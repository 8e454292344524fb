namespace Baton.Server.Workflows;

/// <summary>What steps took and how many of them succeeded.</summary>
/// <param name="TotalTime">In seconds, each step counted whole: those that ran side by side too.</param>
/// <param name="AverageTime">In seconds; 0 for no steps.</param>
/// <param name="SuccessRate">0 to 1; 0 for no steps.</param>
internal sealed record StepSums(double TotalTime, double AverageTime, double SuccessRate)
{
    /// <summary>Sums rounded to four digits after the point.</summary>
    public static StepSums Of(IReadOnlyCollection<(double Seconds, bool Success)> steps)
    {
        if (steps.Count == 0) return new StepSums(0, 0, 0);
        var total = steps.Sum(step => step.Seconds);
        return new StepSums(Math.Round(total, 4), Math.Round(total / steps.Count, 4), Math.Round((double)steps.Count(step => step.Success) / steps.Count, 4));
    }
}
