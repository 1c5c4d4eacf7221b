// aws_sdk.js — the MQTT 5 client of the AWS IoT Device SDK v2 with the hub: a certificate, and what the SDK's own
// builder makes of it. Run by test_aws_sdk.py: node aws_sdk.js NAME SETTING, which is JSON: the port of the TLS
// listener, the CA, and two things with their certificates. No time is measured, every step awaits an event.
'use strict';

const assert = require('node:assert/strict');
const { iot, mqtt5 } = require('aws-iot-device-sdk-v2');

const [name, setting] = process.argv.slice(2);
const { port, ca, things } = JSON.parse(setting || '{}');
const [one, two] = things || [];
const { QoS } = mqtt5;
const topic = (thing, rest) => `device/${thing.name}/${rest}`;
const text = (payload) => Buffer.from(payload).toString();

// A client whose every step is awaited.
class Device {
  constructor(thing, { connect = {}, change = (builder) => builder } = {}) {
    const builder = iot.AwsIotMqtt5ClientConfigBuilder
      .newDirectMqttBuilderWithMtlsFromPath('127.0.0.1', thing.cert, thing.key)
      .withCertificateAuthorityFromPath(undefined, ca)
      .withPort(port)
      .withMinReconnectDelayMs(10)
      .withMaxReconnectDelayMs(100)
      .withConnectProperties({ clientId: thing.name, keepAliveIntervalSeconds: 1200, ...connect });
    this.thing = thing;
    this.got = [];
    this.waiting = [];
    this.client = new mqtt5.Mqtt5Client(change(builder).build());
    this.client.on('messageReceived', ({ message }) => this.keep(message));
    this.client.on('error', (error) => { throw error; });
  }

  static async open(thing, options) {
    const device = new Device(thing, options);
    await device.start();
    return device;
  }

  async start() {
    const failed = this.once('connectionFailure').then(({ error, connack }) => {
      throw new Error(`${error} ${connack && connack.reasonCode}`);
    });
    const connected = this.once('connectionSuccess');
    this.client.start();
    Object.assign(this, await Promise.race([connected, failed]));
    failed.catch(() => {}); // later ones are not of this start
  }

