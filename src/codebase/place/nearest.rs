//! The place that comes nearest to an old text that stands nowhere, to help the next try.

use std::borrow::Cow;

use crate::codebase::text::shown;

/// The place that is most like the old text, and the first line that differs there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nearest {
    pub line: usize,
    pub in_file: String,
    pub in_old_text: String,
}

/// The alignment in which most lines agree, and its first difference. Bounded: huge files get none.
pub(super) fn nearest(file: &[Cow<'_, str>], old: &[String]) -> Option<Nearest> {
    if file.len().saturating_mul(old.len()) > 4_000_000 {
        return None;
    }
    let same = |at: usize, k: usize| file.get(at + k).is_some_and(|line| line.trim() == old[k].trim());
    let agreeing = |at: usize| (0..old.len()).filter(|k| !old[*k].trim().is_empty() && same(at, *k)).count();
    let best =
        (0..file.len()).map(|at| (agreeing(at), at)).max_by_key(|(count, at)| (*count, std::cmp::Reverse(*at)))?;
    let (at, differs) = if best.0 > 0 {
        (best.1, (0..old.len()).find(|k| !same(best.1, *k)).unwrap_or(0))
    } else {
        // No line agrees: the line that looks most like the first one of the old text.
        let first = old.iter().position(|line| !line.trim().is_empty())?;
        let likeness = |line: &str| similar::TextDiff::from_chars(line.trim(), old[first].trim()).ratio();
        let ratios = file.iter().take(5_000).map(|line| likeness(&shown(line.as_bytes(), 200)));
        let (at, ratio) = ratios.enumerate().max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))?;
        if ratio < 0.5 {
            return None;
        }
        return Some(Nearest {
            line: at + 1,
            in_file: shown(file[at].as_bytes(), 200),
            in_old_text: shown(old[first].as_bytes(), 200),
        });
    };
    let in_file = file.get(at + differs).map_or_else(|| "(end of file)".into(), |line| shown(line.as_bytes(), 200));
    Some(Nearest { line: at + differs + 1, in_file, in_old_text: shown(old[differs].as_bytes(), 200) })
}
