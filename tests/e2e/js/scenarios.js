// scenarios.js — mqtt.js against the hub: each scenario is a function that throws when something is not as it should
// be. Run by test_mqttjs.py, as client.js tells.
'use strict';

const assert = require('node:assert/strict');
const { Client, main, topic } = require('./client.js');

const scenarios = {
  async connects() {
    const client = await Client.open('one');
    assert.equal(client.connack.returnCode, 0);
    assert.equal(client.connack.sessionPresent, false);
    await client.end();
  },

  async every_qos_both_ways() {
    const client = await Client.open('one');
    const sender = await Client.open('two');
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

  async order_is_kept() {
    const client = await Client.open('one');
    const sender = await Client.open('two');
    for (const qos of [0, 1, 2]) {
      await client.subscribe(topic(`t${qos}`), qos);
      const sent = [];
      for (let i = 0; i < 300; i++) sent.push(sender.publish(topic(`t${qos}`), `${i}`, qos));
      await Promise.all(sent);
      for (let i = 0; i < 300; i++) await client.expect(topic(`t${qos}`), `${i}`, { qos });
    }
    await client.end();
    await sender.end();
  },

  async session_is_kept() {
    const first = await Client.open('kept', { clean: false });
    assert.equal(first.connack.sessionPresent, false);
    await first.subscribe(topic('#'), 2);
    await first.end();
    const sender = await Client.open('sender');
    await sender.publish(topic('a'), '1', 1);
    await sender.publish(topic('a'), '2', 2);
    await sender.end();
    const again = new Client('kept', { clean: false });
    const connack = await again.once('connect');
    assert.equal(connack.sessionPresent, true);
    await again.expect(topic('a'), '1', { qos: 1 });
    await again.expect(topic('a'), '2', { qos: 2 });
    await again.end();
    const clean = await Client.open('kept');
    assert.equal(clean.connack.sessionPresent, false);
    assert.deepEqual(await clean.fence(), []);
    await clean.end();
  },

  async will_comes() {
    const watch = await Client.open('watch');
    await watch.subscribe(topic('will'), 2);
    const will = { topic: topic('will'), payload: 'gone', qos: 2, retain: true };
    const leaving = await Client.open('leaving', { will });
    await leaving.end();
    const dying = await Client.open('dying', { will });
    await dying.drop();
    await watch.expect(topic('will'), 'gone', { qos: 2, retain: false });
    assert.deepEqual(await watch.fence(), []);
    await watch.subscribe(topic('will'), 2);
    await watch.expect(topic('will'), 'gone', { retain: true });
    await watch.end();
  },

  async retained_messages() {
    const client = await Client.open('one');
    await client.publish(topic('a'), 'old', 1, { retain: true });
    await client.publish(topic('a'), 'kept', 2, { retain: true });
    for (const filter of ['a', '+', '#', 'a']) {
      await client.subscribe(topic(filter), 1);
      await client.expect(topic('a'), 'kept', { qos: 1, retain: true });
    }
    await client.publish(topic('a'), '', 1, { retain: true });
    await client.expect(topic('a'), '', { retain: false });
    await client.subscribe(topic('a'), 1);
    assert.deepEqual(await client.fence(), []);
    await client.end();
  },

  async overlapping_filters() {
    const client = await Client.open('one');
    await client.subscribe(topic('a/b'), 0);
    await client.subscribe(topic('a/#'), 2);
    await client.subscribe(topic('+/b'), 1);
    await client.publish(topic('a/b'), 'x', 2);
    await client.expect(topic('a/b'), 'x', { qos: 2 });
    await client.unsubscribe(topic('a/#'));
    await client.publish(topic('a/b'), 'y', 2);
    await client.expect(topic('a/b'), 'y', { qos: 1 });
    assert.deepEqual(await client.fence(), []);
    await client.end();
  },

  async ids_that_the_hub_makes() {
    const one = await Client.open('');
    const two = await Client.open('');
    await one.subscribe(topic('t'), 1);
    await two.publish(topic('t'), 'x', 1);
    await one.expect(topic('t'), 'x');
    await one.end();
    await two.end();
  },

  async newcomer_takes_over() {
    const old = await Client.open('twin');
    const closed = old.once('close');
    const young = await Client.open('twin');
    await closed;
    assert.deepEqual(await young.fence(), []);
    await young.end();
  },

  async pings() {
    const client = new Client('one', { keepalive: 1 });
    const ponged = new Promise((resolve) => client.mqtt.on('packetreceive', (packet) => {
      if (packet.cmd === 'pingresp') resolve();
    }));
    await ponged;
    await client.end();
  },

  async mqtt_31() {
    const client = await Client.open('old', { protocolId: 'MQIsdp', protocolVersion: 3 });
    await client.subscribe(topic('t'), 2);
    for (const qos of [0, 1, 2]) {
      await client.publish(topic('t'), `${qos}`, qos);
      await client.expect(topic('t'), `${qos}`, { qos });
    }
    await client.end();
  },

  // The publisher's line breaks again and again, in the middle of its flows; it goes on by itself.
  async exactly_once_from_a_broken_line() {
    const watch = await Client.open('watch');
    await watch.subscribe(topic('t'), 2);
    const sender = await Client.open('sender', { clean: false, reconnectPeriod: 1 });
    const sent = [];
    for (let round = 0; round < 10; round++) {
      for (let i = 0; i < 20; i++) sent.push(sender.publish(topic('t'), `${round * 20 + i}`, 2));
      if (round % 3 === 2) await sent[round * 20 + round];
      const back = sender.once('connect');
      sender.mqtt.stream.destroy();
      await back;
    }
    await Promise.all(sent);
    const got = (await watch.fence()).map((message) => Number(message.payload)).sort((a, b) => a - b);
    assert.deepEqual(got, [...Array(200).keys()]);
    await sender.end();
    await watch.end();
    await (await Client.open('sender')).end();
  },

  // The subscriber's line breaks again and again.
  async exactly_once_to_a_broken_line() {
    const reader = await Client.open('reader', { clean: false, reconnectPeriod: 1 });
    await reader.subscribe(topic('t'), 2);
    const sender = await Client.open('sender');
    const got = [];
    for (let round = 0; round < 10; round++) {
      const sent = [];
      for (let i = 0; i < 20; i++) sent.push(sender.publish(topic('t'), `${round * 20 + i}`, 2));
      if (round % 2) got.push(Number((await reader.next()).payload));
      const back = reader.once('connect');
      reader.mqtt.stream.destroy();
      await back;
      await Promise.all(sent);
    }
    while (got.length < 200) got.push(Number((await reader.next()).payload));
    assert.deepEqual([...got].sort((a, b) => a - b), [...Array(200).keys()]);
    assert.deepEqual((await reader.fence()).map((message) => message.payload), []);
    await reader.end();
    await sender.end();
    await (await Client.open('reader')).end();
  },
};

main(scenarios);
