// DBOS Transact: a library; every step is a row in PostgreSQL, committed before the next step begins.
import { DBOS } from '@dbos-inc/dbos-sdk';
import pg from 'pg';
import { answer, ask, ids, main, measureMap, measureSteps, pause, recorder } from './load.mjs';

const work = ask.recorder ? recorder() : async () => answer;

const tenSteps = DBOS.registerWorkflow(async run => {
    for (let i = 0; i < ask.steps; i++) await DBOS.runStep(() => work(run, i), { name: `step-${i}` });
}, { name: 'ten-steps' });

// A map as its documentation advises for work of this process: steps started in order, awaited together.
const map = DBOS.registerWorkflow(async count => {
    const results = await Promise.allSettled(Array.from({ length: count }, (_, i) => DBOS.runStep(() => work('map', i), { name: `item-${i}` })));
    return results.filter(result => result.status === 'fulfilled').length;
}, { name: 'map' });

DBOS.setConfig({ name: 'bench', systemDatabaseUrl: ask.database, systemDatabasePoolSize: 20, applicationVersion: '1', logLevel: 'error', runAdminServer: false });
await DBOS.launch();
const database = new pg.Client(ask.database);
await database.connect();
const first = async (sql, values) => Number(Object.values((await database.query(sql, values)).rows[0])[0]);

const start = (workflow, id, argument) => DBOS.startWorkflow(workflow, { workflowID: id })(argument);

await main({
    steps: () => measureSteps(async id => (await start(tenSteps, id, id)).getResult(), () => first('SELECT pg_database_size(current_database())')),
    map: () => measureMap(async (id, count) => (await start(map, id, count)).getResult()),
    start: async () => {
        await Promise.all(ids('run', ask.runs).map(id => start(tenSteps, id, id)));
        await new Promise(() => { });
    },
    // Launching recovered what this executor had under way.
    resume: async () => {
        while (await first(`SELECT count(*) FROM dbos.workflow_status WHERE status = 'SUCCESS'`) < ask.runs) await pause(10);
    },
});
