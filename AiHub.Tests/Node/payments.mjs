// The public SDKs of the payment channels against ours, both ways.
//   node payments.mjs generate CERTS > payments.vectors.json   makes the golden vectors (keys made for them, and used for nothing else)
//   node payments.mjs check payments.vectors.json              the SDKs still make and accept what is committed
//   node payments.mjs accept FILE                              the SDKs accept what the hub has signed, and refuse it tampered with
import assert from 'node:assert';
import { createSign, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { AlipaySdk } from 'alipay-sdk';
import Stripe from 'stripe';

// The SDK stamps requests in the machine's own time and calls it Beijing's.
process.env.TZ = 'Asia/Shanghai';

const require = createRequire(import.meta.url);
const { Aes: { AesGcm }, Formatter, Rsa } = require('wechatpay-axios-plugin');
const stripe = new Stripe('sk_test_0');
const [mode, path] = process.argv.slice(2);

const tricky = 'AI Hub 账户充值 100%+a&b=c "q" \\ /é😀';
const moment = new Date('2026-01-31T08:30:00Z');

/** The SDK stamps requests itself. */
function at(instant, work) {
  const Real = Date;
  globalThis.Date = class extends Real {
    constructor(...given) { super(...(given.length ? given : [instant])); }
    static now() { return instant.getTime(); }
  };
  try { return work(); } finally { globalThis.Date = Real; }
}

function alipay(keys, certificates) {
  const settings = { appId: '2021000000000001', privateKey: keys.merchant_private, alipayPublicKey: keys.platform_public.replace(/-----[^-]+-----|\s/g, ''), keyType: 'PKCS8' };
  return new AlipaySdk(certificates ? { ...settings, alipayPublicKey: undefined, appCertContent: certificates.app, alipayPublicCertContent: certificates.app, alipayRootCertContent: certificates.root } : settings);
}

function pageParameters(sdk) {
  return at(moment, () => Object.fromEntries(new URL(sdk.pageExecute('alipay.trade.page.pay', 'GET', {
    bizContent: { out_trade_no: 'T20260131', product_code: 'FAST_INSTANT_TRADE_PAY', subject: tricky, total_amount: '19.99' },
    returnUrl: 'https://hub.example.com/billing/orders/1?a=1&b=2', notifyUrl: 'https://hub.example.com/webhooks/alipay',
  })).searchParams));
}

function signNotice(keys, fields) {
  const content = Object.keys(fields).sort().map((name) => `${name}=${fields[name]}`).join('&');
  return { ...fields, sign_type: 'RSA2', sign: createSign('RSA-SHA256').update(content, 'utf8').sign(keys.platform_private, 'base64') };
}

function wechatRequest(keys, method, uri, body) {
  const [timestamp, nonce, serial] = ['1769848200', '593BEC0C930BF1AFEB40B4A08C8FB242', '5157F09EFDC096DE15EBE81A47057A7232F1B8E1'];
  const signature = Rsa.sign(Formatter.request(method, uri, timestamp, nonce, body), keys.merchant_private);
  return { method, uri, body, timestamp, nonce, serial, signature, authorization: Formatter.authorization('1900000001', nonce, signature, timestamp, serial) };
}

function wechatNotice(keys, plain, associated) {
  const [timestamp, nonce] = ['1769848200', 'EC0C930BF1AFEB40B4A08C8FB2425C4A'];
  const resource = { algorithm: 'AEAD_AES_256_GCM', ciphertext: AesGcm.encrypt(plain, keys.api_v3_key, 'fdasflkja484', associated), nonce: 'fdasflkja484', original_type: 'transaction' };
  if (associated) { resource.associated_data = associated; }
  const body = JSON.stringify({ id: 'EV-2026', create_time: '2026-01-31T16:30:00+08:00', resource_type: 'encrypt-resource', event_type: 'TRANSACTION.SUCCESS', summary: '支付成功', resource });
  return { timestamp, nonce, body, plain, signature: Rsa.sign(Formatter.response(timestamp, nonce, body), keys.platform_private) };
}

function wechatCall(keys) {
  const call = { appId: 'wx8888888888888888', timeStamp: '1769848200', nonceStr: '593BEC0C930BF1AFEB40B4A08C8FB242', package: 'prepay_id=wx201410272009395522657a690389285100' };
  return { ...call, signType: 'RSA', paySign: Rsa.sign(Formatter.joinedByLineFeed(call.appId, call.timeStamp, call.nonceStr, call.package), keys.merchant_private) };
}

function stripeEvent(secret, payload) {
  const timestamp = 1769848200;
  return { payload, timestamp, header: stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp }) };
}

