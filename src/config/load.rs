//! The way in: file and inputs become a configuration with the source of every value, or all problems at once.

use serde::Serialize;
use serde_json::{Map, Value};

use super::layers::{Inputs, Layered, Source};
use super::problem::{Problem, Problems, nearest};
use super::schema::{resolve, schema, words};
use super::shape::{self, Shaped};
use super::{Config, node, valid};

/// The repository's file: its name for messages, and its bytes.
#[derive(Debug, Clone, Copy)]
pub struct ConfigFile<'a> {
    pub name: &'a str,
    pub bytes: &'a [u8],
}

/// A configuration that is whole and valid.
#[derive(Debug, Clone)]
pub struct Loaded {
    pub config: Config,
    /// Every effective value in the order of the file, for `config show`.
    pub settings: Vec<Setting>,
}

/// One effective value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Setting {
    /// Such as `models.cto.temperature` or `checks[0].name`.
    pub key: String,
    pub value: Value,
    pub source: Source,
}

/// Defaults, then the file, then the inputs. Without a file, or with an empty one, the defaults hold.
pub fn load(file: Option<ConfigFile<'_>>, inputs: &Inputs) -> Result<Loaded, Problems> {
    let (name, mut shaped) = match file {
        None => ("", Shaped::default()),
        Some(file) => match node::read(file.name, file.bytes) {
            Ok(root) => (file.name, shape::shape(file.name, &root)),
            Err(problems) => return Err(problems),
        },
    };
    shaped.problems.extend(input_problems(inputs));
    let usable = inputs.provider.as_deref().is_none_or(|word| providers().contains(&word));
    let inputs = Inputs { provider: inputs.provider.clone().filter(|_| usable), ..inputs.clone() };
    let layered = Layered::new(name, shaped.value, &shaped.places, &inputs);
    let (config, problems) = valid::validate(&layered);
    let mut all = shaped.problems;
    all.extend(problems);
    if all.is_empty() {
        let mut settings = Vec::new();
        flatten(&layered, "", &Value::Object(layered.value.clone()), &mut settings);
        Ok(Loaded { config, settings })
    } else {
        all.sort_by_key(|problem| (problem.line.is_none(), problem.line, problem.column));
        all.dedup();
        Err(Problems(all))
    }
}

pub(super) fn defaults() -> Config {
    let layered = Layered::new("", Map::new(), &std::collections::BTreeMap::new(), &Inputs::default());
    valid::validate(&layered).0
}

fn providers() -> Vec<&'static str> {
    words(resolve(&schema()["$defs"]["Provider"]))
}

fn input_problems(inputs: &Inputs) -> Vec<Problem> {
    let problem = |input: &str, message: String, suggestion: Option<String>| Problem {
        file: format!("input {input}"),
        line: None,
        column: None,
        key: String::new(),
        message,
        suggestion,
    };
    let mut found = Vec::new();
    if let Some(word) = inputs.provider.as_deref().filter(|word| !providers().contains(word)) {
        let message = format!("expected {}, found `{}`", providers().join(" | "), node::short(word));
        found.push(problem("model-provider", message, nearest(word, providers()).map(str::to_owned)));
    }
    if inputs.model.as_deref().is_some_and(|model| model.trim().is_empty()) {
        found.push(problem("model", "expected a model's name, found nothing".to_owned(), None));
    }
    found
}

