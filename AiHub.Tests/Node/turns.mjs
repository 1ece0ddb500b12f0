// node turns.mjs <hub> <key>: OpenAI's SDK, unmodified, through Responses and the legacy completions of the hub.
import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { zodTextFormat } from 'openai/helpers/zod';
import { z } from 'zod';

const [hub, apiKey] = process.argv.slice(2);
const client = new OpenAI({ baseURL: `${hub}v1`, apiKey, maxRetries: 0 });
const weather = { type: 'function', name: 'get_weather', strict: true, parameters: { type: 'object', properties: { city: { type: 'string', enum: ['Paris'] } }, required: ['city'], additionalProperties: false } };

const first = await client.responses.create({ model: 'sim/echo', input: 'one 二', store: true });
assert.equal(first.output_text, 'one 二');
assert.equal(first.status, 'completed');
assert.ok(first.usage.input_tokens > 0 && first.usage.output_tokens > 0);

const events = [];
const stream = client.responses.stream({ model: 'sim/echo', input: 'and three', previous_response_id: first.id });
for await (const event of stream) {
  events.push(event.type);
}
const second = await stream.finalResponse();
assert.equal(second.output_text, 'and three');
assert.ok(second.usage.input_tokens > first.usage.input_tokens);
assert.deepEqual([events[0], events.at(-1)], ['response.created', 'response.completed']);

assert.equal((await client.responses.retrieve(first.id)).output_text, 'one 二');
assert.equal((await client.responses.inputItems.list(first.id)).data[0].content[0].text, 'one 二');
await client.responses.delete(first.id);
await assert.rejects(client.responses.retrieve(first.id), OpenAI.NotFoundError);
await assert.rejects(client.responses.create({ model: 'sim/echo', input: 'on', previous_response_id: first.id }), (error) => error.status === 400 && error.code === 'previous_response_not_found');

const calling = await client.responses.create({ model: 'sim/tools', input: [{ role: 'user', content: 'Weather?' }], tools: [weather] });
const call = calling.output.find((item) => item.type === 'function_call');
assert.deepEqual(JSON.parse(call.arguments), { city: 'Paris' });
const told = await client.responses.create({ model: 'sim/tools', tools: [weather], input: [{ role: 'user', content: 'Weather?' }, ...calling.output, { type: 'function_call_output', call_id: call.call_id, output: 'Sunny' }] });
assert.equal(told.output_text, 'The tool answered: Sunny');

const formed = await client.responses.parse({ model: 'sim/echo', input: 'Where?', text: { format: zodTextFormat(z.object({ city: z.enum(['Paris']) }), 'place') } });
assert.deepEqual(formed.output_parsed, { city: 'Paris' });

await assert.rejects(async () => {
  for await (const event of client.responses.stream({ model: 'sim/dies', input: 'lorem 50' })) {
    assert.notEqual(event.type, 'response.completed');
  }
});

const leaving = new AbortController();
await assert.rejects(async () => {
  for await (const event of await client.responses.create({ model: 'sim/slow', input: 'slow 10 2000 and more words', stream: true }, { signal: leaving.signal })) {
    if (event.type === 'response.output_text.delta') {
      leaving.abort();
    }
  }
  leaving.signal.throwIfAborted();
});

const completion = await client.completions.create({ model: 'sim/echo', prompt: 'Once upon', max_tokens: 20 });
assert.deepEqual([completion.choices[0].text, completion.object, completion.choices[0].finish_reason], ['Once upon', 'text_completion', 'stop']);
console.log('ok');
