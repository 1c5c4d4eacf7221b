// scenarios5.js — mqtt.js speaks MQTT 5 to the hub: as scenarios.js, run by test_mqtt5_js.py.
'use strict';

const assert = require('node:assert/strict');
const { Client, main, prefix, topic } = require('./client.js');

const FIVE = { protocolVersion: 5 };
const LASTING = { ...FIVE, clean: false, properties: { sessionExpiryInterval: 60 } };

const open = (id, options = {}) => Client.open(id, { ...FIVE, ...options });

// All packets of one kind that a client sends or gets from now on.
function watch(client, event, cmd) {
  const seen = [];
  client.mqtt.on(event, (packet) => {
    if (packet.cmd === cmd) seen.push({ ...packet });
  });
  return seen;
}

// Whether a retained message comes with a new subscription.
async function kept(client, where) {
  await client.subscribe(where, 0);
  const all = await client.fence();
  await client.unsubscribe(where);
  return all.length > 0;
}

// Resolves when what the hub gets now with so many seconds to live has expired.
async function untilSecondsPass(seconds) {
  const clock = await open('clock');
  const properties = { messageExpiryInterval: seconds };
  await clock.publish(topic('clock'), 'x', 1, { retain: true, properties });
  assert.equal(await kept(clock, topic('clock')), true);
  while (await kept(clock, topic('clock')));
  await clock.end();
}

// The bridge of zigbee2mqtt, as its lib/mqtt.ts connects, says that it is there, and subscribes.
class Bridge {
  constructor() {
    this.base = topic('zigbee2mqtt');
    this.client = new Client('bridge', {
      ...FIVE,
      reconnectPeriod: 1,
      keepalive: 60,
      will: { topic: `${this.base}/bridge/state`, payload: Buffer.from('{"state":"offline"}'), retain: true, qos: 1 },
      properties: { maximumPacketSize: 1048576 },
    });
    this.client.mqtt.on('connect', async () => {
      await this.publish('bridge/state', '{"state":"online"}', { retain: true });
      await this.client.mqtt.subscribeAsync(`${this.base}/#`);
      this.client.mqtt.emit('ready');
    });
  }

  publish(where, payload, options = {}) {
    return this.client.publish(`${this.base}/${where}`, payload, options.qos || 0, options);
  }

  // Requests that others have published, without what it has published itself.
  async request() {
    for (;;) {
      const message = await this.client.next();
      if (/\/(set|get|request\/.*)$/.test(message.topic)) return message;
    }
  }
}