function make(keys, certificates) {
  const transaction = JSON.stringify({ mchid: '1900000001', appid: 'wx8888888888888888', out_trade_no: 'T20260131', trade_state: 'SUCCESS', amount: { total: 1999, currency: 'CNY' }, attach: tricky });
  return {
    alipay: {
      request: pageParameters(alipay(keys)),
      certificate_request: pageParameters(alipay(keys, certificates)),
      notices: [
        signNotice(keys, { app_id: '2021000000000001', seller_id: '2088000000000001', notify_id: 'n1', notify_time: '2026-01-31 16:30:00', out_trade_no: 'T20260131', trade_status: 'TRADE_SUCCESS', total_amount: '19.99', subject: tricky, body: '中文 100%' }),
        signNotice(keys, { app_id: '2021000000000001', notify_id: 'n2', out_trade_no: 'T20260131', trade_status: 'TRADE_SUCCESS', total_amount: '19.99', refund_fee: '5.00', gmt_refund: '2026-01-31 17:00:00.123' }),
      ],
      response: (() => {
        const inner = '{"code":"10000","msg":"Success","trade_no":"2026013122001","total_amount":"19.99","buyer":"a\\/b","subject":"中文"}';
        return { inner, sign: createSign('RSA-SHA256').update(inner, 'utf8').sign(keys.platform_private, 'base64') };
      })(),
    },
    wechat: {
      requests: [
        wechatRequest(keys, 'POST', '/v3/pay/transactions/native', JSON.stringify({ description: tricky, amount: { total: 1999, currency: 'CNY' } })),
        wechatRequest(keys, 'GET', '/v3/pay/transactions/out-trade-no/T20260131?mchid=1900000001', ''),
      ],
      notices: [wechatNotice(keys, transaction, 'transaction'), wechatNotice(keys, transaction, '')],
      jsapi: wechatCall(keys),
      certificate: { nonce: 'c0ffee123456', associated_data: 'certificate', plain: certificates.app, ciphertext: AesGcm.encrypt(certificates.app, keys.api_v3_key, 'c0ffee123456', 'certificate') },
      empty: { timestamp: '1769848200', nonce: 'n', signature: Rsa.sign(Formatter.response('1769848200', 'n', ''), keys.platform_private) },
    },
    stripe: [stripeEvent(keys.stripe_secret, JSON.stringify({ id: 'evt_1', object: 'event', type: 'checkout.session.completed', data: { object: { object: 'checkout.session', id: 'cs_1', metadata: { note: tricky } } } })), stripeEvent(keys.stripe_secret, '{"id":"evt_2","object":"event","type":"x"}')],
  };
}

