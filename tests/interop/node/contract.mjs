// The contract as an outsider has it: the Avro schemas and the ten constant bytes of each.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import avsc from "avsc";

// docs:node-long
// JavaScript's numbers end at 2^53, Avro's long at 2^63: read and write longs as BigInt.
const long = avsc.types.LongType.__with({
  fromBuffer: (bytes) => bytes.readBigInt64LE(),
  toBuffer: (value) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(value);
    return bytes;
  },
  fromJSON: BigInt,
  toJSON: String,
  isValid: (value) => typeof value === "bigint" && BigInt.asIntN(64, value) === value,
  compare: (one, other) => (one < other ? -1 : one > other ? 1 : 0),
});
// docs:end

/** The schema in a file, its ten header bytes, and what avsc makes of it. */
export function loadSchema(directory, file) {
  // docs:node-schema
  const fingerprints = JSON.parse(readFileSync(join(directory, "fingerprints.json"), "utf8"));
  const schema = JSON.parse(readFileSync(join(directory, file), "utf8"));
  const header = Buffer.from(fingerprints[file].header, "hex");
  const typeHook = (part) => ((part.type ?? part) === "long" ? long : undefined);
  const type = avsc.Type.forSchema(schema, { typeHook });
  // docs:end
  return { schema, header, type };
}
