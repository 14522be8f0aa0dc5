//! What a child process may know of our environment: an allow-list, because a deny-list forgets.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;

use crate::domain::secret::Redactor;

/// Names that are handed on as they are.
const NAMES: &[&str] = &[
    "LANG",
    "LANGUAGE",
    "TZ",
    "USER",
    "LOGNAME",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    // Toolchains and their caches.
    "RUSTUP_TOOLCHAIN",
    "CARGO_NET_OFFLINE",
    "GOPATH",
    "GOFLAGS",
    "GOPROXY",
    "GOTOOLCHAIN",
    "NVM_BIN",
    "NODE_EXTRA_CA_CERTS",
    "VIRTUAL_ENV",
    "CONDA_PREFIX",
    "PIP_CERT",
    "PYENV_VERSION",
    "RBENV_VERSION",
    "ANDROID_HOME",
    "ANDROID_SDK_ROOT",
    "AGENT_TOOLSDIRECTORY",
];

/// Families of names: `LC_ALL`, `JAVA_HOME_21_X64`, `GOROOT_1_24_X64`.
const PREFIXES: &[&str] = &["LC_", "JAVA_HOME", "GOROOT"];

/// Toolchain homes, and where they lie below the real home when the variable is not set. The child's own home is
/// an empty folder, so that it finds its tools but no `~/.netrc`, `~/.gitconfig` or `~/.npmrc`.
const HOMES: &[(&str, &str)] = &[
    ("CARGO_HOME", ".cargo"),
    ("RUSTUP_HOME", ".rustup"),
    ("GOMODCACHE", "go/pkg/mod"),
    ("NVM_DIR", ".nvm"),
    ("PYENV_ROOT", ".pyenv"),
    ("RBENV_ROOT", ".rbenv"),
    ("PYTHONUSERBASE", ".local"),
    ("SDKMAN_DIR", ".sdkman"),
    ("VOLTA_HOME", ".volta"),
    ("DENO_DIR", ".cache/deno"),
    ("BUN_INSTALL", ".bun"),
];

/// Parts of names that mark a secret, whatever list the name is on.
const SECRET_WORDS: &[&str] = &["TOKEN", "KEY", "SECRET", "PASS", "CREDENTIAL", "AUTH"];

/// The environment that checks, agents and git itself start with.
#[derive(Debug, Clone)]
pub struct ChildEnvironment {
    variables: BTreeMap<OsString, OsString>,
}

impl ChildEnvironment {
    /// Takes from `ours` what a child may have. A value that holds a known secret, or an address with a login in it, stays here.
    pub fn from_ours(ours: impl IntoIterator<Item = (OsString, OsString)>, redactor: &Redactor) -> Self {
        let ours: BTreeMap<OsString, OsString> = ours.into_iter().collect();
        let mut variables: BTreeMap<OsString, OsString> = ours
            .iter()
            .filter(|(name, value)| name.to_str().is_some_and(may_pass) && is_harmless(value, redactor))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let home = ours.get(OsStr::new("HOME")).map(Path::new);
        for (name, below_home) in HOMES {
            let given = ours.get(OsStr::new(name)).filter(|value| is_harmless(value, redactor)).cloned();
            let usual = || home.map(|home| home.join(below_home)).filter(|path| path.is_dir()).map(OsString::from);
            if let Some(value) = given.or_else(usual) {
                variables.insert((*name).into(), value);
            }
        }
        variables.insert("PATH".into(), absolute_path(ours.get(OsStr::new("PATH"))));
        Self { variables }
    }

    /// Only a search path: what git needs.
    pub(in crate::adapters) fn search_path(&self) -> &OsStr {
        self.variables.get(OsStr::new("PATH")).map_or(OsStr::new(""), OsString::as_os_str)
    }

    pub(super) fn variables(&self) -> impl Iterator<Item = (&OsString, &OsString)> {
        self.variables.iter()
    }
}

fn may_pass(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let listed = NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    listed && !SECRET_WORDS.iter().any(|word| upper.contains(word))
}

fn is_harmless(value: &OsStr, redactor: &Redactor) -> bool {
    let text = value.to_string_lossy();
    let login_in_address = text.split_once("://").is_some_and(|(_, rest)| rest.contains('@'));
    !login_in_address && redactor.redact(&text) == text
}

/// The search path without its relative parts: `.` would find programs in the checkout.
fn absolute_path(path: Option<&OsString>) -> OsString {
    let usual = OsString::from("/usr/local/bin:/usr/bin:/bin");
    let Some(path) = path else { return usual };
    let parts = std::env::split_paths(path).filter(|part| part.is_absolute());
    std::env::join_paths(parts).ok().filter(|path| !path.is_empty()).unwrap_or(usual)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        let redactor = Redactor::new(["hunter2hunter2".to_owned()]);
        let ours = pairs.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        let child = ChildEnvironment::from_ours(ours, &redactor);
        child
            .variables()
            .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
            .collect()
    }

    #[test]
    fn tools_pass_and_secrets_stay() {
        let child = from(&[
            ("PATH", "/usr/bin:.:bin::/bin"),
            ("LANG", "C.UTF-8"),
            ("LC_ALL", "C"),
            ("JAVA_HOME_21_X64", "/opt/java"),
            ("CARGO_HOME", "/opt/cargo"),
            ("GITHUB_TOKEN", "t"),
            ("GITHUB_ENV", "/f"),
            ("ACTIONS_RUNTIME_TOKEN", "t"),
            ("INPUT_OPENAI-API-KEY", "k"),
            ("OPENAI_API_KEY", "k"),
            ("LC_SECRET", "s"),
            ("SSH_AUTH_SOCK", "/s"),
            ("GIT_CONFIG_COUNT", "1"),
            ("LD_PRELOAD", "/x.so"),
            ("HOME", "/no/such/home"),
            ("TZ", "hunter2hunter2"),
            ("HTTPS_PROXY", "http://me:pw@proxy"),
            ("HTTP_PROXY", "http://proxy:8080"),
        ]);
        let names: Vec<&str> = child.keys().map(String::as_str).collect();
        assert_eq!(names, ["CARGO_HOME", "HTTP_PROXY", "JAVA_HOME_21_X64", "LANG", "LC_ALL", "PATH"]);
        assert_eq!(child["PATH"], "/usr/bin:/bin", "a relative part would find programs in the checkout");
    }

    #[test]
    fn a_toolchain_in_the_real_home_is_still_found() {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join(".cargo")).unwrap();
        let child = from(&[("HOME", home.path().to_str().unwrap())]);
        assert_eq!(child["CARGO_HOME"], home.path().join(".cargo").to_str().unwrap());
        assert!(!child.contains_key("RUSTUP_HOME") && !child.contains_key("HOME"));
        assert_eq!(child["PATH"], "/usr/local/bin:/usr/bin:/bin");
    }
}
