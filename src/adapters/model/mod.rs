//! Models behind the port: two wire protocols, one budget, one rate limit.
//!
//! The model contract in words stands in `product.md`; the wire formats are those of
//! <https://platform.openai.com/docs/api-reference/chat/create> and <https://docs.claude.com/en/api/messages>.

mod anthropic;
mod budget;
mod limiter;
mod openai;
mod partner;
mod prices;
mod schema;
mod send;
mod wire;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use secrecy::SecretString;
use url::{Host, Url};

use crate::config::{Config, ModelChoice, Price, Provider};
use crate::domain::finding::Role;
use crate::domain::money::{Usage, Usd};
use crate::ports::model::{Model, ModelError};

use budget::Purse;
use limiter::Limiter;
use partner::Partner;
pub use prices::{PRICES_AS_OF, PRICES_SOURCE};
use send::Sender;

/// Keys and addresses of the providers. They come from the environment or from the Action's inputs, never from a file.
#[derive(Debug, Clone)]
pub struct Keys {
    pub openai: Option<SecretString>,
    pub openai_base_url: Url,
    pub anthropic: Option<SecretString>,
    pub anthropic_base_url: Url,
}

impl Keys {
    /// The providers' own addresses, where no other is given.
    pub const OPENAI: &'static str = "https://api.openai.com/v1";
    pub const ANTHROPIC: &'static str = "https://api.anthropic.com";
}

/// Whose money a call spends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// `budget.task_usd`: the change of one issue.
    Task,
    /// `budget.review_usd`: the review of one head commit, by all roles together.
    Review,
}

/// How patient the gateway is. The default suits the providers; tests take shorter ones.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// The most a whole answer may take.
    pub timeout: Duration,
    /// The first pause before a retry; it doubles.
    pub first_pause: Duration,
    /// A longer `Retry-After` than this ends the run instead.
    pub longest_pause: Duration,
    /// Requests for one call, the first included.
    pub attempts: usize,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            timeout: Duration::from_mins(5),
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_mins(1),
            attempts: 4,
        }
    }
}

/// The way to every configured model. Calls through one gateway share the budgets and the rate limit.
#[derive(Debug)]
pub struct Gateway {
    models: BTreeMap<Role, ModelChoice>,
    prices: BTreeMap<String, Price>,
    keys: Keys,
    sender: Sender,
    purse: Arc<Purse>,
    total: Arc<Mutex<Usage>>,
}

impl Gateway {
    /// `month_spent` is what the ledger knows of this month.
    ///
    /// # Errors
    /// [`ModelError::Unavailable`] when no HTTP client can be built on this machine.
    pub fn new(config: &Config, keys: Keys, month_spent: Usd) -> Result<Self, ModelError> {
        Self::with_patience(config, keys, month_spent, Patience::default())
    }

    pub fn with_patience(
        config: &Config,
        keys: Keys,
        month_spent: Usd,
        patience: Patience,
    ) -> Result<Self, ModelError> {
        let limiter = Limiter::new(config.budget.requests_per_minute, Duration::from_mins(1));
        Ok(Self {
            models: config.models.clone(),
            prices: config.prices.clone(),
            keys,
            sender: Sender::new(patience, limiter)?,
            purse: Arc::new(Purse::new(&config.budget, month_spent)),
            total: Arc::default(),
        })
    }

