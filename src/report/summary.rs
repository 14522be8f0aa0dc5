//! A report as Markdown, for the job summary and for `--format markdown`.

use super::{Align, Block, Mark, Report, Span, Table, Text, markdown};

/// Characters of strangers' text on one line, and of a verbatim part.
const MAX_INLINE: usize = 1_000;
const MAX_VERBATIM: usize = 60_000;

pub fn render(report: &Report) -> String {
    let blocks: Vec<String> = report.blocks.iter().map(block).collect();
    format!("{}\n", blocks.join("\n\n"))
}

fn block(block: &Block) -> String {
    match block {
        Block::Heading(text) => format!("### {}", markdown::inline(text, MAX_INLINE)),
        Block::Line(text) => inline(text),
        Block::List(items) => items.iter().map(|item| format!("- {}", inline(item))).collect::<Vec<_>>().join("\n"),
        Block::Table(one) => table(one),
        Block::Verbatim(output) => markdown::fenced(output, "text", MAX_VERBATIM),
    }
}

fn inline(text: &Text) -> String {
    text.0.iter().map(span).collect()
}

fn span(span: &Span) -> String {
    match span {
        Span::Ours(text) => text.replace('\n', " "),
        Span::Strong(text) => format!("**{}**", markdown::inline(text, MAX_INLINE)),
        Span::Code(text) if text.is_empty() => String::new(),
        Span::Code(text) => markdown::code(text, MAX_INLINE),
        Span::Theirs(text) => markdown::inline(text, MAX_INLINE),
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

**refused**: x \\| &lt;b&gt;

- \\- @\u{200b}ada fixes #\u{200b}3

| gate | points |
|---|---:|
| `a\\|b` | ⛔ failed |

````text
```
::error::x
````
"
        );
    }

    /// What a Markdown reader makes of it is the proof.
    #[test]
    fn strangers_text_reads_as_it_was() {
        for text in
            ["a*b*_c_ [x](y) <i>z</i> `q` #1 @me | ~s~ http://a.b & co", "1 + 1 = 2", "- item", "1. item", "a:b(c)!"]
        {
            let report = Report::default().line(Text::theirs(text));
            let mut plain = String::new();
            for event in pulldown_cmark::Parser::new(&render(&report)) {
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
}
