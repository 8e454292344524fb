using Baton.Benchmarks;
using BenchmarkDotNet.Running;

// dotnet run -c Release --project bench/Baton.Benchmarks -- --filter '*'
BenchmarkSwitcher.FromAssembly(typeof(JqBenchmarks).Assembly).Run(args);
