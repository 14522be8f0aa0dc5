//! A report as Markdown, for the job summary and for `--format markdown`.

use super::{Align, Block, Mark, Report, Span, Table, Text, one_line};

pub fn render(report: &Report) -> String {
    let blocks: Vec<String> = report.blocks.iter().map(block).collect();
    format!("{}\n", blocks.join("\n\n"))
}

fn block(block: &Block) -> String {
    match block {
        Block::Heading(text) => format!("### {}", escape(text)),
        Block::Line(text) => inline(text),
        Block::List(items) => items.iter().map(|item| format!("- {}", inline(item))).collect::<Vec<_>>().join("\n"),
        Block::Table(one) => table(one),
        Block::Verbatim(output) => fenced(output),
    }
}

fn inline(text: &Text) -> String {
    text.0.iter().map(span).collect()
}

fn span(span: &Span) -> String {
    match span {
        Span::Ours(text) => text.replace('\n', " "),
        Span::Strong(text) => format!("**{}**", escape(text)),
        Span::Code(text) => code(text),
        Span::Theirs(text) => escape(text),
        Span::Mark(mark) => format!("{} {}", sign(*mark), mark.word()),
    }
}

fn sign(mark: Mark) -> &'static str {
    match mark {
        Mark::Passed => "✅",
        Mark::Waiting => "⏳",
        Mark::NeedsHuman => "✋",
        Mark::Failed => "⛔",
    }
}

fn table(table: &Table) -> String {
    let names: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
    let rules: Vec<&str> = table
        .columns
        .iter()
        .map(|column| match column.align {
            Align::Left => "---",
            Align::Right => "---:",
        })
        .collect();
    let mut lines = vec![format!("| {} |", names.join(" | ")), format!("|{}|", rules.join("|"))];
    for row in &table.rows {
        let cells: Vec<String> = row.iter().map(inline).collect();
        lines.push(format!("| {} |", cells.join(" | ")));
    }
    lines.join("\n")
}

/// Strangers' text as Markdown that shows it and does nothing: no links, no images, no mentions, no HTML, no references that would
/// close something.
pub fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for c in one_line(text).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '|' => escaped.push_str("&#124;"),
            // GitHub looks for mentions and references after it has read the Markdown, so only a character between helps.
            '@' => escaped.push_str("@\u{200b}"),
            '#' => escaped.push_str("\\#\u{200b}"),
            ':' => escaped.push_str("&#58;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '!' | '~' | '$' | '^' | '=' => {
                escaped.push('\\');
                escaped.push(c);
            }
            // `www.` links by itself.
            '.' if escaped.to_ascii_lowercase().ends_with("www") => escaped.push_str("&#46;"),
            other => escaped.push(other),
        }
    }
    // At the start of a line these would make a list, a heading or a rule.
    match escaped.chars().next() {
        Some('-' | '+') => format!("\\{escaped}"),
        _ => escaped,
    }
}

/// A code span: its fence is longer than any run of backticks in it.
fn code(text: &str) -> String {
    let text = one_line(text).replace('|', "¦");
    if text.is_empty() {
        return String::new();
    }
    let fence = "`".repeat(longest_run(&text) + 1);
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

fn fenced(output: &str) -> String {
    let fence = "`".repeat(longest_run(output).max(2) + 1);
    let safe: String = output.chars().map(|c| if c.is_control() && !"\n\t".contains(c) { ' ' } else { c }).collect();
    format!("{fence}text\n{}\n{fence}", safe.trim_end_matches('\n'))
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::super::Column;
    use super::*;

    #[test]
    fn a_report_is_markdown() {
        let columns = vec![Column { name: "gate", align: Align::Left }, Column { name: "points", align: Align::Right }];
        let rows = vec![vec![Text::code("a|b"), Text::mark(Mark::Failed)]];
        let report = Report::default()
            .heading("Verdict")
            .line(Text::strong("refused").then(Text::ours(": ")).then(Text::theirs("x | <b>")))
            .list(vec![Text::theirs("- @ada fixes #3")])
            .table(Table { columns, rows })
            .verbatim("```\n::error::x\n");
        assert_eq!(
            render(&report),
            "### Verdict

**refused**: x &#124; &lt;b&gt;

- \\- @\u{200b}ada fixes \\#\u{200b}3

| gate | points |
|---|---:|
| `a¦b` | ⛔ failed |

````text
```
::error::x
````
"
        );
    }

    #[test]
    fn strangers_text_is_shown_and_does_nothing() {
        for (text, expected) in [
            ("![x](https://evil.example/p.png)", "\\!\\[x\\]\\(https&#58;//evil.example/p.png\\)"),
            ("www.evil.example", "www&#46;evil.example"),
            ("</details><!-- autonomy:x -->", "&lt;/details&gt;&lt;\\!-- autonomy&#58;x --&gt;"),
            ("a\n\n# b\u{202e}", "a \\#\u{200b} b"),
            ("`code` $x$", "\\`code\\` \\$x\\$"),
        ] {
            assert_eq!(escape(text), expected);
        }
    }

    /// What a Markdown reader makes of it is the proof.
    #[test]
    fn escaped_text_reads_as_it_was() {
        for text in ["a*b*_c_ [x](y) <i>z</i> `q` #1 @me | ~s~ http://a.b & co", "1 + 1 = 2", "- item", "+ item"] {
            let mut plain = String::new();
            for event in pulldown_cmark::Parser::new(&escape(text)) {
                match event {
                    pulldown_cmark::Event::Text(part) => plain.push_str(&part),
                    pulldown_cmark::Event::Start(pulldown_cmark::Tag::Paragraph)
                    | pulldown_cmark::Event::End(pulldown_cmark::TagEnd::Paragraph) => {}
                    other => panic!("{text}: {other:?}"),
                }
            }
            assert_eq!(plain.replace('\u{200b}', ""), text);
        }
    }

    #[test]
    fn code_cannot_leave_its_fence() {
        assert_eq!(code("a``b"), "```a``b```");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(fenced("x\n````\n"), "`````text\nx\n````\n`````");
    }
}
