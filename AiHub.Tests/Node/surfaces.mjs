// node surfaces.mjs <base url> <key> <model prefix> <case>: what the OpenAI SDK makes of everything that is not chat.
import assert from 'node:assert/strict';
import OpenAI, { toFile } from 'openai';

const [baseURL, apiKey, prefix, wanted] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const model = (name) => prefix + name;

// Two and a half seconds of silence.
const sound = () => {
  const wav = Buffer.alloc(44 + 120000);
  wav.write('RIFF', 0);
  wav.writeInt32LE(wav.length - 8, 4);
  wav.write('WAVEfmt ', 8);
  wav.writeInt32LE(16, 16);
  wav.writeInt16LE(1, 20);
  wav.writeInt16LE(1, 22);
  wav.writeInt32LE(24000, 24);
  wav.writeInt32LE(48000, 28);
  wav.writeInt16LE(2, 32);
  wav.writeInt16LE(16, 34);
  wav.write('data', 36);
  wav.writeInt32LE(120000, 40);
  return toFile(wav, 'sound.wav', { type: 'audio/wav' });
};

const isPicture = (base64) => assert.equal(Buffer.from(base64, 'base64').subarray(1, 4).toString(), 'PNG');

const cases = {
  async embeddings() {
    // The SDK asks for base64 by itself and hands out numbers.
    const small = await client.embeddings.create({ model: model('embed'), input: ['one', 'two'], dimensions: 6 });
    assert.deepEqual(small.data.map((one) => [one.index, one.embedding.length]), [[0, 6], [1, 6]]);
    assert.ok(Math.abs(small.data[0].embedding.reduce((sum, value) => sum + value * value, 0) - 1) < 1e-3);
    const floats = await client.embeddings.create({ model: model('embed'), input: 'one', dimensions: 6, encoding_format: 'float' });
    floats.data[0].embedding.forEach((value, index) => assert.ok(Math.abs(value - small.data[0].embedding[index]) < 1e-6));
    assert.deepEqual([small.usage.prompt_tokens, small.usage.total_tokens], [2, 2]);
  },

  async images() {
    const made = await client.images.generate({ model: model('image'), prompt: 'red', n: 2, quality: 'low' });
    assert.equal(made.data.length, 2);
    made.data.forEach((one) => isPicture(one.b64_json));
    assert.equal(made.usage.output_tokens, 544);
    const linked = await client.images.generate({ model: model('image'), prompt: 'red', response_format: 'url', quality: 'low' });
    assert.equal((await fetch(linked.data[0].url)).headers.get('content-type'), 'image/png');
  },

  async stream() {
    const events = [];
    for await (const event of await client.images.generate({ model: model('image'), prompt: 'red', quality: 'low', stream: true, partial_images: 2 })) {
      isPicture(event.b64_json);
      events.push(event);
    }
    assert.deepEqual(events.map((event) => event.type), ['image_generation.partial_image', 'image_generation.partial_image', 'image_generation.completed']);
    assert.equal(events.at(-1).usage.output_tokens, 472);
  },

  async edit() {
    const image = await toFile(Buffer.from([1, 2, 3]), 'in.png', { type: 'image/png' });
    const edited = await client.images.edit({ model: model('image'), image: [image, image], prompt: 'blue', quality: 'low' });
    isPicture(edited.data[0].b64_json);
    assert.equal(edited.usage.input_tokens_details.image_tokens, 200);
  },

  async speech() {
    const spoken = await client.audio.speech.create({ model: model('speech'), voice: 'alloy', input: 'Hello 你好', response_format: 'mp3' });
    assert.equal(spoken.headers.get('content-type'), 'audio/mpeg');
    const bytes = Buffer.from(await spoken.arrayBuffer());
    assert.deepEqual([bytes[0], bytes[1], bytes.length], [0xff, 0xfb, 8 * 2 * 104]);
  },

  async transcription() {
    const heard = await client.audio.transcriptions.create({ model: model('transcribe'), file: await sound() });
    assert.equal(heard.text, 'A sound of 3 seconds.');
    assert.equal(heard.usage.seconds, 3);
    const whole = await client.audio.transcriptions.create({ model: model('transcribe'), file: await sound(), response_format: 'verbose_json', timestamp_granularities: ['segment'] });
    assert.equal(whole.segments.length, 1);
  },

  async subtitles() {
    const text = await client.audio.transcriptions.create({ model: model('transcribe'), file: await sound(), response_format: 'text' });
    assert.equal(text, 'A sound of 3 seconds.\n');
    const subtitles = await client.audio.transcriptions.create({ model: model('transcribe'), file: await sound(), response_format: 'vtt' });
    assert.ok(subtitles.startsWith('WEBVTT'));
  },

  async moderation() {
    const judged = await client.moderations.create({ model: model('moderate'), input: ['good morning', 'I will kill you'] });
    assert.deepEqual(judged.results.map((result) => result.flagged), [false, true]);
    assert.equal(judged.results[1].categories.violence, true);
  },

  async rerank() {
    const ranked = await client.post('/rerank', { body: { model: model('rerank'), query: 'red apple', documents: ['green pear', 'a red apple', 'red'], top_n: 2, return_documents: true } });
    assert.deepEqual(ranked.results.map((result) => result.index), [1, 2]);
    assert.equal(ranked.results[0].document.text, 'a red apple');
  },

  async errors() {
    await assert.rejects(client.embeddings.create({ model: model('embed'), input: '' }), (error) => error instanceof OpenAI.BadRequestError && error.param === 'input');
    await assert.rejects(client.images.generate({ model: 'no-such-model', prompt: 'red' }), (error) => error instanceof OpenAI.NotFoundError && error.code === 'model_not_found');
    await assert.rejects(client.audio.speech.create({ model: model('speech'), voice: 'alloy', input: 'a', response_format: 'opus' }), OpenAI.BadRequestError);
  },
};

await cases[wanted]();
console.log(`${wanted}: ok`);
