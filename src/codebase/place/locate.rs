//! The search for the one place, from the strictest tier to the most lenient.

use similar::TextDiff;

use super::align::{Alignment, alignments};
use super::drift::drifted;
use super::elide::{lazy_line, locate_elided};
use super::keys::{is_blank, keys};
use super::nearest::nearest;
use super::project::project;
use super::readings::{derived, escaped_line, without_edges};
use super::{Found, Hint, Refusal, Source, Spot, Tier, Want, ambiguous, anchor};

pub(super) const TIERS: [Tier; 5] =
    [Tier::Exact, Tier::TrailingSpace, Tier::Unicode, Tier::Indentation, Tier::BlankLines];
const LINE_BY_LINE: &[Tier] = TIERS.split_at(4).0;

/// Finds the one place of an edit. `readings` are the ways to read it, the likeliest first; a stricter tier of any of them
/// wins over a more lenient one of the first.
pub fn locate(source: &Source<'_>, readings: &[Want], hint: &Hint) -> Result<Found, Refusal> {
    if source.is_binary {
        return Err(Refusal::Binary);
    }
    let Some(first) = readings.first() else { return Err(Refusal::EmptyOldText) };
    if first.old.iter().all(|line| is_blank(line)) {
        return anchor::add(source, first, hint);
    }
    if readings.iter().all(|want| want.old == want.new) {
        return Err(Refusal::NothingToChange);
    }
    if let Some(line) = lazy_line(first, source) {
        return Err(Refusal::ElidedReplacement { text: line });
    }
    if let Some(line) = escaped_line(first, source) {
        return Err(Refusal::Escaped { text: line });
    }
    if let Some(found) = tiered(source, readings, hint, LINE_BY_LINE)? {
        return Ok(found);
    }
    // Blank lines at the edges may be what makes a place unique, so they are dropped only now.
    let trimmed: Vec<Want> = readings.iter().filter_map(without_edges).collect();
    if let Some(found) = tiered(source, &trimmed, hint, LINE_BY_LINE)? {
        return Ok(found);
    }
    match tiered(source, readings, hint, &[Tier::BlankLines]) {
        Ok(None) => {}
        Ok(Some(found)) => return Ok(found),
        Err(refusal) => {
            let made = readings.iter().find_map(|want| applied(source, want, Proof::Lines));
            return made.map(|line| Found::AlreadyApplied { line }).ok_or(refusal);
        }
    }
    if let Some(found) = readings.iter().find_map(|want| locate_elided(source, want, hint).transpose()) {
        return found.map(Found::Spot);
    }
    let others: Vec<Want> = readings.iter().flat_map(derived).collect();
    if let Some(found) = tiered(source, &others, hint, &TIERS)? {
        return Ok(found);
    }
    if let Some(line) = readings.iter().find_map(|want| applied(source, want, Proof::Lines)) {
        return Ok(Found::AlreadyApplied { line });
    }
    for want in readings {
        if let Some(place) = drifted(source, want) {
            return project(source, want, &place, Tier::Drift).map(Found::Spot);
        }
    }
    Err(Refusal::Absent(nearest(&source.shown, &first.old)))
}

fn tiered(source: &Source<'_>, readings: &[Want], hint: &Hint, tiers: &[Tier]) -> Result<Option<Found>, Refusal> {
    for &tier in tiers {
        for want in readings {
            let places = alignments(source, &want.old, tier);
            if tier == Tier::Exact
                && let Some(line) = inside(source, want, &places)
            {
                return Ok(Some(Found::AlreadyApplied { line }));
            }
            if let Some(place) = decide(source, places, hint)? {
                return project(source, want, &place, tier).map(|spot| Some(Found::Spot(spot)));
            }
        }
        // Before any lenient tier: what is applied already often still matches leniently.
        if tier == Tier::Exact
            && let Some(line) = readings.iter().find_map(|want| applied(source, want, Proof::Words))
        {
            return Ok(Some(Found::AlreadyApplied { line }));
        }
    }
    Ok(None)
}

