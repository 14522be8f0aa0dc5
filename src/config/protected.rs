//! Protected paths: patterns in the manner of `.gitignore`, so that a pattern never protects less than it seems to.

use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};

use super::defaults::PROTECTED_PATHS;

/// The globs of one pattern: a name without a slash counts in every folder, and a folder protects what is in it.
pub(super) fn patterns(pattern: &str) -> Result<Vec<Glob>, String> {
    let pattern = pattern.trim();
    if pattern.starts_with('!') {
        return Err("expected a path to protect; protection cannot be taken away with `!`".to_owned());
    }
    let pattern = pattern.strip_prefix("./").unwrap_or(pattern);
    let anchored = pattern.trim_end_matches('/').contains('/');
    let core = pattern.trim_matches('/');
    if core.is_empty() {
        return Err("expected a path or a glob such as `infra/**`".to_owned());
    }
    let core = if anchored || core.starts_with("**/") { core.to_owned() } else { format!("**/{core}") };
    // Some file systems take `.GitHub` for `.github`.
    let glob = |text: &str| {
        GlobBuilder::new(text)
            .literal_separator(true)
            .case_insensitive(true)
            .backslash_escape(true)
            .build()
            .map_err(|error| format!("expected a glob such as `infra/**`: {}", error.kind()))
    };
    Ok(vec![glob(&core)?, glob(&format!("{core}/**"))?])
}

/// The built-in patterns with the configured ones, compiled and as written. Patterns that are no globs are left out: they are
/// problems of the configuration, which is then not used.
pub(super) fn set(configured: &[String]) -> (GlobSet, Vec<String>) {
    let written: Vec<String> =
        PROTECTED_PATHS.iter().map(|pattern| (*pattern).to_owned()).chain(configured.iter().cloned()).collect();
    let mut builder = GlobSetBuilder::new();
    for pattern in &written {
        for glob in patterns(pattern).unwrap_or_default() {
            builder.add(glob);
        }
    }
    (builder.build().unwrap_or_else(|_| everything()), written)
}

/// Where the globs together cannot be compiled, everything is protected.
fn everything() -> GlobSet {
    let all = Glob::new("**").and_then(|glob| GlobSetBuilder::new().add(glob).build());
    all.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policy_ci_owners_secrets_and_instructions_are_protected() {
        let (set, _) = set(&[]);
        for path in [
            ".github/workflows/ci.yml",
            ".GitHub/workflows/ci.yml",
            ".github/CODEOWNERS",
            "docs/CODEOWNERS",
            "CODEOWNERS",
            ".autonomy/config.yaml",
            ".env",
            "web/.env.local",
            "certs/server.pem",
            "server.key",
            "home/.ssh/id_rsa",
            "home/.ssh/id_rsa.pub",
            ".npmrc",
            "pkg/.pypirc",
            ".gitmodules",
            "a/b/.gitattributes",
            "AGENTS.md",
            "crates/x/CLAUDE.md",
            ".cursor/rules/x.mdc",
            "web/.claude/settings.json",
            ".circleci/config.yml",
        ] {
            assert!(set.is_match(path), "{path}");
        }
        for path in ["src/main.rs", "docs/github.md", "environment.rs", "keys.rs", "src/.github.rs", "README.md"] {
            assert!(!set.is_match(path), "{path}");
        }
    }

    #[test]
    fn patterns_mean_what_gitignore_means() {
        let (set, written) = set(&["*.sql".into(), "infra".into(), "/deploy/prod/*.yaml".into(), "legal/".into()]);
        for path in ["x.sql", "db/x.sql", "infra/a/b.tf", "deploy/prod/a.yaml", "legal/a.md", "b/legal/a.md"] {
            assert!(set.is_match(path), "{path}");
        }
        for path in ["deploy/prod/x/a.yaml", "x/deploy/prod/a.yaml", "x.sqlite"] {
            assert!(!set.is_match(path), "{path}");
        }
        assert_eq!(written.last().unwrap(), "legal/");
        assert!(patterns("!src/**").is_err());
        assert!(patterns("/").is_err());
        assert!(patterns("a[").is_err());
    }
}
