// Holds one REST exchange against GitHub's OpenAPI description.

import { API_VERSIONS, ERROR_PROPERTIES, GENERIC_STATUSES, NULL_FOR_DELETED_ACCOUNTS, NULL_STRINGS } from "./gaps.mjs";
import { schemaViolations, short, unknownProperties } from "./violations.mjs";

/** Violations of the request, as `{part, pointer, expected}` rows. */
export function requestViolations(openapi, exchange, { template, operation, parameters }) {
  const places = openapi.parameters(template, operation);
  return [
    ...headerViolations(exchange.request_headers),
    ...pathViolations(openapi, places.path, parameters),
    ...queryViolations(openapi, places.query, exchange.query),
    ...bodyViolations(openapi, operation, exchange),
  ];
}

/** Violations of the response, as `{part, pointer, expected}` rows. */
export function responseViolations(openapi, exchange, { operation }) {
  const { status, response_body: body } = exchange;
  if (!Number.isInteger(status)) return [{ part: "status", pointer: "", expected: `a status, got ${short(status)} without a fault` }];
  const documented = openapi.resolve(operation.responses[status] ?? operation.responses.default);
  if (!documented && !GENERIC_STATUSES.has(status)) {
    const known = Object.keys(operation.responses).join(", ");
    return [{ part: "status", pointer: "", expected: `a documented status (${known}), got ${status}` }];
  }
  const links = linkViolations(exchange.response_headers.link);
  if (status >= 400) return [...links, ...errorViolations(openapi, documented, body)];
  return [...links, ...successViolations(openapi, documented, exchange)];
}

function headerViolations(headers) {
  const rows = [];
  const wrong = (name, expected) => rows.push({ part: "request header", pointer: `/${name}`, expected });
  if (!headers["user-agent"]) wrong("user-agent", "a user agent; GitHub refuses requests without one");
  const version = headers["x-github-api-version"];
  if (version && !API_VERSIONS.includes(version)) wrong("x-github-api-version", `one of ${API_VERSIONS.join(", ")}, got ${version}`);
  const accept = headers.accept;
  if (accept && !accept.split(",").every((type) => ACCEPTED.test(type.trim()))) wrong("accept", `a media type GitHub knows, got ${accept}`);
  return rows;
}

const ACCEPTED = /^(\*\/\*|application\/(\*|json|vnd\.github(\.[a-z0-9-]+)*(\+json)?)|text\/(\*|plain|html))(;.*)?$/;

function pathViolations(openapi, described, values) {
  return [...described].flatMap(([name, parameter]) =>
    textViolations(openapi, parameter.schema, values[name]).map((row) => ({ ...row, part: "path parameter", pointer: `/${name}` })),
  );
}

function queryViolations(openapi, described, pairs) {
  const rows = [];
  const values = Map.groupBy ? Map.groupBy(pairs, ([name]) => name) : grouped(pairs);
  for (const [name, given] of values) {
    const parameter = described.get(name) ?? described.get(name.replace(/\[\]$/, ""));
    const wrong = (expected) => rows.push({ part: "query parameter", pointer: `/${name}`, expected });
    if (!parameter) {
      wrong(`one of the operation's parameters (${[...described.keys()].join(", ") || "none"})`);
      continue;
    }
    const list = openapi.resolve(parameter.schema).type === "array";
    if (given.length > 1 && !list) wrong(`one value, got ${given.length}`);
    for (const [, text] of given) {
      const value = list ? text.split(",") : text;
      for (const row of textViolations(openapi, parameter.schema, value)) wrong(row.expected);
      // The description leaves the limit to words ("max 100"); GitHub silently lowers a larger number.
      if (name === "per_page" && !(Number(text) >= 1 && Number(text) <= 100)) wrong(`a number from 1 to 100, got ${text}`);
    }
  }
  for (const [name, parameter] of described) {
    if (parameter.required && !values.has(name)) rows.push({ part: "query parameter", pointer: `/${name}`, expected: "this required parameter" });
  }
  return rows;
}

function grouped(pairs) {
  const groups = new Map();
  for (const pair of pairs) groups.set(pair[0], [...(groups.get(pair[0]) ?? []), pair]);
  return groups;
}

/** A parameter comes as text; it is right when one of the readings its schema could mean is. */
function textViolations(openapi, schema, text) {
  const readings = [text];
  if (typeof text === "string" && /^-?\d+$/.test(text)) readings.push(Number(text));
  if (text === "true" || text === "false") readings.push(text === "true");
  const results = readings.map((value) => schemaViolations(openapi, schema, value));
  return results.some((rows) => rows.length === 0) ? [] : results[0];
}

