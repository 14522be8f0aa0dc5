//! The engineer's loop: brief, ask, perform the tools, ask again, until there is a change worth proposing or a reason to stop.

use std::fmt::Write as _;

use super::brief::{Brief, BriefInput, brief, system};
use super::pick::Picked;
use super::progress::{Progress, Report};
use super::proposal::Proposal;
use super::tools;
use super::turn::{Bench, End, Finished};
use super::{agent, guard, verify};
use crate::codebase::index::Index;
use crate::config::{Config, Engine};
use crate::domain::finding::Role;
use crate::domain::ids::{BranchName, CommitSha, IssueNumber};
use crate::domain::money::Usage;
use crate::domain::secret::Redactor;
use crate::domain::tokens::estimate;
use crate::ports::checkout::{Checkout, CheckoutError};
use crate::ports::model::{ChatReply, ChatRequest, Message, Model, ModelError, Stop, ToolResult};

pub struct EngineerInput<'a> {
    pub picked: &'a Picked,
    pub checkout: &'a dyn Checkout,
    /// Needed by the built-in engine only.
    pub model: Option<&'a dyn Model>,
    pub config: &'a Config,
    pub redactor: &'a Redactor,
    pub report: Report<'a>,
}

/// How the work on an issue ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Worked {
    Proposed(Box<Proposal>),
    GaveUp(Box<GaveUp>),
}

/// The work ended without a proposal, and trying again without a person's help would end so too.
#[derive(Debug, Clone, PartialEq)]
pub struct GaveUp {
    pub issue: IssueNumber,
    pub branch: BranchName,
    pub base: CommitSha,
    pub why: Why,
    pub turns: u32,
    pub spend: Option<Spend>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// Our own words.
    Stopped(String),
    /// The model's words: untrusted.
    Model(String),
}

/// What was spent on which model.
#[derive(Debug, Clone, PartialEq)]
pub struct Spend {
    pub model: String,
    pub usage: Usage,
}

