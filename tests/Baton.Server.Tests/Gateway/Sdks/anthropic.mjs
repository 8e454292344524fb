// node anthropic.mjs BASE-URL: asks the gateway as an application does, and prints what each call came to.
import Anthropic from '@anthropic-ai/sdk';

const client = new Anthropic({ baseURL: process.argv[2], apiKey: 'none', maxRetries: 0 });
const ask = { model: 'c', max_tokens: 100, messages: [{ role: 'user', content: 'How many parcels were late?' }] };
const seen = {};

seen.models = (await client.models.list()).data.map(model => model.id);
seen.text = (await client.messages.create(ask)).content[0].text;
seen.stream = await client.messages.stream(ask).finalText();
seen.tools = (await client.messages.stream({ ...ask, tools: [{ name: 'count', input_schema: { type: 'object' } }] }).finalMessage()).content.find(part => part.type === 'tool_use')?.input;
try {
  await client.messages.create({ ...ask, model: 'unknown' });
} catch (error) {
  seen.error = { name: error.constructor.name, status: error.status, type: error.error?.error?.type };
}
try {
  await client.messages.stream({ ...ask, messages: [{ role: 'user', content: 'break' }] }).finalText();
} catch (error) {
  seen.broken = { name: error.constructor.name, says: error.message.includes('ended its stream in the middle') };
}
console.log(JSON.stringify(seen));
