// Holds one GraphQL exchange against GitHub's official schema: the document, its variables, and the data it got.

import { schema as official } from "@octokit/graphql-schema";
import {
  GraphQLError, Kind, buildSchema, getVariableValues, getDirectiveValues, GraphQLIncludeDirective, GraphQLSkipDirective,
  isAbstractType, isEnumType, isListType, isNonNullType, isObjectType, getNamedType, parse, specifiedRules, validate,
} from "graphql";
import { short } from "./violations.mjs";

/** Builds GitHub's schema from its IDL. */
export function loadSchema() {
  return buildSchema(official.idl, { assumeValidSDL: true });
}

/** Violations of the request, as `{part, pointer, expected}` rows. */
export function graphqlRequestViolations(schema, { request_headers: headers, request_body: body }) {
  const rows = [];
  const wrong = (part, expected, pointer = "") => rows.push({ part, pointer, expected });
  if (!headers["user-agent"]) wrong("request header", "a user agent; GitHub refuses requests without one", "/user-agent");
  const request = understood(body);
  if (request.problem) return [...rows, { part: "request body", pointer: request.pointer ?? "", expected: request.problem }];
  for (const key of Object.keys(body)) {
    if (!["query", "variables", "operationName"].includes(key)) wrong("request body", "only query, variables and operationName", `/${key}`);
  }
  for (const error of validate(schema, request.document, [...specifiedRules, paginated])) wrong("query", located(error));
  if (rows.some((row) => row.part === "query")) return rows;
  const { errors } = getVariableValues(schema, request.operation.variableDefinitions ?? [], body.variables ?? {});
  for (const error of errors ?? []) wrong("variables", error.message, "/variables");
  const declared = new Set((request.operation.variableDefinitions ?? []).map((one) => one.variable.name.value));
  for (const name of Object.keys(body.variables ?? {})) {
    if (!declared.has(name)) wrong("variables", "no variable that the operation does not declare", `/variables/${name}`);
  }
  return rows;
}

/** Violations of the response; the request is taken as valid (nothing is said where it cannot be understood). */
export function graphqlResponseViolations(schema, { request_body: asked, status, response_body: body }) {
  const wrong = (expected, pointer = "") => [{ part: "response body", pointer, expected }];
  if (!Number.isInteger(status)) return [{ part: "status", pointer: "", expected: `a status, got ${short(status)} without a fault` }];
  if (body === null || typeof body !== "object" || Array.isArray(body)) return wrong(`an object, got ${short(body)}`);
  if (status !== 200) {
    if (![400, 401, 403, 404, 429].includes(status)) return [{ part: "status", pointer: "", expected: `200, or a documented refusal, got ${status}` }];
    return typeof body.message === "string" ? [] : wrong(`an object with a "message", got ${short(body)}`);
  }
  const rows = Object.keys(body).flatMap((key) => (["data", "errors", "extensions"].includes(key) ? [] : wrong("only data, errors and extensions", `/${key}`)));
  rows.push(...errorRows(body.errors).map((row) => ({ part: "response body", ...row })));
  if (body.data === undefined || body.data === null) {
    return body.errors?.length > 0 ? rows : [...rows, ...wrong("data, or errors that say why there is none", "/data")];
  }
  const request = understood(asked);
  if (request.problem || validate(schema, request.document).length > 0) return rows;
  const { coerced = {} } = getVariableValues(schema, request.operation.variableDefinitions ?? [], asked.variables ?? {});
  const root = schema.getRootType(request.operation.operation);
  const walk = { schema, document: request.document, variables: coerced };
  rows.push(...selection(walk, root, [request.operation.selectionSet], body.data, "/data").map((row) => ({ part: "response body", ...row })));
  return rows;
}

