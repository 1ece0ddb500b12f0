// node messages.mjs <hub> <key>: Anthropic's SDK, unmodified, calls a chat model through the hub.
import assert from 'node:assert/strict';
import Anthropic from '@anthropic-ai/sdk';

const [hub, apiKey] = process.argv.slice(2);
const client = new Anthropic({ baseURL: hub, apiKey, maxRetries: 0 });
const ask = (model, content, more = {}) => ({ model: `sim/${model}`, max_tokens: 100, messages: [{ role: 'user', content }], ...more });
const weather = { name: 'get_weather', input_schema: { type: 'object', properties: { city: { type: 'string', enum: ['Paris'] } }, required: ['city'] } };

const { data: message, response } = await client.messages.create(ask('echo', 'Say 你好')).withResponse();
assert.equal(message.content[0].text, 'Say 你好');
assert.equal(message.stop_reason, 'end_turn');
assert.ok(message.usage.input_tokens > 0 && message.usage.output_tokens > 0);
assert.equal(message._request_id, response.headers.get('x-request-id'));
assert.ok(Number(response.headers.get('anthropic-ratelimit-requests-limit')) > 0);

const streamed = await client.messages.stream(ask('echo', 'one two three')).finalMessage();
assert.equal(streamed.content[0].text, 'one two three');
assert.ok(streamed.usage.input_tokens > 0 && streamed.usage.output_tokens > 0);

const calling = await client.messages.stream(ask('tools', 'Weather?', { tools: [weather] })).finalMessage();
assert.equal(calling.stop_reason, 'tool_use');
const call = calling.content.find((block) => block.type === 'tool_use');
assert.deepEqual([call.name, call.input], ['get_weather', { city: 'Paris' }]);
const told = await client.messages.create({
  ...ask('tools', 'Weather?', { tools: [weather] }),
  messages: [
    { role: 'user', content: 'Weather?' },
    { role: 'assistant', content: calling.content },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: call.id, content: 'Sunny' }] },
  ],
});
assert.equal(told.content[0].text, 'The tool answered: Sunny');

const schema = { type: 'object', properties: { city: { type: 'string', enum: ['Paris'] } }, required: ['city'], additionalProperties: false };
const formed = await client.messages.create(ask('echo', 'Where?', { output_config: { format: { type: 'json_schema', schema } } }));
assert.deepEqual(JSON.parse(formed.content[0].text), { city: 'Paris' });

await assert.rejects(client.messages.create(ask('nobody', 'hi')), (error) => error instanceof Anthropic.NotFoundError && error.type === 'not_found_error' && Boolean(error.requestID));
await assert.rejects(new Anthropic({ baseURL: hub, apiKey: 'ai-hub-wrong', maxRetries: 0 }).messages.create(ask('echo', 'hi')), Anthropic.AuthenticationError);
await assert.rejects(client.messages.stream(ask('dies', 'lorem 50')).finalMessage(), (error) => error instanceof Anthropic.APIError && error.message.includes('broke off'));

const stream = client.messages.stream(ask('slow', 'slow 10 2000 and more words'));
stream.on('text', () => stream.abort());
await assert.rejects(stream.finalMessage(), Anthropic.APIUserAbortError);

assert.ok((await client.messages.countTokens({ model: 'sim/echo', messages: [{ role: 'user', content: 'How long is this?' }] })).input_tokens > 4);
const ids = [];
for await (const model of client.models.list({ limit: 5 })) {
  ids.push(model.id);
}
assert.ok(ids.includes('sim/echo') && new Set(ids).size === ids.length);
assert.equal((await client.models.retrieve('sim/echo')).id, 'sim/echo');
console.log('ok');
