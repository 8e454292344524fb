// LangGraph: a library; every superstep is a checkpoint, written before the next one begins (durability: sync).
import { Annotation, END, Send, START, StateGraph } from '@langchain/langgraph';
import { answer, ask, ids, main, measureMap, measureSteps, recorder } from './load.mjs';

const work = ask.recorder ? recorder() : async () => answer;

/** The checkpointer, and how to ask for the size of its database. Only what is used is loaded: the other may not be installed. */
async function open() {
    if (!ask.database.startsWith('postgres')) {
        const { SqliteSaver } = await import('@langchain/langgraph-checkpoint-sqlite');
        const { default: Sqlite } = await import('better-sqlite3');
        const database = new Sqlite(ask.database);
        const saver = new SqliteSaver(database);
        database.pragma('synchronous = FULL');   // it ships with NORMAL, which may lose the newest checkpoints with the power
        const size = () => database.pragma('page_count', { simple: true }) * database.pragma('page_size', { simple: true });
        return { saver, size };
    }
    const { PostgresSaver } = await import('@langchain/langgraph-checkpoint-postgres');
    const { default: pg } = await import('pg');
    const pool = new pg.Pool({ connectionString: ask.database, max: 20 });
    const saver = new PostgresSaver(pool);
    await saver.setup();
    return { saver, size: async () => Number((await pool.query('SELECT pg_database_size(current_database()) AS size')).rows[0].size) };
}

const { saver: checkpointer, size } = await open();

function tenSteps() {
    const graph = new StateGraph(Annotation.Root({ run: Annotation(), answer: Annotation() }));
    const names = Array.from({ length: ask.steps }, (_, i) => `step${i}`);
    names.forEach((name, i) => graph.addNode(name, async state => ({ answer: await work(state.run, i) })));
    [START, ...names].forEach((name, i) => graph.addEdge(name, names[i] ?? END));
    return graph.compile({ checkpointer });
}

// A map as its documentation advises: one Send for each item, their answers joined by a reducer.
const map = () => new StateGraph(Annotation.Root({ count: Annotation(), answers: Annotation({ reducer: (all, more) => { all.push(...more); return all; }, default: () => [] }) }))
    .addNode('item', async () => ({ answers: [await work('map', 0)] }))
    .addConditionalEdges(START, state => Array.from({ length: state.count }, (_, i) => new Send('item', { i })), ['item'])
    .addEdge('item', END)
    .compile({ checkpointer });

const thread = (id, more) => ({ configurable: { thread_id: id }, durability: 'sync', ...more });

await main({
    steps: () => {
        const graph = tenSteps();
        return measureSteps(id => graph.invoke({ run: id }, thread(id)), size);
    },
    map: () => {
        const graph = map();
        return measureMap(async (id, count) => (await graph.invoke({ count }, thread(id, { maxConcurrency: 100 }))).answers.length);
    },
    start: () => {
        const graph = tenSteps();
        return Promise.all(ids('run', ask.runs).map(id => graph.invoke({ run: id }, thread(id))));
    },
    // It recovers nothing by itself: the application has to know its threads, and asks each to go on.
    resume: async () => {
        const graph = tenSteps();
        await Promise.all(ids('run', ask.runs).map(id => graph.invoke(null, thread(id))));
    },
});
