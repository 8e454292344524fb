using System.Runtime.InteropServices;

namespace Baton.Server.Outbound;

/// <summary>Takes the frames out of a body in chunks (RFC 9112, section 7.1), however it comes in pieces. What stands behind the sizes, and trailers, are passed over.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct ChunkedBody
{
    /// <summary>Of what is passed over, between two chunks.</summary>
    private const int MostPassedOver = 16 << 10;

    private const int MostDigits = 15;

    private State state;
    private long left;
    private int digits, passed;

    private enum State
    {
        Size,
        Extension,
        Data,
        DataEnd,
        Trailer,
        TrailerLine,
        Ended,
    }

    /// <summary>Whether the last chunk and what follows it have come.</summary>
    public readonly bool HasEnded => state == State.Ended;

    /// <summary>Whether more has come than that.</summary>
    public bool HasMore { get; private set; }

    /// <summary>Takes bytes as they came, and puts what they hold of the body in their place.</summary>
    /// <returns>How many bytes of the body there are.</returns>
    /// <exception cref="HttpIOException">They are no chunks.</exception>
    public int Decode(Span<byte> bytes)
    {
        var (from, to) = (0, 0);
        while (from < bytes.Length)
        {
            switch (state)
            {
                case State.Data:
                    var length = (int)Math.Min(left, bytes.Length - from);
                    if (from != to) bytes.Slice(from, length).CopyTo(bytes[to..]);
                    (from, to, left) = (from + length, to + length, left - length);
                    if (left == 0) state = State.DataEnd;
                    continue;
                case State.Ended:
                    HasMore = true;
                    return to;
            }
            state = Frame(bytes[from++]);
        }
        return to;
    }

    private State Frame(byte next)
    {
        switch (state)
        {
            case State.Size when Digit(next) is >= 0 and var digit:
                if (++digits > MostDigits) throw Invalid();
                left = (left << 4) | (uint)digit;
                return State.Size;
            case State.Size or State.Extension when next == '\n':
                if (digits == 0) throw Invalid();
                (digits, passed) = (0, 0);
                return left == 0 ? State.Trailer : State.Data;
            case State.Size when digits > 0 && next is (byte)'\r' or (byte)';' or (byte)' ' or (byte)'\t':
                return State.Extension;
            case State.Extension:
                return PassOver(State.Extension);
            case State.DataEnd when next == '\r':
                return PassOver(State.DataEnd);
            case State.DataEnd when next == '\n':
                return State.Size;
            case State.Trailer when next == '\r':
                return PassOver(State.Trailer);
            case State.Trailer when next == '\n':
                return State.Ended;
            case State.Trailer or State.TrailerLine:
                return PassOver(next == '\n' ? State.Trailer : State.TrailerLine);
            default:
                throw Invalid();
        }
    }

    private State PassOver(State to) => ++passed > MostPassedOver ? throw Invalid() : to;

    private static int Digit(byte next) => next switch
    {
        >= (byte)'0' and <= (byte)'9' => next - '0',
        >= (byte)'a' and <= (byte)'f' => next - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => next - 'A' + 10,
        _ => -1,
    };

    private static HttpIOException Invalid() => new(HttpRequestError.InvalidResponse, "The chunks of the answer are not well formed.");
}
