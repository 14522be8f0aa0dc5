//! Edits that leave code out: `...` or `// ... existing code ...` where unchanged lines stand.

use super::align::alignments;
use super::locate::{TIERS, decide};
use super::project::project;
use super::{Hint, Refusal, Source, Spot, Want};

/// Whether a line stands for lines that were left out.
pub fn is_elision(line: &str) -> bool {
    matches!(line.trim(), "..." | "…") || is_remark(line)
}

/// Whether a text has a remark in place of code, as in `# ... rest of the function ...`.
pub fn elides(text: &str) -> Option<&str> {
    text.lines().find(|line| is_remark(line))
}

fn is_remark(line: &str) -> bool {
    const LEADERS: [&str; 9] = ["//", "#", "--", "/*", "{/*", "<!--", ";;", ";", "%"];
    const WORDS: [&str; 10] = [
        "existing",
        "rest of",
        "unchanged",
        "remain",
        "omitted",
        "other code",
        "same as before",
        "previous code",
        "code here",
        "keep",
    ];
    let line = line.trim();
    let Some(text) = LEADERS.iter().find_map(|leader| line.strip_prefix(leader)) else { return false };
    let text = text.trim_start_matches(['/', '#', '-', '*', ';', '%', '!']).trim();
    let text = text.trim_end_matches("*/}").trim_end_matches("*/").trim_end_matches("-->").trim();
    let dots = |text: &str| text.starts_with("...") || text.starts_with('…');
    let dotted = dots(text) || text.ends_with("...") || text.ends_with('…');
    let lower = text.to_lowercase();
    dotted && (text.trim_matches(['.', '…']).is_empty() || WORDS.iter().any(|word| lower.contains(word)))
}

/// A remark in place of code that the old text does not have at all: written out, it would delete what it stands for.
pub(super) fn lazy_line(want: &Want, source: &Source<'_>) -> Option<String> {
    let count = |lines: &[String]| lines.iter().filter(|line| is_remark(line)).count();
    if count(&want.new) <= count(&want.old) {
        return None;
    }
    let known = |line: &&String| source.shown.iter().any(|own| own.trim() == line.trim());
    want.new.iter().filter(|line| is_remark(line)).find(|line| !known(line)).cloned()
}

/// Places what stands between the elisions piece by piece, each unique and in order. `None` where nothing is elided, or
/// not the same in both texts.
pub(super) fn locate_elided(source: &Source<'_>, want: &Want, hint: &Hint) -> Result<Option<Spot>, Refusal> {
    let (old, new) = (pieces(&want.old), pieces(&want.new));
    if old.len() < 2 || old.len() != new.len() {
        return Ok(None);
    }
    let mut whole: Option<Spot> = None;
    for (old, new) in old.into_iter().zip(new) {
        let piece = Want { old: old.to_vec(), new: new.to_vec() };
        if piece.old.is_empty() && piece.new.is_empty() {
            continue;
        }
        let after = whole.as_ref().map_or(0, |spot| spot.region.end);
        let Some(spot) = locate_piece(source, &piece, after, hint)? else { return Ok(None) };
        whole = Some(match whole {
            None => spot,
            Some(whole) => whole.merge(spot),
        });
    }
    Ok(whole.filter(|spot| !spot.splices.is_empty()))
}

fn pieces(lines: &[String]) -> Vec<&[String]> {
    lines.split(|line| is_elision(line)).collect()
}

fn locate_piece(source: &Source<'_>, piece: &Want, after: usize, hint: &Hint) -> Result<Option<Spot>, Refusal> {
    for tier in TIERS {
        let places = alignments(source, &piece.old, tier);
        let place = if piece.old == piece.new {
            // Only there to be read: the next such lines will do.
            places.into_iter().find(|place| place.start() >= after)
        } else {
            decide(source, places, hint)?
        };
        if let Some(place) = place {
            return if place.start() >= after { project(source, piece, &place, tier).map(Some) } else { Ok(None) };
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remarks_in_place_of_code_are_told_from_code() {
        for line in
            ["...", "  …", "# ... existing code ...", "// ... rest of the function", "/* ... */", "<!-- ... -->"]
        {
            assert!(is_elision(line), "{line}");
        }
        for line in ["def f(): ...", "# wait...", "x = [...]", "// see the rest of the file", "...args", "#..foo"] {
            assert!(!is_elision(line), "{line}");
        }
        assert_eq!(elides("a\n// ... existing code ...\nb"), Some("// ... existing code ..."));
        assert_eq!(elides("a\n...\nb"), None);
    }

    #[test]
    fn pieces_are_placed_in_order_and_the_middle_is_kept() {
        let file = b"fn a() {\n    one();\n    two();\n    three();\n    four();\n}\n";
        let source = Source::of(file);
        let want = Want::of("    one();\n...\n    four();\n", "    1();\n...\n    4();\n");
        let spot = locate_elided(&source, &want, &Hint::default()).unwrap().unwrap();
        let out = super::super::assemble(&source, &spot.splices, None);
        assert_eq!(String::from_utf8(out).unwrap(), "fn a() {\n    1();\n    two();\n    three();\n    4();\n}\n");
        let want = Want::of("    one();\n...\n    four();\n", "    1();\n    4();\n");
        assert_eq!(locate_elided(&source, &want, &Hint::default()), Ok(None));
        let want = Want::of("    four();\n...\n    one();\n", "    4();\n...\n    1();\n");
        assert_eq!(locate_elided(&source, &want, &Hint::default()), Ok(None));
    }
}
