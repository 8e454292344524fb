namespace Baton.Jq;

/// <summary>The builtin functions that are written in jq: those that take filters, or are short in terms of others.</summary>
internal static class Prelude
{
    /// <summary>One definition each.</summary>
    public static IEnumerable<string> Definitions => Text.Split('\n').Where(static line => line.StartsWith("def ", StringComparison.Ordinal));

    private const string Text = """
        def error(message): message | error;
        def not: if . then false else true end;
        def select(f): if f then . else empty end;
        def map(f): [.[] | f];
        def map_values(f): .[] |= f;
        def add(f): reduce f as $x (null; . + $x);
        def toarray: if type == "array" then . else [.] end;

        def values: select(. != null);
        def nulls: select(. == null);
        def booleans: select(type == "boolean");
        def numbers: select(type == "number");
        def strings: select(type == "string");
        def arrays: select(type == "array");
        def objects: select(type == "object");
        def iterables: select(type | . == "array" or . == "object");
        def scalars: select(type | . != "array" and . != "object");
        def finites: select(isfinite);
        def normals: select(isnormal);

        def any: any(.[]; .);
        def all: all(.[]; .);
        def any(condition): any(.[]; condition);
        def all(condition): all(.[]; condition);
        def first: .[0];
        def last: .[-1];
        def nth($n): .[$n];
        def nth($n; f): if $n < 0 then error("nth doesn't support negative indices") else first(skip($n; f)) end;
        def transpose: [range(0; map(length) | max // 0) as $i | [.[][$i]]];
        def in(xs): . as $x | xs | has($x);
        def inside(xs): . as $x | xs | contains($x);

        def recurse(f): def r: ., (f | r); r;
        def recurse(f; condition): def r: ., (f | select(condition) | r); r;
        def recurse_down: recurse;
        def while(condition; update): def _while: if condition then ., (update | _while) else empty end; _while;
        def until(condition; next): def _until: if condition then . else (next | _until) end; _until;
        def repeat(f): def _repeat: f, _repeat; _repeat;
        def inputs: try repeat(input) catch if . == "break" then empty else error end;
        def combinations: if length == 0 then [] else .[0][] as $x | (.[1:] | combinations) as $rest | [$x] + $rest end;
        def combinations(n): . as $set | [range(n) | $set] | combinations;
        def walk(f): def w: if type == "object" then map_values(w) elif type == "array" then map(w) else . end | f; w;

        def paths: path(..) | select(length > 0);
        def paths(f): path(.. | select(f)) | select(length > 0);
        def leaf_paths: paths(scalars);
        def pick(f): . as $whole | reduce path(f) as $path (null; setpath($path; $whole | getpath($path)));
        def tostream: _tostream | .[];
        def fromstream(f): foreach f as $event ({}; _stream($event); if has("done") then .done else empty end);
        def truncate_stream(f): . as $depth | null | f | select(.[0] | length > $depth) | setpath([0]; .[0][$depth:]);

        def with_entries(f): to_entries | map(f) | from_entries;
        def sort_by(f): _sort_by(map([f]));
        def group_by(f): _group_by(map([f]));
        def unique_by(f): _unique_by(map([f]));
        def min_by(f): _min_by(map([f]));
        def max_by(f): _max_by(map([f]));
        def INDEX(stream; f): reduce stream as $row ({}; .[$row | f | tostring] = $row);
        def INDEX(f): INDEX(.[]; f);
        def IN(stream): . as $x | any(stream; . == $x);
        def IN(source; stream): any(stream as $x | source | . == $x; .);
        def JOIN($index; f): [.[] | [., $index[f]]];
        def JOIN($index; stream; f): stream | [., $index[f]];
        def JOIN($index; stream; f; join): stream | [., $index[f]] | join;

        def trimstr($text): ltrimstr($text) | rtrimstr($text);
        def match(pattern; flags): _match(pattern; flags) | .[];
        def match($pattern): _match($pattern | _pattern; $pattern | _flags) | .[];
        def test(pattern; flags): _test(pattern; flags);
        def test($pattern): _test($pattern | _pattern; $pattern | _flags);
        def capture(pattern; flags): _capture(pattern; flags) | .[];
        def capture($pattern): _capture($pattern | _pattern; $pattern | _flags) | .[];
        def scan($pattern; $flags): _scan($pattern; $flags) | .[];
        def scan($pattern): _scan($pattern; null) | .[];
        def split($pattern; $flags): _split($pattern; $flags);
        def splits($pattern; $flags): _split($pattern; $flags) | .[];
        def splits($pattern): _split($pattern; null) | .[];
        def sub($pattern; f; $flags): . as $whole | _edits($pattern; $flags) as [$edits, $rest] | ([$edits[] as [$gap, $captures] | [$captures | f | $gap + .]] | _columns | .[] + $rest) // $whole;
        def sub($pattern; f): sub($pattern; f; "");
        def gsub($pattern; f; $flags): sub($pattern; f; $flags + "g");
        def gsub($pattern; f): sub($pattern; f; "g");
        def ascii: if type == "number" and . >= 0 and . <= 127 then [.] | implode else error("ascii only takes integers between 0 and 127") end;

        def todate: strftime("%Y-%m-%dT%H:%M:%SZ");
        def fromdate: strptime("%Y-%m-%dT%H:%M:%SZ") | mktime;
        def todateiso8601: todate;
        def fromdateiso8601: fromdate;
        def date: todate;
        def dateadd(unit; n): . + n;
        def datesub(unit; n): . - n;

        def debug(message): (message | debug | empty), .;
        def halt_error: halt_error(5);
        """;
}
