// node aisdk.mjs <hub> <key>: the Vercel AI SDK with its provider for compatible endpoints, unmodified.
import assert from 'node:assert/strict';
import { generateObject, generateText, jsonSchema, stepCountIs, streamText, tool } from 'ai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';

const [hub, apiKey] = process.argv.slice(2);
const provider = createOpenAICompatible({ name: 'aihub', baseURL: `${hub}v1`, apiKey, includeUsage: true, supportsStructuredOutputs: true });
const using = (model, more) => ({ model: provider(`sim/${model}`), maxRetries: 0, ...more });

const whole = await generateText(using('echo', { prompt: 'Say 你好' }));
assert.equal(whole.text, 'Say 你好');
assert.ok(whole.usage.inputTokens > 0 && whole.usage.outputTokens > 0);

const streamed = streamText(using('echo', { prompt: 'one two three' }));
let text = '';
for await (const piece of streamed.textStream) {
  text += piece;
}
assert.equal(text, 'one two three');
assert.ok((await streamed.usage).outputTokens > 0);

const inputSchema = jsonSchema({ type: 'object', properties: { city: { type: 'string', enum: ['Paris'] } }, required: ['city'], additionalProperties: false });
const worked = await generateText(using('tools', {
  prompt: 'Weather?',
  tools: { get_weather: tool({ inputSchema, execute: ({ city }) => `Sunny in ${city}` }) },
  stopWhen: stepCountIs(3),
}));
assert.ok(worked.text.includes('Sunny in Paris'));

assert.deepEqual((await generateObject(using('echo', { prompt: 'Where?', schema: inputSchema }))).object, { city: 'Paris' });

await assert.rejects(generateText(using('nobody', { prompt: 'hi' })), (error) => error.statusCode === 404);

const errors = [];
for await (const part of streamText(using('dies', { prompt: 'lorem 50', onError: () => {} })).fullStream) {
  if (part.type === 'error') {
    errors.push(part.error);
  }
}
assert.equal(errors.length > 0, true);

const leaving = new AbortController();
const parts = [];
for await (const part of streamText(using('slow', { prompt: 'slow 10 2000 and more words', abortSignal: leaving.signal, onError: () => {} })).fullStream) {
  parts.push(part.type);
  if (part.type === 'text-delta') {
    leaving.abort();
  }
}
assert.ok(parts.includes('abort') || parts.includes('error'));
console.log('ok');
process.exit(0);