/// The one place among those that match equally well, if there is one.
pub(super) fn decide(
    source: &Source<'_>,
    mut places: Vec<Alignment>,
    hint: &Hint,
) -> Result<Option<Alignment>, Refusal> {
    if places.len() < 2 {
        return Ok(places.pop());
    }
    let hinted = hint.line.and_then(|line| places.iter().position(|place| place.start() + 1 == line));
    let anchored = || anchor::only_one(source, &places, &hint.anchors);
    let last = || hint.at_end.then(|| places.iter().position(|place| place.region().end == source.own.len())).flatten();
    match hinted.or_else(anchored).or_else(last) {
        Some(chosen) => Ok(Some(places.swap_remove(chosen))),
        None => Err(ambiguous(places.iter().map(|place| place.start() + 1))),
    }
}

/// What makes new text that stands in the file a proof that the edit was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Proof {
    /// New lines with enough letters: a lone bracket stands in every file.
    Words,
    /// Two lines, where the old text is nowhere in any tier.
    Lines,
}

fn applied(source: &Source<'_>, want: &Want, proof: Proof) -> Option<usize> {
    let told = || want.new.iter().filter(|line| !is_blank(line));
    let words = told().flat_map(|line| line.chars()).filter(|c| c.is_alphanumeric()).count() >= 8;
    let enough = match proof {
        Proof::Words => words && !only_removes(want),
        Proof::Lines => words || told().count() >= 2,
    };
    let place = alignments(source, if enough { &want.new } else { &[] }, Tier::Exact).into_iter().next()?;
    (!only_removes(want) || !is_nearly_there(source, want)).then(|| place.start() + 1)
}

/// The new text is context alone, which may stand where nothing was removed yet.
fn only_removes(want: &Want) -> bool {
    let old = keys(&want.old, Tier::Indentation);
    !keys(&want.new, Tier::Indentation).iter().any(|line| line.len() >= 8 && !old.contains(line))
}

/// The old text stands somewhere but for some of the lines that it removes, a line or a quarter of all, and what stands there
/// instead is like them: they are remembered wrongly rather than gone.
fn is_nearly_there(source: &Source<'_>, want: &Want) -> bool {
    let (old, new) = (keys(&want.old, Tier::Indentation), keys(&want.new, Tier::Indentation));
    let told = old.iter().filter(|line| !line.is_empty()).count();
    let most = (told / 4).max(1);
    let remembered_wrongly =
        |old: &String, own: &String| !new.contains(old) && TextDiff::from_chars(old.as_str(), own).ratio() >= 0.3;
    keys(&source.shown, Tier::Indentation).windows(old.len()).any(|window| {
        let differ = || old.iter().zip(window).filter(|(old, own)| old != own);
        differ().count() <= most && differ().all(|(old, own)| remembered_wrongly(old, own))
    })
}

/// The old text stands only inside the new one.
fn inside(source: &Source<'_>, want: &Want, old: &[Alignment]) -> Option<usize> {
    if old.is_empty() || want.new.len() <= want.old.len() {
        return None;
    }
    let at = want.new.windows(want.old.len()).position(|window| window == want.old)?;
    let rest = want.new[..at].iter().chain(&want.new[at + want.old.len()..]);
    if rest.flat_map(|line| line.chars()).filter(|c| c.is_alphanumeric()).count() < 8 {
        return None;
    }
    let new = alignments(source, &want.new, Tier::Exact);
    let covered = |place: &Alignment| {
        let old = place.region();
        new.iter().map(Alignment::region).any(|new| new.start <= old.start && old.end <= new.end)
    };
    old.iter().all(covered).then(|| new.first().map(|place| place.start() + 1)).flatten()
}

