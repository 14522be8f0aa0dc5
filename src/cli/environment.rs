//! The environment, read once: what GitHub Actions says, the Action's inputs, and the secrets.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use crate::domain::secret::Redactor;
use crate::outcome::{Exit, Failure};

/// The one place where the process's environment is read. Values that are not UTF-8 are left out.
pub fn variables() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// Everything the environment says. `Debug` shows no secret.
/// Source: <https://docs.github.com/actions/reference/workflows-and-actions/variables>.
#[derive(Debug, Clone)]
pub struct Environment {
    pub github_token: Option<SecretString>,
    pub openai_api_key: Option<SecretString>,
    pub anthropic_api_key: Option<SecretString>,
    pub openai_base_url: Option<Url>,
    pub anthropic_base_url: Option<Url>,
    /// `owner/name`, as it is written.
    pub repository: Option<String>,
    pub api_url: Url,
    pub graphql_url: Url,
    pub server_url: Url,
    /// Whether this is a GitHub Actions job.
    pub actions: bool,
    pub event_name: Option<String>,
    pub event_path: Option<PathBuf>,
    /// The file for step outputs.
    pub output: Option<PathBuf>,
    pub step_summary: Option<PathBuf>,
    pub run_id: Option<u64>,
    pub run_attempt: Option<u64>,
    /// `owner/name/.github/workflows/file.yml@refs/heads/main`.
    pub workflow_ref: Option<String>,
    pub workspace: Option<PathBuf>,
    pub no_color: bool,
    /// The pause between writes that create content, for tests.
    pub write_pause: Option<Duration>,
    pub inputs: ActionInputs,
}

/// The Action's inputs that are not secrets. An empty input was not given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ActionInputs {
    pub command: Option<String>,
    pub model_provider: Option<String>,
    pub model: Option<String>,
    pub config: Option<PathBuf>,
    pub dry_run: bool,
    pub plan_out: Option<PathBuf>,
    pub pull_request: Option<u64>,
    pub issue: Option<u64>,
    pub fail_on_refusal: bool,
    pub log_format: Option<String>,
}

impl Environment {
    pub fn read(variables: &BTreeMap<String, String>) -> Result<Self, Failure> {
        let vars = Variables(variables);
        let api_url = vars.url("GITHUB_API_URL", "https://api.github.com")?;
        let graphql_url = match vars.get("GITHUB_GRAPHQL_URL") {
            Some(_) => vars.url("GITHUB_GRAPHQL_URL", "")?,
            None => graphql_beside(&api_url),
        };
        Ok(Self {
            github_token: vars.secret("github-token", &["GITHUB_TOKEN", "GH_TOKEN"])?,
            openai_api_key: vars.secret("openai-api-key", &["OPENAI_API_KEY"])?,
            anthropic_api_key: vars.secret("anthropic-api-key", &["ANTHROPIC_API_KEY"])?,
            openai_base_url: vars.base_url("openai-base-url", "OPENAI_BASE_URL")?,
            anthropic_base_url: vars.base_url("anthropic-base-url", "ANTHROPIC_BASE_URL")?,
            repository: vars.text("GITHUB_REPOSITORY"),
            api_url,
            graphql_url,
            server_url: vars.url("GITHUB_SERVER_URL", "https://github.com")?,
            actions: vars.get("GITHUB_ACTIONS") == Some("true"),
            event_name: vars.text("GITHUB_EVENT_NAME"),
            event_path: vars.path("GITHUB_EVENT_PATH"),
            output: vars.path("GITHUB_OUTPUT"),
            step_summary: vars.path("GITHUB_STEP_SUMMARY"),
            run_id: vars.get("GITHUB_RUN_ID").and_then(|id| id.parse().ok()),
            run_attempt: vars.get("GITHUB_RUN_ATTEMPT").and_then(|attempt| attempt.parse().ok()),
            workflow_ref: vars.text("GITHUB_WORKFLOW_REF"),
            workspace: vars.path("GITHUB_WORKSPACE"),
            no_color: vars.get("NO_COLOR").is_some(),
            write_pause: vars.number(Name::Variable("AUTONOMY_WRITE_PAUSE_MS"))?.map(Duration::from_millis),
            inputs: ActionInputs {
                command: vars.input("command").map(str::to_owned),
                model_provider: vars.input("model-provider").map(str::to_owned),
                model: vars.input("model").map(str::to_owned),
                config: vars.input("config").map(PathBuf::from),
                dry_run: vars.switch("dry-run")?,
                plan_out: vars.input("plan-out").map(PathBuf::from),
                pull_request: vars.number(Name::Input("pull-request"))?,
                issue: vars.number(Name::Input("issue"))?,
                fail_on_refusal: vars.switch("fail-on-refusal")?,
                log_format: vars.input("log-format").map(str::to_owned),
            },
        })
    }

