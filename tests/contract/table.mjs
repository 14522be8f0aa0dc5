// The result of a check as text for a terminal or a CI log.

/** A table of operations, then what was skipped, unknown and wrong. */
export function render(result) {
  const rows = [...result.operations].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, counts]) => [
    name, String(counts.requests), String(counts.responses), [...counts.statuses].map(([status, n]) => `${status}×${n}`).join(" "), String(counts.violations),
  ]);
  const blocks = [
    columns([["operation", "requests", "responses", "statuses", "violations"], ...rows]),
    section("Not validated:", [...result.skipped].map(([what, count]) => `${count} ${what}`)),
    section("Unknown routes:", [...result.unknown].map(([what, count]) => `${what} ×${count}`)),
    section("Violations:", result.violations.map(violation)),
    section("The contract does not hold:", result.failures),
    `${result.operations.size} operations, ${result.schemas} of GitHub's component schemas, ${result.seconds.toFixed(1)} s`,
  ];
  return blocks.filter(Boolean).join("\n\n");
}

/** The one line that a build log ends with. */
export function closingLine({ requests, responses, violations, unknown }) {
  const wrong = violations.reduce((sum, one) => sum + one.count, 0);
  const routes = [...unknown.values()].reduce((sum, count) => sum + count, 0);
  return `${requests} requests and ${responses} responses validated, ${wrong} violations, ${routes} unknown routes`;
}

function violation({ operation, place, part, pointer, expected, count }) {
  return `${operation}  ${place}  ${part} ${pointer || "/"}: expected ${expected}${count > 1 ? `  ×${count}` : ""}`;
}

function section(title, lines) {
  return lines.length === 0 ? "" : [title, ...lines.map((line) => `  ${line}`)].join("\n");
}

function columns(rows) {
  const widths = rows[0].map((_, at) => Math.max(...rows.map((row) => row[at].length)));
  return rows.map((row) => row.map((cell, at) => cell.padEnd(widths[at])).join("  ").trimEnd()).join("\n");
}
