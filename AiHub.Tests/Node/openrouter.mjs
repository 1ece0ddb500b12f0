// node openrouter.mjs <hub> <key>: OpenRouter's SDK, unmodified, and OpenAI's reading the same list of models.
import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { OpenRouter } from '@openrouter/sdk';

const [hub, apiKey] = process.argv.slice(2);
const serverURL = `${hub}api/v1`;
const client = new OpenRouter({ serverURL, apiKey, retryConfig: { strategy: 'none' } });
const ask = (model, content, more = {}) => ({ chatRequest: { model: `sim/${model}`, messages: [{ role: 'user', content }], ...more } });

const whole = await client.chat.send(ask('echo', 'Say 你好', { provider: { allowFallbacks: true, sort: 'price' }, models: ['sim/lorem'] }));
assert.equal(whole.choices[0].message.content, 'Say 你好');
assert.ok(whole.id.startsWith('gen-') && whole.usage.cost >= 0 && whole.usage.promptTokens > 0);

let text = '';
let usage;
for await (const chunk of await client.chat.send(ask('echo', 'one two three', { stream: true }))) {
  text += chunk.choices[0]?.delta?.content ?? '';
  usage = chunk.usage ?? usage;
}
assert.equal(text, 'one two three');
assert.ok(usage.cost >= 0 && usage.totalTokens > 0);

const tools = [{ type: 'function', function: { name: 'get_weather', parameters: { type: 'object', properties: { city: { type: 'string', enum: ['Paris'] } }, required: ['city'] } } }];
const calling = await client.chat.send(ask('tools', 'Weather?', { tools }));
assert.equal(calling.choices[0].finishReason, 'tool_calls');
assert.deepEqual(JSON.parse(calling.choices[0].message.toolCalls[0].function.arguments), { city: 'Paris' });

const schema = { type: 'object', properties: { city: { type: 'string', enum: ['Paris'] } }, required: ['city'], additionalProperties: false };
const formed = await client.chat.send(ask('echo', 'Where?', { responseFormat: { type: 'json_schema', jsonSchema: { name: 'place', strict: true, schema } } }));
assert.deepEqual(JSON.parse(formed.choices[0].message.content), { city: 'Paris' });

await assert.rejects(client.chat.send(ask('nobody', 'hi')), (error) => error.statusCode === 404);
await assert.rejects(new OpenRouter({ serverURL, apiKey: 'ai-hub-wrong', retryConfig: { strategy: 'none' } }).chat.send(ask('echo', 'hi')), (error) => error.statusCode === 401);

let broken;
for await (const chunk of await client.chat.send(ask('dies', 'lorem 50', { stream: true }))) {
  broken = chunk.error ?? broken;
}
assert.ok(broken.code >= 500 && broken.message.length > 0);

const leaving = new AbortController();
await assert.rejects(async () => {
  for await (const chunk of await client.chat.send(ask('slow', 'slow 10 2000 and more words', { stream: true }), { fetchOptions: { signal: leaving.signal } })) {
    if (chunk.choices[0]?.delta?.content) {
      leaving.abort();
    }
  }
  leaving.signal.throwIfAborted();
});

const models = [];
for await (const page of await client.models.list()) {
  models.push(...page.result.data);
}
assert.ok(models.some((model) => model.id === 'sim/echo' && Number(model.pricing.prompt) >= 0));
assert.ok((await new OpenAI({ baseURL: serverURL, apiKey }).models.list()).data.some((model) => model.id === 'sim/echo' && model.created > 0));
assert.equal((await client.endpoints.list({ author: 'sim', slug: 'echo' })).data.endpoints[0].modelId, 'sim/echo');
assert.ok((await client.credits.getCredits()).data.totalCredits >= 0);
assert.equal((await client.apiKeys.getCurrentKeyMetadata()).data.isManagementKey, false);
const generation = (await client.generations.getGeneration({ id: whole.id })).data;
assert.deepEqual([generation.id, generation.tokensPrompt], [whole.id, whole.usage.promptTokens]);
console.log('ok');