  once(event) {
    return new Promise((resolve) => this.client.once(event, resolve));
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

  async expect(where, payload) {
    const message = await this.next();
    assert.equal(message.topicName, where);
    assert.equal(text(message.payload), payload);
    return message;
  }

  // The reason codes.
  async subscribe(filters, packet = {}) {
    const subscriptions = [filters].flat().map((topicFilter) => ({ topicFilter, qos: QoS.AtLeastOnce }));
    return (await this.client.subscribe({ subscriptions, ...packet })).reasonCodes;
  }

  // The reason code of PUBACK.
  async publish(topicName, payload, options = {}) {
    const done = await this.client.publish({ topicName, payload, qos: QoS.AtLeastOnce, ...options });
    return done && done.reasonCode;
  }

  // What has come by the time that a message of its own has gone round.
  async fence() {
    const where = topic(this.thing, 'fence');
    await this.subscribe(where);
    await this.publish(where, 'fence');
    const all = [];
    for (;;) {
      const message = await this.next();
      if (message.topicName === where) return all;
      all.push(message);
    }
  }

  async stop(packet) {
    const stopped = this.once('stopped');
    this.client.stop(packet);
    await stopped;
  }
}

const LASTING = {
  connect: { sessionExpiryIntervalSeconds: 60 },
  change: (builder) => builder.withSessionBehavior(mqtt5.ClientSessionBehavior.RejoinAlways),
};

const END = { reasonCode: mqtt5.DisconnectReasonCode.NormalDisconnection, sessionExpiryIntervalSeconds: 0 };

const scenarios = {
  async negotiates() {
    const device = await Device.open(one);
    assert.equal(device.connack.reasonCode, 0);
    assert.equal(device.connack.sessionPresent, false);
    assert.equal(device.connack.maximumQos, undefined);
    assert.deepEqual({ ...device.settings }, {
      maximumQos: 1, // the SDK's own
      sessionExpiryInterval: 0,
      receiveMaximumFromServer: 1000,
      maximumPacketSizeToServer: 2097152,
      topicAliasMaximumToServer: 32,
      topicAliasMaximumToClient: 0,
      serverKeepAlive: 1200,
      retainAvailable: true,
      wildcardSubscriptionsAvailable: true,
      subscriptionIdentifiersAvailable: true,
      sharedSubscriptionsAvailable: true,
      rejoinedSession: false,
      clientId: one.name,
    });
    await device.stop();
  },

  // hub.profile = aws-strict
  async negotiates_with_aws_strict() {
    const device = await Device.open(one);
    const { connack, settings } = device;
    assert.equal(connack.maximumQos, 1);
    assert.equal(settings.receiveMaximumFromServer, 100);
    assert.equal(settings.topicAliasMaximumToServer, 8);
    assert.equal(settings.subscriptionIdentifiersAvailable, false);
    await device.stop();
  },

  async publishes_and_receives() {
    const device = await Device.open(one, { connect: { receiveMaximum: 10, maximumPacketSizeBytes: 131072 } });
    const sender = await Device.open(two);
    const filters = [topic(one, 't/+'), topic(one, 'u')];
    assert.deepEqual(await device.subscribe(filters), [1, 1]);
    assert.equal(await device.publish(topic(one, 'nobody'), 'x'), mqtt5.PubackReasonCode.NoMatchingSubscribers);
    for (let i = 0; i < 50; i++) {
      const qos = i % 2 ? QoS.AtLeastOnce : QoS.AtMostOnce;
      assert.equal(await device.publish(topic(one, `t/${i % 3}`), `${i}`, { qos }), qos ? 0 : undefined);
      assert.equal((await device.expect(topic(one, `t/${i % 3}`), `${i}`)).qos, qos);
    }
    await device.stop();
    await sender.stop();
  },

  async properties_pass_in_order() {
    const device = await Device.open(one);
    assert.deepEqual(await device.subscribe(topic(one, 't'), { subscriptionIdentifier: 268435455 }), [1]);
    await device.publish(topic(one, 't'), '{}', {
      payloadFormat: mqtt5.PayloadFormatIndicator.Utf8,
      messageExpiryIntervalSeconds: 100,
      responseTopic: 'answers',
      correlationData: new Uint8Array([0, 1, 255]),
      contentType: 'application/json',
      userProperties: [{ name: 'b', value: '1' }, { name: 'a', value: '2' }, { name: 'b', value: '3' }],
    });
    const got = await device.expect(topic(one, 't'), '{}');
    assert.equal(got.payloadFormat, mqtt5.PayloadFormatIndicator.Utf8);
    assert.ok(got.messageExpiryIntervalSeconds <= 100 && got.messageExpiryIntervalSeconds > 90);
    assert.equal(got.responseTopic, 'answers');
    assert.deepEqual([...Buffer.from(got.correlationData)], [0, 1, 255]);
    assert.equal(got.contentType, 'application/json');
    assert.deepEqual(got.userProperties.map((pair) => `${pair.name}${pair.value}`), ['b1', 'a2', 'b3']);
    assert.deepEqual(got.subscriptionIdentifiers, [268435455]);
    await device.stop();
  },

  // Refused packet by packet; the connection stays.
  async denied() {
    const device = await Device.open(one);
    device.client.on('disconnection', () => assert.fail('disconnected'));
    assert.equal(await device.publish(topic(two, 't'), 'x'), mqtt5.PubackReasonCode.NotAuthorized);
    assert.deepEqual(await device.subscribe([topic(two, '#'), topic(one, 't')]),
      [mqtt5.SubackReasonCode.NotAuthorized, mqtt5.SubackReasonCode.GrantedQoS1]);
    assert.equal(await device.publish(topic(one, 't'), 'x'), 0);
    await device.expect(topic(one, 't'), 'x');
    device.client.removeAllListeners('disconnection');
    await device.stop();
  },

  async denied_client_id() {
    const device = new Device(one, { connect: { clientId: two.name } });
    const failed = device.once('connectionFailure');
    device.client.start();
    const { connack } = await failed;
    const { ClientIdentifierNotValid, NotAuthorized } = mqtt5.ConnectReasonCode;
    assert.ok([ClientIdentifierNotValid, NotAuthorized].includes(connack.reasonCode));
    await device.stop();
  },

  async unsubscribes() {
    const device = await Device.open(one);
    await device.subscribe(topic(one, 't'));
    const { reasonCodes } = await device.client.unsubscribe({ topicFilters: [topic(one, 't'), topic(one, 'never')] });
    assert.deepEqual(reasonCodes, [0, mqtt5.UnsubackReasonCode.NoSubscriptionExisted]);
    await device.stop();
  },

  async newcomer_takes_over() {
    const old = await Device.open(one);
    const told = old.once('disconnection');
    old.client.on('disconnection', () => old.client.stop());
    const stopped = old.once('stopped');
    const young = await Device.open(one);
    assert.equal((await told).disconnect.reasonCode, mqtt5.DisconnectReasonCode.SessionTakenOver);
    await stopped;
    assert.equal(await young.publish(topic(one, 't'), 'x'), mqtt5.PubackReasonCode.NoMatchingSubscribers);
    await young.stop();
  },

  async session_is_rejoined() {
    const device = await Device.open(one, LASTING);
    assert.equal(device.settings.rejoinedSession, false);
    assert.equal(device.settings.sessionExpiryInterval, 60);
    await device.subscribe(topic(one, '+'));
    await device.stop();
    const again = new Device(one, LASTING);
    const sender = await Device.open(two);
    await sender.subscribe(topic(two, 't'));
    await again.start();
    assert.equal(again.settings.rejoinedSession, true);
    await again.publish(topic(one, 'a'), 'still subscribed');
    await again.expect(topic(one, 'a'), 'still subscribed');
    await again.stop(END);
    await device.start();
    assert.equal(device.settings.rejoinedSession, false);
    await device.stop(END);
    await sender.stop();
  },

  // The will is retained, so the thing finds it when it is back.
  async stops_with_and_without_its_will() {
    const will = {
      topicName: topic(one, 'will'), payload: 'gone', qos: QoS.AtLeastOnce, retain: true, contentType: 'text/plain',
      userProperties: [{ name: 'b', value: '1' }, { name: 'a', value: '2' }],
    };
    for (const reasonCode of [0, 4]) {
      const leaving = await Device.open(one, { connect: { will } });
      await leaving.stop({ reasonCode });
      const back = await Device.open(one);
      await back.subscribe(topic(one, 'will'));
      const found = await back.fence();
      assert.equal(found.length, reasonCode ? 1 : 0);
      for (const { retain, contentType, userProperties } of found) {
        assert.deepEqual([retain, contentType], [true, 'text/plain']);
        assert.deepEqual(userProperties.map((pair) => `${pair.name}${pair.value}`), ['b1', 'a2']);
      }
      await back.stop();
    }
  },

  async aliases_both_ways() {
    const device = await Device.open(one, {
      change: (builder) => builder.withTopicAliasingOptions({
        outboundBehavior: mqtt5.OutboundTopicAliasBehaviorType.LRU,
        outboundCacheMaxSize: 20,
        inboundBehavior: mqtt5.InboundTopicAliasBehaviorType.Enabled,
        inboundCacheMaxSize: 5,
      }),
    });
    assert.equal(device.settings.topicAliasMaximumToServer, 32);
    assert.equal(device.settings.topicAliasMaximumToClient, 5);
    await device.subscribe(topic(one, 't/+'));
    for (let i = 0; i < 60; i++) {
      const where = topic(one, `t/${i % 3 ? i % 4 : i}`);
      await device.publish(where, `${i}`);
      await device.expect(where, `${i}`);
    }
    await device.stop();
  },

  async small_receive_maximum() {
    const device = await Device.open(one, { connect: { receiveMaximum: 1 } });
    await device.subscribe(topic(one, 't'));
    const sent = [...Array(40).keys()].map((i) => device.publish(topic(one, 't'), `${i}`));
    for (let i = 0; i < 40; i++) await device.expect(topic(one, 't'), `${i}`);
    assert.ok((await Promise.all(sent)).every((code) => code === 0));
    await device.stop();
  },

  // The SDK knows from CONNACK what the hub takes, and does not send more.
  async too_large_for_the_hub() {
    const device = await Device.open(one);
    await assert.rejects(device.publish(topic(one, 't'), 'x'.repeat(2097152)), /PACKET_VALIDATION/);
    await device.subscribe(topic(one, 't'));
    await device.publish(topic(one, 't'), 'x'.repeat(100000));
    await device.expect(topic(one, 't'), 'x'.repeat(100000));
    await device.stop();
  },

  // The hub is ended in peace and started again by whoever reads our word.
  async hub_restarts() {
    const device = await Device.open(one, {
      ...LASTING, change: (builder) => builder.withSessionBehavior(mqtt5.ClientSessionBehavior.RejoinPostSuccess),
    });
    await device.subscribe(topic(one, 't'));
    const told = device.once('disconnection');
    const back = device.once('connectionSuccess');
    console.log('connected');
    assert.equal((await told).disconnect.reasonCode, mqtt5.DisconnectReasonCode.ServerShuttingDown);
    assert.equal((await back).settings.rejoinedSession, true);
    assert.equal(await device.publish(topic(one, 't'), 'x'), 0);
    await device.expect(topic(one, 't'), 'x');
    await device.stop(END);
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
