//! Faults on demand and an adversary between any two requests, by a plan.
//!
//! A plan comes with [`Options::hooks`](super::Options) or over the control endpoint, which is no part of GitHub:
//!
//! | request | does |
//! |---|---|
//! | `POST /_sandbox/faults` | installs a plan (`{"faults": […]}`) |
//! | `GET /_sandbox/faults` | what happened so far, and how many planned faults did not happen yet |
//! | `DELETE /_sandbox/faults` | forgets every plan |
//! | `POST /_sandbox/world` | takes steps now (`{"moves": […]}`) |
//! | `GET /_sandbox/state` | branches, issues, pull requests, and how many requests were made |
//!
//! The tests of the product take the sequence of requests of an undisturbed run ([`gaps`]) and place a fault or a step
//! before each one ([`Gap::plan`]).

mod adversary;
mod control;
mod effect;
mod plan;
mod sequence;
mod subject;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::World;
use super::exchange::{Kind, Request, Response};
use super::hooks::{After, Before, Hooks};
use plan::{Data, Effect, Fault, Matcher, Side};

pub use adversary::{
    AddWorkflow, Checking, Commenting, Done, EditIssue, Labelling, Move, OfBranch, OfIssue, OfPull, Push, Reviewing,
    Verdict,
};
pub use plan::{FaultPlan, PlanError};
pub use sequence::{Gap, gaps, gaps_of_record};

/// The faults of a sandbox: what is planned, what happened.
#[derive(Debug, Default)]
pub struct Faults(Mutex<Desk>);

#[derive(Debug, Default)]
struct Desk {
    planned: Vec<Planned>,
    /// Requests so far, those to the model and to the control endpoint aside.
    requests: u64,
    /// The last answer to each read, by request.
    seen: HashMap<String, Response>,
    stale: Option<plan::Stale>,
    /// What is to happen after a request that is being handled, by its place in memory.
    after: HashMap<usize, Vec<Effect>>,
    log: Vec<Fired>,
}

#[derive(Debug, Clone)]
struct Planned {
    fault: Fault,
    matched: u64,
    fired: u64,
}

/// A fault that happened.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Fired {
    /// The number of the request, from 1.
    pub request: u64,
    /// `METHOD path`.
    pub what: String,
    pub effect: String,
}

impl Faults {
    pub fn new(plan: FaultPlan) -> Self {
        let faults = Self::default();
        faults.install(plan);
        faults
    }

    /// Adds a plan to what is planned; its counting of matching requests starts now.
    pub fn install(&self, plan: FaultPlan) {
        let planned = plan.faults.into_iter().map(|fault| Planned { fault, matched: 0, fired: 0 });
        self.desk().planned.extend(planned);
    }

    /// Forgets every plan.
    pub fn clear(&self) {
        let mut desk = self.desk();
        desk.planned.clear();
        desk.stale = None;
    }

    /// What happened so far, in order.
    pub fn fired(&self) -> Vec<Fired> {
        self.desk().log.clone()
    }

    /// How many planned faults have not happened at all. A test of faults fails on a non-zero count.
    pub fn unfired(&self) -> usize {
        self.desk().planned.iter().filter(|planned| planned.fired == 0).count()
    }

