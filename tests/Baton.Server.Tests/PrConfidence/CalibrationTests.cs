using Baton.Server.PrConfidence;
using Baton.Server.Words;

namespace Baton.Server.Tests.PrConfidence;

/// <summary>
/// Small ranges in three languages with tickets as people write them. They hold the thresholds of relevance in place: what was done must not be
/// called missing, what was not done must not be called met, and the criteria of one ticket must not be met by the range of another.
/// </summary>
public sealed class CalibrationTests
{
    private sealed record Case(string Name, ChangeSet Changes, string[] Done, string[] NotDone);

    private static readonly Case RateLimit = new(
        "rate limit (C#)",
        Ranges.Of(
            [new Commit(Ranges.Sha, "Ada", DateTimeOffset.UnixEpoch, "GW-7: Limit requests of each key",
                "A token bucket for each API key; state is in memory.", IsMerge: false)],
            ("src/Gateway/TokenBucket.cs", """
            namespace Gateway;

            /// <summary>Allows bursts up to the capacity, and refills at a steady rate.</summary>
            public sealed class TokenBucket(TimeProvider time, int capacity, double refillPerSecond)
            {
                private double tokens = capacity;
                private long last = time.GetTimestamp();

                public bool TryTake(out TimeSpan retryAfter)
                {
                    tokens = Math.Min(capacity, tokens + (time.GetElapsedTime(last).TotalSeconds * refillPerSecond));
                    last = time.GetTimestamp();
                    retryAfter = tokens >= 1 ? TimeSpan.Zero : TimeSpan.FromSeconds((1 - tokens) / refillPerSecond);
                    if (tokens < 1) return false;
                    tokens--;
                    return true;
                }
            }
            """),
            ("src/Gateway/RateLimitMiddleware.cs", """
            public sealed class RateLimitMiddleware(RequestDelegate next, BucketTable buckets, Counter<long> rejected)
            {
                public async Task InvokeAsync(HttpContext context)
                {
                    var key = context.Request.Headers["X-Api-Key"].ToString();
                    if (buckets.For(key).TryTake(out var retryAfter))
                    {
                        await next(context);
                        return;
                    }
                    rejected.Add(1, new KeyValuePair<string, object?>("key", key));
                    context.Response.StatusCode = StatusCodes.Status429TooManyRequests;
                    context.Response.Headers.RetryAfter = Math.Ceiling(retryAfter.TotalSeconds).ToString();
                }
            }
            """),
            ("src/Gateway/RateLimitOptions.cs", """
            public sealed class RateLimitOptions
            {
                /// <summary>Requests that a key may send at once. Default 20.</summary>
                public int Burst { get; set; } = 20;

                /// <summary>Requests per second after the burst. Default 5.</summary>
                public double RequestsPerSecond { get; set; } = 5;
            }
            """),
            ("tests/Gateway.Tests/RateLimitTests.cs", """
            public sealed class RateLimitTests
            {
                [Fact]
                public async Task A_key_beyond_its_limit_gets_429_with_retry_after()
                {
                    var response = await SendAsync("key", times: 21);
                    Assert.Equal(429, (int)response.StatusCode);
                    Assert.NotNull(response.Headers.RetryAfter);
                }

                [Fact]
                public async Task Keys_do_not_share_a_bucket() => Assert.Equal(200, await StatusAsync("other"));

                [Fact]
                public void Rejected_requests_are_counted_by_key() => Assert.Equal(1, rejected.Sum("key"));
            }
            """)),
        [
            "Each API key has its own token bucket; requests beyond it are rejected with 429",
            "A rejected response carries a `Retry-After` header with the seconds to wait",
            "Burst size and requests per second can be configured",
            "Rejected requests are counted in a metric, by key",
        ],
        [
            "An administrator can raise the limit of one customer in the dashboard without a restart",
            "Limits are shared by all nodes of the cluster through Redis",
            "Given a trial account, when its quota is used up, then a mail invites the owner to upgrade the subscription",
        ]);

