//! What a tier overlooks, as a text under which equal lines are equal.

use super::Tier;

pub(super) fn key(line: &str, tier: Tier) -> String {
    match tier {
        Tier::Exact => line.to_owned(),
        Tier::TrailingSpace => line.trim_end().to_owned(),
        Tier::Unicode => folded(line).trim_end().to_owned(),
        Tier::Indentation | Tier::BlankLines | Tier::Drift => folded(line).trim().to_owned(),
    }
}

pub(super) fn keys<S: AsRef<str>>(lines: &[S], tier: Tier) -> Vec<String> {
    lines.iter().map(|line| key(line.as_ref(), tier)).collect()
}

pub(super) fn is_blank(line: &str) -> bool {
    line.trim().is_empty()
}

/// The white space that a line begins with.
pub(super) fn indent(line: &str) -> &str {
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

/// Typographic signs as the ASCII that models write for them.
fn folded(line: &str) -> String {
    if line.is_ascii() {
        return line.to_owned();
    }
    let mut out = String::with_capacity(line.len());
    for c in line.chars() {
        match c {
            '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => out.push(' '),
            '\u{200b}' | '\u{2060}' | '\u{feff}' => {}
            '‘' | '’' | '‚' | '‛' => out.push('\''),
            '“' | '”' | '„' | '‟' => out.push('"'),
            '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' => out.push('-'),
            '…' => out.push_str("..."),
            other => out.push(other),
        }
    }
    out
}
