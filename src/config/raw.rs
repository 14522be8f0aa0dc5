//! The configuration as it is written: one struct a section, one doc comment a key. The schema is generated from it.
#![expect(clippy::struct_field_names, reason = "the keys' names are public")]

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::{Engine, MergeMethod, Mode, Provider, Risk, Strategy};

/// Configuration of autonomy: `.autonomy/config.yaml` on the default branch.
///
/// Every key is optional except `version`. It is never read from a pull request's head.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "autonomy configuration")]
pub(super) struct Raw {
    /// Version of this format. Only 1 exists.
    #[schemars(required, range(min = 1, max = 1))]
    pub(super) version: Option<u32>,
    /// The model of each role. A role that is absent takes the engineer's model.
    pub(super) models: Option<Models>,
    /// Limits on money and requests. Worst-case cost is reserved before every call.
    pub(super) budget: Option<Budget>,
    /// Prices of models that the built-in table does not know, by model name.
    pub(super) prices: Option<Ordered<Price>>,
    /// Commands that the engineer must keep green, run in a child process without any token or key.
    pub(super) checks: Option<Vec<Check>>,
    /// Which issue is next.
    pub(super) backlog: Option<Backlog>,
    /// How a change is written, and what it may not touch.
    pub(super) implement: Option<Implement>,
    /// How pull requests are reviewed.
    pub(super) review: Option<Review>,
    /// Risk and mode of every outward action, by name or glob (`pr.merge`, `issue.*`). The first match wins; what is not
    /// named keeps the built-in rule.
    pub(super) actions: Option<Ordered<ActionRule>>,
    /// How pull requests are merged.
    pub(super) merge: Option<Merge>,
    /// Names of the labels that are read and written.
    pub(super) labels: Option<Labels>,
}

#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Models {
    /// Writes the change.
    pub(super) engineer: Option<Model>,
    /// Reviews quality.
    pub(super) cto: Option<Model>,
    /// Reviews security.
    pub(super) ciso: Option<Model>,
    /// Writes the specification (pipeline).
    pub(super) pm: Option<Model>,
    /// Writes the design (pipeline).
    pub(super) architect: Option<Model>,
    /// Judges the tests (pipeline).
    pub(super) qa: Option<Model>,
    /// Judges the risk (pipeline).
    pub(super) security: Option<Model>,
}

