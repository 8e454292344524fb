using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Baton.Server.Tests.Support;

/// <summary>Keeps everything that is logged, at every level, to be searched for what must not be there.</summary>
internal sealed class CapturedLog : ILoggerFactory
{
    private readonly ConcurrentQueue<(LogLevel Level, string Text)> lines = [];

    public IEnumerable<string> Lines => lines.Select(line => line.Text);

    public IEnumerable<string> AboveTrace => lines.Where(line => line.Level > LogLevel.Trace).Select(line => line.Text);

    public ILogger<T> For<T>() => new Logger<T>(this);

    public ILogger CreateLogger(string categoryName) => new Sink(this);

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public void Dispose()
    {
    }

    private sealed class Sink(CapturedLog log) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            log.lines.Enqueue((logLevel, $"{formatter(state, exception)} {exception}"));
    }
}
