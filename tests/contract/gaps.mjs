// Where GitHub truly behaves otherwise than its own OpenAPI description says. Each row has its reason; nothing else is excused.

/** Statuses any operation may answer, beyond those of its own description. 5xx only counts where a fault was asked for. */
export const GENERIC_STATUSES = new Map([
  [304, "conditional requests: every GET with an ETag (docs: best practices, conditional requests)"],
  [400, "problems parsing JSON (docs: troubleshooting)"],
  [401, "bad credentials (docs: authenticating)"],
  [403, "forbidden, or a rate limit (docs: troubleshooting, rate limits)"],
  [404, "not found, or hidden from this token (docs: troubleshooting)"],
  [422, "validation failed (docs: troubleshooting)"],
  [429, "rate limits (docs: rate limits)"],
]);

/** Error bodies carry `status` as a string; `validation-error` does not list it though `basic-error` does. */
export const ERROR_PROPERTIES = ["status"];

/** The addresses of bots have brackets (`41898282+github-actions[bot]@users.noreply.github.com`), which the strict format forbids. */
export const EMAIL = /^[^\s@]+@[^\s@]+$/;

/** Pointers (suffixes) at which GitHub answers null for a deleted account although the description says an object. */
export const NULL_FOR_DELETED_ACCOUNTS = ["/actor", "/user", "/author", "/committer"];

/** Pointers (patterns) at which GitHub answers null although the description says a string: a label may have no description. */
export const NULL_STRINGS = [/\/labels\/\d+\/description$/];

/** Parameters that may be empty: the root folder of a repository is `contents/` or `contents`. */
export const MAY_BE_EMPTY = new Set(["/repos/{owner}/{repo}/contents/{path}"]);

/** GitHub's own `Link` headers and redirects use `/repositories/{id}/…` for `/repos/{owner}/{repo}/…`. */
export function canonicalPath(path) {
  return path.replace(/^\/repositories\/\d+(?=\/|$)/, "/repos/by-id/by-id");
}

/** Versions of the REST API that a client may name. */
export const API_VERSIONS = ["2022-11-28", "2026-03-10"];