/** The name a request goes by in the table: its operation's kind and name, else its first fields. */
export function operationName({ request_body: body }) {
  const { operation } = understood(body);
  if (!operation) return "graphql (not understood)";
  const fields = operation.selectionSet.selections.map((one) => one.name?.value ?? "…").join(", ");
  return `${operation.operation} ${operation.name?.value ?? ""}{${fields}}`.replace(" {", " {");
}

function understood(body) {
  if (body === null || typeof body !== "object" || typeof body.query !== "string") return { problem: `an object with a "query", got ${short(body)}` };
  let document;
  try {
    document = parse(body.query);
  } catch (error) {
    return { problem: `a GraphQL document: ${located(error)}`, pointer: "/query" };
  }
  const operations = document.definitions.filter((one) => one.kind === Kind.OPERATION_DEFINITION);
  const named = body.operationName ? operations.filter((one) => one.name?.value === body.operationName) : operations;
  if (named.length !== 1) return { problem: `exactly one operation to run, got ${named.length}`, pointer: "/operationName" };
  return { document, operation: named[0] };
}

function located(error) {
  const at = error.locations?.[0];
  return at ? `${error.message} (query ${at.line}:${at.column})` : error.message;
}

/** GitHub refuses a connection without `first` or `last`, or with more than 100 (docs: GraphQL rate and query limits). */
function paginated(context) {
  return {
    Field(node) {
      const field = context.getFieldDef();
      const names = field?.args.map((one) => one.name) ?? [];
      if (!names.includes("first") || !getNamedType(field.type).name.endsWith("Connection")) return;
      const given = node.arguments.filter((one) => ["first", "last"].includes(one.name.value));
      if (given.length === 0) context.reportError(new GraphQLError(`connection "${node.name.value}" needs first or last`, { nodes: node }));
      for (const { value } of given) {
        if (value.kind === Kind.INT && !(Number(value.value) >= 1 && Number(value.value) <= 100)) {
          context.reportError(new GraphQLError(`first and last go from 1 to 100, got ${value.value}`, { nodes: node }));
        }
      }
    },
  };
}

function errorRows(errors) {
  if (errors === undefined) return [];
  if (!Array.isArray(errors) || errors.length === 0) return [{ pointer: "/errors", expected: `a list with an error, got ${short(errors)}` }];
  return errors.flatMap((error, at) => {
    const rows = [];
    const wrong = (name, expected) => rows.push({ pointer: `/errors/${at}/${name}`, expected });
    if (typeof error?.message !== "string") wrong("message", "text");
    for (const [name, value] of Object.entries(error ?? {})) {
      if (name === "type" ? typeof value !== "string" : name === "path" ? !isPath(value) : name === "locations" ? !isLocations(value) : false) {
        wrong(name, `the documented shape, got ${short(value)}`);
      }
      if (!["message", "type", "path", "locations", "extensions"].includes(name)) wrong(name, "no such property in a GraphQL error");
    }
    return rows;
  });
}

function isPath(value) {
  return Array.isArray(value) && value.every((one) => typeof one === "string" || Number.isInteger(one));
}

function isLocations(value) {
  return Array.isArray(value) && value.every((one) => Number.isInteger(one?.line) && Number.isInteger(one?.column));
}

/** Holds an object against everything selected on it. An abstract type is narrowed by `__typename`, else by the best fit. */
function selection(walk, type, sets, value, pointer) {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return [{ pointer, expected: `an object, got ${short(value)}` }];
  if (isObjectType(type)) return objectRows(walk, type, sets, value, pointer);
  const possible = walk.schema.getPossibleTypes(type);
  const stated = typeof value.__typename === "string" ? possible.filter((one) => one.name === value.__typename) : possible;
  if (stated.length === 0) return [{ pointer: `${pointer}/__typename`, expected: `a type of ${type.name}, got ${short(value.__typename)}` }];
  const results = stated.map((one) => objectRows(walk, one, sets, value, pointer));
  return results.sort((a, b) => a.length - b.length)[0];
}

