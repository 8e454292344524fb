using System.Buffers;
using Baton.Server.Outbound;

namespace Baton.Server.Gateway;

internal sealed partial class TargetCaller
{
    /// <summary>An answer while it comes.</summary>
    private sealed record Answer(GatewayCall Call, BegunTarget Asked, ForwardedRequest Request, ForwardedAnswer Response, CallLimits Limits, TimeProvider Time, long Sent, bool AddsUsage, string? Key) : IDisposable
    {
        /// <summary>An answer in one piece up to this size is handed on when all of it is there.</summary>
        public const int MaxBuffer = 64 << 10;

        private const int FirstBuffer = 4 << 10, Growth = 4;

        private TimeSpan? firstByte;
        private bool hasBegun;

        public ModelRoute Route => Asked.Route;

        public ModelTarget Target => Asked.Target;

        public UsageTap Tap { get; set; } = null!;   // from the beginning on

        /// <summary>What it goes on with; null for an answer of its own.</summary>
        public BegunAnswer? Begun { get; init; }

        /// <summary>What the target has said; null where nobody would go on with it.</summary>
        public AnswerBytes? Said { get; init; }

        /// <summary>What was read last. It grows with what has to be kept in it: most answers are small, and a pool has only so many large ones at hand.</summary>
        public byte[] Buffer { get; private set; } = ArrayPool<byte>.Shared.Rent((int)Math.Clamp(Response.ContentLength + 1 ?? FirstBuffer, 1, MaxBuffer));

        /// <summary>Reads into the buffer from a place on, which is below <see cref="MaxBuffer"/>; what stands before it stays.</summary>
        public async ValueTask<int> ReadAsync(int from)
        {
            if (from == Buffer.Length) Grow();
            var reading = hasBegun ? 0 : Time.GetTimestamp();
            int read;
            try
            {
                read = await Response.ReadAsync(Buffer.AsMemory(from), Limits.Token);
            }
            finally
            {
                if (!hasBegun) Call.Waited(reading);
            }
            firstByte ??= Time.GetElapsedTime(Sent);
            if (read > 0) Limits.Heard();
            Said?.Add(Buffer.AsSpan(from, read));
            return read;
        }

        public void BeginStream()
        {
            Take(isStream: true);
            Call.BeginStream(Response.Status);
        }

        /// <param name="length">Of the body, where all of it is there.</param>
        public void BeginWhole(long? length)
        {
            Take(isStream: false);
            Call.Begin(Response.Status, length ?? Response.ContentLength);
        }

        /// <summary>As the others, for an answer that is not the target's own words.</summary>
        public void BeginTranslated(long? length)
        {
            Take(isStream: length is null);
            Call.Answer.Headers.ContentType = length is null ? "text/event-stream" : "application/json";
            if (length is null) Call.BeginStream(StatusCodes.Status200OK);
            else Call.Begin(StatusCodes.Status200OK, length);
        }

        /// <summary>What the target broke off with, where that is known.</summary>
        public GatewayError? Failure { get; private set; }

        /// <param name="events">The first of them is an error.</param>
        public void ReadFailure(ReadOnlyMemory<byte> events)
        {
            if (new SseParser().TryTake(ref events, out var said)) Failure = ErrorTranslation.Read(status: null, said.Data);
        }

        /// <summary>The target has broken it off, or said that it is broken.</summary>
        public void Failed(string how)
        {
            if (!Limits.WereUsedUp) Target.Health.Failed(how, Asked.Era, hasBegun ? null : Limits.Elapsed);
        }

        /// <summary>The answer of this target is the rest of one that has begun.</summary>
        public void BeginRest() => Take();

        /// <summary>Without the key, should the target have repeated it.</summary>
        public GatewayError Mask(GatewayError error) => error with { Message = Secrets.Of(Key).Mask(error.Message) };

        /// <summary>Never the key.</summary>
        public override string ToString() => Label;

        public string Label => Target.Label;

        public void Dispose() => ArrayPool<byte>.Shared.Return(Buffer);

        private void Grow()
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Min(Buffer.Length * Growth, MaxBuffer));
            Buffer.CopyTo(larger.AsSpan());
            ArrayPool<byte>.Shared.Return(Buffer);
            Buffer = larger;
        }

        private void Take(bool isStream)
        {
            Tap ??= new UsageTap(isStream);
            Take();
            ForwardedHeaders.ToClient(Response, Call.Answer.Headers, Key);
        }

        private void Take()
        {
            hasBegun = true;
            Call.Account.Takes(Route, Target, Tap);
            Target.Health.Answered(firstByte);
        }
    }
}