function bodyViolations(openapi, operation, { request_body: body }) {
  const described = openapi.resolve(operation.requestBody);
  const absent = body === null || body === undefined || body === "";
  const wrong = (expected) => [{ part: "request body", pointer: "", expected }];
  if (!described) {
    return absent || short(body) === "{}" ? [] : wrong(`no body, got ${short(body)}`);
  }
  const schema = described.content["application/json"]?.schema;
  if (!schema) return [];
  if (absent && described.required) return wrong("a body");
  if (typeof body === "string" && body !== "" && openapi.resolve(schema).type !== "string") return wrong(`JSON, got text ${short(body)}`);
  const value = absent ? {} : body;
  const rows = [...schemaViolations(openapi, schema, value), ...unknownProperties(openapi, schema, value)];
  return rows.map((row) => ({ part: "request body", ...row }));
}

function successViolations(openapi, documented, exchange) {
  const { status, response_body: body, request_headers, response_headers } = exchange;
  const absent = body === null || body === undefined || body === "";
  const wrong = (expected) => [{ part: "response body", pointer: "", expected }];
  const content = documented?.content;
  if (!content || status === 204 || status === 304) return absent ? [] : wrong(`no body with ${status}, got ${short(body)}`);
  const type = response_headers["content-type"] ?? "";
  if (asksForText(request_headers.accept)) {
    // An empty file is recorded as no body, and a raw file that holds JSON as JSON: then the content type tells.
    const isText = absent || typeof body === "string" || (type !== "" && !type.startsWith("application/json"));
    return isText ? [] : wrong(`text, as ${request_headers.accept} asks, got ${short(body)}`);
  }
  if (type && !/json/.test(type)) return wrong(`a JSON content type, got ${type}`);
  const media = Object.keys(content).find((name) => name !== "application/json" && request_headers.accept?.includes(name));
  const schema = (content[media] ?? content["application/json"] ?? Object.values(content)[0])?.schema;
  if (!schema) return [];
  if (body === undefined) return wrong("a body");
  const rows = [
    ...schemaViolations(openapi, schema, body, excusedNull),
    ...unknownProperties(openapi, schema, body),
  ];
  return rows.map((row) => ({ part: "response body", ...row }));
}

/** `application/vnd.github.raw`, `.diff`, `.patch`, `.sha`, `.html` (also `+json`, `.v3.`) answer text. */
function asksForText(accept) {
  return /vnd\.github(\.v3)?\.(raw|diff|patch|sha|html)\b/.test(accept ?? "");
}

function excusedNull({ pointer, data, keyword }) {
  if (keyword !== "type" || data !== null) return false;
  return (
    NULL_FOR_DELETED_ACCOUNTS.some((suffix) => pointer.endsWith(suffix)) || NULL_STRINGS.some((pattern) => pattern.test(pointer))
  );
}

/** Error bodies: the documented schema or GitHub's basic error, and always a message. */
function errorViolations(openapi, documented, body) {
  const schemas = [documented?.content?.["application/json"]?.schema, ...ERRORS].filter(Boolean);
  const wrong = (expected) => [{ part: "error body", pointer: "", expected }];
  if (body === null || typeof body !== "object" || typeof body.message !== "string") {
    if (documented && !documented.content && (body === null || body === "")) return [];
    return wrong(`an object with a "message", got ${short(body)}`);
  }
  const known = Object.fromEntries(Object.entries(body).filter(([name]) => !ERROR_PROPERTIES.includes(name)));
  const status = ERROR_PROPERTIES.flatMap((name) => (name in body && typeof body[name] !== "string" ? wrong(`${name} as text`) : []));
  const results = schemas.map((schema) => [...schemaViolations(openapi, schema, known), ...unknownProperties(openapi, schema, known)]);
  if (results.some((rows) => rows.length === 0)) return status;
  return [...status, ...results[0].map((row) => ({ part: "error body", ...row }))];
}

const ERRORS = ["basic-error", "validation-error", "validation-error-simple"].map((name) => ({ $ref: `#/components/schemas/${name}` }));

/** `Link: <url>; rel="next", …`: whole URLs and known relations. */
function linkViolations(link) {
  if (!link) return [];
  const bad = link.split(/,\s*(?=<)/).filter((one) => !/^<https?:\/\/[^>]+>; rel="(next|prev|first|last)"$/.test(one.trim()));
  return bad.map((one) => ({ part: "response header", pointer: "/link", expected: `<url>; rel="next|prev|first|last", got ${one}` }));
}