    /// All secrets of the environment, for removing them from every text that leaves.
    pub fn redactor(&self) -> Redactor {
        let secrets = [&self.github_token, &self.openai_api_key, &self.anthropic_api_key];
        Redactor::new(secrets.into_iter().flatten().map(|secret| secret.expose_secret().to_owned()))
    }
}

#[derive(Clone, Copy)]
enum Name {
    Input(&'static str),
    Variable(&'static str),
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Input(name) => write!(f, "the input {name}"),
            Self::Variable(name) => write!(f, "the environment variable {name}"),
        }
    }
}

struct Variables<'a>(&'a BTreeMap<String, String>);

impl<'a> Variables<'a> {
    /// Trimmed; an empty value is none.
    fn get(&self, name: &str) -> Option<&'a str> {
        self.0.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        self.get(name).map(PathBuf::from)
    }

    /// The runner keeps hyphens in the names of inputs; composite actions pass them on with underscores, because shells know no
    /// others.
    fn input(&self, name: &str) -> Option<&'a str> {
        let upper = name.to_uppercase();
        self.get(&format!("INPUT_{upper}")).or_else(|| self.get(&format!("INPUT_{}", upper.replace('-', "_"))))
    }

    fn secret(&self, input: &'static str, names: &[&'static str]) -> Result<Option<SecretString>, Failure> {
        let given = self.input(input).map(|value| (Name::Input(input), value));
        let found = given.or_else(|| names.iter().find_map(|name| Some((Name::Variable(name), self.get(name)?))));
        let Some((name, value)) = found else { return Ok(None) };
        // It becomes a header: what is no single visible word would be cut, refused, or smuggle another header in.
        if value.chars().all(|c| c.is_ascii_graphic()) {
            Ok(Some(SecretString::from(value)))
        } else {
            Err(Failure::new(
                Exit::Usage,
                format!("{name} holds spaces, line breaks or other characters that no token has"),
                "set it to the bare token, on one line",
            ))
        }
    }

    fn base_url(&self, input: &'static str, variable: &'static str) -> Result<Option<Url>, Failure> {
        match (self.input(input), self.get(variable)) {
            (Some(text), _) => url(Name::Input(input), text).map(Some),
            (None, Some(text)) => url(Name::Variable(variable), text).map(Some),
            (None, None) => Ok(None),
        }
    }

    fn url(&self, name: &'static str, standard: &str) -> Result<Url, Failure> {
        url(Name::Variable(name), self.get(name).unwrap_or(standard))
    }

    fn number(&self, name: Name) -> Result<Option<u64>, Failure> {
        let text = match name {
            Name::Input(input) => self.input(input),
            Name::Variable(variable) => self.get(variable),
        };
        let Some(text) = text else { return Ok(None) };
        match text.trim_start_matches('#').parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(Failure::new(
                Exit::Usage,
                format!("{name} is no number: `{}`", shown(text)),
                "write digits only, such as 12",
            )),
        }
    }

    fn switch(&self, input: &'static str) -> Result<bool, Failure> {
        match self.input(input).map(str::to_lowercase).as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(other) => Err(Failure::new(
                Exit::Usage,
                format!("{} is neither true nor false: `{}`", Name::Input(input), shown(other)),
                "write true or false",
            )),
        }
    }
}

fn url(name: Name, text: &str) -> Result<Url, Failure> {
    let hint = "write an address such as https://github.example/api/v3";
    let fail = |what: &str| Err(Failure::new(Exit::Usage, format!("{name} {what}"), hint));
    match Url::parse(text) {
        // An address can carry a password, so it is not repeated.
        Err(_) => fail("is not an address"),
        Ok(url) if !matches!(url.scheme(), "http" | "https") || url.host().is_none() => {
            fail("is not an address that starts with https:// or http://")
        }
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            fail("holds a user name or a password; give keys by their own variables")
        }
        Ok(url) => Ok(url),
    }
}

