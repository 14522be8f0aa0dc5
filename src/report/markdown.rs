//! Untrusted text in Markdown that GitHub renders: shown as it is, without any effect.
//!
//! Source of what GitHub does with text: <https://github.github.com/gfm/>,
//! <https://docs.github.com/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls>.

/// Untrusted text as part of a paragraph, on one line: no mention, no reference or closing keyword, no link, no image, no
/// HTML, no hidden marker of ours, no formatting. `most` is the number of characters it may show.
pub fn inline(text: &str, most: usize) -> String {
    escape(&one_line(text, most))
}

/// Untrusted text where GitHub renders no Markdown, such as titles: on one line, without hidden characters.
pub fn plain(text: &str, most: usize) -> String {
    one_line(text, most)
}

/// The same as [`inline`] for a cell of a table.
pub fn cell(text: &str, most: usize) -> String {
    // `inline` escapes the bar too; an empty cell would look like a fault.
    let text = inline(text, most);
    if text.is_empty() { "–".to_owned() } else { text }
}

/// Untrusted text as paragraphs: line breaks stay, nothing else has an effect.
pub fn block(text: &str, most: usize) -> String {
    let text = cut(&visible(text), most);
    let lines: Vec<String> = text.lines().map(|line| escape(line.trim())).collect();
    lines.join("\n").trim().to_owned()
}

/// Untrusted text as inline code: on one line, shown byte for byte.
pub fn code(text: &str, most: usize) -> String {
    let text = one_line(text, most);
    if text.is_empty() {
        return "–".to_owned();
    }
    let fence = "`".repeat(longest_run(&text) + 1);
    // A space at each side keeps backticks at the ends apart from the fence; the bar would end a table's cell even in code.
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{}{pad}{fence}", text.replace('|', "\\|"))
}

/// Untrusted text as a fenced block; the fence is longer than any in the text.
pub fn fenced(text: &str, language: &str, most: usize) -> String {
    let text = cut(&visible(text), most);
    let fence = "`".repeat(longest_run(&text).max(2) + 1);
    let language: String = language.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("{fence}{language}\n{}\n{fence}", text.trim_end_matches('\n'))
}

/// A number with its noun: `1 finding`, `2 findings`.
pub fn count(number: u64, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}

fn one_line(text: &str, most: usize) -> String {
    let words: Vec<String> = visible(text).split_whitespace().map(str::to_owned).collect();
    cut(&words.join(" "), most)
}

/// Without characters that are not seen: they could hide a reference from `escape` or from a reader.
fn visible(text: &str) -> String {
    text.replace("\r\n", "\n").chars().filter(|c| matches!(c, '\n' | '\t') || !hidden(*c)).collect()
}

fn hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// Escapes what has a meaning and breaks what GitHub links by itself, with a zero-width space or an entity.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        let rest = &text[at..];
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // `@user`, `#12`, `owner/repo#12`: the break is invisible and stops the link, the notification and the closing.
            '@' | '#' => {
                if at == 0 && c == '#' {
                    out.push('\\');
                }
                out.push(c);
                out.push('\u{200b}');
            }
            // `GH-12` is a reference too.
            '-' if before.eq_ignore_ascii_case(&'h') && text[..at].to_ascii_lowercase().ends_with("gh") => {
                out.push_str("\u{200b}-");
            }
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' => {
                out.push('\\');
                out.push(c);
            }
            // A list, a heading's underline or a rule at the start of a line.
            '-' | '+' | '=' if at == 0 => {
                out.push('\\');
                out.push(c);
            }
            '.' | ')' if at > 0 && text[..at].bytes().all(|b| b.is_ascii_digit()) => {
                out.push('\\');
                out.push(c);
            }
            // `https://…` and `www.…` become links by themselves; links to issues even close them.
            ':' if rest.starts_with("://") => out.push_str(":\u{200b}"),
            '.' if before.eq_ignore_ascii_case(&'w') => out.push_str("\u{200b}."),
            _ => out.push(c),
        }
        before = c;
    }
    break_shas(&out)
}

