// What the drivers of all peers share: the same load, the same recorder, the same way to answer.
import { openSync, writeSync } from 'node:fs';

// Restate's SDK asks for Node 22, and misses no more than this on Node 20.
Promise.withResolvers ??= function () {
    let resolve, reject;
    const promise = new Promise((yes, no) => { resolve = yes; reject = no; });
    return { promise, resolve, reject };
};

// Input ends when the bench does, however it ends: nothing is to stay behind.
process.stdin.on('end', () => process.exit(1)).resume();

/** What to do, as the bench wrote it: sizes, addresses, durations. */
export const ask = JSON.parse(process.argv[3] ?? '{}');

/** What every step returns: letters at random, so that there is nothing to be compressed in one of them. */
export const answer = Array.from({ length: ask.payload }, () => 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'[Math.floor(Math.random() * 62)]).join('');

/** Workflow keys, in the order in which they are asked for. */
export const ids = (prefix, count) => Array.from({ length: count }, (_, i) => `${prefix}-${i}`);

/** Calls one(number) again and again, so many at once, for so many seconds; the milliseconds that each call took. */
async function crowd(seconds, one) {
    const latencies = [], until = performance.now() + seconds * 1000;
    let next = 0;
    await Promise.all(Array.from({ length: ask.atOnce }, async () => {
        while (performance.now() < until) {
            const started = performance.now();
            await one(next++);
            latencies.push(performance.now() - started);
        }
    }));
    return latencies;
}

/**
 * Sequential steps: warms up, then measures whole workflows.
 * @param run starts the workflow of that key and awaits its end
 * @param size bytes at rest, or null where they cannot be read
 */
export async function measureSteps(run, size) {
    await crowd(ask.warmupSeconds, n => run(`warm-${n}`));
    const before = await size?.(), started = performance.now();
    const latencies = (await crowd(ask.seconds, n => run(`run-${n}`))).sort((a, b) => a - b);
    const seconds = (performance.now() - started) / 1000, steps = latencies.length * ask.steps;
    const rank = share => latencies[Math.max(0, Math.ceil(share * latencies.length) - 1)];
    return { steps_per_s: steps / seconds, p50_ms: rank(0.5), p99_ms: rank(0.99), ...(size && { bytes_per_step: (await size() - before) / steps }) };
}

/** @param run maps so many items in one workflow of that key, and awaits its end */
export async function measureMap(run) {
    await run('warm', Math.ceil(ask.items / 10));
    const started = performance.now();
    const count = await run('map', ask.items);
    if (count !== ask.items) throw new Error(`the map answered for ${count} of ${ask.items} items`);
    return { items_per_s: ask.items / ((performance.now() - started) / 1000) };
}

/** Notes outside every engine that a step was performed, and holds it for good where the process is to be killed in it. */
export function recorder() {
    const file = openSync(ask.recorder, 'a');
    return async (run, step) => {
        writeSync(file, `${run} ${step}\n`);
        if (ask.hold && step === ask.holdAt) await new Promise(() => { });
        return answer;
    };
}

export const pause = ms => new Promise(resolve => setTimeout(resolve, ms));

/** Performs what the command line names, prints its figures as one line of JSON, and ends. */
export async function main(commands) {
    const result = await commands[process.argv[2]]();
    process.stdout.write(`${JSON.stringify(result ?? {})}\n`, () => process.exit(0));
}
