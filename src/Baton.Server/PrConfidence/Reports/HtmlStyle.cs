using System.Security.Cryptography;
using System.Text;

namespace Baton.Server.PrConfidence;

/// <summary>The style sheet of the report, and its hash: the page's policy allows this one and nothing else.</summary>
internal static class HtmlStyle
{
    public const string Css = """
        :root { --bg: #f6f7f9; --card: #ffffff; --ink: #1b2330; --soft: #5a6577; --line: #e2e6ec; --code: #f3f5f8; --accent: #3457d5;
          --good: #1a7f4b; --good-bg: #e3f5eb; --warn: #946200; --warn-bg: #fdf3d7; --bad: #b3261e; --bad-bg: #fce8e6; --dim: #5a6577; --dim-bg: #edf0f4;
          --add: #e6f6ec; --add-ink: #12562f; --del: #fdeceb; --del-ink: #86201a; --track: #e6e9ef; }
        @media (prefers-color-scheme: dark) { :root { --bg: #12161d; --card: #1a2029; --ink: #e4e9f1; --soft: #9aa6b8; --line: #2c3542; --code: #141a22; --accent: #8ea8ff;
          --good: #5fd394; --good-bg: #16352a; --warn: #e9c05b; --warn-bg: #3a3018; --bad: #ff8f86; --bad-bg: #40211f; --dim: #9aa6b8; --dim-bg: #262e3a;
          --add: #14322a; --add-ink: #a5e8c4; --del: #3a2224; --del-ink: #ffbdb8; --track: #2c3542; } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--bg); color: var(--ink); font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
        main { max-width: 1040px; margin: 0 auto; padding: 28px 20px 64px; }
        h1 { font-size: 26px; line-height: 1.25; margin: 2px 0 6px; letter-spacing: -.01em; overflow-wrap: anywhere; }
        h2 { font-size: 18px; margin: 36px 0 12px; }
        h3 { font-size: 14px; margin: 20px 0 6px; }
        p { margin: 0 0 10px; }
        .eyebrow { color: var(--accent); font-size: 12px; font-weight: 700; letter-spacing: .08em; text-transform: uppercase; }
        .soft, .meta { color: var(--soft); }
        .meta { font-size: 13px; overflow-wrap: anywhere; }
        .card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 18px 20px; }
        .hero { display: grid; grid-template-columns: 210px 1fr; gap: 24px; align-items: center; margin-top: 18px; }
        .hero .say { font-size: 16px; }
        .gauge { display: block; width: 190px; height: auto; margin: 0 auto; }
        .gauge text, .bars text { fill: var(--ink); font-family: inherit; }
        .gauge .unit, .bars .unit { fill: var(--soft); }
        .track { stroke: var(--track); } .trackfill { fill: var(--track); }
        .s-good { stroke: var(--good); } .s-warning { stroke: var(--warn); } .s-bad { stroke: var(--bad); } .s-dim { stroke: var(--dim); }
        .f-good { fill: var(--good); } .f-warning { fill: var(--warn); } .f-bad { fill: var(--bad); } .f-dim { fill: var(--track); }
        .bars { display: block; width: 100%; max-width: 640px; height: auto; }
        .tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(130px, 1fr)); gap: 10px; margin-top: 12px; }
        .tile { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 10px 14px; }
        .tile b { display: block; font-size: 20px; line-height: 1.3; font-variant-numeric: tabular-nums; }
        .tile span { color: var(--soft); font-size: 12.5px; }
        .pill { display: inline-block; border-radius: 999px; padding: 1px 10px; font-size: 12.5px; font-weight: 650; white-space: nowrap; }
        .good { color: var(--good); background: var(--good-bg); } .warning { color: var(--warn); background: var(--warn-bg); }
        .bad { color: var(--bad); background: var(--bad-bg); } .dim { color: var(--dim); background: var(--dim-bg); }
        details { background: var(--card); border: 1px solid var(--line); border-radius: 10px; margin: 8px 0; }
        summary { cursor: pointer; padding: 12px 16px; list-style: none; display: grid; grid-template-columns: 16px auto 1fr auto; gap: 10px; align-items: start; }
        summary::-webkit-details-marker { display: none; }
        summary::before { content: ""; width: 7px; height: 7px; margin-top: 8px; border-right: 2px solid var(--soft); border-bottom: 2px solid var(--soft); transform: rotate(-45deg); }
        details[open] > summary::before { transform: rotate(45deg); }
        summary:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 10px; }
        summary .id { font-weight: 700; white-space: nowrap; }
        summary .what { overflow-wrap: anywhere; }
        details > .in { padding: 2px 16px 14px 42px; border-top: 1px solid var(--line); padding-top: 12px; }
        .evidence { border: 1px solid var(--line); border-radius: 8px; margin: 10px 0; overflow: hidden; }
        .evidence .at { display: flex; flex-wrap: wrap; gap: 4px 12px; padding: 6px 12px; font-size: 13px; align-items: baseline; background: var(--code); border-bottom: 1px solid var(--line); }
        code, pre, .path { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; font-size: 12.5px; }
        .what code, p code { background: var(--dim-bg); border-radius: 5px; padding: 1px 5px; overflow-wrap: anywhere; }
        .path { overflow-wrap: anywhere; font-weight: 600; }
        pre { margin: 0; padding: 6px 0; overflow-x: auto; line-height: 1.5; tab-size: 4; }
        pre span { display: block; padding: 0 12px; min-height: 1.5em; white-space: pre; width: max-content; min-width: 100%; }
        pre .a { background: var(--add); color: var(--add-ink); } pre .d { background: var(--del); color: var(--del-ink); }
        .words { font-size: 13px; margin: 6px 0; overflow-wrap: anywhere; }
        .words i { font-style: normal; border-radius: 5px; padding: 0 6px; margin-right: 3px; display: inline-block; }
        .scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
        table { border-collapse: collapse; width: 100%; font-size: 14px; }
        th { text-align: left; font-size: 12px; color: var(--soft); font-weight: 600; white-space: nowrap; }
        th, td { padding: 8px 14px; border-bottom: 1px solid var(--line); vertical-align: top; }
        tr:last-child td { border-bottom: 0; }
        td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
        td { overflow-wrap: anywhere; }
        td.keep { white-space: nowrap; }
        tfoot td, tr.sum td { font-weight: 700; }
        ul { margin: 4px 0; padding-left: 20px; } li { margin: 3px 0; overflow-wrap: anywhere; }
        .action { border-left: 3px solid var(--accent); padding-left: 10px; margin: 8px 0; }
        footer { margin-top: 44px; color: var(--soft); font-size: 12.5px; }
        @media (max-width: 680px) {
          main { padding: 18px 12px 48px; } h1 { font-size: 22px; } .hero { grid-template-columns: 1fr; gap: 10px; }
          summary { grid-template-columns: 16px auto 1fr; } summary .what { grid-area: 2 / 2 / 3 / 4; } summary .pill { grid-area: 1 / 3 / 2 / 4; justify-self: end; }
          details > .in { padding-left: 16px; } th, td { padding: 7px 10px; }
        }
        @media print { body { background: #fff; } .card, details, .tile, .scroll { break-inside: avoid; } }
        """;

    /// <summary>For the style-src of a Content-Security-Policy.</summary>
    public static string Hash { get; } = "sha256-" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Css)));
}