/// A commit id of seven or more digits is linked by itself.
fn break_shas(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut run = 0;
    for c in text.chars() {
        run = if c.is_ascii_hexdigit() { run + 1 } else { 0 };
        if run == 7 {
            out.push('\u{200b}');
            run = 1;
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a reader sees: without the breaks that nobody sees.
    fn seen(text: &str) -> String {
        text.replace('\u{200b}', "")
    }

    #[test]
    fn mentions_references_and_closing_keywords_have_no_effect() {
        assert_eq!(inline("Fixes #12, @admin", 99), "Fixes #\u{200b}12, @\u{200b}admin");
        assert_eq!(inline("closes a/b#3 GH-4", 99), "closes a/b#\u{200b}3 GH\u{200b}-4");
        assert_eq!(
            inline("resolves https://github.com/a/b/issues/9", 99),
            "resolves https:\u{200b}//github.com/a/b/issues/9"
        );
        assert!(
            crate::plan::limits::closes_other(&inline("fixes #12", 99), crate::domain::ids::IssueNumber(1)).is_none()
        );
    }

    #[test]
    fn html_images_links_and_our_own_markers_are_only_text() {
        assert_eq!(inline("<!-- autonomy:x --><img src=x>", 99), "&lt;!-- autonomy:x --&gt;&lt;img src=x&gt;");
        assert_eq!(seen(&inline("![x](http://e.example/p.png)", 99)), r"!\[x\](http://e.example/p.png)");
        assert_eq!(seen(&inline("www.evil.example", 99)), "www.evil.example");
        assert!(inline("www.evil.example", 99).contains('\u{200b}'));
        assert_eq!(inline("&lt;b&gt;", 99), "&amp;lt;b&amp;gt;");
    }

    #[test]
    fn formatting_and_blocks_are_only_text() {
        assert_eq!(inline("**a** _b_ `c` | ~~d~~ $x$", 99), r"\*\*a\*\* \_b\_ \`c\` \| \~\~d\~\~ \$x\$");
        assert_eq!(
            block("# head\n- list\n1. one\n> quote\n---\n```\nx", 99),
            "\\#\u{200b} head\n\\- list\n1\\. one\n&gt; quote\n\\---\n\\`\\`\\`\nx"
        );
    }

    #[test]
    fn hidden_characters_and_line_breaks_are_gone() {
        assert_eq!(inline("a\u{202e}b\n\n c\u{7}", 99), "ab c");
        assert_eq!(inline("@\u{200b}x", 99), "@\u{200b}x");
    }

    #[test]
    fn long_text_is_cut_before_it_is_escaped() {
        assert_eq!(inline("abcdefgh*", 5), "abcd…");
        assert_eq!(inline("*****", 5), r"\*\*\*\*\*");
        assert_eq!(cell("", 5), "–");
    }

    #[test]
    fn code_cannot_be_closed_from_inside() {
        assert_eq!(code("a`b", 99), "``a`b``");
        assert_eq!(code("`a", 99), "`` `a ``");
        assert_eq!(code("a|b\nc", 99), "`a\\|b c`");
        assert_eq!(code("", 99), "–");
        assert_eq!(fenced("a\n```\nb\n", "rust -->", 99), "````rust\na\n```\nb\n````");
    }

    #[test]
    fn commit_ids_are_not_linked() {
        let text = inline("see 0123456789abcdef", 99);
        assert_eq!(seen(&text), "see 0123456789abcdef");
        assert!(
            text.split('\u{200b}').all(|part| part.chars().filter(char::is_ascii_hexdigit).count() <= 8),
            "{text:?}"
        );
    }

    /// What a Markdown renderer makes of it: only paragraphs of text, and which text.
    fn rendered(markdown: &str) -> Result<String, String> {
        use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
        let options = Options::ENABLE_TABLES
            | Options::ENABLE_FOOTNOTES
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_TASKLISTS
            | Options::ENABLE_GFM
            | Options::ENABLE_MATH;
        let mut text = String::new();
        for event in Parser::new_ext(markdown, options) {
            match event {
                Event::Start(Tag::Paragraph) | Event::End(TagEnd::Paragraph) => {}
                Event::Text(part) => text.push_str(&part),
                Event::SoftBreak => text.push('\n'),
                other => return Err(format!("{other:?} in {markdown:?}")),
            }
        }
        Ok(text)
    }

    fn harmless(markdown: &str) -> Result<(), String> {
        let shown = rendered(markdown)?;
        let chars: Vec<char> = shown.chars().collect();
        for pair in chars.windows(2) {
            let reference = pair[0] == '#' && pair[1].is_ascii_digit();
            let mention = pair[0] == '@' && pair[1].is_ascii_alphanumeric();
            if reference || mention || shown.contains("://") || shown.to_lowercase().contains("gh-") {
                return Err(format!("{shown:?}"));
            }
        }
        Ok(())
    }

    proptest::proptest! {
        #[test]
        fn nothing_untrusted_is_ever_rendered_as_more_than_text(
            text in r"[-a-cwGH1-3@#<>&!\[\]()*_`~|:/.=+$^\\ \n\t{}\x22']{0,40}"
        ) {
            for markdown in [inline(&text, 100), block(&text, 100)] {
                if let Err(problem) = harmless(&markdown) {
                    panic!("{text:?} becomes {problem}");
                }
            }
            let words: String = rendered(&inline(&text, 100)).unwrap_or_default().replace('\u{200b}', "");
            assert_eq!(words.split_whitespace().collect::<String>(), text.split_whitespace().collect::<String>());
        }
    }
}
