// The contract check: holds recorded exchanges against GitHub's official OpenAPI description and GraphQL schema.
//
//     node check.mjs DIR... [--min-requests 150] [--min-responses 150]
//
// Exits 0 when every request and response is as GitHub describes it, no route is unknown, and there are enough of them; 1 when
// not; 2 when it was called wrongly or a recording cannot be read.

import { parseArgs } from "node:util";

import { checkFolders } from "./contract.mjs";
import { closingLine, render } from "./table.mjs";

let options;
try {
  options = parseArgs({
    allowPositionals: true,
    options: { "min-requests": { type: "string", default: "150" }, "min-responses": { type: "string", default: "150" } },
  });
} catch (error) {
  usage(error.message);
}
const folders = options.positionals;
const minimum = { requests: Number(options.values["min-requests"]), responses: Number(options.values["min-responses"]) };
if (folders.length === 0) usage("a folder with recordings is missing");
if (!Number.isInteger(minimum.requests) || !Number.isInteger(minimum.responses)) usage("the minima are whole numbers");

try {
  const result = await checkFolders(folders, minimum);
  process.stdout.write(`${render(result)}\n${closingLine(result)}\n`);
  process.exitCode = result.failures.length === 0 ? 0 : 1;
} catch (error) {
  process.stderr.write(`contract check: ${error.message}\n`);
  process.exitCode = 2;
}

function usage(problem) {
  process.stderr.write(`contract check: ${problem}\nusage: node check.mjs DIR... [--min-requests N] [--min-responses N]\n`);
  process.exit(2);
}