    private static readonly Case Export = new(
        "export (TypeScript)",
        Ranges.Of(
            [new Commit(Ranges.Sha, "Ada", DateTimeOffset.UnixEpoch, "Export orders as CSV", "", IsMerge: false)],
            ("web/src/export/orderCsv.ts", """
            import type { Order } from '../model/order';

            const columns = ['Order number', 'Date', 'Customer', 'Total'] as const;

            export function toCsv(orders: readonly Order[], separator: ',' | ';' = ','): string {
              const rows = orders.map((order) => [order.number, order.date.toISOString(), order.customer.name, order.total.toFixed(2)]);
              return [columns, ...rows].map((row) => row.map(escapeCell).join(separator)).join('\r\n');
            }

            // A cell that begins like a formula would be run by a spreadsheet.
            export function escapeCell(cell: string): string {
              const safe = /^[=+\-@]/.test(cell) ? `'${cell}` : cell;
              return /[",;\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
            }
            """),
            ("web/src/pages/OrdersPage.tsx", """
            export function ExportButton({ orders, filter }: Props) {
              const visible = orders.filter(filter);
              const download = () => saveFile(`orders-${today()}.csv`, toCsv(visible));
              return (
                <button onClick={download} disabled={visible.length === 0} title="Download the filtered orders as CSV">
                  Export
                </button>
              );
            }
            """),
            ("web/src/export/orderCsv.test.ts", """
            describe('order export', () => {
              it('writes a header and one row for each order', () => {
                expect(toCsv([order])).toBe('Order number,Date,Customer,Total\r\n17,2026-03-02,Toys,9.90');
              });
              it('quotes cells with separators', () => {
                expect(escapeCell('a;b')).toBe('"a;b"');
              });
              it('defuses formulas', () => {
                expect(escapeCell('=1+1')).toBe("'=1+1");
              });
              it('is disabled when the filter leaves no orders', () => {
                expect(render(<ExportButton orders={[]} />).getByRole('button')).toBeDisabled();
              });
            });
            """)),
        [
            "The orders page has a button that downloads the filtered orders as a CSV file",
            "The file has a header row with order number, date, customer and total",
            "Cells that begin like a formula are defused, so that a spreadsheet does not run them",
            "The button is disabled when the filter leaves no orders",
        ],
        [
            "Large exports run in the background and the user receives a notification with a link",
            "Every export is written to the audit trail with the employee who made it",
            "Scenario: Excel. Given German regional settings, when the file is opened in Excel, then umlauts are displayed properly",
        ]);

    private static readonly Case Cache = new(
        "cache (Go)",
        Ranges.Of(
            [new Commit(Ranges.Sha, "Ada", DateTimeOffset.UnixEpoch, "Cache resolved hosts", "Lookups took 30 ms each.", IsMerge: false)],
            ("resolver/cache.go", """
            package resolver

            // Cache keeps resolved addresses until their time to live is over.
            type Cache struct {
                mu      sync.Mutex
                entries map[string]entry
                order   *list.List
                size    int
                clock   func() time.Time
            }

            // Lookup answers from the cache, or resolves and remembers.
            func (c *Cache) Lookup(ctx context.Context, host string) ([]net.IP, error) {
                if found, ok := c.get(host); ok {
                    hits.Inc()
                    return found.addresses, found.err
                }
                misses.Inc()
                addresses, ttl, err := c.resolve(ctx, host)
                if errors.Is(err, ErrNotFound) {
                    ttl = c.negativeTTL
                }
                c.put(host, addresses, err, ttl)
                return addresses, err
            }

            // put evicts the least recently used entry when the cache is full.
            func (c *Cache) put(host string, addresses []net.IP, err error, ttl time.Duration) {
                if c.order.Len() >= c.size {
                    oldest := c.order.Back()
                    delete(c.entries, oldest.Value.(string))
                    c.order.Remove(oldest)
                }
                c.entries[host] = entry{addresses, err, c.clock().Add(ttl)}
                c.order.PushFront(host)
            }
            """),
            ("cmd/resolver/main.go", """
            func main() {
                size := flag.Int("cache-size", 10000, "hosts to keep")
                negative := flag.Duration("negative-ttl", 5*time.Second, "how long to remember that a host does not exist")
                flag.Parse()
            }
            """),
            ("resolver/cache_test.go", """
            func TestLookupAnswersFromCacheUntilTTLExpires(t *testing.T) {
                clock.advance(59 * time.Second)
                assertResolved(t, cache, "example.org", 1)
            }

            func TestLeastRecentlyUsedEntryIsEvicted(t *testing.T) {
                cache := New(2)
            }

            func TestMissingHostsAreRememberedForTheNegativeTTL(t *testing.T) {
                cache.Lookup(ctx, "missing.example")
            }
            """)),
        [
            "A host that was resolved is answered from the cache until its TTL expires",
            "When the cache is full, the least recently used entry is evicted",
            "Hosts that do not exist are remembered for `--negative-ttl`, 5 seconds by default",
            "Cache hits and misses are counted",
        ],
        [
            "Entries are refreshed in the background shortly before they expire",
            "`resolver flush` empties the cache of a running process over its admin socket",
            "The cache survives a restart: it is persisted to disk and loaded at startup",
        ]);

