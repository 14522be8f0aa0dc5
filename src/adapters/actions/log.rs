//! The one log writer. Every line it is given counts as untrusted; commands to the runner have methods of their own.

use std::io::Write;

use super::command::{self, Level, Place};
use crate::domain::secret::Redactor;

/// Who reads the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// A terminal or a file.
    Person,
    /// The Actions runner, which acts on `::command::` and `##[command]`.
    Runner,
}

/// Writes lines to standard error or elsewhere. A log that cannot be written never fails the run.
pub struct Log {
    to: Box<dyn Write + Send>,
    reader: Reader,
    redactor: Redactor,
}

impl Log {
    /// Masks the secrets first, so that the runner hides what our own redaction should miss.
    pub fn new(to: Box<dyn Write + Send>, reader: Reader, redactor: Redactor) -> Self {
        let mut log = Self { to, reader, redactor };
        if reader == Reader::Runner {
            for mask in command::masks(&log.redactor.clone()) {
                log.raw(&mask);
            }
        }
        log
    }

    /// Text of one or more lines.
    pub fn text(&mut self, text: &str) {
        // Again at the end: an escape sequence may have stood inside a secret.
        let safe = self.redactor.redact(&safe(&self.redactor.redact(text), self.reader));
        for line in safe.lines() {
            self.raw(line);
        }
    }

    pub fn annotate(&mut self, level: Level, place: Option<&Place>, title: &str, message: &str) {
        let message = self.redactor.redact(message);
        if self.reader == Reader::Runner {
            self.raw(&command::annotation(level, place, title, &safe(&message, Reader::Person)));
            return;
        }
        let at = place.map(|place| {
            let number = |number: Option<u64>| number.map(|number| format!(":{number}")).unwrap_or_default();
            format!("{}{}{}: ", place.file, number(place.line), number(place.column))
        });
        self.text(&format!("{}: {}{message}", level.name(), at.unwrap_or_default()));
    }

    /// Starts a part that the runner folds; everywhere else its title is a line.
    pub fn group(&mut self, title: &str) {
        match self.reader {
            Reader::Runner => {
                let title = safe(&self.redactor.redact(title), Reader::Person);
                self.raw(&command::group(&title));
            }
            Reader::Person => self.text(title),
        }
    }

    pub fn end_group(&mut self) {
        if self.reader == Reader::Runner {
            self.raw(&command::end_group());
        }
    }

    fn raw(&mut self, line: &str) {
        // A closed pipe is the reader's choice.
        let _ = writeln!(self.to, "{line}");
        let _ = self.to.flush();
    }
}

/// Text without escape sequences and control characters, and for the runner without commands. A carriage return starts a new
/// line, as it does for the runner.
pub fn safe(text: &str, reader: Reader) -> String {
    let plain = without_escapes(&text.replace("\r\n", "\n").replace('\r', "\n"));
    match reader {
        Reader::Person => plain,
        // A zero-width space keeps the text readable and is no part of a command.
        // Twice, because of three colons in a row.
        Reader::Runner => plain.replace("::", ":\u{200b}:").replace("::", ":\u{200b}:").replace("##[", "#\u{200b}#["),
    }
}

/// Removes ANSI escape sequences (<https://ecma-international.org/publications-and-standards/standards/ecma-48/>) and all
/// control characters but line feed and tab.
fn without_escapes(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let introducer = match c {
            '\u{1b}' => {
                chars.next_if(|next| "[]PX^_".contains(*next)).or_else(|| chars.next_if(char::is_ascii_graphic))
            }
            '\u{9b}' => Some('['),
            '\u{9d}' => Some(']'),
            '\u{90}' | '\u{98}' | '\u{9e}' | '\u{9f}' => Some('P'),
            _ => None,
        };
        match introducer {
            // Parameters and intermediates, then one final character.
            Some('[') => {
                while chars.next_if(|c| ('\u{20}'..='\u{3f}').contains(c)).is_some() {}
                let _ = chars.next_if(|c| ('\u{40}'..='\u{7e}').contains(c));
            }
            // A string until BEL or ST; an unfinished one ends with its line.
            Some(']' | 'P' | 'X' | '^' | '_') => {
                while let Some(c) = chars.next_if(|c| *c != '\n') {
                    if c == '\u{7}' || c == '\u{9c}' {
                        break;
                    }
                    if c == '\u{1b}' && chars.next_if(|c| *c == '\\').is_some() {
                        break;
                    }
                }
            }
            None if matches!(c, '\n' | '\t') || !c.is_control() => plain.push(c),
            _ => {}
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(reader: Reader, write: impl FnOnce(&mut Log)) -> String {
        let shared = Shared::default();
        let redactor = Redactor::new(["ghs_secretsecret".to_owned()]);
        write(&mut Log::new(Box::new(shared.clone()), reader, redactor));
        String::from_utf8(shared.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn untrusted_lines_are_no_commands() {
        for text in [
            "::add-mask::x",
            "  ::error::y",
            "done\r::set-env name=PATH::z",
            "x ##[error]y",
            "\u{1b}[31m::stop-commands::t",
            "#\u{1b}[0m#[warning]",
            ":\u{0}:debug::",
            ":::::error::y",
            "###[error]z",
        ] {
            let lines = logged(Reader::Runner, |log| log.text(text));
            let lines: Vec<&str> = lines.lines().skip(1).collect();
            assert!(lines.iter().all(|line| !line.contains("::") && !line.contains("##[")), "{lines:?}");
        }
    }

    #[test]
    fn secrets_are_masked_first_and_never_written() {
        let text = logged(Reader::Runner, |log| log.text("token ghs_secretsecret"));
        assert_eq!(text, "::add-mask::ghs_secretsecret\ntoken [redacted]\n");
        assert_eq!(logged(Reader::Person, |log| log.text("token ghs_secret\u{1b}[0msecret")), "token [redacted]\n");
    }

    #[test]
    fn escape_sequences_are_removed() {
        for (text, expected) in [
            ("\u{1b}[1;31mred\u{1b}[0m", "red"),
            ("\u{1b}]8;;https://evil.example\u{7}link\u{1b}]8;;\u{1b}\\", "link"),
            ("\u{9b}2Jx", "x"),
            ("\u{1b}]0;no end\nnext", "\nnext"),
            ("a\u{8}b\tc\u{7f}", "ab\tc"),
            ("\u{1b}cx", "x"),
            ("größe", "größe"),
            ("\u{1b}[ößa", "ößa"),
        ] {
            assert_eq!(safe(text, Reader::Person), expected, "{text:?}");
        }
        assert_eq!(safe("a::b", Reader::Person), "a::b");
    }

    #[test]
    fn annotations_and_groups_have_a_form_for_people_too() {
        let place = Place { file: "c.yaml".into(), line: Some(2), column: Some(1) };
        let write = |log: &mut Log| {
            log.group("checks");
            log.annotate(Level::Error, Some(&place), "", "unknown key `x`");
            log.end_group();
        };
        assert_eq!(logged(Reader::Person, write), "checks\nerror: c.yaml:2:1: unknown key `x`\n");
        assert_eq!(
            logged(Reader::Runner, write),
            "::add-mask::ghs_secretsecret\n::group::checks\n::error file=c.yaml,line=2,col=1::unknown key `x`\n\
             ::endgroup::\n"
        );
    }
}