impl Spot {
    pub(super) fn merge(self, next: Self) -> Self {
        let mut splices = self.splices;
        splices.extend(next.splices);
        Self { tier: self.tier.max(next.tier), region: self.region.start..next.region.end, splices }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codebase::place::assemble;

    fn placed(file: &str, old: &str, new: &str, hint: &Hint) -> Result<(String, Tier), Refusal> {
        let source = Source::of(file.as_bytes());
        match locate(&source, &[Want::of(old, new)], hint)? {
            Found::Spot(spot) => Ok((String::from_utf8(assemble(&source, &spot.splices, None)).unwrap(), spot.tier)),
            Found::AlreadyApplied { line } => Ok((format!("applied at {line}"), Tier::Exact)),
        }
    }

    #[test]
    fn a_line_or_an_anchor_decides_between_equal_places() {
        let file = "fn a() {\n    x();\n}\nfn b() {\n    x();\n}\n";
        let place = |hint: &Hint| placed(file, "    x();\n", "    y();\n", hint);
        assert_eq!(place(&Hint::default()), Err(Refusal::Ambiguous { count: 2, lines: vec![2, 5] }));
        let second = "fn a() {\n    x();\n}\nfn b() {\n    y();\n}\n".to_owned();
        assert_eq!(place(&Hint { line: Some(5), ..Hint::default() }), Ok((second.clone(), Tier::Exact)));
        assert!(place(&Hint { line: Some(4), ..Hint::default() }).is_err());
        assert_eq!(place(&Hint { anchors: vec!["fn b() {".into()], ..Hint::default() }), Ok((second, Tier::Exact)));
        assert!(place(&Hint { anchors: vec!["fn c() {".into()], ..Hint::default() }).is_err());
    }

    #[test]
    fn new_lines_without_old_ones_go_after_their_anchor() {
        let hint = Hint { anchors: vec!["fn a() {".into()], ..Hint::default() };
        assert_eq!(
            placed("fn a() {\n    x();\n}\n", "", "    y();\n", &hint),
            Ok(("fn a() {\n    y();\n    x();\n}\n".into(), Tier::Exact))
        );
        assert_eq!(placed("a\n", "", "b\n", &Hint::default()), Err(Refusal::EmptyOldText));
    }

    #[test]
    fn blank_lines_that_are_left_out_stay_or_make_the_place_undecidable() {
        let file = "a();\n\nb();\nc();\n";
        let seen = placed(file, "a();\nb();\nc();\n", "a();\nb();\nd();\n", &Hint::default());
        assert_eq!(seen, Ok(("a();\n\nb();\nd();\n".into(), Tier::BlankLines)));
        let seen = placed(file, "a();\nb();\nc();\n", "a();\n\nx();\nb();\nc();\n", &Hint::default());
        assert_eq!(seen, Ok(("a();\n\nx();\n\nb();\nc();\n".into(), Tier::BlankLines)));
        let seen = placed(file, "a();\nb();\nc();\n", "a();\nx();\nb();\nc();\n", &Hint::default());
        assert_eq!(seen, Err(Refusal::Undecidable { line: 2 }));
        // Repeated lines could stand on either side of the blank line.
        let seen = placed(file, "a();\nb();\nc();\n", "a();\nb();\nx();\nb();\nc();\n", &Hint::default());
        assert!(matches!(seen, Err(Refusal::Undecidable { .. })), "{seen:?}");
    }

    /// Its blank edges dropped and its indentation kept, the old text would have matched elsewhere.
    #[test]
    fn blank_edges_are_dropped_only_when_the_whole_text_stands_nowhere() {
        let file = "if a {\n    x();\n    y();\n}\n\nx();\ny();\n";
        let seen = placed(file, "\n    x();\n    y();\n", "\n    x();\n    z();\n", &Hint::default());
        assert_eq!(seen, Ok(("if a {\n    x();\n    y();\n}\n\nx();\nz();\n".into(), Tier::Indentation)));
    }
}
