// Reads the whole `ledger` topic with avsc and kafkajs: every record, decoded by the ten bytes it begins with.
//
//     node readback.mjs BOOTSTRAP SCHEMAS
//
// Prints one line of JSON: coordinates and fields of each record; integers as text, bytes in hex.

import { randomUUID } from "node:crypto";
import { Kafka, logLevel } from "kafkajs";
import { loadSchema } from "./contract.mjs";

const TOPIC = "ledger";
const RECORDS = ["ledger.entry.v1.avsc", "ledger.rejected.v1.avsc"];

const [bootstrap, schemas] = process.argv.slice(2);
const kafka = new Kafka({ clientId: "example-auditor", brokers: [bootstrap], logLevel: logLevel.ERROR });

/** Partition -> offset, those that hold nothing left out. */
async function logEnds() {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const found = await admin.fetchTopicOffsets(TOPIC);
    return new Map(found.filter((end) => end.high !== end.low).map((end) => [end.partition, Number(end.high)]));
  } finally {
    await admin.disconnect();
  }
}

const known = RECORDS.map((file) => ({ file, ...loadSchema(schemas, file) }));

/** One record by the schema its header names; avsc refuses bytes that are left over. */
function decode(value) {
  // docs:node-read
  const found = known.find(({ header }) => value.subarray(0, 10).equals(header));
  if (!found) throw new Error("a record of a schema we do not know");
  const record = found.type.fromBuffer(value.subarray(10));
  // docs:end
  return { schema: found.file, record };
}

/** What JSON.stringify calls for every value: integers become text, bytes hex. */
function plain(key, value) {
  if (value?.type === "Buffer") return Buffer.from(value.data).toString("hex");
  return typeof value === "bigint" || typeof value === "number" ? String(value) : value;
}

/** Every message of the topic up to the ends it has now. */
async function wholeLog() {
  const left = await logEnds();
  const messages = [];
  const consumer = kafka.consumer({ groupId: `example-auditor-${randomUUID()}` });
  await consumer.connect();
  await consumer.subscribe({ topic: TOPIC, fromBeginning: true });
  await new Promise((done, failed) => {
    if (left.size === 0) done();
    consumer.on(consumer.events.CRASH, ({ payload }) => failed(payload.error));
    consumer.run({
      autoCommit: false,
      eachMessage: async ({ partition, message }) => {
        const offset = Number(message.offset);
        messages.push({ partition, offset, value: message.value });
        if (offset + 1 >= left.get(partition)) left.delete(partition);
        if (left.size === 0) done();
      },
    });
  });
  await consumer.disconnect();
  return messages;
}

const messages = await wholeLog();
const records = messages.map(({ partition, offset, value }) => ({ partition, offset, ...decode(value) }));
console.log(JSON.stringify({ records }, plain));
