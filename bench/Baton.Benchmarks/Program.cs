using Baton.Benchmarks;
using BenchmarkDotNet.Running;

// --jq compares with the jq command; everything else goes to BenchmarkDotNet: --filter '*' runs all.
if (args is ["--jq", ..]) return await JqComparison.RunAsync();
BenchmarkSwitcher.FromAssembly(typeof(JqBenchmarks).Assembly).Run(args);
return 0;
