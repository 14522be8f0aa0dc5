//! A report as plain lines for a terminal or a log.

use super::{Align, Block, Column, Mark, Report, Span, Table, Text, is_hidden, one_line};

/// Cells are cut at this width, in characters.
const MAX_CELL: usize = 72;

/// Whether to colour. The caller knows: colours are for terminals, and not where `NO_COLOR` is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    Off,
    On,
}

impl Colour {
    /// <https://no-color.org>.
    pub fn for_output(is_terminal: bool, no_color: bool) -> Self {
        if is_terminal && !no_color { Self::On } else { Self::Off }
    }

    fn paint(self, code: &str, text: &str) -> String {
        match self {
            Self::On if !text.is_empty() => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            _ => text.to_owned(),
        }
    }
}

pub fn render(report: &Report, colour: Colour) -> String {
    let mut text = String::new();
    for (at, block) in report.blocks.iter().enumerate() {
        let lines = match block {
            Block::Heading(heading) => vec![colour.paint("1", &one_line(heading))],
            Block::Line(line) => vec![inline(line, colour)],
            Block::List(items) => items.iter().map(|item| format!("  - {}", inline(item, colour))).collect(),
            Block::Table(table) => table_lines(table, colour),
            Block::Verbatim(output) => verbatim(output),
        };
        let spaced = at > 0 && matches!(block, Block::Heading(_) | Block::Table(_));
        let after_table = at > 0 && matches!(report.blocks[at - 1], Block::Table(_));
        if spaced || after_table {
            text.push('\n');
        }
        for line in lines {
            text.push_str(line.trim_end());
            text.push('\n');
        }
    }
    text
}

fn inline(text: &Text, colour: Colour) -> String {
    text.0.iter().map(|span| painted(span, colour)).collect()
}

fn painted(span: &Span, colour: Colour) -> String {
    match span {
        Span::Ours(text) => text.replace('\n', " "),
        Span::Strong(text) => colour.paint("1", &one_line(text)),
        Span::Code(text) => colour.paint("36", &one_line(text)),
        Span::Theirs(text) => one_line(text),
        Span::Mark(mark) => colour.paint(mark_colour(*mark), mark.word()),
    }
}

fn mark_colour(mark: Mark) -> &'static str {
    match mark {
        Mark::Passed => "32",
        Mark::Waiting => "34",
        Mark::NeedsHuman => "33",
        Mark::Failed => "31",
    }
}

fn table_lines(table: &Table, colour: Colour) -> Vec<String> {
    let bare: Vec<Vec<String>> =
        table.rows.iter().map(|row| row.iter().map(|cell| cut(&inline(cell, Colour::Off))).collect()).collect();
    let width = |at: usize, column: &Column| {
        let cells = bare.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count());
        cells.chain([column.name.chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = table.columns.iter().enumerate().map(|(at, column)| width(at, column)).collect();
    let line = |cells: Vec<(String, usize)>| {
        let padded = cells.into_iter().zip(&widths).zip(&table.columns).map(|(((cell, length), width), column)| {
            let space = " ".repeat(width.saturating_sub(length));
            match column.align {
                Align::Left => format!("{cell}{space}"),
                Align::Right => format!("{space}{cell}"),
            }
        });
        format!("  {}", padded.collect::<Vec<_>>().join("  "))
    };
    let head =
        table.columns.iter().map(|column| (colour.paint("2", column.name), column.name.chars().count())).collect();
    let mut lines = vec![line(head)];
    for (row, bare) in table.rows.iter().zip(&bare) {
        let cells = row.iter().zip(bare).map(|(cell, bare)| {
            let whole = inline(cell, Colour::Off) == *bare;
            // A cut cell loses its colours, which would otherwise not be closed.
            (if whole { inline(cell, colour) } else { bare.clone() }, bare.chars().count())
        });
        lines.push(line(cells.collect()));
    }
    lines
}

fn cut(text: &str) -> String {
    if text.chars().count() <= MAX_CELL {
        return text.to_owned();
    }
    let short: String = text.chars().take(MAX_CELL - 1).collect();
    format!("{short}…")
}

fn verbatim(output: &str) -> Vec<String> {
    let safe = |c: char| if c == '\t' || !c.is_control() { c } else { ' ' };
    output
        .lines()
        .map(|line| format!("  | {}", line.chars().filter(|c| !is_hidden(*c)).map(safe).collect::<String>()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let columns = vec![Column { name: "gate", align: Align::Left }, Column { name: "points", align: Align::Right }];
        let rows = vec![
            vec![Text::code("head-sha"), Text::mark(Mark::Passed)],
            vec![Text::theirs("x\u{1b}[31m\u{202e}y"), Text::ours("3")],
        ];
        Report::default()
            .heading("Verdict")
            .line(Text::ours("refused: ").then(Text::theirs("a\nb")))
            .table(Table { columns, rows })
            .verbatim("one\u{1b}[2J\ntwo")
    }

    #[test]
    fn a_report_is_plain_lines() {
        assert_eq!(
            render(&report(), Colour::Off),
            "Verdict
refused: a b

  gate      points
  head-sha  passed
  x [31my        3

  | one [2J
  | two
"
        );
    }

    #[test]
    fn colours_do_not_move_columns() {
        let plain = render(&report(), Colour::Off);
        let coloured = render(&report(), Colour::On);
        let stripped = ["1", "2", "32", "36", "0"]
            .iter()
            .fold(coloured.clone(), |text, code| text.replace(&format!("\u{1b}[{code}m"), ""));
        assert_eq!(stripped, plain);
        assert!(coloured.contains("\u{1b}[32mpassed\u{1b}[0m"));
    }

    #[test]
    fn colours_are_for_terminals_that_want_them() {
        assert_eq!(Colour::for_output(true, false), Colour::On);
        assert_eq!(Colour::for_output(true, true), Colour::Off);
        assert_eq!(Colour::for_output(false, false), Colour::Off);
    }
}
