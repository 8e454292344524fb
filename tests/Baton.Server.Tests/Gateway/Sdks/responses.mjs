// node responses.mjs BASE-URL: the Vercel AI SDK as it asks OpenAI by default, by responses that are stored, of models whose targets know nothing of them; prints what each call came to.
import { createOpenAI } from '@ai-sdk/openai';
import { generateText, jsonSchema, stepCountIs, streamText, tool } from 'ai';

const openai = createOpenAI({ baseURL: `${process.argv[2]}v1`, apiKey: 'none' });
const question = { role: 'user', content: 'How many parcels were late?' };
const more = { role: 'user', content: 'And how many early?' };
const tools = { count: tool({ inputSchema: jsonSchema({ type: 'object' }), execute: async () => 3 }), now: tool({ inputSchema: jsonSchema({ type: 'object' }), execute: async () => 'noon' }) };
const seen = {};

for (const name of ['gpt', 'claude', 'llama']) {
  const seenHere = seen[name] = {};
  const model = openai(name);
  const first = await generateText({ model, messages: [question] });
  const second = await generateText({ model, messages: [question, ...first.response.messages, more] });
  seenHere.text = [first.text, second.text];
  const whole = streamText({ model, messages: [question, ...first.response.messages, more] });
  seenHere.stream = '';
  for await (const piece of whole.textStream) seenHere.stream += piece;
  const called = streamText({ model, messages: [question], tools, stopWhen: stepCountIs(2) });
  await called.consumeStream({ onError: error => { throw error; } });
  seenHere.steps = (await called.steps).map(step => step.toolCalls.map(call => [call.toolName, call.input]));
}
console.log(JSON.stringify(seen));
