//! Holds findings against the change: a finding whose quote does not stand there is dropped and counted.

use std::collections::BTreeSet;

use super::answer::Claim;
use super::diff::{Content, FileDiff, Mark, shown_path};
use crate::domain::finding::{Finding, Role};
use crate::prompt::unicode;

/// Shorter quotes stand almost anywhere.
const SHORTEST_QUOTE: usize = 3;

/// Findings that stand on the change, worst first, and how many did not.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Grounded {
    pub(super) findings: Vec<Finding>,
    pub(super) ungrounded: u64,
}

/// Keeps the claims whose quote stands in the new side of the change, moves them to their quote's lines, and keeps one of
/// those with the same fingerprint: the worst.
pub(super) fn ground(role: Role, claims: Vec<Claim>, files: &[FileDiff]) -> Grounded {
    let mut grounded = Grounded::default();
    let mut found: Vec<Finding> = Vec::new();
    for claim in claims {
        match place(&claim, files) {
            Some((path, line, end_line)) => found.push(finding(role, claim, path, line, end_line)),
            None => grounded.ungrounded += 1,
        }
    }
    found.sort_by(|a, b| {
        b.severity
            .cmp(&a.severity)
            .then(b.confidence.total_cmp(&a.confidence))
            .then_with(|| (&a.path, a.line, &a.title).cmp(&(&b.path, b.line, &b.title)))
    });
    let mut seen = BTreeSet::new();
    found.retain(|finding| seen.insert(finding.fingerprint()));
    grounded.findings = found;
    grounded
}

fn finding(role: Role, claim: Claim, path: String, line: u64, end_line: u64) -> Finding {
    Finding {
        role,
        title: claim.title,
        severity: claim.severity,
        category: claim.category,
        path,
        line,
        end_line,
        quote: claim.quote,
        explanation: claim.explanation,
        suggestion: claim.suggestion,
        confidence: if claim.confidence.is_finite() { claim.confidence.clamp(0.0, 1.0) } else { 0.0 },
    }
}

/// The path and lines where the quote stands; the place nearest to the claimed line where there are several.
fn place(claim: &Claim, files: &[FileDiff]) -> Option<(String, u64, u64)> {
    let file = files.iter().find(|file| same_path(&claim.path, &file.path))?;
    let Content::Text(hunks) = &file.content else { return None };
    let wanted = [squeeze(&claim.quote), squeeze(&without_signs(&claim.quote))];
    let mut places: Vec<(u64, u64)> = Vec::new();
    for quote in wanted.iter().filter(|quote| quote.chars().count() >= SHORTEST_QUOTE) {
        for hunk in hunks {
            let new_side = hunk.lines.iter().filter(|line| line.mark != Mark::Removed);
            // The hunk without white space, and the line of every byte in it.
            let mut text = String::new();
            let mut numbers = Vec::new();
            for line in new_side {
                text.push_str(&squeeze(&line.text));
                numbers.resize(text.len(), line.number);
            }
            for (at, _) in text.match_indices(quote.as_str()) {
                places.push((*numbers.get(at)?, *numbers.get(at + quote.len() - 1)?));
            }
        }
        if !places.is_empty() {
            break;
        }
    }
    let distance = |place: &(u64, u64)| {
        if (place.0..=place.1).contains(&claim.line) { 0 } else { place.0.abs_diff(claim.line).max(1) }
    };
    let (line, end_line) = places.into_iter().min_by_key(distance)?;
    Some((file.path.clone(), line, end_line))
}

fn same_path(claimed: &str, path: &str) -> bool {
    let shown = shown_path(path);
    let claimed = claimed.trim();
    [claimed, claimed.trim_start_matches("./")]
        .into_iter()
        .chain(claimed.strip_prefix("b/"))
        .any(|claimed| claimed == shown || claimed == path)
}

fn squeeze(text: &str) -> String {
    unicode::reveal(text).split_whitespace().collect()
}

/// A quote that was copied with its line numbers or signs.
fn without_signs(quote: &str) -> String {
    let bare = |line: &str| {
        let line = line.trim_start().trim_start_matches(|c: char| c.is_ascii_digit()).trim_start();
        line.strip_prefix('+').unwrap_or(line).to_owned()
    };
    quote.lines().map(bare).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::finding::Severity;
    use crate::domain::pull::FileStatus;
    use crate::jobs::review::diff::from_versions;

    fn files() -> Vec<FileDiff> {
        let old = "fn a() {\n    one();\n}\n\nfn z() {}\n";
        let new = "fn a() {\n    two(1, 2);\n    two(1, 2);\n    three();\n}\n\nfn z() {}\n";
        vec![FileDiff {
            path: "src/a.rs".into(),
            previous_path: None,
            status: FileStatus::Modified,
            content: from_versions(Some(old.as_bytes()), Some(new.as_bytes())),
        }]
    }

    fn claim(path: &str, line: u64, quote: &str) -> Claim {
        Claim {
            title: "t".into(),
            severity: Severity::Low,
            category: "c".into(),
            path: path.into(),
            line,
            end_line: None,
            quote: quote.into(),
            explanation: "e".into(),
            suggestion: "s".into(),
            confidence: 0.5,
        }
    }

    fn lines(claim: &Claim) -> Option<(u64, u64)> {
        place(claim, &files()).map(|(_, line, end)| (line, end))
    }

    #[test]
    fn a_unique_quote_moves_the_finding_to_its_line() {
        assert_eq!(lines(&claim("src/a.rs", 999, "three();")), Some((4, 4)));
        assert_eq!(lines(&claim("./src/a.rs", 0, "  three( ) ;")), Some((4, 4)));
        assert_eq!(lines(&claim("b/src/a.rs", 1, "two(1, 2);\n    three();")), Some((3, 4)));
    }

    #[test]
    fn of_several_places_the_nearest_counts() {
        assert_eq!(lines(&claim("src/a.rs", 3, "two(1, 2);")), Some((3, 3)));
        assert_eq!(lines(&claim("src/a.rs", 1, "two(1, 2);")), Some((2, 2)));
    }

    #[test]
    fn a_quote_with_numbers_and_signs_is_understood() {
        assert_eq!(lines(&claim("src/a.rs", 4, "     3 +    two(1, 2);\n     4 +    three();")), Some((3, 4)));
    }

    #[test]
    fn what_does_not_stand_in_the_change_is_dropped() {
        for (path, quote) in [
            ("src/a.rs", "one();"),
            ("src/a.rs", "rm -rf /"),
            ("src/b.rs", "three();"),
            ("src/a.rs", "}"),
            ("src/a.rs", ""),
            ("src/a.rs", "+++"),
        ] {
            assert_eq!(lines(&claim(path, 1, quote)), None, "{path}: {quote}");
        }
    }

    #[test]
    fn the_same_finding_twice_is_one_and_the_worst_goes_first() {
        let high = Claim { severity: Severity::High, ..claim("src/a.rs", 4, "three();") };
        let claims =
            vec![claim("src/a.rs", 4, "three() ;"), claim("src/a.rs", 7, "fn z() {}"), high, claim("x", 1, "none")];
        let grounded = ground(Role::Cto, claims, &files());
        let severities: Vec<_> = grounded.findings.iter().map(|finding| (finding.severity, finding.line)).collect();
        assert_eq!(severities, [(Severity::High, 4), (Severity::Low, 7)]);
        assert_eq!(grounded.ungrounded, 1);
    }
}
