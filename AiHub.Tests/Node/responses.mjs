// node responses.mjs <base url> <case>: what the OpenAI SDK makes of the hub's Responses dialect.
import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { zodTextFormat } from 'openai/helpers/zod';
import { z } from 'zod';

const [baseURL, wanted] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey: process.env.AIHUB_KEY ?? 'ai-hub-test', maxRetries: 0 });
const model = process.env.AIHUB_MODEL ?? 'scripted';

const weather = {
  type: 'function',
  name: 'get_weather',
  description: 'The weather of a city',
  strict: true,
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false },
};

const cases = {
  async create() {
    const response = await client.responses.create({ model, input: 'Say hello', instructions: 'Be brief' });
    assert.equal(response.status, 'completed');
    assert.equal(response.output_text, 'Hello there, 你好!');
    assert.equal(response.instructions, 'Be brief');
    assert.ok(response.usage.input_tokens > 0 && response.usage.output_tokens > 0);
    assert.equal(response.usage.total_tokens, response.usage.input_tokens + response.usage.output_tokens);
    assert.ok(response.usage.input_tokens_details.cached_tokens >= 0);
    assert.ok(response.usage.output_tokens_details.reasoning_tokens >= 0);
    assert.equal(response.error, null);
  },

  async stream() {
    const stream = client.responses.stream({ model, input: 'Say hello' });
    let text = '';
    let last = -1;
    stream.on('response.output_text.delta', (event) => {
      text += event.delta;
      assert.equal(event.snapshot, text);
    });
    for await (const event of stream) {
      assert.equal(event.sequence_number, ++last);
    }
    const response = await stream.finalResponse();
    assert.equal(text, 'Hello there, 你好!');
    assert.equal(response.output_text, text);
    assert.equal(response.status, 'completed');
    assert.ok(response.usage.total_tokens > 0);
  },

  async tools() {
    const input = [{ role: 'user', content: 'How is the weather in Paris?' }];
    const first = await client.responses.stream({ model, input, tools: [weather], include: ['reasoning.encrypted_content'], store: false }).finalResponse();
    const call = first.output.find((item) => item.type === 'function_call');
    assert.equal(call.name, 'get_weather');
    assert.deepEqual(call.parsed_arguments, { city: 'Paris' });
    const thought = first.output.find((item) => item.type === 'reasoning');
    assert.equal(thought.content[0].text, 'I should look that up.');
    assert.ok(thought.encrypted_content);

    input.push(...first.output, { type: 'function_call_output', call_id: call.call_id, output: '{"degrees":21}' });
    const second = await client.responses.create({ model, input, tools: [weather], store: false });
    assert.equal(second.output_text, 'It is 21 degrees in Paris.');
  },

  async structured() {
    const response = await client.responses.parse({
      model,
      input: 'Paris as JSON',
      text: { format: zodTextFormat(z.object({ city: z.string(), degrees: z.number() }), 'weather') },
    });
    assert.deepEqual(response.output_parsed, { city: 'Paris', degrees: 21 });

    const streamed = await client.responses
      .stream({ model, input: 'Paris as JSON', text: { format: zodTextFormat(z.object({ city: z.string(), degrees: z.number() }), 'weather') } })
      .finalResponse();
    assert.deepEqual(streamed.output_parsed, { city: 'Paris', degrees: 21 });
  },

  async custom() {
    const response = await client.responses.stream({ model, input: 'patch', tools: [{ type: 'custom', name: 'apply_patch' }] }).finalResponse();
    assert.equal(response.output[0].type, 'custom_tool_call');
    assert.equal(response.output[0].input, '*** Begin Patch\n+"x"\n*** End Patch');
  },

  async broken() {
    const seen = [];
    await assert.rejects(
      async () => {
        for await (const event of await client.responses.create({ model, input: 'break', stream: true })) {
          seen.push(event.type);
        }
      },
      (error) => error instanceof OpenAI.APIError && error.code === 'server_error',
    );
    assert.equal(seen.at(-1), 'response.failed');
    await assert.rejects(client.responses.stream({ model, input: 'break' }).finalResponse(), OpenAI.APIError);
  },

  async wrong() {
    await assert.rejects(
      client.responses.create({ model, input: 'x', tools: [{ type: 'function' }] }),
      (error) => error instanceof OpenAI.BadRequestError && error.param === 'tools[0].name' && error.code === 'missing_required_parameter',
    );
  },
};

await cases[wanted]();
console.log(`${wanted}: ok`);
