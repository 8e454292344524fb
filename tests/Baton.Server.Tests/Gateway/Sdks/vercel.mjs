// node vercel.mjs BASE-URL: asks the gateway as an application does, and prints what each call came to.
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText, jsonSchema, streamText, tool } from 'ai';

const model = createOpenAICompatible({ name: 'baton', baseURL: `${process.argv[2]}v1` })('m');
const prompt = 'How many parcels were late?';
const seen = {};

seen.text = (await generateText({ model, prompt })).text;
seen.stream = '';
for await (const piece of streamText({ model, prompt }).textStream) seen.stream += piece;
const calls = streamText({ model, prompt, tools: { count: tool({ inputSchema: jsonSchema({ type: 'object' }) }) } });
seen.tools = (await calls.toolCalls).map(call => call.input);
console.log(JSON.stringify(seen));