    /// The role's model, paid from the scope's budget. A role without a model of its own takes the engineer's.
    ///
    /// # Errors
    /// [`ModelError::NoModel`], [`ModelError::NoKey`] or [`ModelError::NoPrice`]: nothing was asked yet.
    pub fn model(&self, role: Role, scope: Scope) -> Result<Arc<dyn Model>, ModelError> {
        let choice = self.models.get(&role).or_else(|| self.models.get(&Role::Engineer));
        let choice = choice.ok_or(ModelError::NoModel { role: role.name() })?.clone();
        let (base, key) = match choice.provider {
            Provider::Openai => (&self.keys.openai_base_url, &self.keys.openai),
            Provider::Anthropic => (&self.keys.anthropic_base_url, &self.keys.anthropic),
        };
        let local = is_local(base);
        if key.is_none() && !local {
            return Err(ModelError::NoKey { provider: provider_name(choice.provider) });
        }
        let rate = match prices::rate(choice.provider, &choice.model, &self.prices) {
            Some(rate) => rate,
            // A model on this machine costs nothing that we could count.
            None if local => prices::Rate::FREE,
            None => return Err(ModelError::NoPrice { model: choice.model }),
        };
        let partner = Partner::new(partner::Setup {
            choice,
            rate,
            scope,
            base: base.clone(),
            key: key.clone(),
            sender: self.sender.clone(),
            purse: Arc::clone(&self.purse),
            total: Arc::clone(&self.total),
        });
        Ok(Arc::new(partner))
    }

    /// The next task or review begins with a whole budget of its own. The month's goes on.
    pub fn begin(&self, scope: Scope) {
        self.purse.begin(scope);
    }

