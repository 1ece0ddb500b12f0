// node anthropic.mjs <base url>: what Anthropic's SDK makes of the dialect, one line of JSON for each scenario.
import Anthropic from '@anthropic-ai/sdk';

const client = new Anthropic({ baseURL: process.argv[2], apiKey: 'key', maxRetries: 0 });
const ask = (model) => ({ model, max_tokens: 100, messages: [{ role: 'user', content: 'Hello' }] });

async function report(scenario, act) {
  let outcome;
  try {
    outcome = { value: await act() };
  } catch (error) {
    outcome = { error: { name: error.constructor.name, status: error.status ?? null, type: error.type ?? null, request: error.requestID ?? null, message: error.message } };
  }

  console.log(JSON.stringify({ scenario, ...outcome }));
}

for (const model of ['text', 'agent', 'refuses']) {
  await report(`whole ${model}`, () => client.messages.create(ask(model)));
  await report(`helper ${model}`, () => client.messages.stream(ask(model)).finalMessage());
}

await report('events', async () => {
  const types = [];
  for await (const event of await client.messages.create({ ...ask('agent'), stream: true })) {
    types.push(event.type === 'content_block_delta' ? event.delta.type : event.type);
  }

  return types;
});

for (const status of [400, 401, 402, 403, 404, 413, 429, 502, 503, 504]) {
  await report(`status ${status}`, () => client.messages.create(ask(`status-${status}`)));
}

await report('invalid', () => client.messages.create({ model: 'm', max_tokens: 1, messages: [{ role: 'user', content: [{ type: 'text' }] }] }));

await report('dies in the iterator', async () => {
  let text = '';
  for await (const event of await client.messages.create({ ...ask('dies'), stream: true })) {
    text += event.delta?.text ?? '';
  }

  return text;
});

await report('dies in the helper', () => client.messages.stream(ask('dies')).finalMessage());

await report('aborted', async () => {
  const stream = client.messages.stream(ask('hangs'));
  stream.on('text', () => stream.abort());
  await stream.finalMessage();
});

await report('counted', () => client.messages.countTokens({ model: 'm', messages: [{ role: 'user', content: '12345' }] }));

await report('models', async () => {
  const ids = [];
  for await (const model of client.models.list({ limit: 2 })) {
    ids.push(model.id);
  }

  return ids;
});

await report('models backwards', async () => (await client.models.list({ limit: 2, before_id: 'vendor/model-4' })).data.map((model) => model.id));
await report('one model', () => client.models.retrieve('vendor/model-5'));
await report('no model', () => client.models.retrieve('nobody/knows'));
