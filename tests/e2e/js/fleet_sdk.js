// fleet_sdk.js — fleet provisioning by AWS's device SDK v2 for JavaScript over mutual TLS: the client of iotidentity, as
// its samples use it. Run by test_fleet_sdk.py: node fleet_sdk.js NAME SETTING PREFIX. The setting is JSON: the port, the
// CA's file, the files of a claim, its template, a request for a certificate and its key. No time is measured.
'use strict';

const assert = require('node:assert/strict');

const [name, setting, prefix] = process.argv.slice(2);
const { port, ca, claim, template, csr, key } = JSON.parse(setting || '{}');
const HOST = '127.0.0.1';
const text = (payload) => Buffer.from(payload).toString();

// With its metrics the native code sends the user name "?SDK=..."; the builder offers the protocol x-amzn-mqtt-ca.
function connectionOf(builder, id) {
  const { mqtt } = require('aws-iot-device-sdk-v2');
  const config = builder.with_certificate_authority_from_path(undefined, ca).with_endpoint(HOST).with_port(port)
    .with_client_id(id).with_clean_session(true).build();
  assert.ok(config.metrics && !config.disable_metrics);
  return new mqtt.MqttClient().new_connection(config);
}

async function connected(builder, id, work) {
  const connection = connectionOf(builder, id);
  await connection.connect();
  await work(connection);
  await connection.disconnect();
}

function byFiles(cert, keyFile) {
  const { iot } = require('aws-iot-device-sdk-v2');
  return iot.AwsIotMqttConnectionConfigBuilder.new_mtls_builder_from_path(cert, keyFile);
}

function byTexts(cert, keyText) {
  const { iot } = require('aws-iot-device-sdk-v2');
  return iot.AwsIotMqttConnectionConfigBuilder.new_mtls_builder(cert, keyText);
}

// The answer to one operation of the identity client: what it accepted, or an error with what it rejected.
async function ask(identity, operation, request) {
  const { mqtt } = require('aws-iot-device-sdk-v2');
  const qos = mqtt.QoS.AtLeastOnce;
  let settled;
  const answer = new Promise((resolve, reject) => { settled = { resolve, reject }; });
  await identity[`subscribeTo${operation}Accepted`](request, qos, (error, got) => {
    if (error) settled.reject(error); else settled.resolve(got);
  });
  await identity[`subscribeTo${operation}Rejected`](request, qos, (error, got) => {
    settled.reject(error || Object.assign(new Error('rejected'), { answer: got }));
  });
  const [got] = await Promise.all([answer, identity[`publish${operation}`](request, qos)]);
  return got;
}

function identityOf(connection) {
  const { iotidentity } = require('aws-iot-device-sdk-v2');
  return new iotidentity.IotIdentityClient(connection);
}

async function register(identity, token, serial) {
  const done = await ask(identity, 'RegisterThing', {
    templateName: template, certificateOwnershipToken: token, parameters: { SerialNumber: serial },
  });
  assert.equal(done.thingName, `${prefix}-${serial}`);
  assert.deepEqual(done.deviceConfiguration, { url: `https://local/${serial}` });
  return done.thingName;
}

// The thing that was made speaks on its own topics.
async function works(thing, cert, keyText) {
  const { mqtt } = require('aws-iot-device-sdk-v2');
  await connected(byTexts(cert, keyText), thing, async (connection) => {
    const topic = `device/${thing}/x`;
    const came = new Promise((resolve) => {
      connection.subscribe(topic, mqtt.QoS.AtLeastOnce, (_, payload) => resolve(text(payload)));
    });
    await connection.publish(topic, 'works', mqtt.QoS.AtLeastOnce);
    assert.equal(await came, 'works');
  });
}

const scenarios = {
  async keys_and_thing() {
    let made;
    let thing;
    await connected(byFiles(claim.cert, claim.key), `${prefix}-claim`, async (connection) => {
      const identity = identityOf(connection);
      made = await ask(identity, 'CreateKeysAndCertificate', {});
      assert.equal(made.certificateId.length, 64);
      thing = await register(identity, made.certificateOwnershipToken, '1');
    });
    await works(thing, made.certificatePem, made.privateKey);
  },

  async request_and_thing() {
    let made;
    let thing;
    await connected(byFiles(claim.cert, claim.key), `${prefix}-claim`, async (connection) => {
      const identity = identityOf(connection);
      made = await ask(identity, 'CreateCertificateFromCsr', { certificateSigningRequest: csr });
      thing = await register(identity, made.certificateOwnershipToken, '2');
    });
    await works(thing, made.certificatePem, key);
  },

  async token_that_is_none_is_refused() {
    await connected(byFiles(claim.cert, claim.key), `${prefix}-claim`, async (connection) => {
      const refused = ask(identityOf(connection), 'RegisterThing', {
        templateName: template, certificateOwnershipToken: 'none', parameters: { SerialNumber: '3' },
      });
      await assert.rejects(refused, (error) => {
        assert.equal(error.answer.statusCode, 400);
        assert.equal(error.answer.errorCode, 'InvalidCertificateOwnershipToken');
        return true;
      });
    });
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
