//! Values in, text out. A report is a few blocks of text and tables that know which parts strangers wrote; each output escapes
//! those parts in its own way.

pub mod json;
pub mod markdown;
pub mod sections;
pub mod summary;
pub mod terminal;

/// What a command came to, for people.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Report {
    pub blocks: Vec<Block>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    Heading(String),
    Line(Text),
    List(Vec<Text>),
    Table(Table),
    /// Output of a program or a file's content, as it is. May be written by anybody.
    Verbatim(String),
}

/// A table whose rows have as many cells as it has columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Text>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    pub name: &'static str,
    pub align: Align,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    Left,
    Right,
}

/// One line of text in parts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Text(pub Vec<Span>);

#[derive(Debug, Clone, PartialEq)]
pub enum Span {
    /// Our own words.
    Ours(String),
    /// Escaped like strangers' text, so that a title may stand here.
    Strong(String),
    /// A name, a path or an id. May be written by anybody.
    Code(String),
    /// Text by a model, an issue or a file.
    Theirs(String),
    Mark(Mark),
}

/// A state that can be seen at a glance; the word always stands beside the sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    Passed,
    Waiting,
    NeedsHuman,
    Failed,
}

impl Mark {
    pub fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Waiting => "waiting",
            Self::NeedsHuman => "needs a human",
            Self::Failed => "failed",
        }
    }
}

impl Report {
    #[must_use]
    pub fn heading(mut self, text: impl Into<String>) -> Self {
        self.blocks.push(Block::Heading(text.into()));
        self
    }

    #[must_use]
    pub fn line(mut self, text: impl Into<Text>) -> Self {
        self.blocks.push(Block::Line(text.into()));
        self
    }

    #[must_use]
    pub fn list(mut self, items: Vec<Text>) -> Self {
        self.blocks.push(Block::List(items));
        self
    }

    #[must_use]
    pub fn table(mut self, table: Table) -> Self {
        self.blocks.push(Block::Table(table));
        self
    }

    #[must_use]
    pub fn verbatim(mut self, text: impl Into<String>) -> Self {
        self.blocks.push(Block::Verbatim(text.into()));
        self
    }
}

impl Text {
    pub fn ours(text: impl Into<String>) -> Self {
        Self(vec![Span::Ours(text.into())])
    }

    pub fn theirs(text: impl Into<String>) -> Self {
        Self(vec![Span::Theirs(text.into())])
    }

    pub fn strong(text: impl Into<String>) -> Self {
        Self(vec![Span::Strong(text.into())])
    }

    pub fn code(text: impl Into<String>) -> Self {
        Self(vec![Span::Code(text.into())])
    }

    pub fn mark(mark: Mark) -> Self {
        Self(vec![Span::Mark(mark)])
    }

    /// This text and another behind it.
    #[must_use]
    pub fn then(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::ours(text)
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::ours(text)
    }
}

/// Strangers' text on one line: white space becomes single spaces, and characters that hide or turn text around are left out.
fn one_line(text: &str) -> String {
    let visible: String =
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).filter(|c| !is_hidden(*c)).collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Zero-width, bidirectional and tag characters.
fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}