function objectRows(walk, type, sets, value, pointer) {
  const fields = new Map();
  for (const set of sets) collect(walk, type, set, fields);
  const rows = [];
  for (const [key, nodes] of fields) {
    const at = `${pointer}/${key}`;
    const name = nodes[0].name.value;
    if (!Object.hasOwn(value, key)) {
      rows.push({ pointer: at, expected: `the selected field of ${type.name}` });
    } else if (name === "__typename") {
      if (value[key] !== type.name) rows.push({ pointer: at, expected: `"${type.name}", got ${short(value[key])}` });
    } else {
      rows.push(...fieldRows(walk, type.getFields()[name].type, nodes, value[key], at));
    }
  }
  for (const key of Object.keys(value)) {
    if (!fields.has(key)) rows.push({ pointer: `${pointer}/${key}`, expected: `no field that was not selected on ${type.name}` });
  }
  return rows;
}

function fieldRows(walk, type, nodes, value, pointer) {
  if (isNonNullType(type)) {
    return value === null ? [{ pointer, expected: `${type}, got null` }] : fieldRows(walk, type.ofType, nodes, value, pointer);
  }
  if (value === null) return [];
  if (isListType(type)) {
    if (!Array.isArray(value)) return [{ pointer, expected: `${type}, got ${short(value)}` }];
    return value.flatMap((one, at) => fieldRows(walk, type.ofType, nodes, one, `${pointer}/${at}`));
  }
  if (isObjectType(type) || isAbstractType(type)) {
    return selection(walk, type, nodes.map((one) => one.selectionSet), value, pointer);
  }
  if (isEnumType(type)) return type.getValue(value) ? [] : [{ pointer, expected: `a value of ${type.name}, got ${short(value)}` }];
  const fits = SCALARS[type.name] ?? (() => true);
  return fits(value) ? [] : [{ pointer, expected: `${type.name}, got ${short(value)}` }];
}

/** The fields selected on `type` by response key, fragments and `@include`/`@skip` resolved. */
function collect(walk, type, set, fields) {
  for (const node of set.selections) {
    if (getDirectiveValues(GraphQLSkipDirective, node, walk.variables)?.if === true) continue;
    if (getDirectiveValues(GraphQLIncludeDirective, node, walk.variables)?.if === false) continue;
    if (node.kind === Kind.FIELD) {
      const key = node.alias?.value ?? node.name.value;
      fields.set(key, [...(fields.get(key) ?? []), node]);
      continue;
    }
    const fragment = node.kind === Kind.FRAGMENT_SPREAD
      ? walk.document.definitions.find((one) => one.kind === Kind.FRAGMENT_DEFINITION && one.name.value === node.name.value)
      : node;
    if (applies(walk, type, fragment.typeCondition)) collect(walk, type, fragment.selectionSet, fields);
  }
}

function applies(walk, type, condition) {
  if (!condition) return true;
  const named = walk.schema.getType(condition.name.value);
  return named === type || (isAbstractType(named) && walk.schema.isSubType(named, type));
}

const text = (pattern) => (value) => typeof value === "string" && pattern.test(value);
const SCALARS = {
  ID: text(/./),
  String: text(/^/),
  Int: (value) => Number.isInteger(value) && Math.abs(value) < 2 ** 31,
  Float: (value) => typeof value === "number",
  Boolean: (value) => typeof value === "boolean",
  BigInt: text(/^-?\d+$/),
  Base64String: text(/^[A-Za-z0-9+/\s]*=*\s*$/),
  Date: text(/^\d{4}-\d\d-\d\d$/),
  DateTime: text(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/),
  PreciseDateTime: text(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
  GitTimestamp: text(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d([+-]\d\d:\d\d|Z)$/),
  GitObjectID: text(/^[0-9a-f]{40}$/),
  GitRefname: text(/^refs\//),
  GitSSHRemote: text(/@.+:/),
  HTML: text(/^/),
  URI: text(/^[a-z][a-z+.-]*:|^\//i),
  X509Certificate: text(/^/),
};