    /// How many requests were made so far.
    pub fn requests(&self) -> u64 {
        self.desk().requests
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn counted(request: &Request) -> bool {
    matches!(request.kind, Kind::Rest | Kind::Graphql)
}

/// A read: repeating it changes nothing.
fn is_read(request: &Request) -> bool {
    match request.kind {
        Kind::Graphql => !request.json().is_ok_and(|body| {
            body.get("query")
                .and_then(serde_json::Value::as_str)
                .is_some_and(|q| q.trim_start().starts_with("mutation"))
        }),
        _ => request.method == "GET",
    }
}

fn key(request: &Request) -> String {
    let body = String::from_utf8_lossy(&request.body);
    format!("{} {} {:?} {:?} {body}", request.method, request.path, request.query, request.token())
}

fn address(request: &Request) -> usize {
    std::ptr::from_ref(request).addr()
}

impl Matcher {
    fn fits(&self, number: u64, request: &Request, token: Option<&str>) -> bool {
        self.request.is_none_or(|wanted| wanted == number)
            && self.method.as_ref().is_none_or(|m| m.eq_ignore_ascii_case(&request.method))
            && self.path.as_ref().is_none_or(|path| path.is_match(&request.path))
            && self.body.as_ref().is_none_or(|body| body.is_match(&String::from_utf8_lossy(&request.body)))
            && self.token.as_ref().is_none_or(|name| token == Some(name.as_str()))
    }
}

impl Desk {
    /// The effects that this request meets, in the order of the plan.
    fn due(&mut self, request: &Request, token: Option<&str>) -> Vec<Effect> {
        self.requests += 1;
        let number = self.requests;
        let mut due = Vec::new();
        for planned in &mut self.planned {
            let on = &planned.fault.on;
            if !on.fits(number, request, token) {
                continue;
            }
            planned.matched += 1;
            // The number of a request is its own count; only the others are counted out.
            let (first, last) = (on.nth, on.nth.saturating_add(on.times - 1));
            if on.request.is_none() && !(first..=last).contains(&planned.matched) {
                continue;
            }
            planned.fired += 1;
            due.push(planned.fault.effect.clone());
            let what = format!("{} {}", request.method, request.path);
            self.log.push(Fired { request: number, what, effect: planned.fault.effect.name().to_owned() });
        }
        due
    }

    /// The old answer of a read while reads are stale.
    fn stale_answer(&mut self, request: &Request) -> Option<Response> {
        if !is_read(request) {
            return None;
        }
        let stale = self.stale.as_mut()?;
        let old = self.seen.get(&key(request)).cloned().or_else(|| stale.unseen_missing.then(effect::unseen))?;
        stale.reads = stale.reads.saturating_sub(1);
        if stale.reads == 0 {
            self.stale = None;
        }
        Some(Response { fault: true, ..old })
    }
}

impl Effect {
    fn name(&self) -> &'static str {
        match self {
            Self::Answer(_) => "answer",
            Self::Hang(_) => "hang",
            Self::Drop(_) => "drop",
            Self::Delay(_) => "delay",
            Self::SecondaryLimit(_) => "secondary limit",
            Self::PrimaryLimit(_) => "primary limit",
            Self::GraphqlErrors(_) => "graphql errors",
            Self::Stale(_) => "stale reads",
            Self::Truncate(_) => "truncated",
            Self::Moves(_) => "moves",
        }
    }
}

impl Hooks for Faults {
    fn before(&self, world: &World, request: &Request) -> Before {
        if !counted(request) {
            return Before::Go;
        }
        let token = world.state().people.token_name(request);
        let due = self.desk().due(request, token.as_deref());
        let (mut before, mut later) = (None, Vec::new());
        for effect in due {
            match effect {
                // The steps are taken outside our own lock: they lock the world.
                Effect::Moves(moves) => {
                    for step in &moves {
                        let done = step.perform(world);
                        tracing::debug!(?done, "a step of the adversary");
                    }
                }
                Effect::Stale(stale) => self.desk().stale = Some(stale),
                Effect::Answer(with) if !with.after => {
                    before = before.or(Some(Before::Answer(effect::answer(&with).into())));
                }
                Effect::Hang(Side::Before) => before = before.or(Some(Before::Hang)),
                Effect::Drop(Side::Before) => before = before.or(Some(Before::Drop)),
                Effect::Delay(time) => before = before.or(Some(Before::Delay(time))),
                Effect::SecondaryLimit(limit) => {
                    before = before.or(Some(Before::Answer(effect::secondary_limit(&limit, request).into())));
                }
                Effect::PrimaryLimit(limit) => {
                    before = before.or(Some(Before::Answer(effect::primary_limit(&limit, request).into())));
                }
                Effect::GraphqlErrors(errors) if errors.data != Data::Keep => {
                    before = before.or(Some(Before::Answer(effect::graphql_errors(&errors, None).into())));
                }
                later_effect => later.push(later_effect),
            }
        }
        let before = before.unwrap_or(Before::Go);
        let mut desk = self.desk();
        if matches!(before, Before::Go | Before::Delay(_)) {
            if let Some(old) = desk.stale_answer(request) {
                return Before::Answer(old.into());
            }
            if !later.is_empty() {
                desk.after.insert(address(request), later);
            }
        }
        before
    }

    fn after(&self, _world: &World, request: &Request, response: &mut Response) -> After {
        if !counted(request) {
            return After::Send;
        }
        let mut desk = self.desk();
        if is_read(request) && matches!(response.status, 200 | 404) {
            desk.seen.insert(key(request), response.clone());
        }
        let mut after = After::Send;
        for effect in desk.after.remove(&address(request)).unwrap_or_default() {
            match effect {
                Effect::Answer(with) => *response = effect::answer(&with),
                Effect::GraphqlErrors(errors) => *response = effect::graphql_errors(&errors, Some(response)),
                Effect::Truncate(by) => effect::truncate(&by, response),
                Effect::Hang(_) => after = After::Hang,
                Effect::Drop(_) => after = After::Drop,
                Effect::Delay(time) => after = After::Delay(time.max(Duration::ZERO)),
                _ => {}
            }
        }
        after
    }

    fn control(&self, world: &World, request: &Request) -> Option<Response> {
        control::answer(self, world, request)
    }
}