    private static readonly Case[] Cases = [RateLimit, Export, Cache];

    private static Dictionary<string, (Verdict Verdict, double Coverage)> Judge(ChangeSet changes, IReadOnlyList<string> criteria)
    {
        var ticket = Ranges.Ticket([.. criteria]);
        var crossReference = CrossReferencer.Run(new(ticket, changes));
        var verdicts = VerdictDecider.Decide(new(ticket, changes, crossReference));
        return criteria.Index().ToDictionary(item => item.Item, item =>
            (verdicts.Criteria[item.Index].Verdict, crossReference.Criteria[item.Index].Coverage), StringComparer.Ordinal);
    }

    [Fact]
    public void What_was_done_is_called_met_or_at_least_met_in_part()
    {
        var wrong = from @case in Cases from verdict in Judge(@case.Changes,
            @case.Done) where verdict.Value.Verdict is not (Verdict.Met or Verdict.Partial) select $"{@case.Name}: {verdict}";
        Assert.Empty(wrong);
    }

    [Fact]
    public void What_was_not_done_is_never_called_met()
    {
        var wrong = from @case in Cases from verdict in Judge(@case.Changes,
            @case.NotDone) where verdict.Value.Verdict is Verdict.Met or Verdict.Partial select $"{@case.Name}: {verdict}";
        Assert.Empty(wrong);
    }

    /// <summary>All three ranges at once, and a file that holds every word of every ticket.</summary>
    private static ChangeSet Large()
    {
        var words = Cases.SelectMany(@case => @case.Done.Concat(@case.NotDone)).SelectMany(Tokenizer.Words).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
        var list = string.Concat(words.Chunk(8).Select(line => $"    {string.Join(", ", line.Select(word => $"\"{word}\""))},\n"));
        ChangedFile[] files = [.. Cases.SelectMany(@case => @case.Changes.Files), Ranges.File("src/spelling/words.py", $"WORDS = [\n{list}]\n")];
        return RateLimit.Changes with { Files = [.. files], Tests = [.. Cases.SelectMany(@case => @case.Changes.Tests)] };
    }

    [Fact]
    public void In_a_large_range_what_was_not_done_is_still_never_called_met()
    {
        var wrong = from @case in Cases from verdict in Judge(Large(), @case.NotDone) where verdict.Value.Verdict is Verdict.Met or Verdict.Partial select $"{@case.Name}: {verdict}";
        Assert.Empty(wrong);
    }

    [Fact]
    public void In_a_large_range_what_was_done_is_never_called_missing()
    {
        var verdicts = (from @case in Cases from verdict in Judge(Large(), @case.Done) select verdict.Value.Verdict).ToArray();
        Assert.DoesNotContain(Verdict.Missing, verdicts);
        Assert.InRange(verdicts.Count(verdict => verdict == Verdict.Met), verdicts.Length * 3 / 4, verdicts.Length);
    }

    [Fact]
    public void The_criteria_of_one_ticket_are_missing_in_the_range_of_another()
    {
        var verdicts = (from @case in Cases from other in Cases where other != @case from verdict in Judge(@case.Changes,
            [.. other.Done, .. other.NotDone]) select $"{verdict.Value.Verdict} {verdict}").ToArray();
        Assert.DoesNotContain(verdicts, verdict => verdict.StartsWith("Met", StringComparison.Ordinal)
            || verdict.StartsWith("Partial", StringComparison.Ordinal));
        Assert.InRange(verdicts.Count(verdict => verdict.StartsWith("Missing", StringComparison.Ordinal)), verdicts.Length * 9 / 10, verdicts.Length);
    }
}