/// Something outside the issue failed; the next run may try again.
#[derive(Debug, Clone, PartialEq)]
pub struct Interrupted {
    pub cause: Cause,
    pub spend: Option<Spend>,
}

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Cause {
    #[error(transparent)]
    Model(#[from] ModelError),
    #[error(transparent)]
    Checkout(#[from] CheckoutError),
}

/// Works on the picked issue in the checkout. Nothing leaves: the result is data.
pub async fn engineer(input: EngineerInput<'_>) -> Result<Worked, Interrupted> {
    let mut work = Work { input, turns: 0, model: String::new() };
    match work.run().await {
        Ok(Ok(finished)) => Ok(Worked::Proposed(Box::new(work.proposal(finished)))),
        Ok(Err(why)) => Ok(Worked::GaveUp(Box::new(GaveUp {
            issue: work.input.picked.issue.number,
            branch: work.input.picked.branch.clone(),
            base: work.input.checkout.base().clone(),
            why,
            turns: work.turns,
            spend: work.spend(),
        }))),
        Err(cause) => Err(Interrupted { cause, spend: work.spend() }),
    }
}

struct Work<'a> {
    input: EngineerInput<'a>,
    turns: u32,
    /// As the provider names it.
    model: String,
}

type Ended = Result<Finished, Why>;

impl Work<'_> {
    async fn run(&mut self) -> Result<Ended, Cause> {
        let EngineerInput { picked, checkout, config, redactor, report, .. } = self.input;
        if let Some(path) = guard::asks_for_protected(&picked.issue, config) {
            return Ok(Err(Why::Stopped(format!("the issue asks to change `{path}`, which only people change"))));
        }
        let index = Index::of(checkout).await?;
        let baseline = verify::run_all(checkout, &config.checks, true, report).await;
        let (index_ref, checks, known) = (&index, &config.checks, &baseline);
        let input = BriefInput { picked, checkout, index: index_ref, config, checks, baseline: known, redactor };
        let brief = brief(input).await?;
        let likely = brief.ranking.sources.iter().take(5).map(|file| file.path.to_string()).collect();
        report(Progress::Ranked { files: likely, scanned: brief.ranking.scanned });
        let bench = Bench::new(checkout, config, redactor, report, index, baseline);
        match config.implement.engine {
            Engine::Command => agent::run(bench, &brief.text, &mut self.turns).await,
            Engine::Builtin => self.talk(bench, brief).await,
        }
    }

    async fn talk(&mut self, mut bench: Bench<'_>, brief: Brief) -> Result<Ended, Cause> {
        let Some(model) = self.input.model else { return Err(ModelError::NoModel { role: "engineer" }.into()) };
        let most = self.input.config.implement.max_turns;
        let room = self.input.config.model(Role::Engineer).map_or(u64::MAX, |model| model.context_tokens * 6 / 10);
        let mut request = ChatRequest {
            role: Role::Engineer,
            system: system(),
            messages: vec![Message::User { text: brief.text }],
            tools: tools::specs(),
            answer: None,
        };
        let mut useless = 0;
        while self.turns < most {
            self.turns += 1;
            (self.input.report)(Progress::Turn { number: self.turns, of: most, usage: model.usage() });
            make_room(&mut request.messages, room);
            let reply = match usable(model.chat(&request).await)? {
                Ok(reply) => reply,
                Err(Unusable::End(why)) => return Ok(Err(why)),
                Err(Unusable::Retry { said, what, advice }) => {
                    useless += 1;
                    if useless > 1 {
                        return Ok(Err(Why::Stopped(format!("{what}, twice in a row"))));
                    }
                    request.messages.push(Message::Assistant { text: said, tool_calls: Vec::new() });
                    request.messages.push(Message::User { text: advice.into() });
                    continue;
                }
            };
            useless = 0;
            self.model.clone_from(&reply.model);
            let mut results = Vec::new();
            for call in &reply.tool_calls {
                let mut answer = bench.answer(call).await?;
                match answer.end.take() {
                    Some(End::Finished(finished)) => return Ok(Ok(*finished)),
                    Some(End::GaveUp(reason)) => return Ok(Err(Why::Model(reason))),
                    Some(End::NoProgress(what)) => return Ok(Err(Why::Stopped(format!("no progress: {what}")))),
                    None => {
                        let (call_id, content) = (call.id.clone(), answer.text);
                        results.push(ToolResult { call_id, content, is_error: answer.refused });
                    }
                }
            }
            remind(&mut results, most - self.turns);
            request.messages.push(Message::Assistant { text: reply.text, tool_calls: reply.tool_calls });
            request.messages.push(Message::ToolResults { results });
        }
        Ok(Err(Why::Stopped(format!("the {most} turns were used up without a finished change (implement.max_turns)"))))
    }

    fn spend(&self) -> Option<Spend> {
        let usage = self.input.model.map(Model::usage).filter(|usage| usage.requests > 0)?;
        let configured =
            || self.input.config.model(Role::Engineer).map_or_else(String::new, |model| model.model.clone());
        let model = if self.model.is_empty() { configured() } else { self.model.clone() };
        Some(Spend { model, usage })
    }

    fn proposal(&self, finished: Finished) -> Proposal {
        let picked = self.input.picked;
        Proposal {
            issue: picked.issue.clone(),
            branch: picked.branch.clone(),
            base: self.input.checkout.base().clone(),
            approved_by: picked.approved_by.clone(),
            summary: self.input.redactor.redact(&finished.summary),
            commit_message: finished.commit_message.map(|message| self.input.redactor.redact(&message)),
            edits: finished.edits,
            checks: finished.checks,
            turns: self.turns,
            spend: self.spend(),
        }
    }
}

/// A reply with tool calls, or what to do about one without.
enum Unusable {
    Retry { said: String, what: &'static str, advice: &'static str },
    End(Why),
}

const CUT: &str = "Your answer was cut at its length limit, so nothing of it was done. Take smaller steps: several edit_file calls \
                   instead of one long text.";
const EMPTY: &str = "Your answer was empty. Call a tool: go on, finish, or give_up.";
const NO_CALL: &str = "You called no tool, so nothing happened. Call a tool: go on, finish, or give_up.";

