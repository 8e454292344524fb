// node openai.mjs BASE-URL: asks the gateway as an application does, and prints what each call came to.
import OpenAI from 'openai';

const client = new OpenAI({ baseURL: `${process.argv[2]}v1`, apiKey: 'none', maxRetries: 0 });
const messages = [{ role: 'user', content: 'How many parcels were late?' }];
const seen = {};

seen.models = (await client.models.list()).data.map(model => model.id);
seen.text = (await client.chat.completions.create({ model: 'm', messages })).choices[0].message.content;
seen.stream = '';
for await (const chunk of await client.chat.completions.create({ model: 'm', messages, stream: true })) seen.stream += chunk.choices[0]?.delta.content ?? '';
const tools = [{ type: 'function', function: { name: 'count', parameters: { type: 'object' } } }];
seen.tools = (await client.chat.completions.stream({ model: 'm', messages, tools }).finalChatCompletion()).choices[0].message.tool_calls;
const format = { type: 'json_schema', json_schema: { name: 'answer', schema: { type: 'object' } } };
seen.schema = JSON.parse((await client.chat.completions.create({ model: 'm', messages, response_format: format })).choices[0].message.content);
seen.builtIn = (await client.chat.completions.create({ model: 'baton/echo', messages })).choices[0].message.content;
try {
  await client.chat.completions.create({ model: 'unknown', messages });
} catch (error) {
  seen.error = { name: error.constructor.name, status: error.status, code: error.code };
}
try {
  for await (const chunk of await client.chat.completions.create({ model: 'm', messages: [{ role: 'user', content: 'break' }], stream: true })) seen.before = chunk.choices[0]?.delta.content;
} catch (error) {
  seen.broken = { name: error.constructor.name, code: error.code };
}
console.log(JSON.stringify(seen));
