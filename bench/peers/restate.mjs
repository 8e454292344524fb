// Restate: a server that keeps the journal, and a service that it calls; here both are children of this process, as one would deploy them.
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { createServer } from 'node:http2';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as restate from '@restatedev/restate-sdk';
import * as clients from '@restatedev/restate-sdk-clients';
import { answer, ask, ids, main, measureMap, measureSteps, pause, recorder } from './load.mjs';

const atOnce = 50;
const work = ask.recorder ? recorder() : async () => answer;

const bench = restate.service({
    name: 'bench',
    handlers: {
        tenSteps: async (run, id) => {
            for (let i = 0; i < ask.steps; i++) await run.run(`step-${i}`, () => work(id, i));
        },
        // A map by durable steps that are started together and awaited together, in chunks: the SDK's work grows with the square of what is open.
        // (The guide's other way, a call of a handler for each item, took ten times as long.)
        map: async (run, count) => {
            let done = 0;
            while (done < count) {
                const chunk = Array.from({ length: Math.min(atOnce, count - done) }, (_, i) => run.run(`item-${done + i}`, () => work('map', done + i)));
                done += (await restate.RestatePromise.all(chunk)).length;
            }
            return done;
        },
    },
});

const { folder, ports } = ask, url = port => `http://127.0.0.1:${port}`;
mkdirSync(folder, { recursive: true });

function startServer() {
    const platform = createRequire(createRequire(import.meta.url).resolve('@restatedev/restate-server/package.json'));
    const binary = join(dirname(platform.resolve(`@restatedev/restate-server-${process.platform}-${process.arch}/package.json`)), 'bin', 'restate-server');
    const env = {
        PATH: process.env.PATH, DO_NOT_TRACK: '1', RESTATE_DISABLE_TELEMETRY: 'true', RESTATE_LOG_FILTER: 'error', RESTATE_LISTEN_MODE: 'tcp',
        RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ports.ingress}`, RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${ports.admin}`, RESTATE_BIND_ADDRESS: `127.0.0.1:${ports.fabric}`,
    };
    const server = spawn(binary, ['--base-dir', folder, '--node-name', 'bench', '--cluster-name', 'bench', '--auto-provision', 'true'], { env, stdio: ['ignore', 'ignore', 'inherit'] });
    server.on('exit', code => { console.error(`restate-server ended with ${code}`); process.exit(1); });
    process.on('exit', () => server.kill('SIGKILL'));
}

/** Asks until the server answers well. */
async function admin(path, options) {
    for (; ;) {
        const response = await fetch(`${url(ports.admin)}${path}`, options).catch(() => null);
        if (response?.ok) return response;
        await pause(20);
    }
}

const json = body => ({ method: 'POST', headers: { 'content-type': 'application/json', accept: 'application/json' }, body: JSON.stringify(body) });
const sizeOf = path => readdirSync(path, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
    .reduce((sum, entry) => { try { return sum + statSync(join(entry.parentPath, entry.name)).size; } catch { return sum; } }, 0);

startServer();
createServer(restate.createEndpointHandler({ services: [bench] })).listen(ports.service, '127.0.0.1');
if (process.argv[2] !== 'resume') await admin('/deployments', json({ uri: url(ports.service) }));
await admin('/health');
const client = clients.connect({ url: url(ports.ingress) });
const service = client.serviceClient(bench);

await main({
    steps: () => measureSteps(id => service.tenSteps(id), () => sizeOf(folder)),
    map: () => measureMap((id, count) => service.map(count)),
    start: async () => {
        const send = client.serviceSendClient(bench);
        await Promise.all(ids('run', ask.runs).map(id => send.tenSteps(id)));
        await new Promise(() => { });
    },
    // The server calls the service again for what was under way.
    resume: async () => {
        for (; ;) {
            const answer = await (await admin('/query', json({ query: `SELECT count(*) AS open FROM sys_invocation WHERE status <> 'completed'` }))).json();
            if (answer.rows[0].open === 0) return;
            await pause(25);
        }
    },
});
