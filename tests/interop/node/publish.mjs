// Publishes the events of a file to the ledger's inbox, with avsc and kafkajs and nothing of the ledger's.
//
//     node publish.mjs BOOTSTRAP SCHEMAS EVENTS SOURCE
//
// Prints one line of JSON: where each event landed.

import { readFileSync } from "node:fs";
import { Kafka, logLevel, Partitioners } from "kafkajs";
import { loadSchema } from "./contract.mjs";

const [bootstrap, schemas, eventsFile, source] = process.argv.slice(2);

/** Plain JSON as avsc wants it: longs as BigInt. The other types of the contract are in JSON as they are in avsc. */
function toAvro(schema, data) {
  const converted = { ...data };
  for (const { name, type } of schema.fields) {
    const inner = Array.isArray(type) ? type[1] : type;
    if ((inner.type ?? inner) === "long" && converted[name] != null) converted[name] = BigInt(converted[name]);
  }
  return converted;
}

/** An event in Avro: binary mode of the CloudEvents Kafka binding. */
function avroMessage({ schema, header, type }, event) {
  const datum = toAvro(schema, event.data);
  // docs:node-avro
  if (!type.isValid(datum, { noUndeclaredFields: true })) throw new Error("not what the schema says");
  const value = Buffer.concat([header, type.toBuffer(datum)]);
  const headers = {
    ce_specversion: "1.0",
    ce_id: event.id,
    ce_source: source,
    ce_type: schema.eventType,
    ce_time: event.time,
    ce_dataschema: `urn:ledger:schema:${schema.eventType}:${schema.version}`,
    "content-type": "application/avro",
  };
  // docs:end
  return { key: event.id, value, headers };
}

/** An event without Avro: structured mode. */
function jsonMessage({ schema }, event) {
  // docs:node-json
  const value = JSON.stringify({
    specversion: "1.0",
    id: event.id,
    source,
    type: schema.eventType,
    time: event.time,
    dataschema: `urn:ledger:schema:${schema.eventType}:${schema.version}`,
    datacontenttype: "application/json",
    data: event.data,
  });
  const headers = { "content-type": "application/cloudevents+json; charset=UTF-8" };
  // docs:end
  return { key: event.id, value, headers };
}

function messageOf(known, event) {
  if (event.encoding === "json") return jsonMessage(known, event);
  const message = avroMessage(known, event);
  if (event.encoding === "truncated") message.value = message.value.subarray(0, -event.bytes_cut);
  return message;
}

const events = JSON.parse(readFileSync(eventsFile, "utf8"));
// docs:node-producer
const kafka = new Kafka({ clientId: "example-switch", brokers: [bootstrap], logLevel: logLevel.ERROR });
const producer = kafka.producer({
  idempotent: true,
  maxInFlightRequests: 1,
  allowAutoTopicCreation: false,
  createPartitioner: Partitioners.DefaultPartitioner,
});
await producer.connect();
// docs:end
const sent = [];
try {
  for (const event of events) {
    const known = loadSchema(schemas, event.schema);
    const topic = known.schema.topic;
    const message = messageOf(known, event);
    // docs:node-send
    const [landed] = await producer.send({ topic, acks: -1, messages: [message] });
    // docs:end
    sent.push({ id: event.id, topic, partition: landed.partition, offset: Number(landed.baseOffset) });
  }
} finally {
  await producer.disconnect();
}
console.log(JSON.stringify({ sent }));
