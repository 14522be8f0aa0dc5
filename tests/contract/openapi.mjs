// GitHub's official OpenAPI description: loading, finding the operation of a request, and schemas that Ajv understands.
//
// The file has 13 MB and some 1,200 operations. Only what the recordings reach is converted: schemas are converted when an
// operation first needs them, and components when a `$ref` first names them.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import Ajv from "ajv";
import addFormats from "ajv-formats";

import { EMAIL, MAY_BE_EMPTY, canonicalPath } from "./gaps.mjs";

const DESCRIPTION = "@octokit/openapi/generated/api.github.com.json";

/** Reads the description from the installed package. */
export function loadDescription() {
  const file = createRequire(import.meta.url).resolve(DESCRIPTION);
  return JSON.parse(readFileSync(file, "utf8"));
}

/** Finds operations and compiles schemas of one description. */
export class OpenApi {
  #description;
  #routes;
  #ajv;
  #converted = new Map();
  #validators = new Map();

  constructor(description) {
    this.#description = description;
    this.#routes = Object.keys(description.paths).map((template) => this.#route(template)).sort(moreSpecificFirst);
    this.#ajv = new Ajv({ strict: false, allErrors: true, verbose: true, validateFormats: true });
    addFormats(this.#ajv);
    this.#ajv.addFormat("email", EMAIL);
    this.#ajv.addFormat("repo.nwo", /^[^/\s]+\/[^/\s]+$/);
    this.#ajv.addFormat("binary", true);
  }

  /** How many component schemas were reached so far. */
  get reached() {
    return this.#converted.size;
  }

  /** The operation of a request, as `{template, operation, parameters}`, or `undefined`. `parameters` are decoded path parameters. */
  find(method, path) {
    const canonical = canonicalPath(path.split("?")[0]);
    for (const { template, pattern, names } of this.#routes) {
      const operation = this.#description.paths[template][method.toLowerCase()];
      const match = operation && pattern.exec(canonical);
      if (!match) continue;
      const values = match.slice(1).map((value) => decode(value ?? ""));
      return { template, operation, parameters: Object.fromEntries(names.map((name, at) => [name, values[at]])) };
    }
    return undefined;
  }

  /** Follows a `$ref` into the components; anything else is returned as it is. */
  resolve(node) {
    if (!node?.$ref) return node;
    const target = node.$ref.replace(/^#\//, "").split("/").reduce((at, key) => at?.[unescape(key)], this.#description);
    if (target === undefined) throw new Error(`the description has no ${node.$ref}`);
    return this.resolve(target);
  }

  /** Parameters of an operation by place: `{path: Map, query: Map, header: Map}`. */
  parameters(template, operation) {
    const places = { path: new Map(), query: new Map(), header: new Map(), cookie: new Map() };
    for (const listed of [...(this.#description.paths[template].parameters ?? []), ...(operation.parameters ?? [])]) {
      const parameter = this.resolve(listed);
      places[parameter.in].set(parameter.name, parameter);
    }
    return places;
  }

  /** A compiled validator for an OpenAPI schema node; cached by identity. */
  validator(schema) {
    return this.#compiled(schema, () => this.#convert(schema));
  }

  /** The same for a node that was converted before (`error.schema` of a validator's error). */
  convertedValidator(schema) {
    return this.#compiled(schema, () => schema);
  }

  #compiled(key, convert) {
    let validate = this.#validators.get(key);
    if (!validate) {
      validate = this.#ajv.compile(convert());
      this.#validators.set(key, validate);
    }
    return validate;
  }

  /** Refs, branches and paths contain slashes: the description marks such parameters `x-multi-segment`. */
  #route(template) {
    const operations = Object.values(this.#description.paths[template]);
    const listed = operations.flatMap((operation) => operation.parameters ?? []).map((parameter) => this.resolve(parameter));
    const multi = new Set(listed.filter((one) => one.in === "path" && one["x-multi-segment"]).map((one) => one.name));
    const names = [...template.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name);
    return { template, names, pattern: expression(template, multi) };
  }

  /** OpenAPI 3.0 to JSON Schema: `nullable`, annotations dropped, `oneOf` read as `anyOf`, `$ref` pointing into Ajv's store. */
  #convert(node) {
    if (node.$ref) return { $ref: this.#component(node.$ref) };
    const schema = {};
    for (const [key, value] of Object.entries(node)) {
      if (key === "properties") {
        schema.properties = Object.fromEntries(Object.entries(value).map(([name, one]) => [name, this.#convert(one)]));
      } else if (key === "items" || key === "not") {
        schema[key] = this.#convert(value);
      } else if (key === "additionalProperties") {
        schema[key] = typeof value === "object" ? this.#convert(value) : value;
      } else if (key === "anyOf" || key === "oneOf") {
        // GitHub's `oneOf` branches overlap (nearly all of their properties are optional), so one match is enough.
        schema.anyOf = value.map((one) => this.#convert(one));
      } else if (key === "allOf") {
        schema.allOf = value.map((one) => this.#convert(one));
      } else if (KEPT.has(key)) {
        schema[key] = value;
      }
    }
    if (schema.properties && !schema.type && !schema.anyOf && !schema.allOf) schema.type = "object";
    return node.nullable ? orNull(schema) : schema;
  }

  #component(ref) {
    const id = `openapi:${ref.slice(2)}`;
    if (!this.#converted.has(ref)) {
      this.#converted.set(ref, id);
      const target = ref.replace(/^#\//, "").split("/").reduce((at, key) => at?.[unescape(key)], this.#description);
      if (target === undefined) throw new Error(`the description has no ${ref}`);
      this.#ajv.addSchema({ $id: id, ...this.#convert(target) });
    }
    return id;
  }
}

const KEPT = new Set([
  "type", "enum", "format", "pattern", "required", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
  "minLength", "maxLength", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "multipleOf",
]);

function orNull(schema) {
  const { anyOf, allOf, ...rest } = schema;
  if (anyOf || allOf) return { anyOf: [{ type: "null" }, schema] };
  if (!rest.type) return {};
  const nullable = { ...rest, type: [rest.type, "null"].flat() };
  if (rest.enum && !rest.enum.includes(null)) nullable.enum = [...rest.enum, null];
  return nullable;
}

function expression(template, multi) {
  if (MAY_BE_EMPTY.has(template)) return new RegExp(`^${source(template, multi).replace(/\/\(\.\+\)$/, "(?:/(.*))?")}$`);
  return new RegExp(`^${source(template, multi)}$`);
}

function source(template, multi) {
  return template.split(/(\{[^}]+\})/).map((part) => {
    if (!part.startsWith("{")) return part.replace(/[.*+?^$()|[\]\\]/g, "\\$&");
    return multi.has(part.slice(1, -1)) ? "(.+)" : "([^/]+)";
  }).join("");
}

/** More segments first, then literal segments before parameters: `…/commits/{ref}/status` before `…/commits/{ref}`. */
function moreSpecificFirst(left, right) {
  const [a, b] = [left.template.split("/"), right.template.split("/")];
  if (a.length !== b.length) return b.length - a.length;
  for (const [at, segment] of a.entries()) {
    const difference = Number(segment.includes("{")) - Number(b[at].includes("{"));
    if (difference !== 0) return difference;
  }
  return left.template < right.template ? -1 : 1;
}

function unescape(key) {
  return decodeURIComponent(key).replace(/~1/g, "/").replace(/~0/g, "~");
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
