//! A plan of faults as it is written.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use regex::Regex;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::adversary::Move;

/// What goes wrong, and when. Written as YAML or JSON:
///
/// ```yaml
/// faults:
///   - on: { method: POST, path: "/comments$" }     # the first such request
///     answer: { status: 502 }                      # has no effect and is answered 502;
///   - on: { method: PUT, path: "/merge$", nth: 2, times: 3 }    # the second, third and fourth
///     answer: { status: 500, after: true }         # `after: true`: the effect happened, the answer says otherwise
///   - on: { request: 12 }                          # the twelfth request of the run, whatever it is
///     moves: [ { push: { branch: main, files: { README.md: "new\n" } } } ]     # an adversary's step before it
///   - on: { path: "/pulls$" }
///     secondary_limit: { retry_after: 1 }
///   - on: { body: "createCommitOnBranch" }         # GraphQL, by the text of the query
///     graphql_errors: { type: STALE_DATA, message: "Expected branch to point to …" }
/// ```
///
/// `on` names requests by `method`, by regular expressions over `path` (without the base) and `body`, by the `token`'s
/// name, or by the number of the `request`; `nth` (from 1) and `times` count the matching ones. Requests to the model
/// and to the control endpoint are not counted. Each entry has one effect: `answer`, `hang`, `drop` (`before` or `after`
/// the effect), `delay_ms`, `secondary_limit`, `primary_limit`, `graphql_errors`, `stale`, `truncate`, or `moves`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultPlan {
    pub(super) faults: Vec<Fault>,
}

/// Why a plan can't be used.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    #[error("cannot read the fault plan {path}: {source}")]
    Unreadable { path: String, source: std::io::Error },
    #[error("the fault plan {name} is not understood: {problem}")]
    Invalid { name: String, problem: String },
}

impl FaultPlan {
    pub fn read(path: &Path) -> Result<Self, PlanError> {
        let name = path.display().to_string();
        let text =
            std::fs::read_to_string(path).map_err(|source| PlanError::Unreadable { path: name.clone(), source })?;
        Self::parse(&name, &text)
    }

    /// `name` stands in errors.
    pub fn parse(name: &str, text: &str) -> Result<Self, PlanError> {
        parse(text).map_err(|problem| PlanError::Invalid { name: name.to_owned(), problem })
    }

    /// A plan of a single step of the adversary, before the request with this number.
    pub fn before_request(request: u64, moves: Vec<Move>) -> Self {
        let on = Matcher { request: Some(request), ..Matcher::default() };
        Self { faults: vec![Fault { on, effect: Effect::Moves(moves) }] }
    }
}

/// JSON or YAML, with the place of a mistake in its words.
pub(super) fn parse<T: for<'a> Deserialize<'a>>(text: &str) -> Result<T, String> {
    if text.trim_start().starts_with(['{', '[']) {
        return serde_json::from_str(text).map_err(|e| e.to_string());
    }
    let options = serde_saphyr::options! { strict_booleans: true };
    serde_saphyr::from_str_with_options(text, options).map_err(|e| e.without_snippet().to_string())
}

#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "WrittenFault")]
pub(super) struct Fault {
    pub(super) on: Matcher,
    pub(super) effect: Effect,
}

/// Which requests.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Matcher {
    pub(super) request: Option<u64>,
    pub(super) method: Option<String>,
    #[serde(deserialize_with = "pattern")]
    pub(super) path: Option<Regex>,
    #[serde(deserialize_with = "pattern")]
    pub(super) body: Option<Regex>,
    pub(super) token: Option<String>,
    pub(super) nth: u64,
    pub(super) times: u64,
}

impl Default for Matcher {
    fn default() -> Self {
        Self { request: None, method: None, path: None, body: None, token: None, nth: 1, times: 1 }
    }
}

fn pattern<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Regex>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    let compile = |text: String| {
        Regex::new(&text).map_err(|e| {
            let why = e.to_string();
            let why = why.lines().last().unwrap_or_default();
            serde::de::Error::custom(format!("`{text}` is no regular expression ({why})"))
        })
    };
    text.map(compile).transpose()
}

/// Before or after the request had its effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Side {
    Before,
    After,
}

#[derive(Debug, Clone)]
pub(super) enum Effect {
    Answer(AnswerWith),
    Hang(Side),
    Drop(Side),
    Delay(Duration),
    SecondaryLimit(SecondaryLimit),
    PrimaryLimit(PrimaryLimit),
    GraphqlErrors(GraphqlErrors),
    Stale(Stale),
    Truncate(Truncate),
    Moves(Vec<Move>),
}

/// An answer instead of the real one.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AnswerWith {
    pub(super) status: u16,
    /// JSON, or a text that is sent as it stands; GitHub's words for the status when absent.
    #[serde(default)]
    pub(super) body: Option<Value>,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) after: bool,
}