/** What the SDKs say to something signed, and to the same with one character changed. */
function accepts(keys, signed) {
  const sdk = alipay(keys);
  const bytes = (text) => text.slice(0, -1) + (text.at(-1) === 'x' ? 'y' : 'x');
  for (const notice of signed.alipay.notices) {
    assert.ok(sdk.checkNotifySignV2({ ...notice }), 'alipay notice');
    assert.ok(!sdk.checkNotifySignV2({ ...notice, total_amount: '0.01' }), 'tampered alipay notice');
  }
  const merchant = new AlipaySdk({ appId: '1', privateKey: keys.merchant_private, alipayPublicKey: keys.merchant_public.replace(/-----[^-]+-----|\s/g, ''), keyType: 'PKCS8' });
  for (const request of [signed.alipay.request, signed.alipay.certificate_request].filter(Boolean)) {
    assert.ok(merchant.checkNotifySignV2({ ...request }), 'alipay request');
    assert.ok(!merchant.checkNotifySignV2({ ...request, biz_content: bytes(request.biz_content) }), 'tampered alipay request');
  }
  const { inner, sign } = signed.alipay.response;
  sdk.checkResponseSign(`{"alipay_trade_query_response":${inner},"sign":"${sign}"}`, 'alipay_trade_query_response', sign, 't');
  assert.throws(() => sdk.checkResponseSign(`{"alipay_trade_query_response":${inner.replace('19.99', '19.98')},"sign":"${sign}"}`, 'alipay_trade_query_response', sign, 't'));

  for (const { method, uri, timestamp, nonce, body, signature } of signed.wechat.requests) {
    assert.ok(Rsa.verify(Formatter.request(method, uri, timestamp, nonce, body), signature, keys.merchant_public), 'wechat request');
    assert.ok(!Rsa.verify(Formatter.request(method, `${uri}x`, timestamp, nonce, body), signature, keys.merchant_public), 'tampered wechat request');
  }
  for (const { timestamp, nonce, body, plain, signature } of signed.wechat.notices) {
    assert.ok(Rsa.verify(Formatter.response(timestamp, nonce, body), signature, keys.platform_public), 'wechat notice');
    assert.ok(!Rsa.verify(Formatter.response(timestamp, nonce, body.replace('SUCCESS', 'SUCCESs')), signature, keys.platform_public), 'tampered wechat notice');
    const { resource } = JSON.parse(body);
    assert.equal(AesGcm.decrypt(resource.ciphertext, keys.api_v3_key, resource.nonce, resource.associated_data ?? ''), plain);
    assert.throws(() => AesGcm.decrypt(resource.ciphertext.replace(/^./, (first) => (first === 'A' ? 'B' : 'A')), keys.api_v3_key, resource.nonce, resource.associated_data ?? ''));
  }
  for (const { payload, header, timestamp } of signed.stripe) {
    assert.ok(stripe.webhooks.constructEvent(payload, header, keys.stripe_secret, 300, undefined, timestamp * 1000).id);
    assert.throws(() => stripe.webhooks.constructEvent(`${payload} `, header, keys.stripe_secret, 300, undefined, timestamp * 1000));
    assert.throws(() => stripe.webhooks.constructEvent(payload, header, `${keys.stripe_secret}0`, 300, undefined, timestamp * 1000));
    assert.throws(() => stripe.webhooks.constructEvent(payload, header, keys.stripe_secret, 300, undefined, (timestamp + 301) * 1000));
  }
}

if (mode === 'generate') {
  const pair = () => generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } });
  const [merchant, platform] = [pair(), pair()];
  const keys = { merchant_private: merchant.privateKey, merchant_public: merchant.publicKey, platform_private: platform.privateKey, platform_public: platform.publicKey, api_v3_key: '0123456789abcdefghijklmnopqrstuv', stripe_secret: 'whsec_0123456789abcdef0123456789' };
  const certificates = { app: readFileSync(`${path}/app.pem`, 'utf8'), root: readFileSync(`${path}/root.pem`, 'utf8') };
  const signed = make(keys, certificates);
  accepts(keys, signed);
  certificates.app_serial = signed.alipay.certificate_request.app_cert_sn;
  certificates.root_serial = signed.alipay.certificate_request.alipay_root_cert_sn;
  process.stdout.write(JSON.stringify({ sdks: { 'alipay-sdk': '4.14.0', 'wechatpay-axios-plugin': '0.9.6', stripe: '23.1.0' }, keys, certificates, ...signed }, null, 1) + '\n');
} else if (mode === 'check') {
  const { keys, certificates, sdks, ...committed } = JSON.parse(readFileSync(path, 'utf8'));
  assert.deepEqual(make(keys, certificates), committed);
  accepts(keys, committed);
  console.log('ok');
} else if (mode === 'accept') {
  const { keys, ...signed } = JSON.parse(readFileSync(path, 'utf8'));
  accepts(keys, signed);
  console.log('ok');
} else {
  throw new Error(`There is no mode ${mode}.`);
}
