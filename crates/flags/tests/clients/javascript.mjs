// Evaluates flags with stock OpenFeature providers. Arguments: gRPC address, HTTP address.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

const require = createRequire(process.env.NODE_MODULES + '/');
const { OpenFeature } = require('@openfeature/server-sdk');
const { FlagdProvider } = require('@openfeature/flagd-provider');
const { OFREPProvider } = require('@openfeature/ofrep-provider');

const [grpc, http] = process.argv.slice(2);
const [host, port] = grpc.split(':');
const ann = { targetingKey: 'ann', plan: 'team', level: 5 };

async function check(name, provider) {
  await OpenFeature.setProviderAndWait(name, provider);
  const client = OpenFeature.getClient(name);
  const on = await client.getBooleanDetails('beta', false, ann);
  assert.deepEqual([on.value, on.variant], [true, 'on'], name);
  assert.equal(await client.getBooleanValue('beta', true, { targetingKey: 'bob' }), false, name);
  const size = await client.getNumberDetails('size', 0, ann);
  assert.deepEqual([size.value, size.variant], [5, 'large'], name);
  assert.equal(await client.getNumberValue('ratio', 0, ann), 0.25, name);
  assert.deepEqual(await client.getObjectValue('limits', {}, ann), { files: 3, names: ['a'] }, name);
  const missing = await client.getBooleanDetails('missing', true, ann);
  assert.deepEqual([missing.value, missing.errorCode], [true, 'FLAG_NOT_FOUND'], name);
  const wrong = await client.getStringDetails('beta', 'x', ann);
  assert.deepEqual([wrong.value, wrong.errorCode], ['x', 'TYPE_MISMATCH'], name);
  assert.equal(await client.getBooleanValue('disabled', true, ann), true, name);
  const theme = await client.getStringDetails('theme', 'none', { targetingKey: 'user-1' });
  return theme.variant;
}

const options = { host, port: Number(port), tls: false };
const variants = [await check('rpc', new FlagdProvider({ ...options, resolverType: 'rpc' }))];
variants.push(await check('ofrep', new OFREPProvider({ baseUrl: `http://${http}` })));
assert.equal(new Set(variants).size, 1, String(variants));
// This provider uses `fractional` of version 2, so its share differs.
await check('in-process', new FlagdProvider({ ...options, resolverType: 'in-process' }));

const client = OpenFeature.getClient('rpc');
const changed = new Promise((resolve) => client.addHandler('PROVIDER_CONFIGURATION_CHANGED', resolve));
console.log('ready');
await new Promise((resolve) => process.stdin.once('data', resolve));
await changed;
await OpenFeature.close();
console.log('done');
process.exit(0);