const scenarios = {
  async connects() {
    const client = await open('one');
    const { reasonCode, sessionPresent, properties } = client.connack;
    assert.deepEqual([reasonCode, sessionPresent], [0, false]);
    assert.equal(properties.receiveMaximum, 1000);
    assert.equal(properties.topicAliasMaximum, 32);
    assert.equal(properties.maximumPacketSize, 2097152);
    await client.end();
  },

  async id_that_the_hub_makes() {
    const client = await open('');
    const id = client.connack.properties.assignedClientIdentifier;
    assert.ok(id);
    await client.subscribe(topic('t'), 1);
    await client.publish(topic('t'), 'x', 1);
    await client.expect(topic('t'), 'x', { qos: 1 });
    await client.end();
  },

  async every_qos_both_ways() {
    const client = await open('one');
    const sender = await open('two');
    for (const granted of [0, 1, 2]) {
      assert.equal(await client.subscribe(topic('t'), granted), granted);
      for (const sent of [0, 1, 2]) {
        await sender.publish(topic('t'), `${sent}`, sent);
        await client.expect(topic('t'), `${sent}`, { qos: Math.min(sent, granted), retain: false, dup: false });
      }
    }
    await client.end();
    await sender.end();
  },

  async properties_pass_in_order() {
    const client = await open('one');
    const properties = {
      payloadFormatIndicator: true,
      contentType: 'application/json',
      responseTopic: topic('answers'),
      correlationData: Buffer.from([0, 1, 255]),
      userProperties: { z: '1', a: ['2', '1', '2'], größe: '∞', 'with space': '' },
    };
    await client.subscribe(topic('t'), 2);
    for (const qos of [0, 1, 2]) {
      for (const retain of [false, true]) {
        await client.publish(topic('t'), '{}', qos, { retain, properties });
        const got = (await client.expect(topic('t'), '{}', { qos, retain: false })).properties;
        assert.deepEqual(Object.entries(got.userProperties), Object.entries(properties.userProperties));
        assert.deepEqual({ ...got, userProperties: { ...got.userProperties } }, properties);
      }
    }
    await client.subscribe(topic('t'), 1);
    const { userProperties } = (await client.expect(topic('t'), '{}', { retain: true })).properties;
    assert.deepEqual(Object.entries(userProperties), Object.entries(properties.userProperties));
    await client.end();
  },

  // mqtt.js gives aliases by itself, and takes the least used one when there is none left.
  async aliases_to_the_hub() {
    const watcher = await open('watcher');
    await watcher.subscribe(topic('t/#'), 2);
    const sender = await open('sender', { autoAssignTopicAlias: true });
    const sent = watch(sender, 'packetsend', 'publish');
    const numbers = [...Array(200).keys()];
    const where = (i) => topic(`t/${i % 3 ? i % 5 : i % 50}`);
    for (const i of numbers) await sender.publish(where(i), `${i}`, i % 3);
    for (let n = 0; n < numbers.length; n++) {
      const got = await watcher.next();
      assert.equal(got.topic, where(Number(got.payload)));
      assert.ok(!got.properties || got.properties.topicAlias === undefined, 'aliases end at the hub');
    }
    assert.ok(sent.filter((packet) => packet.topic === '').length > 50);
    assert.ok(Math.max(...sent.map((packet) => packet.properties.topicAlias)) <= 32);
    await sender.end();
    await watcher.end();
  },

  // Aliases are those of a connection: after a break they are given anew.
  async aliases_after_a_broken_line() {
    const watcher = await open('watcher');
    await watcher.subscribe(topic('t/#'), 1);
    const sender = await open('sender', {
      ...LASTING, autoUseTopicAlias: true, autoAssignTopicAlias: true, reconnectPeriod: 1,
    });
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 6; i++) await sender.publish(topic(`t/${i % 2}`), `${round} ${i}`, 1);
      for (let i = 0; i < 6; i++) await watcher.expect(topic(`t/${i % 2}`), `${round} ${i}`);
      const back = sender.once('connect');
      sender.mqtt.stream.destroy();
      await back;
    }
    await sender.mqtt.endAsync(false, { properties: { sessionExpiryInterval: 0 } });
    await watcher.end();
  },

  // mqtt.js ends with an error when an alias is unknown or above what it allows.
  async aliases_from_the_hub() {
    for (const topicAliasMaximum of [1, 3]) {
      const client = await open(`${topicAliasMaximum}`, { properties: { topicAliasMaximum } });
      await client.subscribe(topic('t/#'), 1);
      for (let i = 0; i < 30; i++) {
        const where = topic(`t/${i % 7 ? i % 3 : i}`);
        await client.publish(where, `${i}`, i % 2);
        await client.expect(where, `${i}`, { qos: i % 2 });
      }
      await client.end();
    }
  },

  async small_receive_maximum() {
    const sender = await open('sender');
    for (const qos of [1, 2]) {
      const client = await open(`${qos}`, { properties: { receiveMaximum: 1 } });
      await client.subscribe(topic(`t${qos}`), qos);
      const sent = [];
      for (let i = 0; i < 100; i++) sent.push(sender.publish(topic(`t${qos}`), `${i}`, qos));
      await Promise.all(sent);
      for (let i = 0; i < 100; i++) await client.expect(topic(`t${qos}`), `${i}`, { qos });
      await client.end();
    }
    await sender.end();
  },

  async request_and_response() {
    const server = await open('server');
    const client = await open('client');
    await server.subscribe(topic('service'), 1);
    await client.subscribe(topic('answers/me'), 1);
    server.mqtt.on('message', (_, payload, { properties: { responseTopic, correlationData } }) => {
      server.publish(responseTopic, `${Number(payload) ** 2}`, 1, { properties: { correlationData } });
    });
    for (let i = 0; i < 20; i++) {
      const correlationData = Buffer.from([i, 255 - i]);
      const properties = { responseTopic: topic('answers/me'), correlationData };
      await client.publish(topic('service'), `${i}`, 1, { properties });
      const answer = await client.expect(topic('answers/me'), `${i * i}`);
      assert.deepEqual(answer.properties, { correlationData });
    }
    await client.end();
    await server.end();
  },

  async overlapping_subscription_ids() {
    const client = await open('one');
    const id = (subscriptionIdentifier) => ({ properties: { subscriptionIdentifier } });
    await client.subscribe(topic('a/#'), 1, id(1));
    await client.subscribe(topic('a/+'), 1, id(268435455));
    await client.subscribe(topic('a/b'), 1);
    await client.publish(topic('a/b'), 'x', 1);
    const got = await client.fence();
    const ids = got.flatMap(({ properties }) => (properties && properties.subscriptionIdentifier) || []);
    assert.deepEqual(ids.sort((a, b) => a - b), [1, 268435455]);
    await client.unsubscribe(topic('a/+'));
    await client.publish(topic('a/c'), 'x', 1);
    const last = await client.expect(topic('a/c'), 'x');
    assert.deepEqual([last.properties.subscriptionIdentifier].flat(), [1]);
    await client.end();
  },

  async options_of_subscriptions() {
    const client = await open('one');
    const other = await open('two');
    await client.subscribe(topic('own'), 1, { nl: true });
    await client.publish(topic('own'), 'mine', 1);
    await other.publish(topic('own'), 'other', 1);
    await client.expect(topic('own'), 'other');
    await client.subscribe(topic('rap'), 1, { rap: true });
    await other.publish(topic('rap'), 'kept', 1, { retain: true });
    await client.expect(topic('rap'), 'kept', { retain: true });
    await client.subscribe(topic('rap'), 1, { rh: 1 });
    assert.deepEqual(await client.fence(), []);
    await other.subscribe(topic('rap'), 1, { rh: 2 });
    assert.deepEqual(await other.fence(), []);
    await other.subscribe(topic('rap'), 1, { rh: 0 });
    await other.expect(topic('rap'), 'kept', { retain: true });
    await client.end();
    await other.end();
  },

  async session_is_resumed() {
    const first = await open('kept', LASTING);
    assert.equal(first.connack.sessionPresent, false);
    await first.subscribe(topic('#'), 2, { properties: { subscriptionIdentifier: 7 } });
    await first.drop();
    const sender = await open('sender');
    const properties = { contentType: 'text/plain', userProperties: { b: '1', a: '2' } };
    await sender.publish(topic('a'), '1', 1, { properties });
    await sender.publish(topic('a'), '2', 2, { properties });
    await sender.end();
    const again = new Client('kept', LASTING);
    assert.equal((await again.once('connect')).sessionPresent, true);
    for (const qos of [1, 2]) {
      const got = (await again.expect(topic('a'), `${qos}`, { qos })).properties;
      assert.deepEqual({ ...got, userProperties: { ...got.userProperties } },
        { ...properties, subscriptionIdentifier: 7 });
    }
    await again.mqtt.endAsync(false, { properties: { sessionExpiryInterval: 0 } });
    const last = await open('kept', LASTING);
    assert.equal(last.connack.sessionPresent, false);
    await last.end();
  },

  // Without an expiry the session goes with the connection, though it did not begin clean.
  async session_without_expiry() {
    for (let round = 0; round < 2; round++) {
      const client = await open('one', { clean: false });
      assert.equal(client.connack.sessionPresent, false);
      await client.subscribe(topic('t'), 1);
      await client.drop();
    }
  },

  async session_expires() {
    const client = await open('one', { ...FIVE, clean: false, properties: { sessionExpiryInterval: 1 } });
    await client.subscribe(topic('t'), 1);
    await client.drop();
    await untilSecondsPass(2);
    const again = await open('one', LASTING);
    assert.equal(again.connack.sessionPresent, false);
    await again.end();
  },

  async messages_expire() {
    const away = await open('away', LASTING);
    await away.subscribe(topic('t'), 1);
    await away.drop();
    const sender = await open('sender');
    for (const [payload, messageExpiryInterval] of [['short', 1], ['long', 100]]) {
      await sender.publish(topic('t'), payload, 1, { properties: { messageExpiryInterval } });
    }
    await untilSecondsPass(2);
    const back = new Client('away', LASTING);
    const long = await back.expect(topic('t'), 'long');
    assert.ok(long.properties.messageExpiryInterval <= 99 && long.properties.messageExpiryInterval > 70);
    assert.deepEqual(await back.fence(), []);
    await back.end();
    await sender.end();
  },

  async packets_that_are_too_large_for_us() {
    const client = await open('one', { properties: { maximumPacketSize: 300 } });
    const sender = await open('two');
    await client.subscribe(topic('t'), 1);
    await sender.publish(topic('t'), 'x'.repeat(400), 1);
    await sender.publish(topic('t'), 'short', 1, { properties: { userProperties: { k: 'v'.repeat(400) } } });
    await sender.publish(topic('t'), 'short', 1);
    const got = await client.expect(topic('t'), 'short');
    assert.equal(got.properties && got.properties.userProperties, undefined);
    await client.end();
    await sender.end();
  },

  async nobody_has_subscribed() {
    const client = await open('one');
    const acks = watch(client, 'packetreceive', 'puback');
    await client.publish(topic('t'), 'x', 1);
    assert.equal(acks[0].reasonCode, 0x10);
    await client.end();
  },

  async newcomer_takes_over() {
    const old = await open('twin', LASTING);
    const told = old.once('disconnect');
    const closed = old.once('close');
    const young = await open('twin', LASTING);
    assert.equal((await told).reasonCode, 0x8e);
    await closed;
    assert.equal(young.connack.sessionPresent, true);
    await young.end();
  },

  async will_is_delayed() {
    const watcher = await open('watcher');
    await watcher.subscribe(topic('will'), 1);
    const options = {
      ...LASTING,
      will: {
        topic: topic('will'), payload: 'gone', qos: 1,
        properties: { willDelayInterval: 1, contentType: 'text/plain', userProperties: { b: '1', a: '2' } },
      },
    };
    const first = await open('dying', options);
    await first.drop();
    const back = await open('dying', options);
    assert.equal(back.connack.sessionPresent, true);
    await untilSecondsPass(2);
    assert.deepEqual(await watcher.fence(), []);
    await back.drop();
    const { properties } = await watcher.expect(topic('will'), 'gone', { qos: 1 });
    assert.equal(properties.contentType, 'text/plain');
    assert.deepEqual(Object.entries(properties.userProperties), [['b', '1'], ['a', '2']]);
    assert.equal(properties.willDelayInterval, undefined);
    await watcher.end();
  },

  async leaves_with_its_will() {
    const watcher = await open('watcher');
    await watcher.subscribe(topic('will'), 1);
    for (const reasonCode of [0, 4]) {
      const leaving = await open('leaving', { will: { topic: topic('will'), payload: `${reasonCode}`, qos: 1 } });
      await leaving.mqtt.endAsync(false, { reasonCode });
    }
    await watcher.expect(topic('will'), '4');
    assert.deepEqual(await watcher.fence(), []);
    await watcher.end();
  },

  async shared_with_another_version() {
    const members = [await open('five'), await Client.open('old'), await open('six')];
    const sender = await open('sender', { autoAssignTopicAlias: true });
    for (const member of members) await member.subscribe(`$share/g/${topic('jobs/+')}`, 1);
    for (let i = 0; i < 60; i++) await sender.publish(topic(`jobs/${i % 4}`), `${i}`, 1);
    const got = [];
    for (const member of members) {
      const share = (await member.fence()).map(({ payload }) => Number(payload));
      assert.ok(share.length > 0);
      got.push(...share);
      await member.end();
    }
    assert.deepEqual(got.sort((a, b) => a - b), [...Array(60).keys()]);
    await sender.end();
  },

  // The subscriber's line breaks again and again.
  async exactly_once_to_a_broken_line() {
    const reader = await open('reader', { ...LASTING, reconnectPeriod: 1 });
    await reader.subscribe(topic('t'), 2, { properties: { subscriptionIdentifier: 3 } });
    const sender = await open('sender');
    const got = [];
    for (let round = 0; round < 10; round++) {
      const sent = [];
      for (let i = 0; i < 20; i++) sent.push(sender.publish(topic('t'), `${round * 20 + i}`, 2));
      if (round % 2) got.push(await reader.next());
      const back = reader.once('connect');
      reader.mqtt.stream.destroy();
      await back;
      await Promise.all(sent);
    }
    while (got.length < 200) got.push(await reader.next());
    assert.deepEqual(got.map(({ payload }) => Number(payload)).sort((a, b) => a - b), [...Array(200).keys()]);
    assert.ok(got.every(({ properties }) => properties.subscriptionIdentifier === 3));
    assert.deepEqual((await reader.fence()).map(({ payload }) => payload), []);
    await reader.mqtt.endAsync(false, { properties: { sessionExpiryInterval: 0 } });
    await sender.end();
  },

  // zigbee2mqtt, its frontend, and Home Assistant, which sees whether the bridge is there.
  async zigbee2mqtt() {
    const base = topic('zigbee2mqtt');
    const frontend = await open('frontend');
    await frontend.subscribe(`${base}/bridge/state`, 1);
    const bridge = new Bridge();
    await bridge.client.once('ready');
    await frontend.expect(`${base}/bridge/state`, '{"state":"online"}');

    const config = Array.from({ length: 40 }, (_, i) => topic(`homeassistant/light/0x${i}/light/config`));
    await Promise.all(config.map((where) => bridge.client.publish(where, '{}', 1, { retain: true })));
    await frontend.publish(`${base}/lamp/set`, '{"state":"ON"}', 0);
    assert.equal((await bridge.request()).topic, `${base}/lamp/set`);
    const properties = { messageExpiryInterval: 900 };
    await bridge.publish('lamp', '{"state":"ON"}', { qos: 1, retain: true, properties });
    await frontend.publish(`${base}/bridge/request/permit_join`, '{"time":254,"transaction":"1"}', 0);
    const { payload } = await bridge.request();
    await frontend.subscribe(`${base}/bridge/response/#`, 0);
    await bridge.publish('bridge/response/permit_join', payload);
    await frontend.expect(`${base}/bridge/response/permit_join`, payload);

    bridge.client.mqtt.stream.destroy(); // it connects again by itself
    await frontend.expect(`${base}/bridge/state`, '{"state":"offline"}', { qos: 1, retain: false });
    await bridge.client.once('ready');
    await frontend.expect(`${base}/bridge/state`, '{"state":"online"}');

    const late = await open('late');
    await late.subscribe([topic('homeassistant/+/+/+/config'), `${base}/#`], 0);
    const got = await late.fence();
    assert.equal(got.length, 42);
    assert.ok(got.every(({ retain }) => retain));
    const lamp = got.find((message) => message.topic === `${base}/lamp`);
    assert.ok(lamp.properties.messageExpiryInterval <= 900 && lamp.properties.messageExpiryInterval > 800);

    await bridge.publish('bridge/state', '{"state":"offline"}', { retain: true });
    await bridge.client.end();
    await frontend.expect(`${base}/bridge/state`, '{"state":"offline"}', { qos: 0 });
    assert.deepEqual(await frontend.fence(), [], 'no will');
    await frontend.end();
    await late.end();
  },
};

main(scenarios);
