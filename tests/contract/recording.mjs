// Reads recorded exchanges: every `*.jsonl` file of the given folders, one exchange a line.
//
// An exchange is `{kind, method, path, query, request_headers, request_body, status, response_headers, response_body,
// fault, unknown, probe?}`. `path` has no base prefix (no `/api/v3`).

import { createReadStream, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";

export const KINDS = ["rest", "graphql", "model", "control"];

/** Paths of the recordings in `folder`, sorted. Throws when the folder cannot be read. */
export function recordings(folder) {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".jsonl"))
    .sort()
    .map((name) => join(folder, name));
}

/** Yields `{exchange, place}` for each line; `place` is `file:line`. A line that is not an exchange throws with its place. */
export async function* exchanges(file) {
  const lines = createInterface({ input: createReadStream(file, "utf8"), crlfDelay: Infinity });
  let number = 0;
  for await (const line of lines) {
    number += 1;
    if (line.trim() === "") continue;
    const place = `${basename(file)}:${number}`;
    yield { exchange: parse(line, place), place };
  }
}

function parse(line, place) {
  let exchange;
  try {
    exchange = JSON.parse(line);
  } catch (error) {
    throw new Error(`${place}: not a line of JSON (${error.message})`);
  }
  if (exchange === null || typeof exchange !== "object" || !KINDS.includes(exchange.kind)) {
    throw new Error(`${place}: not an exchange: "kind" must be one of ${KINDS.join(", ")}`);
  }
  return {
    ...exchange,
    method: String(exchange.method ?? "").toUpperCase(),
    path: String(exchange.path ?? ""),
    query: queryPairs(exchange.query),
    request_headers: lowerCased(exchange.request_headers),
    response_headers: lowerCased(exchange.response_headers),
  };
}

/** A query as `[name, value]` pairs, from a string, an object or nothing. */
function queryPairs(query) {
  if (query === null || query === undefined || query === "") return [];
  if (typeof query === "string") return [...new URLSearchParams(query)];
  return Object.entries(query).flatMap(([name, value]) => [value].flat().map((one) => [name, String(one)]));
}

/** Headers with lower-case names, from an object or a list of pairs. */
function lowerCased(headers) {
  const pairs = Array.isArray(headers) ? headers : Object.entries(headers ?? {});
  return Object.fromEntries(pairs.map(([name, value]) => [name.toLowerCase(), [value].flat().join(", ")]));
}