/// Sorts replies. Errors that are not about this issue go up; a cut reply is never used in part.
fn usable(reply: Result<ChatReply, ModelError>) -> Result<Result<ChatReply, Unusable>, ModelError> {
    let retry = |said: &str, what, advice| Ok(Err(Unusable::Retry { said: said.to_owned(), what, advice }));
    let end = |why: String| Ok(Err(Unusable::End(Why::Stopped(why))));
    match reply {
        Ok(reply) if reply.stop == Stop::Refusal => end("the model refused to work on this issue".into()),
        Ok(reply) if reply.stop == Stop::Length => {
            retry("(cut)", "the model's answer was cut at its length limit", CUT)
        }
        Ok(reply) if !reply.tool_calls.is_empty() => Ok(Ok(reply)),
        Ok(reply) if reply.text.trim().is_empty() => retry("(empty)", "the model's answer was empty", EMPTY),
        Ok(reply) => retry(&reply.text, "the model called no tool", NO_CALL),
        Err(ModelError::Truncated) => retry("(cut)", "the model's answer was cut at its length limit", CUT),
        Err(ModelError::Empty) => retry("(empty)", "the model's answer was empty", EMPTY),
        Err(ModelError::Refused) => end("the model refused to work on this issue".into()),
        // The task's own budget is this issue's affair; the month's is not.
        Err(error @ (ModelError::Garbage { .. } | ModelError::Budget { cap: "task", .. })) => end(error.to_string()),
        Err(error) => Err(error),
    }
}

fn remind(results: &mut [ToolResult], left: u32) {
    if let (1..=3, Some(last)) = (left, results.last_mut()) {
        // Writing to a string does not fail.
        let _ = write!(last.content, "\n{left} turns are left: finish or give up in time.");
    }
}

/// Replaces the oldest tool results by a note until the conversation fits; the last exchanges stay whole.
fn make_room(messages: &mut [Message], room: u64) {
    const NOTE: &str = "(left out to save room; call the tool again if you need it)";
    const KEPT: usize = 6;
    let cost = |messages: &[Message]| messages.iter().map(message_cost).sum::<u64>();
    let mut over = cost(messages).saturating_sub(room);
    let old = messages.len().saturating_sub(KEPT);
    for message in messages.iter_mut().take(old) {
        let Message::ToolResults { results } = message else { continue };
        for result in results.iter_mut().filter(|result| result.content.len() > 200) {
            if over == 0 {
                return;
            }
            over = over.saturating_sub(estimate(&result.content));
            NOTE.clone_into(&mut result.content);
        }
    }
}

