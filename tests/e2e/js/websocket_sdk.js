// websocket_sdk.js — AWS's device SDKs for JavaScript over WebSocket, each with the signatures that it makes by itself:
// v1 signs its URL by hand, v2 with the native code that AWS's other SDKs have too. Run by test_websocket_sdk.py:
// node websocket_sdk.js NAME SETTING PREFIX. The setting is JSON: ports by listener, the CA's file, an access key, and
// a token. No time is measured, every step awaits an event.
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');

const [name, setting, prefix] = process.argv.slice(2);
const { ports, ca, key, secret, token } = JSON.parse(setting || '{}');
const HOST = '127.0.0.1';
const REGION = 'eu-central-1';
const PORTS = ['https', 'mqtts'];
const topic = (rest) => `${prefix}/${rest}`;
const text = (payload) => Buffer.from(payload).toString();
const once = (emitter, event) => new Promise((resolve) => emitter.once(event, (...all) => resolve(all)));
const settle = (start) => new Promise((resolve, reject) => {
  start((error, got) => (error ? reject(error) : resolve(got)));
});

// The hub ends the connection of a client, and forgets its session.
async function kick(id) {
  const url = `http://${HOST}:${ports.http}/hub/sessions/${encodeURIComponent(id)}`;
  const answer = await fetch(url, { method: 'DELETE', headers: { Authorization: `Bearer ${token}` } });
  assert.ok(answer.ok, `${answer.status}`);
}

// ---- v1

const v1Options = (id, more) => ({
  protocol: 'wss', host: HOST, port: ports.https, region: REGION, accessKeyId: key, secretKey: secret,
  clientId: `${prefix}-${id}`, websocketOptions: { ca: fs.readFileSync(ca) }, baseReconnectTimeMs: 10, ...more,
});

function v1Device(id, more) {
  const { device } = require('aws-iot-device-sdk');
  return device(v1Options(id, more));
}

async function v1Works(device, where) {
  for (const qos of [0, 1]) {
    const came = once(device, 'message');
    await settle((done) => device.subscribe(where, { qos }, done));
    await settle((done) => device.publish(where, `${qos}`, { qos }, done));
    const [at, payload] = await came;
    assert.deepEqual([at, text(payload)], [where, `${qos}`]);
  }
}

// ---- v2

function credentials(secretKey = secret) {
  const { auth } = require('aws-iot-device-sdk-v2');
  return auth.AwsCredentialsProvider.newStatic(key, secretKey);
}

function viaHeaders(service) {
  const { auth } = require('aws-iot-device-sdk-v2');
  return {
    algorithm: auth.AwsSigningAlgorithm.SigV4,
    signature_type: auth.AwsSignatureType.HttpRequestViaHeaders,
    provider: credentials(),
    region: REGION,
    service,
    signed_body_value: auth.AwsSignedBodyValue.EmptySha256,
    omit_session_token: true,
  };
}

function v2Connection(id, options = {}, change = (builder) => builder) {
  const { iot, mqtt } = require('aws-iot-device-sdk-v2');
  const builder = iot.AwsIotMqttConnectionConfigBuilder
    .new_with_websockets({ region: REGION, credentials_provider: credentials(), ...options })
    .with_endpoint(HOST)
    .with_port(ports.https)
    .with_certificate_authority_from_path(undefined, ca)
    .with_clean_session(true)
    .with_client_id(`${prefix}-${id}`);
  return new mqtt.MqttClient().new_connection(change(builder).build());
}

async function v2Works(connection, where) {
  await connection.connect();
  for (const qos of [0, 1]) {
    let came;
    const message = new Promise((resolve) => { came = resolve; });
    await connection.subscribe(where, qos, (_, payload) => came(text(payload)));
    await connection.publish(where, `${qos}`, qos);
    assert.equal(await message, `${qos}`);
  }
  await connection.disconnect();
}

function five(id, { port = ports.https, secretKey = secret, change = (config) => config } = {}) {
  const { iot, mqtt5 } = require('aws-iot-device-sdk-v2');
  const builder = iot.AwsIotMqtt5ClientConfigBuilder
    .newWebsocketMqttBuilderWithSigv4Auth(HOST, { region: REGION, credentialsProvider: credentials(secretKey) })
    .withCertificateAuthorityFromPath(undefined, ca)
    .withPort(port)
    .withMinReconnectDelayMs(10)
    .withMaxReconnectDelayMs(100)
    .withConnectProperties({ clientId: `${prefix}-${id}`, keepAliveIntervalSeconds: 1200 });
  return new mqtt5.Mqtt5Client(change(builder.build()));
}

async function start(client) {
  const failed = once(client, 'connectionFailure').then(([{ error, connack }]) => {
    throw new Error(`${error} ${connack && connack.reasonCode}`);
  });
  const connected = once(client, 'connectionSuccess');
  client.start();
  await Promise.race([connected, failed]);
  failed.catch(() => {}); // later ones are not of this start
}

