// client.js — what the scenarios of mqtt.js share: a client whose every step is awaited, and the way in.
// node FILE NAME URL PREFIX runs one scenario, with topics and client ids that begin with PREFIX; node FILE --list
// names them. No time is measured, every step awaits an event; whoever waits too long is ended from outside.
'use strict';

const assert = require('node:assert/strict');
const mqtt = require('mqtt');

const [name, url, prefix] = process.argv.slice(2);
const topic = (rest) => `${prefix}/${rest}`;

// A client that keeps what it gets until somebody asks for it. `at` is where it connects to, if not to URL.
class Client {
  constructor(id, { at = url, ...options } = {}) {
    this.got = [];
    this.waiting = [];
    this.mqtt = mqtt.connect(at, {
      clientId: id === '' ? '' : `${prefix}-${id}`,
      clean: true,
      protocolVersion: 4,
      reconnectPeriod: 0,
      ...options,
    });
    this.mqtt.on('message', (where, payload, packet) => this.keep({
      topic: where, payload: payload.toString(), qos: packet.qos, retain: packet.retain, dup: packet.dup,
      properties: packet.properties,
    }));
    this.mqtt.on('error', (error) => { throw error; });
  }

  static async open(id, options) {
    const client = new Client(id, options);
    client.connack = await client.once('connect');
    return client;
  }

  once(event) {
    return new Promise((resolve) => this.mqtt.once(event, resolve));
  }

  keep(message) {
    const waiting = this.waiting.shift();
    if (waiting) waiting(message);
    else this.got.push(message);
  }

  next() {
    if (this.got.length) return Promise.resolve(this.got.shift());
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  async expect(where, payload, rest = {}) {
    const message = await this.next();
    assert.equal(message.topic, where);
    assert.equal(message.payload, payload);
    for (const [key, value] of Object.entries(rest)) assert.deepEqual(message[key], value, key);
    return message;
  }

  // What has come by the time that a message of its own has gone round.
  async fence() {
    const where = `${prefix}/fence/${this.mqtt.options.clientId}`;
    await this.subscribe(where, 0);
    await this.publish(where, 'fence', 0);
    const all = [];
    for (;;) {
      const message = await this.next();
      if (message.topic === where) return all;
      all.push(message);
    }
  }

  // The QoS granted. MQTT 5: nl, rap, rh, properties.
  async subscribe(where, qos, options = {}) {
    const [granted] = await this.mqtt.subscribeAsync(where, { qos, ...options });
    return granted.qos;
  }

  unsubscribe(where) {
    return this.mqtt.unsubscribeAsync(where);
  }

  // Resolves when the last packet of the flow has come.
  publish(where, payload, qos, options = {}) {
    return this.mqtt.publishAsync(where, payload, { qos, ...options });
  }

  // As if the network had failed.
  async drop() {
    const closed = this.once('close');
    this.mqtt.stream.destroy();
    await closed;
  }

  end() {
    return this.mqtt.endAsync();
  }
}

// Runs the scenario that was asked for.
function main(scenarios) {
  if (name === '--list') {
    console.log(Object.keys(scenarios).join('\n'));
    return;
  }
  process.on('unhandledRejection', (error) => { throw error; });
  scenarios[name]().then(() => {
    console.log(`done ${name}`);
    process.exit(0);
  });
}

module.exports = { Client, main, prefix, topic };
