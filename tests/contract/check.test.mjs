// The check must find what is wrong: each planted violation is found, and a good exchange passes.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";

import { check, loadContract } from "./contract.mjs";

const contract = loadContract();
const NONE = { requests: 0, responses: 0 };
const HEADERS = { "User-Agent": "autonomy", Accept: "application/vnd.github+json" };
const REF = {
  ref: "refs/heads/automated/7-fix", node_id: "REF_1", url: "https://api.github.com/repos/o/r/git/refs/heads/automated/7-fix",
  object: { type: "commit", sha: "aa218f56b14c9653891f9e74264a383fa43fefbd", url: "https://api.github.com/repos/o/r/git/commits/aa218f56b14c9653891f9e74264a383fa43fefbd" },
};

function rest(changes = {}) {
  return {
    kind: "rest", method: "GET", path: "/repos/o/r/git/ref/heads/automated/7-fix", query: "", request_headers: HEADERS, request_body: null,
    status: 200, response_headers: { "content-type": "application/json; charset=utf-8" }, response_body: REF, fault: false, unknown: false, ...changes,
  };
}

const createRef = (changes = {}) => rest({
  method: "POST", path: "/repos/o/r/git/refs", status: 201,
  request_body: { ref: "refs/heads/automated/7-fix", sha: "aa218f56b14c9653891f9e74264a383fa43fefbd" }, ...changes,
});

const listPulls = (query) => rest({ path: "/repos/o/r/pulls", query, response_body: [] });

const QUERY = `query Body($number: Int!) {
  repository(owner: "o", name: "r") {
    issue(number: $number) { title lastEditedAt state author { __typename login ... on User { databaseId } } labels(first: 10) { nodes { name } } }
  }
}`;
const ISSUE = { title: "t", lastEditedAt: null, state: "OPEN", author: { __typename: "User", login: "m", databaseId: 1 }, labels: { nodes: [{ name: "roadmap" }] } };

function graphql(changes = {}) {
  return {
    kind: "graphql", method: "POST", path: "/graphql", query: "", request_headers: HEADERS, request_body: { query: QUERY, variables: { number: 7 } },
    status: 200, response_headers: {}, response_body: { data: { repository: { issue: ISSUE } } }, fault: false, unknown: false, ...changes,
  };
}

const answering = (issue) => graphql({ response_body: { data: { repository: { issue: { ...ISSUE, ...issue } } } } });
const asking = (query, variables = {}) => graphql({ request_body: { query, variables }, response_body: { data: null, errors: [{ message: "m" }] } });

