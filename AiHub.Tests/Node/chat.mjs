// node chat.mjs <base url> <key> <model prefix> <case>: what the OpenAI SDK makes of chat completions.
import assert from 'node:assert/strict';
import OpenAI from 'openai';

const [baseURL, apiKey, prefix, wanted] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const model = (name) => prefix + name;
const user = (content) => [{ role: 'user', content }];

const weather = {
  type: 'function',
  function: {
    name: 'weather',
    parameters: { type: 'object', properties: { city: { type: 'string', enum: ['Paris'] }, days: { type: 'integer', minimum: 3 } }, required: ['city', 'days'] },
  },
};

const chunksOf = async (body) => {
  const chunks = [];
  for await (const chunk of await client.chat.completions.create({ ...body, stream: true })) {
    chunks.push(chunk);
  }
  return chunks;
};

const textOf = (chunks, member = 'content') => chunks.map((chunk) => chunk.choices[0]?.delta?.[member] ?? '').join('');

const cases = {
  async complete() {
    const { data, response, request_id } = await client.chat.completions
      .create({ model: model('echo'), messages: user('Hello 你好 😀'), user: 'node' })
      .withResponse();
    assert.equal(data.choices[0].message.content, 'Hello 你好 😀');
    assert.equal(data.choices[0].finish_reason, 'stop');
    assert.equal(data.object, 'chat.completion');
    assert.equal(data.model, 'echo');
    assert.deepEqual([data.usage.prompt_tokens, data.usage.completion_tokens, data.usage.total_tokens], [11, 4, 15]);
    assert.equal(data.usage.prompt_tokens_details.cached_tokens, 0);
    assert.equal(data.usage.completion_tokens_details.reasoning_tokens, 0);
    assert.ok(request_id && response.headers.get('x-request-id') === request_id);
  },

  async stream() {
    const chunks = await chunksOf({ model: model('echo'), messages: user('one two 三') });
    assert.equal(textOf(chunks), 'one two 三');
    assert.ok(chunks.length >= 5);
    assert.ok(chunks.every((chunk) => chunk.object === 'chat.completion.chunk' && chunk.model === 'echo'));
    assert.equal(new Set(chunks.map((chunk) => `${chunk.id} ${chunk.created}`)).size, 1);
    assert.ok(chunks.every((chunk) => !chunk.usage && chunk.choices.length === 1));
    assert.deepEqual(chunks[0].choices[0].delta.role, 'assistant');
    assert.deepEqual(chunks.map((chunk) => chunk.choices[0].finish_reason).filter(Boolean), ['stop']);
  },

  async usage() {
    const chunks = await chunksOf({ model: model('echo'), messages: user('one two'), stream_options: { include_usage: true } });
    const last = chunks.at(-1);
    assert.deepEqual(last.choices, []);
    assert.deepEqual([last.usage.prompt_tokens, last.usage.completion_tokens, last.usage.total_tokens], [9, 2, 11]);
    assert.ok(chunks.slice(0, -1).every((chunk) => !chunk.usage));
  },

  async helper() {
    const runner = client.chat.completions.stream({ model: model('echo'), messages: user('one two'), stream_options: { include_usage: true } });
    let said = '';
    runner.on('content', (delta) => (said += delta));
    const completion = await runner.finalChatCompletion();
    assert.equal(said, 'one two');
    assert.equal(completion.choices[0].message.content, 'one two');
    assert.equal(completion.usage.total_tokens, 11);
  },

  async choices() {
    const whole = await client.chat.completions.create({ model: model('lorem'), messages: user('lorem 3'), n: 2 });
    assert.deepEqual(whole.choices.map((choice) => [choice.index, choice.message.content]), [[0, 'lorem ipsum dolor'], [1, 'ipsum dolor sit']]);
    const runner = client.chat.completions.stream({ model: model('lorem'), messages: user('lorem 3'), n: 2 });
    const streamed = await runner.finalChatCompletion();
    assert.deepEqual(streamed.choices.map((choice) => choice.message.content), ['lorem ipsum dolor', 'ipsum dolor sit']);
  },

  async tools() {
    const messages = user('Weather in Paris?');
    const asked = await client.chat.completions.create({ model: model('tools'), messages, tools: [weather], tool_choice: 'required' });
    assert.equal(asked.choices[0].finish_reason, 'tool_calls');
    const [call] = asked.choices[0].message.tool_calls;
    assert.equal(call.function.arguments, '{"city":"Paris","days":3}');

    const streamed = await client.chat.completions.stream({ model: model('tools'), messages, tools: [weather] }).finalChatCompletion();
    assert.equal(streamed.choices[0].finish_reason, 'tool_calls');
    assert.equal(streamed.choices[0].message.tool_calls[0].function.arguments, call.function.arguments);
    assert.equal(streamed.choices[0].message.tool_calls[0].function.name, 'weather');

    const answered = await client.chat.completions.create({
      model: model('tools'),
      messages: [...messages, asked.choices[0].message, { role: 'tool', tool_call_id: call.id, content: 'sunny' }],
      tools: [weather],
    });
    assert.equal(answered.choices[0].message.content, 'The tool answered: sunny');
  },

  async runner() {
    const runner = client.chat.completions.runTools({
      model: model('tools'),
      stream: true,
      messages: user('Weather in Paris?'),
      tools: [{ type: 'function', function: { ...weather.function, parse: JSON.parse, function: ({ city, days }) => `${city} ${days}: sunny` } }],
    });
    assert.equal(await runner.finalContent(), 'The tool answered: Paris 3: sunny');
  },

  async reasoning() {
    const whole = await client.chat.completions.create({ model: model('reasoning'), messages: user('hello world') });
    const chunks = await chunksOf({ model: model('reasoning'), messages: user('hello world') });
    assert.ok(whole.choices[0].message.reasoning_content.length > 20);
    assert.equal(textOf(chunks, 'reasoning_content'), whole.choices[0].message.reasoning_content);
    assert.equal(textOf(chunks), 'hello world');
    assert.equal(whole.usage.completion_tokens - whole.usage.completion_tokens_details.reasoning_tokens, 2);
  },

  async parameters() {
    const stopped = await client.chat.completions.create({ model: model('echo'), messages: user('one two three'), stop: [' three'], temperature: 0.5, top_p: 0.9, seed: 7 });
    assert.equal(stopped.choices[0].message.content, 'one two');
    const cut = await client.chat.completions.create({ model: model('lorem'), messages: user('go on'), max_tokens: 5 });
    assert.deepEqual([cut.choices[0].finish_reason, cut.usage.completion_tokens], ['length', 5]);
    const logprobs = await client.chat.completions.create({ model: model('echo'), messages: user('a b'), logprobs: true });
    assert.equal(logprobs.choices[0].logprobs.content.map((token) => token.token).join(''), 'a b');
    const picture = [{ type: 'text', text: 'what is this?' }, { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }];
    assert.equal((await client.chat.completions.create({ model: model('echo'), messages: user(picture) })).choices[0].message.content, 'what is this?');
    const json = await client.chat.completions.create({
      model: model('echo'),
      messages: user('x'),
      response_format: { type: 'json_schema', json_schema: { name: 'n', strict: true, schema: { type: 'object', properties: { a: { type: 'integer' } }, required: ['a'], additionalProperties: false } } },
    });
    assert.deepEqual(JSON.parse(json.choices[0].message.content), { a: 1 });
  },

  async errors() {
    const stranger = new OpenAI({ baseURL, apiKey: 'sk-wrong-000000000000', maxRetries: 0 });
    await assert.rejects(stranger.chat.completions.create({ model: model('echo'), messages: user('hi') }), (error) => {
      assert.ok(error instanceof OpenAI.AuthenticationError, `${error}`);
      assert.equal(error.code, 'invalid_api_key');
      assert.ok(error.requestID);
      return true;
    });

    for (const stream of [false, true]) {
      await assert.rejects(client.chat.completions.create({ model: model('nothing'), messages: user('hi'), stream }), (error) => {
        assert.ok(error instanceof OpenAI.NotFoundError, `${error}`);
        assert.deepEqual([error.code, error.type], ['model_not_found', 'invalid_request_error']);
        return true;
      });

      await assert.rejects(client.chat.completions.create({ model: model('busy'), messages: user('hi'), stream }), (error) => {
        // Through the hub it is not the caller who is over a limit.
        assert.ok(error instanceof (prefix ? OpenAI.InternalServerError : OpenAI.RateLimitError), `${error}`);
        assert.equal(error.headers.get('retry-after'), '2');
        return true;
      });

      await assert.rejects(client.chat.completions.create({ model: model('echo'), messages: user('hi'), temperature: 3, stream }), (error) => {
        assert.ok(error instanceof OpenAI.BadRequestError, `${error}`);
        assert.equal(error.param, 'temperature');
        return true;
      });
    }
  },

  async dies() {
    let said = '';
    await assert.rejects(async () => {
      for await (const chunk of await client.chat.completions.create({ model: model('dies'), messages: user('lorem 50'), stream: true })) {
        said += chunk.choices[0]?.delta?.content ?? '';
      }
    });
    assert.equal(said, 'lorem ipsum dolor sit');
    await assert.rejects(client.chat.completions.stream({ model: model('dies'), messages: user('lorem 50') }).finalChatCompletion());
  },

  async abort() {
    const leaving = new AbortController();
    let said = '';
    await assert.rejects(async () => {
      const body = { model: model('slow'), messages: user('slow 10 2000 and more words'), stream: true };
      for await (const chunk of await client.chat.completions.create(body, { signal: leaving.signal })) {
        said += chunk.choices[0]?.delta?.content ?? '';
        if (said) {
          leaving.abort();
        }
      }
      leaving.signal.throwIfAborted();
    });
    assert.ok(said.length > 0);
    await assert.rejects(
      client.chat.completions.create({ model: model('slow'), messages: user('slow 10 2000 and more words') }, { signal: AbortSignal.timeout(300) }),
      OpenAI.APIUserAbortError,
    );
  },

  async models() {
    const ids = [];
    for await (const one of client.models.list()) {
      assert.equal(one.object, 'model');
      ids.push(one.id);
    }
    for (const name of ['echo', 'lorem', 'slow', 'busy', 'dies', 'tools', 'reasoning']) {
      assert.ok(ids.includes(model(name)), `${model(name)} is not among ${ids}`);
    }
  },
};

await cases[wanted]();
console.log(`${wanted}: ok`);
