// node langchain.mjs <hub> <key>: LangChain's client of OpenAI, unmodified.
import assert from 'node:assert/strict';
import { AIMessage, HumanMessage, ToolMessage } from '@langchain/core/messages';
import { ChatOpenAI } from '@langchain/openai';
import { z } from 'zod';

const [hub, apiKey] = process.argv.slice(2);
const chat = (model, more = {}) => new ChatOpenAI({ model: `sim/${model}`, apiKey, maxRetries: 0, configuration: { baseURL: `${hub}v1` }, ...more });

const whole = await chat('echo').invoke('Say 你好');
assert.equal(whole.content, 'Say 你好');
assert.ok(whole.usage_metadata.input_tokens > 0 && whole.usage_metadata.output_tokens > 0);

let joined;
for await (const chunk of await chat('echo').stream('one two three')) {
  joined = joined ? joined.concat(chunk) : chunk;
}
assert.equal(joined.content, 'one two three');
assert.ok(joined.usage_metadata.output_tokens > 0);

const weather = { name: 'get_weather', description: 'The weather of a city', schema: z.object({ city: z.enum(['Paris']) }) };
const armed = chat('tools').bindTools([weather]);
const calling = await armed.invoke('Weather?');
assert.deepEqual(calling.tool_calls[0].args, { city: 'Paris' });
const told = await armed.invoke([new HumanMessage('Weather?'), calling, new ToolMessage({ content: 'Sunny', tool_call_id: calling.tool_calls[0].id })]);
assert.equal(told.content, 'The tool answered: Sunny');
assert.ok(told instanceof AIMessage);

const place = await chat('echo').withStructuredOutput(z.object({ city: z.enum(['Paris']) }), { name: 'place', method: 'jsonSchema' }).invoke('Where?');
assert.deepEqual(place, { city: 'Paris' });

await assert.rejects(chat('nobody').invoke('hi'), (error) => error.status === 404);

await assert.rejects(async () => {
  for await (const chunk of await chat('dies').stream('lorem 50')) {
    assert.ok(chunk);
  }
});

const leaving = new AbortController();
await assert.rejects(async () => {
  for await (const chunk of await chat('slow').stream('slow 10 2000 and more words', { signal: leaving.signal })) {
    if (chunk.content) {
      leaving.abort();
    }
  }
  leaving.signal.throwIfAborted();
});
console.log('ok');