async function fiveSays(client, where, payload, qos = 1) {
  const came = once(client, 'messageReceived');
  await client.subscribe({ subscriptions: [{ topicFilter: where, qos }] });
  await client.publish({ topicName: where, payload, qos });
  const [{ message }] = await came;
  assert.equal(message.topicName, where);
  assert.ok(text(message.payload) === payload);
}

async function stop(client) {
  const stopped = once(client, 'stopped');
  client.stop();
  await stopped;
}

const scenarios = {
  async v1_signs() {
    for (const listener of PORTS) {
      const device = v1Device(listener, { port: ports[listener] });
      await once(device, 'connect');
      await v1Works(device, topic('v1'));
      await settle((done) => device.end(false, done));
    }
  },

  // With a new signature, and its subscriptions.
  async v1_comes_back() {
    const device = v1Device('back');
    await once(device, 'connect');
    await v1Works(device, topic('back'));
    const back = once(device, 'connect');
    await kick(`${prefix}-back`);
    await back;
    await v1Works(device, topic('back'));
    await settle((done) => device.end(false, done));
  },

  async v1_is_refused() {
    const device = v1Device('wrong', { secretKey: 'wrong' });
    device.on('connect', () => { throw new Error('connected'); });
    await once(device, 'close');
    await once(device, 'reconnect');
    await once(device, 'close');
    await settle((done) => device.end(true, done));
  },

  async v1_shadow() {
    const { thingShadow } = require('aws-iot-device-sdk');
    const shadows = thingShadow(v1Options('shadow'));
    await once(shadows, 'connect');
    const thing = `${prefix}-thing`;
    await settle((done) => shadows.register(thing, { ignoreDeltas: true }, done));
    const updated = once(shadows, 'status');
    shadows.update(thing, { state: { reported: { on: true } } });
    assert.equal((await updated)[1], 'accepted');
    const got = once(shadows, 'status');
    shadows.get(thing);
    const [, status, , document] = await got;
    assert.deepEqual([status, document.state.reported], ['accepted', { on: true }]);
    await settle((done) => shadows.end(false, done));
  },

  async v2_signs() {
    for (const listener of PORTS)
      await v2Works(v2Connection(listener, {}, (builder) => builder.with_port(ports[listener])), topic('v2'));
  },

  async v2_signs_for_iotdata() {
    await v2Works(v2Connection('iotdata', { service: 'iotdata' }), topic('v2'));
  },

  async v2_signs_in_a_header() {
    for (const service of ['iotdevicegateway', 'iotdata'])
      await v2Works(v2Connection('header', { create_signing_config: () => viaHeaders(service) }), topic('v2'));
  },

  async v2_is_refused() {
    const wrong = { credentials_provider: credentials('wrong') };
    await assert.rejects(v2Connection('wrong', wrong).connect(), /UPGRADE_FAILURE/);
  },

  async v2_mqtt5_signs() {
    for (const listener of PORTS) {
      const client = five(listener, { port: ports[listener] });
      await start(client);
      for (const qos of [0, 1]) await fiveSays(client, topic(`five${qos}`), `${qos}`, qos);
      await stop(client);
    }
  },

  async v2_mqtt5_signs_in_a_header() {
    const { auth } = require('aws-iot-device-sdk-v2');
    const change = (config) => ({
      ...config,
      websocketHandshakeTransform: (request, done) =>
        auth.aws_sign_request(request, viaHeaders('iotdevicegateway')).then(() => done(), () => done(1)),
    });
    const client = five('header', { change });
    await start(client);
    await fiveSays(client, topic('header'), 'x');
    await stop(client);
  },

  // The SDK holds itself to half a megabyte a second, as AWS wants it.
  async v2_mqtt5_large_message() {
    const client = five('large');
    await start(client);
    await fiveSays(client, topic('large'), 'large '.repeat(50000));
    await stop(client);
  },

  async v2_mqtt5_comes_back() {
    const client = five('back');
    await start(client);
    const told = once(client, 'disconnection');
    const back = once(client, 'connectionSuccess');
    await kick(`${prefix}-back`);
    assert.equal((await told)[0].disconnect.reasonCode, 0x98);
    await back;
    await fiveSays(client, topic('back'), 'x');
    await stop(client);
  },

  async v2_mqtt5_is_refused() {
    const client = five('wrong', { secretKey: 'wrong' });
    const failed = once(client, 'connectionFailure');
    client.start();
    assert.match(`${(await failed)[0].error}`, /UPGRADE_FAILURE/);
    await stop(client);
  },
};

if (name === '--list') {
  console.log(Object.keys(scenarios).join('\n'));
} else {
  process.on('unhandledRejection', (error) => { throw error; });
  scenarios[name]().then(() => {
    console.log(`done ${name}`);
    process.exit(0);
  });
}