    /// What was spent through this gateway so far.
    pub fn usage(&self) -> Usage {
        *self.total.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The provider's name in errors.
fn provider_name(provider: Provider) -> &'static str {
    match provider {
        Provider::Openai => "openai",
        Provider::Anthropic => "anthropic",
    }
}

/// Whether the address is this machine's own.
fn is_local(base: &Url) -> bool {
    match base.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::model::{AnswerSchema, ChatRequest, Message, Stop, ToolResult, ToolSpec};
    use crate::sandbox::model::{ModelLog, ModelScript, router};
    use serde_json::json;
    use wiremock::matchers::{body_partial_json, header, method, path};
    use wiremock::{Mock, MockServer, ResponseTemplate};

    const KEY: &str = "sk-secret-0123456789";

    fn config(provider: Provider, model: &str) -> Config {
        let mut config = Config::defaults();
        let choice = ModelChoice {
            provider,
            model: model.into(),
            temperature: Some(0.3),
            max_output_tokens: 2_000,
            context_tokens: 100_000,
        };
        config.models.insert(Role::Engineer, choice);
        config.budget.requests_per_minute = 0;
        config
    }

    fn quick() -> Patience {
        Patience {
            timeout: Duration::from_secs(5),
            first_pause: Duration::from_millis(5),
            longest_pause: Duration::from_secs(1),
            attempts: 3,
        }
    }

    fn keys(base: &str) -> Keys {
        Keys {
            openai: Some(KEY.to_owned().into()),
            openai_base_url: format!("{base}/v1").parse().unwrap(),
            anthropic: Some(KEY.to_owned().into()),
            anthropic_base_url: format!("{base}/anthropic").parse().unwrap(),
        }
    }

    fn gateway(config: &Config, base: &str) -> Gateway {
        Gateway::with_patience(config, keys(base), Usd::ZERO, quick()).unwrap()
    }

    fn question() -> ChatRequest {
        ChatRequest {
            role: Role::Cto,
            system: "You review.".into(),
            messages: vec![Message::User { text: "A diff.".into() }],
            tools: Vec::new(),
            answer: Some(AnswerSchema {
                name: "cto_review",
                description: "A review.",
                schema: json!({"type": "object", "additionalProperties": false, "required": ["score"],
                    "properties": {"score": {"type": "integer", "minimum": 0, "maximum": 100}}}),
            }),
        }
    }

    fn work() -> ChatRequest {
        let parameters = json!({"type": "object", "additionalProperties": false, "required": ["path"],
            "properties": {"path": {"type": "string"}}});
        ChatRequest {
            role: Role::Engineer,
            system: "You work.".into(),
            messages: vec![Message::User { text: "An issue.".into() }],
            tools: vec![ToolSpec { name: "read_file", description: "Reads a file.", parameters }],
            answer: None,
        }
    }

    /// The scripted model on loopback: its base URL and its log.
    async fn scripted(script: &str) -> (String, ModelLog) {
        let (router, log) = router(ModelScript::parse("test", script).unwrap());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (base, log)
    }

    async fn on_both<F: Future<Output = ()>>(script: &str, test: impl Fn(Gateway, ModelLog) -> F) {
        for (provider, model) in [(Provider::Openai, "gpt-4.1"), (Provider::Anthropic, "claude-haiku-4-5")] {
            let (base, log) = scripted(script).await;
            test(gateway(&config(provider, model), &base), log).await;
        }
    }

    fn review_of(gateway: &Gateway) -> Arc<dyn Model> {
        gateway.model(Role::Cto, Scope::Review).unwrap()
    }

    #[tokio::test]
    async fn a_structured_answer_comes_back_with_its_cost() {
        let script = "api_key: sk-secret-0123456789\nroles: { cto_review: [{ answer: { score: 90 }, usage: { input: 1000, output: 100, cached: 400 } }] }";
        on_both(script, |gateway, log| async move {
            let reply = review_of(&gateway).chat(&question()).await.unwrap();
            assert_eq!(reply.answer, Some(json!({"score": 90})));
            assert_eq!((reply.usage.requests, reply.usage.input_tokens, reply.usage.cached_tokens), (1, 1000, 400));
            // gpt-4.1: 600 at 2.00, 400 at 0.50, 100 at 8.00; claude-haiku-4-5: 600 at 1.00, 400 at 0.10, 100 at 5.00.
            assert!([Usd(2_200), Usd(1_140)].contains(&reply.usage.cost), "{:?}", reply.usage);
            assert_eq!(gateway.usage(), reply.usage);
            assert_eq!(log.complaints(), Vec::<String>::new());
        })
        .await;
    }

    #[tokio::test]
    async fn tools_are_called_and_answered_over_two_turns() {
        let script = "roles: { engineer: [{ tool_calls: [{ name: read_file, arguments: { path: a } }] }, { expect_last: [content of a], text: done }] }";
        on_both(script, |gateway, log| async move {
            let model = gateway.model(Role::Engineer, Scope::Task).unwrap();
            let mut request = work();
            let first = model.chat(&request).await.unwrap();
            assert_eq!(first.stop, Stop::ToolCalls);
            assert_eq!(first.tool_calls[0].arguments, json!({"path": "a"}));
            let call_id = first.tool_calls[0].id.clone();
            request.messages.push(Message::Assistant { text: first.text, tool_calls: first.tool_calls });
            request.messages.push(Message::ToolResults {
                results: vec![ToolResult { call_id, content: "content of a".into(), is_error: false }],
            });
            let second = model.chat(&request).await.unwrap();
            assert_eq!((second.text.as_str(), second.stop), ("done", Stop::End));
            assert_eq!(model.usage().requests, 2);
            assert_eq!(log.complaints(), Vec::<String>::new());
        })
        .await;
    }

    #[tokio::test]
    async fn a_broken_answer_is_repaired_once() {
        let script = r#"roles: { cto_review: [{ raw: "{\"score\": " }, { expect_last: [could not be used], answer: { score: 7 } }] }"#;
        on_both(script, |gateway, log| async move {
            let reply = review_of(&gateway).chat(&question()).await.unwrap();
            assert_eq!((reply.answer, reply.usage.requests, reply.notes.len()), (Some(json!({"score": 7})), 2, 1));
            assert_eq!(log.complaints(), Vec::<String>::new());
        })
        .await;
    }

    #[tokio::test]
    async fn an_answer_that_breaks_its_schema_is_repaired_too() {
        let script = "roles: { cto_review: [{ answer: { score: 101 } }, { expect_last: ['answer.score must lie in 0..100'], answer: { score: 100 } }] }";
        on_both(script, |gateway, log| async move {
            let reply = review_of(&gateway).chat(&question()).await.unwrap();
            assert_eq!(reply.answer, Some(json!({"score": 100})));
            assert_eq!(log.complaints(), Vec::<String>::new());
        })
        .await;
    }

    #[tokio::test]
    async fn garbage_twice_is_an_error_that_says_what_is_wrong() {
        let script = "roles: { cto_review: [{ raw: nope, repeat: true }] }";
        on_both(script, |gateway, log| async move {
            let error = review_of(&gateway).chat(&question()).await.unwrap_err();
            assert!(matches!(&error, ModelError::Garbage { problem } if problem.contains("not JSON")), "{error}");
            assert_eq!(log.entries().len(), 2);
        })
        .await;
    }

    #[tokio::test]
    async fn cut_empty_and_refused_answers_are_never_used() {
        for (turn, expected) in [
            ("{ answer: { score: 1 }, stop: length }", ModelError::Truncated),
            ("{ empty: true }", ModelError::Empty),
            ("{ text: no, stop: refusal }", ModelError::Refused),
        ] {
            let script = format!("roles: {{ cto_review: [{turn}] }}");
            on_both(&script, |gateway, _| {
                let expected = expected.clone();
                async move {
                    let error = review_of(&gateway).chat(&question()).await.unwrap_err();
                    assert_eq!(error, expected);
                    assert_eq!(gateway.usage().requests, 1, "it was paid for");
                }
            })
            .await;
        }
    }

    #[tokio::test]
    async fn a_cut_answer_with_tool_calls_is_never_used() {
        let script =
            "roles: { engineer: [{ tool_calls: [{ name: read_file, arguments: { path: a } }], stop: length }] }";
        on_both(script, |gateway, _| async move {
            let model = gateway.model(Role::Engineer, Scope::Task).unwrap();
            assert_eq!(model.chat(&work()).await.unwrap_err(), ModelError::Truncated);
        })
        .await;
    }

    #[tokio::test]
    async fn busy_servers_are_asked_again_and_pauses_are_kept() {
        let script =
            "roles: { cto_review: [{ status: 429, retry_after: 0.05 }, { status: 529 }, { answer: { score: 1 } }] }";
        on_both(script, |gateway, log| async move {
            assert!(review_of(&gateway).chat(&question()).await.is_ok());
            assert_eq!(log.entries().len(), 3);
        })
        .await;
    }

    #[tokio::test]
    async fn retries_are_bounded_and_long_pauses_end_the_run() {
        on_both("roles: { cto_review: [{ status: 500, repeat: true }] }", |gateway, log| async move {
            let error = review_of(&gateway).chat(&question()).await.unwrap_err();
            assert!(
                matches!(&error, ModelError::Unavailable { message, .. } if message == "it answered 500"),
                "{error}"
            );
            assert_eq!(log.entries().len(), 3);
            assert_eq!(gateway.usage().cost, Usd::ZERO);
        })
        .await;
        on_both("roles: { cto_review: [{ status: 429, retry_after: 3600 }] }", |gateway, log| async move {
            let error = review_of(&gateway).chat(&question()).await.unwrap_err();
            assert!(
                matches!(error, ModelError::RateLimited { retry_after, .. } if retry_after.as_secs() == 3600),
                "{error}"
            );
            assert_eq!(log.entries().len(), 1);
        })
        .await;
    }

    #[tokio::test]
    async fn a_connection_that_breaks_is_tried_once_more_and_counted_at_its_worst() {
        on_both("roles: { cto_review: [{ drop: true }, { answer: { score: 1 } }] }", |gateway, log| async move {
            let reply = review_of(&gateway).chat(&question()).await.unwrap();
            assert_eq!((reply.notes.len(), log.entries().len()), (1, 2));
            assert!(gateway.usage().cost > reply.usage.cost);
            assert_eq!(gateway.usage().requests, 2);
        })
        .await;
    }

    #[tokio::test]
    async fn a_refused_temperature_is_dropped_and_noted() {
        on_both(
            "refuse: [temperature]\nroles: { cto_review: [{ answer: { score: 1 }, repeat: true }] }",
            |gateway, log| async move {
                let model = review_of(&gateway);
                let reply = model.chat(&question()).await.unwrap();
                assert_eq!(reply.notes, ["temperature dropped: the model does not take it"]);
                assert_eq!(model.chat(&question()).await.unwrap().notes, Vec::<String>::new());
                assert_eq!(log.entries().len(), 3, "it is not tried again");
            },
        )
        .await;
    }

    #[tokio::test]
    async fn an_older_server_gets_the_older_name_of_the_limit() {
        let (base, log) =
            scripted("refuse: [max_completion_tokens]\nroles: { cto_review: [{ answer: { score: 1 } }] }").await;
        let gateway = gateway(&config(Provider::Openai, "gpt-4.1"), &base);
        assert!(review_of(&gateway).chat(&question()).await.is_ok());
        assert_eq!(log.entries()[1].request["max_tokens"], json!(2_000));
    }

    #[tokio::test]
    async fn a_wrong_key_is_named_and_never_shown() {
        on_both("api_key: other\nroles: { cto_review: [{ answer: { score: 1 } }] }", |gateway, _| async move {
            let error = review_of(&gateway).chat(&question()).await.unwrap_err();
            assert!(matches!(error, ModelError::Denied { status: 401, .. }));
            assert!(!format!("{error}{error:?}{gateway:?}").contains(KEY));
        })
        .await;
    }

    #[tokio::test]
    async fn a_refused_request_says_why_without_the_key() {
        let server = MockServer::start().await;
        let body = json!({"error": {"message": format!("Invalid schema near {KEY}"), "type": "invalid_request_error"}});
        Mock::given(method("POST")).respond_with(ResponseTemplate::new(400).set_body_json(body)).mount(&server).await;
        let gateway = gateway(&config(Provider::Openai, "gpt-4.1"), &server.uri());
        let error = review_of(&gateway).chat(&question()).await.unwrap_err();
        assert_eq!(error.to_string(), "openai refused the request (400): Invalid schema near [redacted]");
    }

    #[tokio::test]
    async fn an_account_without_money_is_not_asked_again() {
        let server = MockServer::start().await;
        let body = json!({"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}});
        Mock::given(method("POST"))
            .respond_with(ResponseTemplate::new(429).set_body_json(body))
            .expect(1)
            .mount(&server)
            .await;
        let gateway = gateway(&config(Provider::Openai, "gpt-4.1"), &server.uri());
        let error = review_of(&gateway).chat(&question()).await.unwrap_err();
        assert!(matches!(error, ModelError::Rejected { status: 429, .. }), "{error}");
    }

    #[tokio::test]
    async fn a_redirect_is_not_followed() {
        let other = MockServer::start().await;
        let server = MockServer::start().await;
        let away = ResponseTemplate::new(307).insert_header("location", other.uri());
        Mock::given(method("POST")).respond_with(away).mount(&server).await;
        let gateway = gateway(&config(Provider::Openai, "gpt-4.1"), &server.uri());
        let error = review_of(&gateway).chat(&question()).await.unwrap_err();
        assert!(matches!(error, ModelError::Rejected { status: 307, .. }), "{error}");
        assert!(other.received_requests().await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_model_that_cannot_be_forced_is_asked_freely() {
        let server = MockServer::start().await;
        let refusal = json!({"type": "error", "error": {"type": "invalid_request_error",
            "message": "tool_choice forces tool use is not compatible with this model."}});
        Mock::given(body_partial_json(json!({"tool_choice": {"type": "tool"}})))
            .respond_with(ResponseTemplate::new(400).set_body_json(refusal))
            .mount(&server)
            .await;
        let answer = json!({"content": [{"type": "tool_use", "id": "t", "name": "cto_review", "input": {"score": 3}}],
            "stop_reason": "tool_use", "usage": {"input_tokens": 1, "output_tokens": 1}});
        Mock::given(body_partial_json(json!({"tool_choice": {"type": "auto"}})))
            .and(path("/anthropic/v1/messages"))
            .and(header("x-api-key", KEY))
            .and(header("anthropic-version", "2023-06-01"))
            .respond_with(ResponseTemplate::new(200).set_body_json(answer))
            .mount(&server)
            .await;
        let gateway = gateway(&config(Provider::Anthropic, "claude-sonnet-5-5"), &server.uri());
        assert_eq!(review_of(&gateway).chat(&question()).await.unwrap().answer, Some(json!({"score": 3})));
    }

    #[tokio::test]
    async fn usage_that_the_server_hides_counts_at_the_worst_case() {
        let server = MockServer::start().await;
        let answer = json!({"choices": [{"message": {"content": "{\"score\": 1}"}, "finish_reason": "stop"}]});
        Mock::given(path("/v1/chat/completions"))
            .and(header("authorization", format!("Bearer {KEY}").as_str()))
            .respond_with(ResponseTemplate::new(200).set_body_json(answer))
            .mount(&server)
            .await;
        let gateway = gateway(&config(Provider::Openai, "gpt-4.1"), &server.uri());
        let usage = review_of(&gateway).chat(&question()).await.unwrap().usage;
        assert_eq!(usage.output_tokens, 2_000);
        assert!(usage.cost >= Usd(16_000));
    }

    #[tokio::test]
    async fn an_answer_of_another_shape_is_an_outage() {
        let server = MockServer::start().await;
        Mock::given(method("POST"))
            .respond_with(ResponseTemplate::new(200).set_body_string("<html>"))
            .mount(&server)
            .await;
        let gateway = gateway(&config(Provider::Openai, "gpt-4.1"), &server.uri());
        let error = review_of(&gateway).chat(&question()).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "openai is not reachable: its answer is not of the documented shape: choices[0] is missing"
        );
    }

    #[tokio::test]
    async fn a_budget_that_does_not_cover_the_call_asks_nothing() {
        let (base, log) = scripted("roles: { cto_review: [{ answer: { score: 1 }, repeat: true }] }").await;
        let mut config = config(Provider::Openai, "gpt-4.1");
        config.budget.review = Usd(100);
        let error = review_of(&gateway(&config, &base)).chat(&question()).await.unwrap_err();
        assert!(matches!(error, ModelError::Budget { cap: "review", .. }), "{error}");
        assert_eq!(log.entries().len(), 0);
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_costs_nothing() {
        let gateway = gateway(&config(Provider::Openai, "gpt-4.1"), "http://127.0.0.1:1");
        let error = review_of(&gateway).chat(&question()).await.unwrap_err();
        assert!(matches!(&error, ModelError::Unavailable { .. }), "{error}");
        assert!(!error.to_string().contains("127.0.0.1"), "{error}");
        assert_eq!(gateway.usage(), Usage::default());
    }

    #[tokio::test]
    async fn what_is_missing_is_said_before_anything_is_asked() {
        let far = "https://models.example";
        let lacks = |config: &Config, keys: Keys| {
            let gateway = Gateway::new(config, keys, Usd::ZERO).unwrap();
            gateway.model(Role::Cto, Scope::Review).err().unwrap()
        };
        assert_eq!(lacks(&Config::defaults(), keys(far)), ModelError::NoModel { role: "cto" });
        let no_key = Keys { openai: None, ..keys(far) };
        assert_eq!(lacks(&config(Provider::Openai, "gpt-4.1"), no_key), ModelError::NoKey { provider: "openai" });
        let unknown = config(Provider::Openai, "own-model");
        assert_eq!(lacks(&unknown, keys(far)), ModelError::NoPrice { model: "own-model".into() });
        let local = Keys { openai: None, ..keys("http://localhost:11434") };
        assert!(Gateway::new(&unknown, local, Usd::ZERO).unwrap().model(Role::Cto, Scope::Review).is_ok());
    }

    #[test]
    fn only_this_machine_is_local() {
        for (url, local) in [
            ("http://localhost:1/v1", true),
            ("http://127.0.0.2/", true),
            ("http://[::1]:8080/v1", true),
            ("http://localhost.evil.example/", false),
            ("http://10.0.0.1/", false),
        ] {
            assert_eq!(is_local(&url.parse().unwrap()), local, "{url}");
        }
    }
}
