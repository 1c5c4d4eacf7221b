// scenarios_ws.js — mqtt.js over WebSocket, as web pages and Node use it: as scenarios.js, run by
// test_websocket_clients.py. In place of URL stands a setting in JSON: ports by listener, the CA's file, a thing with
// its files, a user, an access key, and whether the profile takes a Close frame for DISCONNECT.
'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const vm = require('node:vm');
const mqtt = require('mqtt');
const WebSocket = require('ws');
const { Client, main, topic } = require('./client.js');

const setting = process.argv[3] ? JSON.parse(process.argv[3]) : {};
const HOST = '127.0.0.1';
const TLS = ['mqtts', 'https'];
const LEVELS = [4, 5];

const at = (listener, path = '/mqtt') =>
  `${TLS.includes(listener) ? 'wss' : 'ws'}://${HOST}:${setting.ports[listener]}${path}`;
const trust = () => ({ ca: fs.readFileSync(setting.ca) });
const certificate = () => ({
  ...trust(), cert: fs.readFileSync(setting.thing.cert), key: fs.readFileSync(setting.thing.key),
});
const login = () => ({ ...trust(), username: setting.user, password: setting.password });

const sha256 = (text) => crypto.createHash('sha256').update(text).digest('hex');
const hmac = (key, text) => crypto.createHmac('sha256', key).update(text).digest();

// A presigned URL as programs with mqtt.js make it by hand: the host without its port, a day to live.
function presign(url, { key, secret } = setting) {
  const { hostname, host, pathname } = new URL(url);
  const now = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const scope = `${now.slice(0, 8)}/eu-central-1/iotdevicegateway/aws4_request`;
  const query = [
    ['X-Amz-Algorithm', 'AWS4-HMAC-SHA256'], ['X-Amz-Credential', `${key}/${scope}`], ['X-Amz-Date', now],
    ['X-Amz-Expires', '86400'], ['X-Amz-SignedHeaders', 'host'],
  ].map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
  const request = ['GET', pathname, query, `host:${hostname}`, '', 'host', sha256('')].join('\n');
  const text = ['AWS4-HMAC-SHA256', now, scope, sha256(request)].join('\n');
  const signer = scope.split('/').reduce(hmac, `AWS4${secret}`);
  return `wss://${host}${pathname}?${query}&X-Amz-Signature=${hmac(signer, text).toString('hex')}`;
}

// Every reconnect has a signature of its own.
const signed = (words) => ({ ...trust(), transformWsUrl: (url) => presign(url, words) });

// It says something to itself.
async function works(client, where = topic('echo')) {
  for (const qos of [0, 1, 2]) {
    await client.subscribe(where, qos);
    await client.publish(where, `${qos}`, qos);
    await client.expect(where, `${qos}`, { qos });
  }
  await client.end();
}

// Options of a client whose sockets can be got at: `sockets.last` is the one that it has.
function opened(sockets) {
  const createWebsocket = (url, protocols, { wsOptions }) => {
    sockets.last = new WebSocket(url, protocols, wsOptions);
    return sockets.last;
  };
  return { createWebsocket };
}

// Why a client cannot connect: what the hub answers to the upgrade, or to CONNECT.
function refused(url, options) {
  const sockets = {};
  const client = mqtt.connect(url, { reconnectPeriod: 0, ...opened(sockets), ...options });
  return new Promise((resolve, reject) => {
    sockets.last.on('error', (error) => client.end(true, () => resolve(error.message)));
    client.on('error', (error) => client.end(true, () => resolve(error.message)));
    client.on('connect', () => reject(new Error('connected')));
  });
}

async function willAt(protocolVersion, leave) {
  const where = topic(`will${protocolVersion}`);
  const watch = await Client.open(`watch${protocolVersion}`, { at: at('mqtt'), protocolVersion });
  await watch.subscribe(where, 1);
  const will = { topic: where, payload: 'gone', qos: 1 };
  const sockets = {};
  const leaving = await Client.open('leaving', { at: at('http'), protocolVersion, will, ...opened(sockets) });
  const closed = leaving.once('close');
  leave(sockets.last);
  await closed;
  return { watch, where };
}

async function largeMessages(options) {
  const payload = 'large '.repeat(2090000 / 6);
  for (const protocolVersion of LEVELS) {
    const client = await Client.open('large', { ...options, protocolVersion });
    await client.subscribe(topic('large'), 2);
    for (const qos of [0, 1, 2]) {
      await client.publish(topic('large'), payload, qos);
      assert.ok((await client.next()).payload === payload);
    }
    await client.end();
  }
}