#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Model {
    /// The wire protocol. Keys and base URLs come from the environment or the Action's inputs, never from this file.
    pub(super) provider: Option<Provider>,
    /// The model's name as the provider knows it.
    #[schemars(length(min = 1, max = 200))]
    pub(super) model: Option<String>,
    /// 0 to 2. Default: 0.3 for the engineer, 0.1 for the CISO, 0.2 for the others.
    #[schemars(range(min = 0, max = 2))]
    pub(super) temperature: Option<f64>,
    /// The most tokens one answer may have. Default: 8192 for the engineer, 4096 for the others.
    #[schemars(range(min = 64, max = 1_000_000))]
    pub(super) max_output_tokens: Option<u64>,
    /// The model's context window in tokens. Default: 128000.
    #[schemars(range(min = 4_096, max = 10_000_000))]
    pub(super) context_tokens: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Budget {
    /// Dollars for implementing one issue.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub(super) task_usd: Option<f64>,
    /// Dollars for one review of one head commit by one role.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub(super) review_usd: Option<f64>,
    /// Dollars in a calendar month (UTC) after which every run warns.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub(super) month_soft_usd: Option<f64>,
    /// Dollars in a calendar month (UTC) after which no model is asked.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub(super) month_hard_usd: Option<f64>,
    /// Model requests in a minute.
    #[schemars(range(min = 1, max = 10_000))]
    pub(super) requests_per_minute: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Price {
    /// Dollars for a million tokens of input.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub(super) input_per_million: f64,
    /// Dollars for a million tokens of output.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub(super) output_per_million: f64,
    /// Dollars for a million tokens of input that the provider had cached. Default: as other input.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub(super) cached_input_per_million: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Check {
    /// A short name, once in the list.
    #[schemars(length(min = 1, max = 60))]
    pub(super) name: String,
    /// The command line, given to `sh -c` in the root of a scratch checkout.
    #[schemars(length(min = 1, max = 10_000))]
    pub(super) run: String,
    /// After this many seconds the check is ended and counts as failed. Default: 600.
    #[schemars(range(min = 1, max = 21_600))]
    pub(super) timeout_seconds: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Backlog {
    /// Factors of the score.
    pub(super) weights: Option<Weights>,
    /// While this many automated pull requests are open, no issue is started.
    #[schemars(range(min = 1, max = 100))]
    pub(super) max_open_pull_requests: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Weights {
    /// Times 4, 3, 2, 1 for critical, high, medium, low; 0 without a priority.
    #[schemars(range(min = -1_000_000, max = 1_000_000))]
    pub(super) priority: Option<f64>,
    /// Times 1, 0.5, 0.25 for the current, the next and a later milestone; 0 without one.
    #[schemars(range(min = -1_000_000, max = 1_000_000))]
    pub(super) sprint: Option<f64>,
    /// Times the age in quarters of a year, at most 1.
    #[schemars(range(min = -1_000_000, max = 1_000_000))]
    pub(super) age: Option<f64>,
    /// Times 1 while an issue that blocks it is open.
    #[schemars(range(min = -1_000_000, max = 1_000_000))]
    pub(super) blocked: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Implement {
    /// `builtin` writes the change itself; `command` lets another coding agent's command line do it.
    pub(super) engine: Option<Engine>,
    /// The command line for `engine: command`. It gets the brief on standard input and no token.
    #[schemars(length(max = 10_000))]
    pub(super) command: Option<String>,
    /// `single`: one engineer. `pipeline`: specification, design, change, tests and risk, with votes.
    pub(super) strategy: Option<Strategy>,
    /// Turns of the conversation with the model.
    #[schemars(range(min = 1, max = 500))]
    pub(super) max_turns: Option<u32>,
    /// Paths that no change may touch, in addition to the built-in ones, as globs in the manner of `.gitignore`.
    #[schemars(inner(length(min = 1, max = 500)))]
    pub(super) protected_paths: Option<Vec<String>>,
    /// The most files a change may touch.
    #[schemars(range(min = 1, max = 3_000))]
    pub(super) max_files: Option<u64>,
    /// The most lines a change may add and remove together.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub(super) max_changed_lines: Option<u64>,
    /// The most bytes a written file may have.
    #[schemars(range(min = 1, max = 100_000_000))]
    pub(super) max_file_bytes: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Review {
    /// The most issues one review files.
    #[schemars(range(min = 0, max = 100))]
    pub(super) max_new_issues: Option<u64>,
    /// Who reviews. A merge needs the verdict of both.
    pub(super) roles: Option<ReviewRoles>,
}

#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReviewRoles {
    /// Quality.
    pub(super) cto: Option<ReviewRole>,
    /// Security.
    pub(super) ciso: Option<ReviewRole>,
}

#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReviewRole {
    /// Whether this role reviews.
    pub(super) enabled: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ActionRule {
    /// How much harm it can do. What is not said counts as high.
    pub(super) risk: Option<Risk>,
    /// Whether it happens by itself.
    pub(super) mode: Mode,
}

#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Merge {
    /// How the commits are put on the base branch.
    pub(super) method: Option<MergeMethod>,
    /// Workflow files (in `.github/workflows`) to start on our branch where our pull requests start none.
    #[schemars(inner(length(min = 1, max = 200)))]
    pub(super) dispatch: Option<Vec<String>>,
}

#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Labels {
    /// Approved work.
    #[schemars(length(min = 1, max = 50))]
    pub(super) roadmap: Option<String>,
    /// Waits for the product owner.
    #[schemars(length(min = 1, max = 50))]
    pub(super) needs_approval: Option<String>,
    /// Proposed by us.
    #[schemars(length(min = 1, max = 50))]
    pub(super) suggestion: Option<String>,
    /// A security finding.
    #[schemars(length(min = 1, max = 50))]
    pub(super) security: Option<String>,
    /// Cannot be worked on now.
    #[schemars(length(min = 1, max = 50))]
    pub(super) blocked: Option<String>,
    /// Goes first.
    #[schemars(length(min = 1, max = 50))]
    pub(super) pinned: Option<String>,
    /// Our pull requests.
    #[schemars(length(min = 1, max = 50))]
    pub(super) automated: Option<String>,
    /// The pipeline's votes agreed.
    #[schemars(length(min = 1, max = 50))]
    pub(super) consensus_approved: Option<String>,
    /// A human should look at the security of a pull request.
    #[schemars(length(min = 1, max = 50))]
    pub(super) security_review: Option<String>,
    /// We gave up.
    #[schemars(length(min = 1, max = 50))]
    pub(super) failed: Option<String>,
    /// Stops us: nothing is done on an issue or a pull request that carries it.
    #[schemars(length(min = 1, max = 50))]
    pub(super) hold: Option<String>,
    /// `critical`, `high`, `medium` and `low` are appended.
    #[schemars(length(min = 1, max = 40))]
    pub(super) severity_prefix: Option<String>,
    /// `critical`, `high`, `medium` and `low` are appended; `P0` to `P3` mean the same.
    #[schemars(length(min = 1, max = 40))]
    pub(super) priority_prefix: Option<String>,
}

/// A mapping in the order written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ordered<T>(pub(super) Vec<(String, T)>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Ordered<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<T>(std::marker::PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Entries<T> {
            type Value = Ordered<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Ordered(entries))
            }
        }

        deserializer.deserialize_map(Entries(std::marker::PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for Ordered<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Map_of_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        std::collections::BTreeMap::<String, T>::json_schema(generator)
    }
}