/** The check's result for exchanges as the sandbox writes them: through a file, as in production. */
async function run(...list) {
  const { exchanges } = await import("./recording.mjs");
  const folder = mkdtempSync(join(tmpdir(), "contract-"));
  try {
    const file = join(folder, "one.jsonl");
    writeFileSync(file, list.map((one) => JSON.stringify(one)).join("\n"));
    return await check(exchanges(file), NONE, contract);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const GOOD = {
  "a ref whose name holds slashes": rest(),
  "a created ref": createRef(),
  "a list with its filters": listPulls("state=open&head=o%3Aautomated%2F7-fix&per_page=100&page=2"),
  "a query given as an object": listPulls({ state: "open", per_page: 100 }),
  "a folder's root": rest({ path: "/repos/o/r/contents/", response_body: [] }),
  "a link by repository id": rest({ path: "/repositories/42/pulls", response_body: [] }),
  "a documented refusal": createRef({ status: 422, response_body: { message: "Reference already exists", documentation_url: "https://docs.github.com/rest", status: "422" } }),
  "a bad credential anywhere": rest({ status: 401, response_body: { message: "Bad credentials", documentation_url: "https://docs.github.com/rest", status: "401" } }),
  "an unchanged answer": rest({ status: 304, response_body: null }),
  "a diff as text": rest({ path: "/repos/o/r/pulls/3", request_headers: { ...HEADERS, Accept: "application/vnd.github.diff" }, response_body: "diff --git" }),
  "a raw file that holds JSON": rest({
    path: "/repos/o/r/contents/package.json", request_headers: { ...HEADERS, Accept: "application/vnd.github.raw+json" },
    response_headers: { "content-type": "application/vnd.github.raw+json; charset=utf-8" }, response_body: { name: "x" },
  }),
  "a missing merge": rest({ path: "/repos/o/r/pulls/3/merge", status: 404, response_body: { message: "Not Found", documentation_url: "d", status: "404" } }),
  "a fault that was asked for": rest({ status: 502, response_body: "<html>", fault: true }),
  "a connection cut on purpose": rest({ status: null, response_body: null, fault: true }),
  "a bad request of the sandbox's own tests": createRef({ request_body: { nonsense: 1 }, status: 422, response_body: { message: "m", documentation_url: "d" }, probe: true }),
  "a GraphQL answer": graphql(),
  "a GraphQL bot": answering({ author: { __typename: "Bot", login: "b" } }),
  "a GraphQL ghost": answering({ author: null }),
  "a GraphQL error": graphql({ response_body: { data: { repository: null }, errors: [{ type: "NOT_FOUND", path: ["repository"], locations: [{ line: 2, column: 3 }], message: "m" }] } }),
  "a model's answer": { kind: "model", method: "POST", path: "/model/v1/chat/completions", status: 200 },
};

for (const [name, exchange] of Object.entries(GOOD)) {
  test(`${name} passes`, async () => {
    const { violations, failures } = await run(exchange);
    assert.deepEqual(violations, []);
    assert.deepEqual(failures, []);
  });
}

const BAD = {
  "a field of the wrong type": [rest({ response_body: { ...REF, node_id: 7 } }), "response body", "/node_id", /string, got 7/],
  "a missing property": [rest({ response_body: { ...REF, node_id: undefined } }), "response body", "", /required property "node_id"/],
  "an invented property": [rest({ response_body: { ...REF, branch: "x" } }), "response body", "/branch", /no such property/],
  "an invented property deep inside": [rest({ response_body: { ...REF, object: { ...REF.object, size: 1 } } }), "response body", "/object/size", /no such property/],
  "an unknown query parameter": [listPulls("states=open"), "query parameter", "/states", /state, head, base/],
  "a query parameter of the wrong type": [listPulls("page=two"), "query parameter", "/page", /integer, got "two"/],
  "a value outside an enumeration": [listPulls("state=merged"), "query parameter", "/state", /one of "open", "closed", "all"/],
  "a page too large": [listPulls("per_page=1000"), "query parameter", "/per_page", /1 to 100/],
  "a parameter given twice": [listPulls("state=open&state=closed"), "query parameter", "/state", /one value, got 2/],
  "an unknown property in a request": [createRef({ request_body: { ref: "r", sha: "s", froce: true } }), "request body", "/froce", /no such property/],
  "a missing property in a request": [createRef({ request_body: { ref: "r" } }), "request body", "", /required property "sha"/],
  "a request without its body": [createRef({ request_body: null }), "request body", "", /a body/],
  "a body where none belongs": [rest({ request_body: { a: 1 } }), "request body", "", /no body/],
  "a request without a user agent": [rest({ request_headers: {} }), "request header", "/user-agent", /user agent/],
  "an API version that does not exist": [rest({ request_headers: { ...HEADERS, "X-GitHub-Api-Version": "2021-01-01" } }), "request header", "/x-github-api-version", /2022-11-28/],
  "a path parameter of the wrong type": [rest({ path: "/repos/o/r/issues/seven", response_body: null, status: 304 }), "path parameter", "/issue_number", /integer, got "seven"/],
  "an undocumented status": [rest({ status: 202 }), "status", "", /documented status \(200, 404, 409\), got 202/],
  "a 5xx nobody asked for": [rest({ status: 502, response_body: { message: "m" } }), "status", "", /got 502/],
  "a cut connection nobody asked for": [rest({ status: null, response_body: null }), "status", "", /without a fault/],
  "a body with a 204": [rest({ method: "DELETE", path: "/repos/o/r/git/refs/heads/x", status: 204, response_body: {} }), "response body", "", /no body with 204/],
  "an error without a message": [rest({ status: 404, response_body: { error: "x" } }), "error body", "", /"message"/],
  "an error with an invented property": [rest({ status: 404, response_body: { message: "m", hint: "h" } }), "error body", "/hint", /no such property/],
  "JSON where a diff was asked for": [rest({ path: "/repos/o/r/pulls/3", request_headers: { ...HEADERS, Accept: "application/vnd.github.diff" }, response_body: {} }), "response body", "", /text/],
  "a Link that is none": [rest({ response_headers: { Link: "</pulls?page=2>; rel=next" } }), "response header", "/link", /rel="next/],
  "a GraphQL field that does not exist": [asking("{ viewer { loginn } }"), "query", "", /Cannot query field "loginn"/],
  "a GraphQL connection without a size": [asking('{ repository(owner: "o", name: "r") { labels { totalCount } } }'), "query", "", /needs first or last/],
  "a GraphQL page too large": [asking('{ repository(owner: "o", name: "r") { labels(first: 101) { totalCount } } }'), "query", "", /1 to 100/],
  "a GraphQL document that does not parse": [asking("{ viewer {"), "request body", "/query", /Syntax Error/],
  "a GraphQL variable of the wrong type": [graphql({ request_body: { query: QUERY, variables: { number: "7" } } }), "variables", "/variables", /Int cannot represent/],
  "a GraphQL variable nobody declared": [graphql({ request_body: { query: QUERY, variables: { number: 7, name: "x" } } }), "variables", "/variables/name", /does not declare/],
  "null where GraphQL promises a value": [answering({ title: null }), "response body", "/data/repository/issue/title", /String!, got null/],
  "a GraphQL field that is missing": [answering({ title: undefined }), "response body", "/data/repository/issue/title", /selected field of Issue/],
  "a GraphQL field nobody selected": [answering({ body: "b" }), "response body", "/data/repository/issue/body", /not selected/],
  "a GraphQL enum value that does not exist": [answering({ state: "open" }), "response body", "/data/repository/issue/state", /value of IssueState/],
  "a GraphQL date that is none": [answering({ lastEditedAt: "yesterday" }), "response body", "/data/repository/issue/lastEditedAt", /DateTime/],
  "a GraphQL type that cannot be there": [answering({ author: { __typename: "Issue", login: "x" } }), "response body", "/data/repository/issue/author/__typename", /type of Actor/],
  "a field of another GraphQL type": [answering({ author: { __typename: "Bot", login: "b", databaseId: 1 } }), "response body", "/data/repository/issue/author/databaseId", /not selected on Bot/],
  "a GraphQL answer with neither data nor errors": [graphql({ response_body: { data: null } }), "response body", "/data", /errors that say why/],
  "a GraphQL error without a message": [graphql({ response_body: { data: null, errors: [{ type: "X" }] } }), "response body", "/errors/0/message", /text/],
};

for (const [name, [exchange, part, pointer, expected]] of Object.entries(BAD)) {
  test(`${name} is found`, async () => {
    const { violations, failures } = await run(exchange);
    const found = violations.find((one) => one.part === part && one.pointer === pointer && expected.test(one.expected));
    assert.ok(found, `not found among ${JSON.stringify(violations, null, 1)}`);
    assert.equal(found.place, "one.jsonl:1");
    assert.notDeepEqual(failures, []);
  });
}

test("a list's wrong item is named once, with its place and its count", async () => {
  const refs = rest({ path: "/repos/o/r/git/matching-refs/heads/automated/", response_body: [REF, { ...REF, ref: 1 }, { ...REF, ref: 2 }] });
  const { violations } = await run(rest(), refs);
  assert.equal(violations.length, 1);
  assert.deepEqual([violations[0].pointer, violations[0].place, violations[0].count], ["/1/ref", "one.jsonl:2", 2]);
});

test("of alternatives the nearest is reported", async () => {
  const file = { type: "file", encoding: "base64", size: "1", name: "a", path: "a", content: "", sha: "s", url: "https://x/y", git_url: null, html_url: null, download_url: null, _links: { git: null, html: null, self: "https://x/y" } };
  const { violations } = await run(rest({ path: "/repos/o/r/contents/a", response_body: file }));
  assert.deepEqual(violations.map((one) => one.pointer), ["/size"]);
});

test("a route that GitHub does not have is unknown, and so is one the sandbox did not know", async () => {
  const { unknown, failures, requests } = await run(rest({ path: "/repos/o/r/nonsense/7" }), rest({ unknown: true }));
  assert.equal(unknown.size, 2);
  assert.equal(requests, 0);
  assert.deepEqual(failures, ["2 unknown routes"]);
});

test("the sandbox's own tests may ask for an unknown route, but not answer one as if it were known", async () => {
  assert.equal((await run(rest({ path: "/repos/o/r/nonsense/7", unknown: true, probe: true }))).unknown.size, 0);
  assert.equal((await run(rest({ path: "/repos/o/r/nonsense/7", probe: true }))).unknown.size, 1);
});

test("faults and probes do not count as validated requests", async () => {
  const { requests, responses } = await run(rest(), rest({ fault: true }), rest({ probe: true }), graphql());
  assert.deepEqual([requests, responses], [2, 3]);
});

const tool = fileURLToPath(new URL("check.mjs", import.meta.url));

/** Runs the tool over a folder that holds `lines`, and returns its exit code and output. */
function command(lines, ...options) {
  const folder = mkdtempSync(join(tmpdir(), "contract-"));
  try {
    if (lines) writeFileSync(join(folder, "one.jsonl"), lines);
    const { status, stdout, stderr } = spawnSync(process.execPath, [tool, folder, ...options], { encoding: "utf8" });
    return { status, stdout, stderr };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("the tool closes with one line of totals and exit code 0", () => {
  const { status, stdout } = command(`${JSON.stringify(rest())}\n${JSON.stringify(graphql())}\n`, "--min-requests", "2", "--min-responses", "2");
  assert.equal(stdout.trimEnd().split("\n").at(-1), "2 requests and 2 responses validated, 0 violations, 0 unknown routes");
  assert.match(stdout, /GET \/repos\/\{owner\}\/\{repo\}\/git\/ref\/\{ref\} +1 +1 +200×1 +0/);
  assert.equal(status, 0);
});

test("too few, an empty folder, an unreadable line and a wrong call all fail", () => {
  const few = command(JSON.stringify(rest()));
  assert.equal(few.status, 1);
  assert.match(few.stdout, /1 requests validated, at least 150 are needed/);
  const empty = command(undefined, "--min-requests", "0", "--min-responses", "0");
  assert.equal(empty.status, 1);
  assert.match(empty.stdout, /no recordings/);
  const broken = command("{", "--min-requests", "0");
  assert.equal(broken.status, 2);
  assert.match(broken.stderr, /one\.jsonl:1: not a line of JSON/);
  assert.equal(command("", "--nonsense").status, 2);
});

test("the lock file names no registry, so that it holds on every machine", () => {
  const lock = JSON.parse(readFileSync(new URL("package-lock.json", import.meta.url), "utf8"));
  const resolved = Object.values(lock.packages).flatMap((one) => one.resolved ?? []);
  assert.deepEqual(resolved, []);
});
