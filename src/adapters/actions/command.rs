//! Workflow commands, escaped as the runner unescapes them.
//! Source: <https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts>.

use crate::domain::secret::Redactor;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    Notice,
    Warning,
    Error,
}

impl Level {
    pub fn name(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A place in a file of the repository. Line and column are 1-based.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub file: String,
    pub line: Option<u64>,
    pub column: Option<u64>,
}

/// `::error file=…,line=…,col=…,title=…::message`.
pub fn annotation(level: Level, place: Option<&Place>, title: &str, message: &str) -> String {
    let mut properties = Vec::new();
    if let Some(place) = place {
        properties.push(format!("file={}", property(&place.file)));
        properties.extend(place.line.map(|line| format!("line={line}")));
        properties.extend(place.column.map(|column| format!("col={column}")));
    }
    if !title.is_empty() {
        properties.push(format!("title={}", property(title)));
    }
    let space = if properties.is_empty() { "" } else { " " };
    format!("::{}{space}{}::{}", level.name(), properties.join(","), data(message))
}

pub fn group(title: &str) -> String {
    format!("::group::{}", data(title))
}

pub fn end_group() -> String {
    "::endgroup::".to_owned()
}

/// One command a line of every secret: the runner masks single lines.
pub fn masks(redactor: &Redactor) -> Vec<String> {
    let lines = redactor.values().iter().flat_map(|value| value.lines());
    lines.filter(|line| !line.trim().is_empty()).map(|line| format!("::add-mask::{}", data(line))).collect()
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotations_are_escaped_as_documented() {
        let place = Place { file: "a,b:c%.rs".into(), line: Some(3), column: Some(7) };
        assert_eq!(
            annotation(Level::Error, Some(&place), "t:1", "100%\r\n::set-output name=x::y"),
            "::error file=a%2Cb%3Ac%25.rs,line=3,col=7,title=t%3A1::100%25%0D%0A::set-output name=x::y"
        );
        assert_eq!(annotation(Level::Notice, None, "", "fine"), "::notice::fine");
    }

    #[test]
    fn a_title_cannot_start_a_second_command() {
        assert_eq!(group("x\n::error::y"), "::group::x%0A::error::y");
    }

    #[test]
    fn every_line_of_a_secret_is_masked() {
        let redactor = Redactor::new(["first-line\nsecond%line\n".to_owned()]);
        assert_eq!(masks(&redactor), ["::add-mask::first-line", "::add-mask::second%25line"]);
    }
}
