//! Secrets: those known by value are removed from every text that leaves, others are recognised by their published formats.

use std::sync::{Arc, LazyLock};

use regex::Regex;

/// Replaces known secret values in text. Cheap to clone.
#[derive(Clone, Default)]
pub struct Redactor {
    values: Arc<[String]>,
}

impl Redactor {
    /// Values shorter than eight characters are left out: removing them would eat ordinary words.
    pub fn new(values: impl IntoIterator<Item = String>) -> Self {
        let mut values: Vec<String> = values.into_iter().filter(|value| value.len() >= 8).collect();
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        values.dedup();
        Self { values: values.into() }
    }

    pub fn redact(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for value in self.values.iter() {
            if text.contains(value.as_str()) {
                text = text.replace(value.as_str(), "[redacted]");
            }
        }
        text
    }

    /// The values, for the runner's own masking (`::add-mask::`).
    pub fn values(&self) -> &[String] {
        &self.values
    }
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Redactor({} values)", self.values.len())
    }
}

/// Kinds of secrets whose published formats stand in the text, each once. A format proves no secret and its absence no
/// safety; it is a reason to stop and look.
pub fn secret_kinds(text: &str) -> Vec<&'static str> {
    let mut kinds: Vec<&'static str> = secret_matches(text).into_iter().map(|(kind, _)| kind).collect();
    kinds.dedup();
    kinds
}

/// The same with the values. They must not be printed or logged.
pub fn secret_matches(text: &str) -> Vec<(&'static str, &str)> {
    let formats = FORMATS.iter().filter_map(|(kind, regex)| Some((*kind, regex.as_ref()?)));
    formats.flat_map(|(kind, regex)| regex.find_iter(text).map(move |found| (kind, found.as_str()))).collect()
}

/// Formats as their issuers publish them, such as
/// <https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/>.
static FORMATS: LazyLock<Vec<(&'static str, Option<Regex>)>> = LazyLock::new(|| {
    [
        ("AWS access key", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
        ("GitHub token", r"\b(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255})\b"),
        ("Anthropic key", r"\bsk-ant-[A-Za-z0-9_-]{20,}"),
        ("OpenAI key", r"\bsk-(?:proj-|svcacct-|admin-)[A-Za-z0-9_-]{20,}|\bsk-[A-Za-z0-9]{32,}\b"),
        ("Slack token", r"\bxox[abeprs]-[0-9A-Za-z-]{10,}|https://hooks\.slack\.com/services/T\w+/B\w+/\w{16,}"),
        ("private key", r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"),
        ("Google API key", r"\bAIza[0-9A-Za-z_-]{35}"),
        ("npm token", r"\bnpm_[A-Za-z0-9]{36}\b"),
        ("Stripe key", r"\b[rs]k_live_[0-9A-Za-z]{20,}"),
    ]
    .map(|(kind, pattern)| (kind, Regex::new(pattern).ok()))
    .into()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longer_values_go_first_and_debug_shows_none() {
        let redactor = Redactor::new(["secretsecret".into(), "secretsecret-long".into(), "short".into()]);
        assert_eq!(redactor.redact("a secretsecret-long b secretsecret short"), "a [redacted] b [redacted] short");
        assert_eq!(format!("{redactor:?}"), "Redactor(2 values)");
    }
    #[test]
    fn published_formats_are_recognised() {
        // Put together here, so that no scanner takes this file for a leak.
        let tail = "0123456789abcdefghijABCDEFGHIJ0123456789";
        for (text, kind) in [
            (format!("key = {}{}", "AKI", "AIOSFODNN7EXAMPLE"), "AWS access key"),
            (format!("gh{}_{}", "p", &tail[..36]), "GitHub token"),
            (format!("github_{}_{tail}", "pat"), "GitHub token"),
            (format!("sk-{}-api03-{tail}", "ant"), "Anthropic key"),
            (format!("sk-{}-{tail}", "proj"), "OpenAI key"),
            (format!("xox{}-1234567890-abc", "b"), "Slack token"),
            (format!("-----BEGIN {} KEY-----", "RSA PRIVATE"), "private key"),
            (format!("AI{}{}", "za", &tail[..35]), "Google API key"),
            (format!("np{}_{}", "m", &tail[..36]), "npm token"),
            (format!("sk_{}_{tail}", "live"), "Stripe key"),
        ] {
            assert_eq!(secret_kinds(&text), [kind], "{kind}");
        }
        for harmless in
            ["task-force-management-of-things", "ghp_short", "-----BEGIN PUBLIC KEY-----", "AKIA", "sk-learn"]
        {
            assert!(secret_kinds(harmless).is_empty(), "{harmless}");
        }
        assert_eq!(FORMATS.iter().filter(|(_, regex)| regex.is_some()).count(), 9);
    }
}