fn message_cost(message: &Message) -> u64 {
    match message {
        Message::User { text } => estimate(text),
        Message::Assistant { text, tool_calls } => {
            estimate(text) + tool_calls.iter().map(|call| estimate(&call.arguments.to_string())).sum::<u64>()
        }
        Message::ToolResults { results } => results.iter().map(|result| estimate(&result.content)).sum(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::super::testing::{FakeModel, calls_reply, issue, picked, text_reply};
    use super::super::verify::Effect;
    use super::*;
    use crate::codebase::fake::{FakeCheckout, outcome};
    use crate::domain::money::Usd;
    use crate::domain::verification::{CheckSpec, CheckStatus};

    /// `add` is wrong; the check passes once it adds.
    fn checkout() -> FakeCheckout {
        FakeCheckout::new(&[("src/add.rs", b"pub fn add(a: i32, b: i32) -> i32 {\n    a - b\n}\n")]).with_check(
            |check, files| {
                let good = files.iter().any(|(_, bytes)| String::from_utf8_lossy(bytes).contains("a + b"));
                outcome(
                    &check.name,
                    if good { CheckStatus::Passed } else { CheckStatus::Failed(Some(101)) },
                    "assertion failed",
                )
            },
        )
    }

    fn config() -> Config {
        let mut config = Config::defaults();
        config.checks =
            vec![CheckSpec { name: "test".into(), run: "cargo test".into(), timeout: Duration::from_secs(1) }];
        config.implement.max_turns = 6;
        config
    }

    async fn work_on(checkout: &FakeCheckout, model: &FakeModel, config: &Config) -> Result<Worked, Interrupted> {
        let picked = picked(issue(12, "Add is wrong", "add(2, 2) gives 0"));
        let redactor = Redactor::default();
        let input = EngineerInput {
            picked: &picked,
            checkout,
            model: Some(model),
            config,
            redactor: &redactor,
            report: &|_| {},
        };
        engineer(input).await
    }

    async fn gave_up(model: &FakeModel) -> GaveUp {
        match work_on(&checkout(), model, &config()).await.unwrap() {
            Worked::GaveUp(gave_up) => *gave_up,
            Worked::Proposed(_) => panic!("proposed"),
        }
    }

    fn edit(old: &str, new: &str) -> (&'static str, Value) {
        ("edit_file", json!({"path": "src/add.rs", "old_text": old, "new_text": new}))
    }

    fn finish() -> (&'static str, Value) {
        ("finish", json!({"summary": "Adds instead of subtracting.", "commit_message": null}))
    }

    #[tokio::test]
    async fn the_loop_reads_edits_repairs_and_finishes() {
        let model = FakeModel::calling(vec![
            vec![("search", json!({"pattern": "fn add", "glob": null})), ("read_file", json!({"path": "src/add.rs"}))],
            vec![edit("a - b", "a * b"), ("run_check", json!({"name": "test"}))],
            vec![edit("a * b", "a + b"), finish()],
        ]);
        let Worked::Proposed(proposal) = work_on(&checkout(), &model, &config()).await.unwrap() else { panic!() };
        assert_eq!(
            proposal.edits.files[0].after.as_deref(),
            Some("pub fn add(a: i32, b: i32) -> i32 {\n    a + b\n}\n".as_bytes())
        );
        assert_eq!(proposal.checks[0].effect(), Effect::Fixed);
        assert_eq!((proposal.turns, proposal.spend.as_ref().unwrap().usage.requests), (3, 3));
        assert_eq!(proposal.spend.unwrap().model, "fake-1");
        let asked = model.asked.lock().unwrap();
        let Message::ToolResults { results } = asked[2].messages.last().unwrap() else { panic!() };
        assert!(results[1].content.starts_with("check `test`: failed (exit code 101)"), "{}", results[1].content);
        assert_eq!(results[1].call_id, "call-1");
        assert!(matches!(&asked[0].messages[0], Message::User { text } if text.contains("add(2, 2) gives 0")));
    }

    #[tokio::test]
    async fn giving_up_keeps_the_model_s_reason() {
        let ended = gave_up(&FakeModel::calling(vec![vec![("give_up", json!({"reason": "unclear"}))]])).await;
        assert_eq!((ended.why, ended.turns), (Why::Model("unclear".into()), 1));
    }

    #[tokio::test]
    async fn the_turns_are_limited_and_the_last_ones_announced() {
        let turns = (0..6).map(|at| vec![("search", json!({"pattern": format!("x{at}")}))]).collect();
        let model = FakeModel::calling(turns);
        let ended = gave_up(&model).await;
        let expected = "the 6 turns were used up without a finished change (implement.max_turns)";
        assert_eq!(ended.why, Why::Stopped(expected.into()));
        let asked = model.asked.lock().unwrap();
        let Message::ToolResults { results } = asked[5].messages.last().unwrap() else { panic!() };
        assert!(results[0].content.ends_with("1 turns are left: finish or give up in time."));
    }

    type Bad = fn() -> Result<ChatReply, ModelError>;

    #[tokio::test]
    async fn empty_cut_and_idle_replies_are_retried_once() {
        let cut = || Ok(ChatReply { stop: Stop::Length, ..calls_reply(vec![edit("a - b", "a + b")]) });
        let bad: [(Bad, &str); 4] = [
            (|| Ok(text_reply(" ")), "the model's answer was empty, twice in a row"),
            (|| Err(ModelError::Empty), "the model's answer was empty, twice in a row"),
            (|| Err(ModelError::Truncated), "the model's answer was cut at its length limit, twice in a row"),
            (|| Ok(text_reply("I think so.")), "the model called no tool, twice in a row"),
        ];
        for (reply, expected) in bad {
            let ended = gave_up(&FakeModel::new(vec![reply(), reply()])).await;
            assert_eq!(ended.why, Why::Stopped(expected.into()));
            let good = FakeModel::new(vec![
                reply(),
                Ok(calls_reply(vec![edit("a - b", "a + b")])),
                reply(),
                Ok(calls_reply(vec![finish()])),
            ]);
            assert!(matches!(work_on(&checkout(), &good, &config()).await.unwrap(), Worked::Proposed(_)));
        }
        let files = checkout();
        let model = FakeModel::new(vec![cut(), cut()]);
        assert!(matches!(work_on(&files, &model, &config()).await.unwrap(), Worked::GaveUp(_)));
        assert!(files.bytes("src/add.rs").unwrap().windows(5).any(|window| window == b"a - b"));
    }

    #[tokio::test]
    async fn a_refusal_and_the_task_s_budget_end_the_work_and_other_failures_interrupt_it() {
        let budget = |cap| ModelError::Budget { cap, limit: Usd(9), spent: Usd(8), worst_case: Usd(2) };
        for error in [ModelError::Refused, budget("task"), ModelError::Garbage { problem: "x".into() }] {
            assert!(matches!(gave_up(&FakeModel::new(vec![Err(error)])).await.why, Why::Stopped(_)));
        }
        let unavailable = ModelError::Unavailable { provider: "openai", message: "down".into() };
        for error in [budget("month"), unavailable, ModelError::NoPrice { model: "m".into() }] {
            let model = FakeModel::new(vec![Ok(calls_reply(vec![edit("a - b", "a + b")])), Err(error.clone())]);
            let interrupted = work_on(&checkout(), &model, &config()).await.unwrap_err();
            assert_eq!((interrupted.cause, interrupted.spend.unwrap().usage.requests), (Cause::Model(error), 1));
        }
    }

    #[tokio::test]
    async fn a_protected_wish_costs_nothing() {
        let model = FakeModel::new(vec![]);
        let picked = picked(issue(12, "Update .github/workflows/ci.yml", ""));
        let (checkout, config, redactor) = (checkout(), config(), Redactor::default());
        let input = EngineerInput {
            picked: &picked,
            checkout: &checkout,
            model: Some(&model),
            config: &config,
            redactor: &redactor,
            report: &|_| {},
        };
        let Worked::GaveUp(ended) = engineer(input).await.unwrap() else { panic!() };
        assert_eq!((ended.spend, model.left()), (None, 0));
    }

    #[tokio::test]
    async fn progress_is_reported_step_by_step() {
        let seen = Mutex::new(Vec::new());
        let report =
            |step: Progress| seen.lock().unwrap().push(serde_json::to_value(step).unwrap()["step"].to_string());
        let model = FakeModel::calling(vec![vec![edit("a - b", "a + b"), finish()]]);
        let picked = picked(issue(12, "Add is wrong", ""));
        let (checkout, config, redactor) = (checkout(), config(), Redactor::default());
        let input = EngineerInput {
            picked: &picked,
            checkout: &checkout,
            model: Some(&model),
            config: &config,
            redactor: &redactor,
            report: &report,
        };
        engineer(input).await.unwrap();
        assert_eq!(*seen.lock().unwrap(), ["\"check\"", "\"ranked\"", "\"turn\"", "\"tool\"", "\"check\"", "\"tool\""]);
    }

    #[test]
    fn old_results_make_room_and_new_ones_stay() {
        let result = |text: &str| Message::ToolResults {
            results: vec![ToolResult { call_id: "1".into(), content: text.into(), is_error: false }],
        };
        let long = "word ".repeat(1_000);
        let mut messages: Vec<Message> = (0..10).map(|_| result(&long)).collect();
        make_room(&mut messages, 8_500);
        let kept = messages
            .iter()
            .map(|message| matches!(message, Message::ToolResults { results } if results[0].content == long));
        assert_eq!(kept.collect::<Vec<_>>(), [[false, false].as_slice(), [true; 8].as_slice()].concat());
    }
}
