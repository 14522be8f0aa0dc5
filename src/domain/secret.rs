//! Secrets that are known by value: removed from every text that leaves.

use std::sync::Arc;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longer_values_go_first_and_debug_shows_none() {
        let redactor = Redactor::new(["secretsecret".into(), "secretsecret-long".into(), "short".into()]);
        assert_eq!(redactor.redact("a secretsecret-long b secretsecret short"), "a [redacted] b [redacted] short");
        assert_eq!(format!("{redactor:?}"), "Redactor(2 values)");
    }
}
