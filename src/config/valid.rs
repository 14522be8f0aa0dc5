//! From layers to the valid form: everything the schema cannot say, with all problems at once.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use globset::GlobBuilder;
use serde_json::Value;

use super::defaults::{ACTION_NAMES, CHECK_TIMEOUT, ROLES};
use super::layers::{Layered, Source};
use super::problem::{Problem, nearest};
use super::protected;
use super::raw::{self, Raw};
use super::{
    ActionRule, Backlog, Budget, Config, Engine, Implement, Labels, Merge, MergeMethod, ModelChoice, Price, Provider,
    Review, Risk, Strategy, Weights, digest,
};
use crate::domain::money::Usd;
use crate::domain::verification::CheckSpec;

/// The valid configuration, and what is wrong with it. The configuration may be used only when nothing is wrong.
pub(super) fn validate(layered: &Layered) -> (Config, Vec<Problem>) {
    let mut check = Checker { layered, problems: Vec::new() };
    let raw: Raw = match serde_json::from_value(Value::Object(layered.value.clone())) {
        Ok(raw) => raw,
        Err(error) => {
            // An input can carry a word that the schema does not know; files were held against it already.
            check.problem("models.engineer.provider", error.to_string(), None);
            Raw::default()
        }
    };
    let implement = check.implement(raw.implement.unwrap_or_default());
    let mut config = Config {
        models: check.models(raw.models.unwrap_or_default()),
        budget: check.budget(&raw.budget.unwrap_or_default()),
        prices: check.prices(raw.prices.map(|prices| prices.0).unwrap_or_default()),
        checks: check.checks(raw.checks.unwrap_or_default()),
        backlog: check.backlog(&raw.backlog.unwrap_or_default()),
        implement,
        review: review(raw.review.unwrap_or_default()),
        actions: check.actions(raw.actions.map(|rules| rules.0).unwrap_or_default()),
        merge: check.merge(raw.merge.unwrap_or_default()),
        labels: check.labels(raw.labels.unwrap_or_default()),
        policy_digest: crate::domain::ids::Digest::of(""),
    };
    config.policy_digest = digest::policy(&config);
    (config, check.problems)
}

struct Checker<'a> {
    layered: &'a Layered,
    problems: Vec<Problem>,
}