/// GitHub Enterprise Server has REST at `/api/v3` and GraphQL at `/api/graphql`.
fn graphql_beside(api: &Url) -> Url {
    let path = api.path().trim_end_matches('/');
    let path = path.strip_suffix("/v3").unwrap_or(path);
    let mut url = api.clone();
    url.set_path(&format!("{path}/graphql"));
    url
}

/// At most 40 characters of a value that is no secret, on one line.
fn shown(text: &str) -> String {
    text.chars().take(40).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Environment, Failure> {
        let map = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Environment::read(&map)
    }

    #[test]
    fn an_empty_environment_is_github_com() {
        let environment = read(&[]).unwrap();
        assert_eq!(environment.api_url.as_str(), "https://api.github.com/");
        assert_eq!(environment.graphql_url.as_str(), "https://api.github.com/graphql");
        assert!(environment.github_token.is_none() && !environment.actions);
    }

    #[test]
    fn an_enterprise_server_has_its_own_addresses() {
        let environment = read(&[("GITHUB_API_URL", "https://ghe.example/api/v3")]).unwrap();
        assert_eq!(environment.graphql_url.as_str(), "https://ghe.example/api/graphql");
        let environment =
            read(&[("GITHUB_GRAPHQL_URL", "http://127.0.0.1:81/g"), ("GITHUB_SERVER_URL", "http://127.0.0.1:81")]);
        assert_eq!(environment.unwrap().graphql_url.as_str(), "http://127.0.0.1:81/g");
    }

    #[test]
    fn inputs_come_with_hyphens_or_underscores_and_win() {
        for name in ["INPUT_GITHUB-TOKEN", "INPUT_GITHUB_TOKEN"] {
            let environment = read(&[("GITHUB_TOKEN", "ghs_fromenvironment"), (name, "ghs_frominput\n")]).unwrap();
            assert_eq!(environment.github_token.unwrap().expose_secret(), "ghs_frominput");
        }
        let environment = read(&[("INPUT_GITHUB_TOKEN", ""), ("GITHUB_TOKEN", "ghs_fromenvironment")]).unwrap();
        assert_eq!(environment.github_token.unwrap().expose_secret(), "ghs_fromenvironment");
        let inputs =
            read(&[("INPUT_DRY-RUN", "True"), ("INPUT_PULL_REQUEST", "#7"), ("INPUT_ISSUE", "")]).unwrap().inputs;
        assert_eq!((inputs.dry_run, inputs.pull_request, inputs.issue), (true, Some(7), None));
    }

    #[test]
    fn secrets_are_in_no_message_and_in_no_debug_text() {
        let secret = "sk-verysecret value";
        let failure = read(&[("OPENAI_API_KEY", secret)]).unwrap_err();
        assert_eq!(
            failure.message,
            "the environment variable OPENAI_API_KEY holds spaces, line breaks or other characters that no token has"
        );
        let environment = read(&[("GITHUB_TOKEN", "ghs_1234567890"), ("ANTHROPIC_API_KEY", "sk-ant-123456")]).unwrap();
        assert!(!format!("{environment:?}").contains("1234567890"));
        assert_eq!(environment.redactor().redact("a ghs_1234567890 b sk-ant-123456"), "a [redacted] b [redacted]");
        let failure = read(&[("OPENAI_BASE_URL", "https://me:pw@host.example/v1")]).unwrap_err();
        assert!(!failure.message.contains("pw"), "{failure}");
    }

    #[test]
    fn wrong_values_are_named() {
        for (name, value, message) in [
            ("INPUT_DRY_RUN", "yes", "the input dry-run is neither true nor false: `yes`"),
            ("INPUT_ISSUE", "twelve", "the input issue is no number: `twelve`"),
            ("GITHUB_API_URL", "api.github.com", "the environment variable GITHUB_API_URL is not an address"),
            (
                "INPUT_OPENAI_BASE_URL",
                "file:///etc/passwd",
                "the input openai-base-url is not an address that starts with https:// or http://",
            ),
        ] {
            let failure = read(&[(name, value)]).unwrap_err();
            assert_eq!((failure.message.as_str(), failure.exit), (message, Exit::Usage));
        }
    }
}
