//! Hidden text made visible or removed: what a person cannot see must not steer a model.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::LazyLock;

use regex::Regex;

/// Prose without hidden parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cleaned {
    pub text: String,
    /// Invisible characters that were removed.
    pub removed: usize,
    /// HTML comments that were made visible.
    pub comments: usize,
}

/// Removes invisible characters and turns HTML comments into `[hidden comment: …]`.
pub fn clean_prose(text: &str) -> Cleaned {
    let mut kept = String::with_capacity(text.len());
    let mut removed = 0;
    let mut previous = None;
    for c in text.chars() {
        // One emoji selector after a visible character is ordinary typing; a run of them can carry data.
        let selector = c == '\u{fe0f}' && previous.is_some_and(|before| !is_invisible(before));
        if is_invisible(c) && !selector {
            removed += 1;
        } else {
            kept.push(c);
        }
        previous = Some(c);
    }
    // Invisible characters go first: they could hide the comment's own marks.
    let (text, comments) = show_comments(&kept);
    Cleaned { text: text.into_owned(), removed, comments }
}

/// Writes invisible characters out, `<U+202E>`, and keeps everything else.
pub fn reveal(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_invisible(c) && c != '\u{fe0f}' {
            // Writing to a string does not fail.
            let _ = write!(shown, "<U+{:04X}>", u32::from(c));
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Characters that are not seen but are read: controls, zero-width, directional, fillers, tags and variation selectors.
/// Sources: <https://www.unicode.org/reports/tr9/>, <https://trojansource.codes/>, Unicode's `Default_Ignorable_Code_Point`.
pub fn is_invisible(c: char) -> bool {
    match c {
        '\n' | '\t' | '\r' => false,
        _ if c.is_control() => true,
        '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'..='\u{1160}'
        | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}' => true,
        _ => false,
    }
}

fn show_comments(text: &str) -> (Cow<'_, str>, usize) {
    // A comment that is never closed hides the rest of the document.
    static COMMENT: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?s)<!--(.*?)(?:--!?>|\z)").ok());
    let Some(comment) = COMMENT.as_ref() else { return (Cow::Borrowed(text), 0) };
    let count = comment.find_iter(text).count();
    let shown = comment.replace_all(text, |found: &regex::Captures<'_>| {
        let inner = found.get(1).map_or("", |inner| inner.as_str()).trim();
        format!("[hidden comment: {inner}]")
    });
    (shown, count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_comments_become_visible() {
        let cleaned = clean_prose("a <!-- do evil --> b <!--\nrest");
        assert_eq!(cleaned.text, "a [hidden comment: do evil] b [hidden comment: rest]");
        assert_eq!(cleaned.comments, 2);
    }

    #[test]
    fn a_comment_hidden_by_zero_width_characters_is_found() {
        assert_eq!(clean_prose("<!\u{200b}-- x -->").text, "[hidden comment: x]");
    }

    #[test]
    fn zero_width_bidi_and_tag_characters_are_removed_and_counted() {
        let tagged: String = "evil".chars().map(|c| char::from_u32(0xe0000 + u32::from(c)).unwrap()).collect();
        let cleaned = clean_prose(&format!("a\u{200b}b\u{202e}c{tagged}\u{1b}[0m"));
        assert_eq!(cleaned.text, "abc[0m");
        assert_eq!(cleaned.removed, 7);
    }

    #[test]
    fn ordinary_text_and_emoji_stay() {
        for text in ["Grüße, 你好\n\ttab\r\n", "❤\u{fe0f} ok"] {
            assert_eq!(clean_prose(text), Cleaned { text: text.to_owned(), removed: 0, comments: 0 });
        }
        assert_eq!(clean_prose("❤\u{fe0f}\u{fe0f}\u{fe01}").removed, 2);
    }

    #[test]
    fn code_shows_its_direction_marks() {
        assert_eq!(reveal("if a\u{2066} // x"), "if a<U+2066> // x");
    }
}
