using FsCheck;
using FsCheck.Fluent;

namespace Baton.Engine.Tests.Schema;

/// <summary>Checks that something holds for random values.</summary>
internal static class Properties
{
    public static void Check<T>(Gen<T> values, Func<T, bool> holds, int tests = 500) =>
        Prop.ForAll(values.ToArbitrary(), holds).Check(Config.QuickThrowOnFailure.WithMaxTest(tests).WithEndSize(40));
}
