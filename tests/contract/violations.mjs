// What is wrong with a value, as `{pointer, expected}` rows: schema errors in plain words, and properties nobody described.

/** Schema errors of `value`; alternatives are reported by their nearest branch only. */
export function schemaViolations(openapi, schema, value, excuse = () => false) {
  const validate = openapi.validator(schema);
  if (validate(value)) return [];
  return plain(openapi, validate.errors).filter((row) => !excuse(row)).map(({ pointer, expected }) => ({ pointer, expected }));
}

function plain(openapi, errors) {
  const alternatives = errors.filter((error) => error.keyword === "anyOf");
  const outer = alternatives.filter((one) => !alternatives.some((other) => other !== one && within(one, other)));
  const rows = errors.filter((error) => error.keyword !== "anyOf" && !outer.some((one) => within(error, one)));
  return [...rows.map(row), ...outer.flatMap((one) => nearestBranch(openapi, one))];
}

/** Whether `error` belongs to a value at or under the value that `alternative` is about. */
function within(error, alternative) {
  const at = alternative.instancePath;
  return error.instancePath === at || error.instancePath.startsWith(`${at}/`);
}

/** Of alternatives only the nearest says something useful: the right type first, then the fewest errors. */
function nearestBranch(openapi, { schema: branches, data, instancePath }) {
  const results = branches.map((branch) => {
    const validate = openapi.convertedValidator(branch);
    return validate(data) ? [] : plain(openapi, validate.errors);
  });
  const mistaken = (rows) => rows.filter((one) => one.pointer === "" && one.keyword === "type").length;
  const [best] = results.sort((a, b) => mistaken(a) - mistaken(b) || a.length - b.length);
  return best.map((one) => ({ ...one, pointer: instancePath + one.pointer }));
}

function row(error) {
  const { keyword, params, data, instancePath } = error;
  const got = `got ${short(data)}`;
  const words = {
    type: () => `${[params.type].flat().join(" or ")}, ${got}`,
    required: () => `the required property "${params.missingProperty}"`,
    enum: () => `one of ${params.allowedValues?.map((one) => JSON.stringify(one)).join(", ")}, ${got}`,
    format: () => `format ${params.format}, ${got}`,
    pattern: () => `a match of ${params.pattern}, ${got}`,
  };
  return { pointer: instancePath, expected: words[keyword]?.() ?? `${error.message}, ${got}`, keyword, data };
}

/** Properties of `value`, at any depth, that no matching schema names. Objects that list no properties are open. */
export function unknownProperties(openapi, schema, value, pointer = "") {
  return undescribed(openapi, [schema], value, pointer);
}

function undescribed(openapi, schemas, value, pointer) {
  const leaves = schemas.flatMap((schema) => flatten(openapi, schema, value));
  if (Array.isArray(value)) {
    const items = leaves.map((leaf) => leaf.items).filter(Boolean);
    return items.length === 0 ? [] : value.flatMap((one, at) => undescribed(openapi, items, one, `${pointer}/${at}`));
  }
  if (value === null || typeof value !== "object") return [];
  const open = leaves.some((leaf) => leaf.additionalProperties === true || isEmptyObject(leaf.additionalProperties));
  const listed = leaves.filter((leaf) => leaf.properties || typeof leaf.additionalProperties === "object");
  if (open || listed.length === 0) return [];
  return Object.entries(value).flatMap(([name, one]) => {
    const at = `${pointer}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    const named = listed.flatMap((leaf) => (Object.hasOwn(leaf.properties ?? {}, name) ? [leaf.properties[name]] : []));
    const next = named.length > 0 ? named : listed.map((leaf) => leaf.additionalProperties).filter((extra) => typeof extra === "object");
    if (next.length === 0) return [{ pointer: at, expected: "no such property in the description" }];
    return undescribed(openapi, next, one, at);
  });
}

/** The plain schemas that speak about `value`: `$ref` followed, `allOf` joined, of alternatives only those that match. */
function flatten(openapi, listed, value) {
  const schema = openapi.resolve(listed);
  const alternatives = schema.anyOf ?? schema.oneOf ?? [];
  const matching = alternatives.filter((one) => openapi.validator(one)(value));
  const chosen = matching.length > 0 ? matching : alternatives;
  return [schema, ...[...(schema.allOf ?? []), ...chosen].flatMap((one) => flatten(openapi, one, value))];
}

function isEmptyObject(node) {
  return node !== null && typeof node === "object" && Object.keys(node).length === 0;
}

/** A value in few characters, for a message. */
export function short(value) {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