const scenarios = {
  async plain_ports_at_both_paths() {
    for (const listener of ['mqtt', 'http'])
      for (const path of ['/', '/mqtt'])
        for (const protocolVersion of LEVELS)
          await works(await Client.open('plain', { at: at(listener, path), protocolVersion }));
  },

  async certificate() {
    const id = setting.thing.name;
    for (const listener of TLS)
      for (const protocolVersion of LEVELS) {
        const client = await Client.open('', { at: at(listener), protocolVersion, clientId: id, ...certificate() });
        await works(client, `device/${id}/echo`);
      }
  },

  async user_and_password() {
    for (const listener of TLS)
      for (const protocolVersion of LEVELS)
        await works(await Client.open('user', { at: at(listener, '/'), protocolVersion, ...login() }));
  },

  async presigned() {
    for (const listener of TLS)
      for (const protocolVersion of LEVELS)
        await works(await Client.open('signed', { at: at(listener), protocolVersion, ...signed() }));
  },

  async refused() {
    const wrong = { key: setting.key, secret: 'wrong' };
    assert.equal(await refused(at('https'), signed(wrong)), 'Unexpected server response: 403');
    assert.equal(await refused(at('http', '/nothing'), {}), 'Unexpected server response: 404');
    assert.equal(await refused(at('http'), { wsOptions: { origin: 'https://evil.example' } }),
      'Unexpected server response: 403');
    assert.match(await refused(at('https'), {}), /certificate/);
    for (const protocolVersion of LEVELS) {
      assert.match(await refused(at('https'), { ...trust(), protocolVersion }), /^Connection refused: Not authorized$/);
      assert.match(await refused(at('https'), { ...login(), password: 'wrong', protocolVersion }),
        /^Connection refused: Bad (username|User Name) or password$/i);
    }
  },

  async large_messages() {
    await largeMessages({ at: at('http') });
  },

  async large_messages_with_tls() {
    await largeMessages({ at: at('https'), ...login() });
  },

  async many_small_messages() {
    const reader = await Client.open('reader', { at: at('http') });
    const sender = await Client.open('sender', { at: at('https'), ...login(), protocolVersion: 5 });
    for (const qos of [0, 1, 2]) {
      await reader.subscribe(topic(`t${qos}`), qos);
      for (let from = 0; from < 2000; from += 500) {
        const numbers = [...Array(500).keys()].map((i) => `${from + i}`);
        await Promise.all(numbers.map((number) => sender.publish(topic(`t${qos}`), number, qos)));
        for (const number of numbers) await reader.expect(topic(`t${qos}`), number, { qos });
      }
    }
    await reader.end();
    await sender.end();
  },

  async will_of_a_lost_socket() {
    for (const level of LEVELS) {
      const { watch, where } = await willAt(level, (socket) => socket.terminate());
      await watch.expect(where, 'gone');
      await watch.end();
    }
  },

  // The Close frame of WebSocket is not MQTT's DISCONNECT; to AWS it is.
  async will_of_a_close_frame() {
    for (const level of LEVELS) {
      const { watch, where } = await willAt(level, (socket) => socket.close(1000));
      if (!setting.closeFrameIsDisconnect) await watch.expect(where, 'gone');
      assert.deepEqual(await watch.fence(), []);
      await watch.end();
    }
  },

  // The line breaks again and again, each time with a signature of its own.
  async session_goes_on() {
    for (const protocolVersion of LEVELS) {
      const where = topic(`kept${protocolVersion}`);
      const properties = protocolVersion === 5 ? { sessionExpiryInterval: 60 } : undefined;
      const sockets = {};
      const options = {
        at: at('https'), protocolVersion, clean: false, properties, reconnectPeriod: 1, ...signed(), ...opened(sockets),
      };
      const reader = await Client.open(`kept${protocolVersion}`, options);
      assert.equal(reader.connack.sessionPresent, false);
      await reader.subscribe(where, 2);
      const sender = await Client.open('sender', { at: at('http') });
      for (let round = 0; round < 6; round++) {
        const back = reader.once('connect');
        sockets.last[round % 2 ? 'close' : 'terminate']();
        const sent = [0, 1, 2, 3].map((i) => sender.publish(where, `${round}.${i}`, 2));
        assert.equal((await back).sessionPresent, true);
        await Promise.all(sent);
        for (let i = 0; i < 4; i++) await reader.expect(where, `${round}.${i}`);
      }
      await reader.end();
      await sender.end();
      await (await Client.open(`kept${protocolVersion}`, { at: at('http'), protocolVersion })).end();
    }
  },

  // What mqtt.js is in a browser, with the socket of one.
  async bundle_for_browsers() {
    Object.assign(global, { WebSocket, window: { document: {} } });
    global.navigator ??= {};
    vm.runInThisContext(fs.readFileSync(require.resolve('mqtt/dist/mqtt'), 'utf8')); // as <script> does
    const page = global.mqtt;
    for (const protocolVersion of LEVELS) {
      const client = page.connect(at('http'), {
        protocolVersion, clientId: topic('page'), reconnectPeriod: 0, timerVariant: 'native',
      });
      client.on('error', (error) => { throw error; });
      await new Promise((resolve) => client.once('connect', resolve));
      await client.subscribeAsync(topic('page'), { qos: 2 });
      for (const payload of ['x', 'y'.repeat(1000000)]) {
        const came = new Promise((resolve) => client.once('message', (_, got) => resolve(got)));
        await client.publishAsync(topic('page'), payload, { qos: 2 });
        assert.ok((await came).toString() === payload);
      }
      await client.endAsync();
    }
  },
};

main(scenarios);
