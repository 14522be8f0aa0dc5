// Goes through all recorded exchanges and collects what was validated and what was wrong.

import { graphqlRequestViolations, graphqlResponseViolations, loadSchema, operationName } from "./graphql.mjs";
import { OpenApi, loadDescription } from "./openapi.mjs";
import { exchanges, recordings } from "./recording.mjs";
import { requestViolations, responseViolations } from "./rest.mjs";

/** The two official descriptions, loaded once (about a second). */
export function loadContract() {
  return { openapi: new OpenApi(loadDescription()), graphql: loadSchema() };
}

/** Checks every recording in `folders`; see [`check`] for the result. */
export async function checkFolders(folders, minimum, contract = loadContract()) {
  const files = folders.flatMap(recordings);
  async function* all() {
    for (const file of files) yield* exchanges(file);
  }
  const result = await check(all(), minimum, contract);
  if (files.length === 0) result.failures.unshift(`no recordings (*.jsonl) in ${folders.join(", ")}`);
  return { ...result, files: files.length };
}

/**
 * Checks exchanges. The result: `operations` (a Map from name to counts), `violations` (same ones joined, with a count and the first
 * place), `unknown` (routes), totals, and `failures` (sentences; empty means that the contract holds).
 */
export async function check(source, minimum, contract) {
  const started = performance.now();
  const tally = { operations: new Map(), violations: new Map(), unknown: new Map(), skipped: new Map(), requests: 0, responses: 0 };
  for await (const { exchange, place } of source) checkOne(contract, tally, exchange, place);
  return {
    ...tally,
    violations: [...tally.violations.values()],
    failures: failures(tally, minimum),
    schemas: contract.openapi.reached,
    seconds: (performance.now() - started) / 1000,
  };
}

function checkOne(contract, tally, exchange, place) {
  if (exchange.kind === "model" || exchange.kind === "control") return bump(tally.skipped, exchange.kind);
  const subject = exchange.kind === "rest" ? rest(contract, exchange) : graphql(contract, exchange);
  if (exchange.unknown && exchange.probe) return bump(tally.skipped, "unknown routes asked for by the sandbox's own tests");
  if (exchange.unknown || !subject) return bump(tally.unknown, `${exchange.method} ${exchange.path} (${place})`);
  const counts = operation(tally, subject.name);
  bump(counts.statuses, String(exchange.status));
  const found = [];
  if (exchange.probe || exchange.fault) {
    bump(tally.skipped, exchange.fault ? "faults asked for (neither side validated)" : "requests of the sandbox's own tests (response validated)");
  } else {
    counts.requests += 1;
    tally.requests += 1;
    found.push(...subject.request());
  }
  if (!exchange.fault) {
    counts.responses += 1;
    tally.responses += 1;
    found.push(...subject.response());
  }
  counts.violations += found.length;
  for (const row of found) note(tally, subject.name, place, row);
}

function rest({ openapi }, exchange) {
  const found = openapi.find(exchange.method, exchange.path);
  return found && {
    name: `${exchange.method} ${found.template}`,
    request: () => requestViolations(openapi, exchange, found),
    response: () => responseViolations(openapi, exchange, found),
  };
}

function graphql({ graphql: schema }, exchange) {
  return {
    name: operationName(exchange),
    request: () => graphqlRequestViolations(schema, exchange),
    response: () => graphqlResponseViolations(schema, exchange),
  };
}

function operation(tally, name) {
  if (!tally.operations.has(name)) tally.operations.set(name, { requests: 0, responses: 0, violations: 0, statuses: new Map() });
  return tally.operations.get(name);
}

/** Joins the same violation of many exchanges (and of many list items) into one row. */
function note(tally, name, place, { part, pointer, expected }) {
  const key = [name, part, pointer.replace(/\/\d+(?=\/|$)/g, "/*"), expected.replace(/, got .*$/, "")].join("\n");
  const known = tally.violations.get(key);
  if (known) known.count += 1;
  else tally.violations.set(key, { operation: name, place, part, pointer, expected, count: 1 });
}

function bump(counts, key) {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function failures({ violations, unknown, requests, responses }, minimum) {
  const sentences = [];
  if (violations.size > 0) sentences.push(`${violations.size} kinds of violation`);
  if (unknown.size > 0) sentences.push(`${unknown.size} unknown routes`);
  if (requests < minimum.requests) sentences.push(`${requests} requests validated, at least ${minimum.requests} are needed`);
  if (responses < minimum.responses) sentences.push(`${responses} responses validated, at least ${minimum.responses} are needed`);
  return sentences;
}