/// Leaves with their keys; empty lists and mappings are leaves.
fn flatten(layered: &Layered, path: &str, value: &Value, settings: &mut Vec<Setting>) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, inner) in map {
                let inner_path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                flatten(layered, &inner_path, inner, settings);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, inner) in items.iter().enumerate() {
                flatten(layered, &format!("{path}[{index}]"), inner, settings);
            }
        }
        leaf => {
            settings.push(Setting { key: path.to_owned(), value: leaf.clone(), source: layered.source(path) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Engine, Mode, Provider, Risk};
    use crate::domain::finding::Role;
    use crate::domain::money::Usd;

    fn read(text: &str) -> Result<Loaded, Problems> {
        load(Some(ConfigFile { name: "config.yaml", bytes: text.as_bytes() }), &Inputs::default())
    }

    fn complaints(text: &str) -> Vec<String> {
        read(text).unwrap_err().0.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn nothing_written_means_the_defaults() {
        for text in ["", "# nothing yet\n", "version: 1\n"] {
            let config = read(text).unwrap().config;
            assert_eq!(config.policy_digest, Config::defaults().policy_digest, "{text:?}");
        }
        let config = Config::defaults();
        assert!(config.models.is_empty());
        assert_eq!(config.budget.task, Usd(1_000_000));
        assert_eq!(config.budget.review, Usd(100_000));
        assert_eq!((config.budget.month_soft, config.budget.month_hard), (Usd(50_000_000), Usd(200_000_000)));
        assert_eq!(config.budget.requests_per_minute, 10);
        assert!((config.backlog.weights.blocked + 100.0).abs() < f64::EPSILON);
        assert_eq!(config.backlog.max_open_pull_requests, 3);
        assert_eq!((config.implement.engine, config.implement.max_turns), (Engine::Builtin, 40));
        assert!((config.review.cto, config.review.ciso, config.review.max_new_issues) == (true, true, 5));
        assert!(config.implement.protected_paths.is_match(".github/workflows/ci.yml"));
    }

    #[test]
    fn the_keys_of_the_product_description_are_read() {
        let config = read(
            r#"version: 1
models:
  engineer: { provider: openai, model: NAME, temperature: 0.3 }
  cto:      { provider: openai, model: OTHER, temperature: 0.2 }
  ciso:     { provider: anthropic, model: THIRD, temperature: 0.1 }
budget:  { task_usd: 1.00, review_usd: 0.10, month_soft_usd: 50, month_hard_usd: 200 }
prices:  { NAME: { input_per_million: 3.00, output_per_million: 15.00 } }
checks:  [ { name: test, run: "cargo test", timeout_seconds: 60 } ]
backlog: { weights: { priority: 5, sprint: 3, age: 1, blocked: -100 }, max_open_pull_requests: 3 }
implement: { engine: builtin, command: "", strategy: single, max_turns: 40, protected_paths: [] }
review:  { max_new_issues: 5, roles: { cto: { enabled: true }, ciso: { enabled: false } } }
actions:
  pr.merge: { risk: high, mode: auto }
  "issue.*": { risk: low, mode: ask_if_channel_public }
merge:   { method: rebase, dispatch: [ci.yml] }
"#,
        )
        .unwrap()
        .config;
        assert_eq!(config.model(Role::Ciso).unwrap().provider, Provider::Anthropic);
        assert_eq!(config.checks[0].timeout.as_secs(), 60);
        assert_eq!(config.prices["NAME"].output_per_million, Usd(15_000_000));
        let rules: Vec<_> = config.actions.iter().map(|rule| (rule.pattern.as_str(), rule.risk, rule.mode)).collect();
        assert_eq!(rules, [("pr.merge", Risk::High, Mode::Auto), ("issue.*", Risk::Low, Mode::AskIfChannelPublic)]);
        assert!(!config.review.ciso);
        assert_eq!(config.merge.dispatch, ["ci.yml"]);
    }

    #[test]
    fn roles_take_what_they_do_not_say_from_the_engineer() {
        let config = read(
            "version: 1\nmodels:\n  engineer: {provider: anthropic, model: big, context_tokens: 200000}\n  \
             cto: {model: small}\n  qa: {temperature: 1}\n",
        )
        .unwrap()
        .config;
        let of = |role| {
            let choice = config.model(role).unwrap();
            (choice.model.as_str(), choice.provider, choice.temperature, choice.context_tokens)
        };
        assert_eq!(of(Role::Engineer), ("big", Provider::Anthropic, Some(0.3), 200_000));
        assert_eq!(of(Role::Cto), ("small", Provider::Anthropic, Some(0.2), 128_000));
        assert_eq!(of(Role::Ciso), ("big", Provider::Anthropic, Some(0.1), 200_000));
        assert_eq!(of(Role::Qa), ("big", Provider::Anthropic, Some(1.0), 200_000));
    }

    #[test]
    fn inputs_win_over_the_file_and_sources_are_kept() {
        let text = "version: 1\nmodels:\n  engineer: {model: file}\n  ciso: {model: own, temperature: 0.7}\nbudget:\n  task_usd: 2\n";
        let inputs = Inputs { provider: Some("anthropic".into()), model: Some("input".into()) };
        let loaded = load(Some(ConfigFile { name: "c.yaml", bytes: text.as_bytes() }), &inputs).unwrap();
        for role in [Role::Engineer, Role::Cto, Role::Ciso] {
            let choice = loaded.config.model(role).unwrap();
            assert_eq!((choice.model.as_str(), choice.provider), ("input", Provider::Anthropic));
        }
        let source = |key: &str| {
            let setting = loaded.settings.iter().find(|setting| setting.key == key).unwrap();
            format!("{} from {}", setting.value, setting.source)
        };
        assert_eq!(source("models.ciso.model"), "\"input\" from input model");
        assert_eq!(source("models.ciso.temperature"), "0.7 from c.yaml:4");
        assert_eq!(source("models.cto.temperature"), "0.2 from default");
        assert_eq!(source("budget.task_usd"), "2 from c.yaml:6");
        assert_eq!(source("budget.review_usd"), "0.1 from default");
        let setting = loaded.settings.iter().find(|setting| setting.key == "budget.task_usd").unwrap();
        assert_eq!(
            serde_json::to_value(setting).unwrap(),
            serde_json::json!({"key": "budget.task_usd", "value": 2, "source": "c.yaml:6"})
        );
    }

    #[test]
    fn an_input_that_is_no_provider_is_named() {
        let inputs = Inputs { provider: Some("open-ai".into()), model: Some(" ".into()) };
        let problems = load(None, &inputs).unwrap_err().to_string();
        assert_eq!(
            problems,
            "input model-provider: expected openai | anthropic, found `open-ai`; did you mean `openai`?\n\
             input model: expected a model's name, found nothing"
        );
    }

    #[test]
    fn all_problems_are_told_at_once_with_their_places() {
        let text = r#"version: 2
modles: {}
models:
  engineer: { provider: opnai, model: x, temperature: 3 }
  cto: { model: "" }
budget: { task_usd: -1, review_usd: .nan, month_soft_usd: 500, per_day: 3 }
prices:
  x: { input_per_million: cheap }
checks:
  - { name: test, run: a }
  - { name: Test, run: b, timeout_seconds: 0.5 }
  - { nme: x }
  - lint
backlog: { weights: { blocked: 7 } }
implement: { engine: comand, max_turns: many, protected_paths: ["[x", "!a"] }
review: { roles: { ciso: { enabled: yes } } }
actions:
  pr.mrge: { mode: auto }
  pr.open: { mode: require-approval }
  issue.close: { risk: high }
  "zzzzzzzzzzzz*": { mode: ask }
merge: { method: fast, dispatch: [.github/workflows/ci.yml] }
labels: { roadmap: blocked, hold: "a,b" }
"#;
        let expected = [
            "config.yaml:1:10: version: expected 1, found 2",
            "config.yaml:2:1: unknown key `modles`; did you mean `models`?",
            "config.yaml:4:25: models.engineer.provider: expected openai | anthropic, found `opnai`; did you mean `openai`?",
            "config.yaml:4:55: models.engineer.temperature: expected 0 to 2, found 3",
            "config.yaml:5:17: models.cto.model: expected text, found nothing",
            "config.yaml:6:21: budget.task_usd: expected 0 to 1000000, found -1",
            "config.yaml:6:37: budget.review_usd: expected a finite number, found NaN",
            "config.yaml:6:59: budget.month_soft_usd: expected at most the hard limit of the month (200.00 USD), found 500.00 USD",
            "config.yaml:6:64: budget: unknown key `per_day`; known keys: task_usd, review_usd, month_soft_usd, month_hard_usd, requests_per_minute",
            "config.yaml:8:6: prices.x: the key `output_per_million` is missing",
            "config.yaml:8:27: prices.x.input_per_million: expected a number, found `cheap`",
            "config.yaml:11:13: checks[1].name: the name `Test` is taken by another check",
            "config.yaml:11:44: checks[1].timeout_seconds: expected a whole number, found 0.5",
            "config.yaml:12:5: checks[2]: the key `name` is missing",
            "config.yaml:12:5: checks[2]: the key `run` is missing",
            "config.yaml:12:7: checks[2]: unknown key `nme`; did you mean `name`?",
            "config.yaml:13:5: checks[3]: expected a mapping (keys and values), found `lint`",
            "config.yaml:14:32: backlog.weights.blocked: expected a number of at most 0, or blocked issues would go first, found 7",
            "config.yaml:15:22: implement.engine: expected builtin | command, found `comand`; did you mean `command`?",
            "config.yaml:15:41: implement.max_turns: expected a whole number, found `many`",
            "config.yaml:15:65: implement.protected_paths[0]: expected a glob such as `infra/**`: unclosed character class; missing ']'",
            "config.yaml:15:71: implement.protected_paths[1]: expected a path to protect; protection cannot be taken away with `!`",
            "config.yaml:16:37: review.roles.ciso.enabled: expected true or false, found `yes`; did you mean `true`?",
            "config.yaml:18:12: actions.pr.mrge: matches no action; did you mean `pr.merge`?",
            "config.yaml:19:20: actions.pr.open.mode: expected auto | ask | require_approval | ask_if_channel_public, found `require-approval`; did you mean `require_approval`?",
            "config.yaml:20:16: actions.issue.close: the key `mode` is missing",
            "config.yaml:21:20: actions.zzzzzzzzzzzz*: matches no action; known: advisory.create, branch.commit, branch.create, branch.delete, check.publish, issue.close, issue.comment, issue.create, issue.create.low, issue.label, label.create, ledger.note, pr.close, pr.comment.summary, pr.label, pr.merge, pr.open, workflow.dispatch",
            "config.yaml:22:18: merge.method: expected merge | squash | rebase, found `fast`",
            "config.yaml:22:35: merge.dispatch[0]: expected the name of a workflow file such as `ci.yml`, found `.github/workflows/ci.yml`; did you mean `ci.yml`?",
            "config.yaml:23:20: labels.roadmap: the label `blocked` has another meaning already",
            "config.yaml:23:35: labels.hold: expected a label's name without commas and without spaces around it",
        ];
        assert_eq!(complaints(text), expected);
    }

    #[test]
    fn what_is_no_configuration_is_one_sentence() {
        assert_eq!(
            complaints("- a\n- b\n"),
            ["config.yaml:1:1: expected keys and values such as `version: 1`, found a list"]
        );
        assert_eq!(
            complaints("budget: {task_usd: 2}\n"),
            ["config.yaml:1:1: the key `version` is missing; add the line `version: 1`"]
        );
        assert_eq!(complaints("version: 2\n"), ["config.yaml:1:10: version: expected 1, found 2"]);
        assert_eq!(complaints("version: one\n"), ["config.yaml:1:10: version: expected a whole number, found `one`"]);
        assert_eq!(
            complaints("version: 1\nmodels:\n  cto: {temperature: 1}\n"),
            ["config.yaml:3:8: models.cto: the key `model` is missing"]
        );
        assert_eq!(
            complaints("version: 1\nbudget: {month_hard_usd: 10}\n"),
            [
                "config.yaml:2:26: budget.month_hard_usd: expected at least the soft limit of the month (50.00 USD), found \
              10.00 USD; set `month_soft_usd` too"
            ]
        );
        assert_eq!(
            complaints("version: 1\nimplement: {engine: command}\n"),
            ["config.yaml:2:12: implement.command: expected the command line of a coding agent, because `engine` is \
              `command`"]
        );
    }

    #[test]
    fn a_key_in_the_file_is_refused_and_not_repeated() {
        assert_eq!(
            complaints("version: 1\nmodels:\n  engineer: {model: m, api_key: sk-verysecret}\n"),
            [
                "config.yaml:3:24: models.engineer: unknown key `api_key`; keys and tokens never stand in this file: set \
              OPENAI_API_KEY, ANTHROPIC_API_KEY or GITHUB_TOKEN, or the Action's inputs"
            ]
        );
    }

    #[test]
    fn the_policy_digest_changes_with_the_policy_and_with_nothing_else() {
        let digest = |text: &str| read(text).unwrap().config.policy_digest;
        let standard = digest("version: 1\n");
        assert_eq!(digest("version: 1\nbudget: {task_usd: 9}\n"), standard);
        assert_eq!(digest("version: 1\n# a comment\nmerge: {method: squash}\n"), standard);
        for text in [
            "actions: {pr.merge: {mode: auto}}",
            "merge: {method: rebase}",
            "review: {max_new_issues: 6}",
            "implement: {protected_paths: [x]}",
            "labels: {hold: stop}",
        ] {
            assert_ne!(digest(&format!("version: 1\n{text}\n")), standard, "{text}");
        }
    }
}