/// Too many requests in a short time: 403, or 429 (REST) or 200 (GraphQL) when it is asked for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SecondaryLimit {
    #[serde(default = "forbidden")]
    pub(super) status: u16,
    /// Seconds; without it the client must wait a minute by itself.
    pub(super) retry_after: Option<u64>,
}

fn forbidden() -> u16 {
    403
}

/// No requests are left in this hour.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PrimaryLimit {
    /// Seconds until the count starts again.
    #[serde(default)]
    pub(super) reset_in: u64,
}

/// Errors in a 200. The effect does not happen unless `data` is `keep`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GraphqlErrors {
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) message: String,
    /// `none` (there is none), `null`, or `keep` (the real data beside the error).
    #[serde(default)]
    pub(super) data: Data,
    /// JSON pointers into the real data that become null (`/repository/issue`), with `data: keep`.
    #[serde(default)]
    pub(super) nulls: Vec<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Data {
    #[default]
    None,
    Null,
    Keep,
}

/// From the matching request on, reads are answered as they were last answered before.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stale {
    /// How many reads.
    pub(super) reads: u64,
    /// A read that was never answered before is answered 404, as if the object were not there yet.
    #[serde(default)]
    pub(super) unseen_missing: bool,
}

/// A list that ends too early.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Truncate {
    /// How many elements stay.
    pub(super) keep: usize,
    /// Whether the `Link` header stays.
    #[serde(default)]
    pub(super) link: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenFault {
    on: Matcher,
    answer: Option<AnswerWith>,
    hang: Option<Side>,
    drop: Option<Side>,
    delay_ms: Option<u64>,
    secondary_limit: Option<SecondaryLimit>,
    primary_limit: Option<PrimaryLimit>,
    graphql_errors: Option<GraphqlErrors>,
    stale: Option<Stale>,
    truncate: Option<Truncate>,
    moves: Option<Vec<Move>>,
}

impl TryFrom<WrittenFault> for Fault {
    type Error = String;

    fn try_from(written: WrittenFault) -> Result<Self, String> {
        let on = written.on;
        let by_kind = on.method.is_some() || on.path.is_some() || on.body.is_some() || on.token.is_some();
        if on.request.is_none() && !by_kind {
            return Err("`on` names no request: give request, method, path, body or token".to_owned());
        }
        if on.request == Some(0) || on.nth == 0 || on.times == 0 {
            return Err("`request`, `nth` and `times` count from 1".to_owned());
        }
        let effects: Vec<Effect> = [
            written.answer.map(Effect::Answer),
            written.hang.map(Effect::Hang),
            written.drop.map(Effect::Drop),
            written.delay_ms.map(|ms| Effect::Delay(Duration::from_millis(ms))),
            written.secondary_limit.map(Effect::SecondaryLimit),
            written.primary_limit.map(Effect::PrimaryLimit),
            written.graphql_errors.map(Effect::GraphqlErrors),
            written.stale.map(Effect::Stale),
            written.truncate.map(Effect::Truncate),
            written.moves.map(Effect::Moves),
        ]
        .into_iter()
        .flatten()
        .collect();
        let count = effects.len();
        let effect = effects.into_iter().next().filter(|_| count == 1).ok_or_else(|| {
            format!(
                "a fault has exactly one effect of answer, hang, drop, delay_ms, secondary_limit, primary_limit, graphql_errors, stale, truncate, moves; this one has {count}"
            )
        })?;
        if let Effect::Answer(answer) = &effect
            && !(200..=599).contains(&answer.status)
        {
            return Err(format!("`status` is a status from 200 to 599, not {}", answer.status));
        }
        Ok(Self { on, effect })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_named_with_their_place() {
        let cases = [
            ("faults:\n  - on: {request: 1}\n    hangs: before\n", "unknown field `hangs`"),
            (
                "faults:\n  - on: {}\n    hang: before\n",
                "`on` names no request: give request, method, path, body or token at line 2",
            ),
            ("faults:\n  - on: {request: 0}\n    hang: before\n", "count from 1 at line 2"),
            ("faults:\n  - on: {request: 1}\n", "this one has 0 at line 2"),
            ("faults:\n  - on: {request: 1}\n    hang: before\n    drop: after\n", "this one has 2 at line 2"),
            (
                "faults:\n  - on: {path: '('}\n    hang: before\n",
                "`(` is no regular expression (error: unclosed group) at line 2",
            ),
            (
                "faults:\n  - on: {request: 1}\n    answer: {status: 42}\n",
                "`status` is a status from 200 to 599, not 42 at line 2",
            ),
            ("faults:\n  - on: {request: 1}\n    moves: [{pussh: {}}]\n", "unknown field `pussh`"),
            ("{\"faults\": [\n{\"on\": {\"request\": 1}, \"hang\": \"during\"}]}", "line 2"),
        ];
        for (text, part) in cases {
            let error = FaultPlan::parse("faults.yaml", text).unwrap_err().to_string();
            assert!(error.starts_with("the fault plan faults.yaml is not understood: "), "{error}");
            assert!(error.contains(part), "{error}");
        }
    }
}