impl Checker<'_> {
    fn problem(&mut self, path: &str, message: String, suggestion: Option<String>) {
        let (file, line, column) = match self.layered.around(path) {
            Source::File { name, line, column } => (name, Some(line), Some(column)),
            Source::Input(input) => (format!("input {input}"), None, None),
            Source::Default => ("the configuration".to_owned(), None, None),
        };
        self.problems.push(Problem { file, line, column, key: path.to_owned(), message, suggestion });
    }

    fn models(&mut self, raw: raw::Models) -> BTreeMap<crate::domain::finding::Role, ModelChoice> {
        let written = [raw.engineer, raw.cto, raw.ciso, raw.pm, raw.architect, raw.qa, raw.security];
        let mut models = BTreeMap::new();
        for (role, model) in ROLES.into_iter().zip(written) {
            let Some(model) = model else { continue };
            let Some(name) = model.model else {
                self.problem(&format!("models.{}", role.name()), "the key `model` is missing".to_owned(), None);
                continue;
            };
            let choice = ModelChoice {
                provider: model.provider.unwrap_or(Provider::Openai),
                model: name,
                temperature: model.temperature,
                max_output_tokens: model.max_output_tokens.unwrap_or_default(),
                context_tokens: model.context_tokens.unwrap_or_default(),
            };
            if choice.max_output_tokens >= choice.context_tokens {
                let message = format!(
                    "expected less than the context window of {} tokens, found {}",
                    choice.context_tokens, choice.max_output_tokens
                );
                self.problem(&format!("models.{}.max_output_tokens", role.name()), message, None);
            }
            models.insert(role, choice);
        }
        models
    }

    fn usd(&mut self, path: &str, dollars: Option<f64>) -> Usd {
        let dollars = dollars.unwrap_or_default();
        Usd::from_dollars(dollars).unwrap_or_else(|| {
            self.problem(path, format!("expected an amount in dollars, found {dollars}"), None);
            Usd::ZERO
        })
    }

    fn budget(&mut self, raw: &raw::Budget) -> Budget {
        let budget = Budget {
            task: self.usd("budget.task_usd", raw.task_usd),
            review: self.usd("budget.review_usd", raw.review_usd),
            month_soft: self.usd("budget.month_soft_usd", raw.month_soft_usd),
            month_hard: self.usd("budget.month_hard_usd", raw.month_hard_usd),
            requests_per_minute: raw.requests_per_minute.unwrap_or_default(),
        };
        if budget.month_soft > budget.month_hard {
            let message = format!(
                "expected at most the hard limit of the month ({}), found {}",
                budget.month_hard, budget.month_soft
            );
            let key = match self.layered.source("budget.month_soft_usd") {
                Source::Default => "budget.month_hard_usd",
                _ => "budget.month_soft_usd",
            };
            let message = match key {
                "budget.month_hard_usd" => format!(
                    "expected at least the soft limit of the month ({}), found {}; set `month_soft_usd` too",
                    budget.month_soft, budget.month_hard
                ),
                _ => message,
            };
            self.problem(key, message, None);
        }
        budget
    }

    fn prices(&mut self, raw: Vec<(String, raw::Price)>) -> BTreeMap<String, Price> {
        let mut prices = BTreeMap::new();
        for (name, price) in raw {
            let path = |key: &str| format!("prices.{name}.{key}");
            let input = self.usd(&path("input_per_million"), Some(price.input_per_million));
            let output = self.usd(&path("output_per_million"), Some(price.output_per_million));
            let cached = price
                .cached_input_per_million
                .map(|dollars| self.usd(&path("cached_input_per_million"), Some(dollars)));
            prices.insert(
                name,
                Price { input_per_million: input, output_per_million: output, cached_input_per_million: cached },
            );
        }
        prices
    }

    fn checks(&mut self, raw: Vec<raw::Check>) -> Vec<CheckSpec> {
        let mut names = HashSet::new();
        let mut checks = Vec::new();
        for (index, check) in raw.into_iter().enumerate() {
            let path = format!("checks[{index}].name");
            if !names.insert(check.name.to_lowercase()) {
                self.problem(&path, format!("the name `{}` is taken by another check", check.name), None);
            }
            if check.name.chars().any(char::is_control) {
                self.problem(&path, "expected a name on one line".to_owned(), None);
            }
            let timeout = Duration::from_secs(check.timeout_seconds.unwrap_or(CHECK_TIMEOUT));
            checks.push(CheckSpec { name: check.name, run: check.run, timeout });
        }
        checks
    }

    fn backlog(&mut self, raw: &raw::Backlog) -> Backlog {
        let weights = raw.weights.clone().unwrap_or_default();
        let weights = Weights {
            priority: weights.priority.unwrap_or_default(),
            sprint: weights.sprint.unwrap_or_default(),
            age: weights.age.unwrap_or_default(),
            blocked: weights.blocked.unwrap_or_default(),
        };
        if weights.blocked > 0.0 {
            let message =
                format!("expected a number of at most 0, or blocked issues would go first, found {}", weights.blocked);
            self.problem("backlog.weights.blocked", message, None);
        }
        Backlog { weights, max_open_pull_requests: raw.max_open_pull_requests.unwrap_or_default() }
    }

    fn implement(&mut self, raw: raw::Implement) -> Implement {
        let engine = raw.engine.unwrap_or(Engine::Builtin);
        let command = raw.command.unwrap_or_default();
        match (engine, command.trim().is_empty()) {
            (Engine::Command, true) => {
                let message = "expected the command line of a coding agent, because `engine` is `command`";
                self.problem("implement.command", message.to_owned(), None);
            }
            (Engine::Builtin, false) => {
                let message = "has no effect while `engine` is `builtin`; set `engine: command`";
                self.problem("implement.command", message.to_owned(), None);
            }
            _ => {}
        }
        let written = raw.protected_paths.unwrap_or_default();
        for (index, pattern) in written.iter().enumerate() {
            if let Err(message) = protected::patterns(pattern) {
                self.problem(&format!("implement.protected_paths[{index}]"), message, None);
            }
        }
        let (protected_paths, protected_globs) = protected::set(&written);
        Implement {
            engine,
            command,
            strategy: raw.strategy.unwrap_or(Strategy::Single),
            max_turns: raw.max_turns.unwrap_or_default(),
            protected_paths,
            protected_globs,
            max_files: raw.max_files.unwrap_or_default(),
            max_changed_lines: raw.max_changed_lines.unwrap_or_default(),
            max_file_bytes: raw.max_file_bytes.unwrap_or_default(),
        }
    }

    fn actions(&mut self, raw: Vec<(String, raw::ActionRule)>) -> Vec<ActionRule> {
        let mut rules = Vec::new();
        for (pattern, rule) in raw {
            let path = format!("actions.{pattern}");
            match GlobBuilder::new(&pattern).literal_separator(false).build() {
                Err(error) => {
                    self.problem(&path, format!("expected an action's name or a glob: {}", error.kind()), None);
                }
                Ok(glob) => {
                    let glob = glob.compile_matcher();
                    if !ACTION_NAMES.iter().any(|name| glob.is_match(name)) {
                        let near = nearest(&pattern, ACTION_NAMES.iter().copied()).map(str::to_owned);
                        let list = near.is_none().then(|| format!("; known: {}", ACTION_NAMES.join(", ")));
                        let message = format!("matches no action{}", list.unwrap_or_default());
                        self.problem(&path, message, near);
                    }
                }
            }
            rules.push(ActionRule { pattern, risk: rule.risk.unwrap_or(Risk::High), mode: rule.mode });
        }
        rules
    }

    fn merge(&mut self, raw: raw::Merge) -> Merge {
        let dispatch = raw.dispatch.unwrap_or_default();
        for (index, name) in dispatch.iter().enumerate() {
            let plain =
                name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)) && !name.starts_with('.');
            let path = std::path::Path::new(name);
            let yaml = path.extension().is_some_and(|end| end == "yml" || end == "yaml");
            if !plain || !yaml {
                let file = path.file_name().and_then(|file| file.to_str()).filter(|file| *file != name);
                let message = format!("expected the name of a workflow file such as `ci.yml`, found `{name}`");
                self.problem(&format!("merge.dispatch[{index}]"), message, file.map(str::to_owned));
            }
        }
        Merge { method: raw.method.unwrap_or(MergeMethod::Squash), dispatch }
    }

    fn labels(&mut self, raw: raw::Labels) -> Labels {
        let standard = Labels::default();
        let labels = Labels {
            roadmap: raw.roadmap.unwrap_or(standard.roadmap),
            needs_approval: raw.needs_approval.unwrap_or(standard.needs_approval),
            suggestion: raw.suggestion.unwrap_or(standard.suggestion),
            security: raw.security.unwrap_or(standard.security),
            blocked: raw.blocked.unwrap_or(standard.blocked),
            pinned: raw.pinned.unwrap_or(standard.pinned),
            automated: raw.automated.unwrap_or(standard.automated),
            consensus_approved: raw.consensus_approved.unwrap_or(standard.consensus_approved),
            security_review: raw.security_review.unwrap_or(standard.security_review),
            failed: raw.failed.unwrap_or(standard.failed),
            hold: raw.hold.unwrap_or(standard.hold),
            severity_prefix: raw.severity_prefix.unwrap_or(standard.severity_prefix),
            priority_prefix: raw.priority_prefix.unwrap_or(standard.priority_prefix),
        };
        let names = [
            ("roadmap", &labels.roadmap),
            ("needs_approval", &labels.needs_approval),
            ("suggestion", &labels.suggestion),
            ("security", &labels.security),
            ("blocked", &labels.blocked),
            ("pinned", &labels.pinned),
            ("automated", &labels.automated),
            ("consensus_approved", &labels.consensus_approved),
            ("security_review", &labels.security_review),
            ("failed", &labels.failed),
            ("hold", &labels.hold),
            ("severity_prefix", &labels.severity_prefix),
            ("priority_prefix", &labels.priority_prefix),
        ];
        let mut taken: BTreeMap<String, &str> = BTreeMap::new();
        for (key, name) in names {
            let path = format!("labels.{key}");
            // GitHub's filter `labels=a,b` splits at commas, so such a label could not be looked for.
            if name.contains(',') || name.chars().any(char::is_control) || name.trim() != name.as_str() {
                let message = "expected a label's name without commas and without spaces around it";
                self.problem(&path, message.to_owned(), None);
            }
            match taken.get(&name.to_lowercase()) {
                Some(other) => {
                    let key = if self.layered.source(&path) == Source::Default { other } else { key };
                    self.problem(
                        &format!("labels.{key}"),
                        format!("the label `{name}` has another meaning already"),
                        None,
                    );
                }
                None => {
                    taken.insert(name.to_lowercase(), key);
                }
            }
        }
        labels
    }
}

fn review(raw: raw::Review) -> Review {
    let roles = raw.roles.unwrap_or_default();
    let enabled = |role: Option<raw::ReviewRole>| role.and_then(|role| role.enabled).unwrap_or(true);
    Review {
        max_new_issues: raw.max_new_issues.unwrap_or_default(),
        cto: enabled(roles.cto),
        ciso: enabled(roles.ciso),
    }
}
