// node translated.mjs BASE-URL: both SDKs ask models whose targets speak other dialects, and print what each call came to.
import Anthropic from '@anthropic-ai/sdk';
import { betaTool } from '@anthropic-ai/sdk/helpers/beta/json-schema';
import OpenAI from 'openai';

const openai = new OpenAI({ baseURL: `${process.argv[2]}v1`, apiKey: 'none', maxRetries: 0 });
const anthropic = new Anthropic({ baseURL: process.argv[2], apiKey: 'none', maxRetries: 0 });
const question = 'How many parcels were late?';
const messages = [{ role: 'user', content: question }];
const schema = { type: 'object', properties: { late: { type: 'integer' } }, required: ['late'], additionalProperties: false };
const seen = {};

for (const model of ['claude', 'llama']) {
  const seenHere = seen[model] = {};
  const ask = { model, messages };
  seenHere.text = (await openai.chat.completions.create(ask)).choices[0].message.content;
  seenHere.stream = '';
  for await (const chunk of await openai.chat.completions.create({ ...ask, stream: true, stream_options: { include_usage: true } })) {
    seenHere.stream += chunk.choices[0]?.delta.content ?? '';
    seenHere.tokens = chunk.usage?.total_tokens;
  }
  const tools = [{ type: 'function', function: { name: 'count', parameters: { type: 'object' } } }];
  const called = (await openai.chat.completions.stream({ ...ask, tools }).finalChatCompletion()).choices[0];
  seenHere.tools = called.message.tool_calls.map(call => [call.function.name, JSON.parse(call.function.arguments)]);
  seenHere.finish = called.finish_reason;
  const format = { type: 'json_schema', json_schema: { name: 'answer', schema, strict: true } };
  seenHere.schema = JSON.parse((await openai.chat.completions.create({ ...ask, response_format: format })).choices[0].message.content);
  const responses = { model, input: question };
  const first = await openai.responses.create(responses);
  seenHere.response = first.output_text;
  const more = { model, input: 'And how many early?', previous_response_id: first.id };
  const second = await openai.responses.create(more);
  seenHere.goesOn = [second.output_text, (await openai.responses.stream({ ...more, previous_response_id: second.id }).finalResponse()).output_text, (await openai.responses.retrieve(second.id)).output_text];
  seenHere.items = [];
  for await (const item of openai.responses.inputItems.list(second.id, { order: 'asc', limit: 1 })) seenHere.items.push(item.role);
  await openai.responses.delete(first.id);
  try {
    await openai.responses.create(more);
  } catch (error) {
    seenHere.removed = [error.constructor.name, error.code, error.param];
  }
  const streamed = openai.responses.stream({ ...responses, tools: [{ type: 'function', name: 'count', parameters: { type: 'object' }, strict: false }] });
  const events = [];
  for await (const event of streamed) events.push(event.type);
  const final = await streamed.finalResponse();
  seenHere.responseTools = final.output.filter(item => item.type === 'function_call').map(item => [item.name, JSON.parse(item.arguments)]);
  seenHere.responseEnds = [events[0], events.at(-1)];
  try {
    await openai.chat.completions.create({ ...ask, n: 2 });
  } catch (error) {
    seenHere.refused = [error.status, error.code, error.param];
  }
  try {
    for await (const chunk of await openai.chat.completions.create({ model, messages: [{ role: 'user', content: 'break' }], stream: true })) seenHere.before = (seenHere.before ?? '') + (chunk.choices[0]?.delta.content ?? '');
  } catch (error) {
    seenHere.broken = [error.constructor.name, error.code];
  }
  try {
    await openai.chat.completions.create({ model, messages: [{ role: 'user', content: 'too long' }] });
  } catch (error) {
    seenHere.error = [error.constructor.name, error.status, error.code];
  }
}

for (const model of ['gpt', 'llama']) {
  const seenHere = seen[`${model} by messages`] = {};
  const ask = { model, max_tokens: 100, messages };
  seenHere.text = (await anthropic.messages.create(ask)).content.find(part => part.type === 'text').text;
  seenHere.stream = await anthropic.messages.stream(ask).finalText();
  const final = await anthropic.messages.stream({ ...ask, tools: [{ name: 'count', input_schema: { type: 'object' } }] }).finalMessage();
  seenHere.tools = final.content.filter(part => part.type === 'tool_use').map(part => [part.name, part.input]);
  seenHere.finish = final.stop_reason;
  seenHere.schema = JSON.parse((await anthropic.messages.create({ ...ask, output_config: { format: { type: 'json_schema', schema } } })).content[0].text);
  const ran = [];
  const tools = ['count', 'now'].map(name => betaTool({ name, description: name, inputSchema: { type: 'object', properties: {} }, run: () => { ran.push(name); return '3'; } }));
  const runner = await anthropic.beta.messages.toolRunner({ ...ask, tools, stream: true }).runUntilDone();
  seenHere.runner = [runner.content.find(part => part.type === 'text').text, ran];
  try {
    await anthropic.beta.messages.thread({ model, max_tokens: 100 }).send({ role: 'user', content: question });
  } catch (error) {
    seenHere.thread = error.constructor.name;
  }
  seenHere.counted = (await anthropic.messages.countTokens({ model, messages })).input_tokens;
  try {
    await anthropic.messages.stream({ ...ask, messages: [{ role: 'user', content: 'break' }] }).finalText();
  } catch (error) {
    seenHere.broken = error.message.includes('in the middle of an answer');
  }
  try {
    await anthropic.messages.create({ ...ask, messages: [{ role: 'user', content: 'too long' }] });
  } catch (error) {
    seenHere.error = [error.constructor.name, error.status, error.error?.error?.type];
  }
}
console.log(JSON.stringify(seen));
