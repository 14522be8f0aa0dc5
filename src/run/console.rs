//! The two streams: progress for people on standard error, results on standard output.

use std::io::Write as _;
use std::sync::{Mutex, PoisonError};

use crate::adapters::actions::command::Level;
use crate::adapters::actions::log::{Log, Reader, safe};
use crate::domain::secret::Redactor;
use crate::outcome::Failure;

/// Writes lines with secrets removed. A closed stream is not an error: nobody is listening.
pub(super) struct Console {
    log: Mutex<Log>,
    reader: Reader,
    redactor: Redactor,
}

impl Console {
    pub(super) fn new(redactor: Redactor, reader: Reader) -> Self {
        let log = Mutex::new(Log::new(Box::new(std::io::stderr()), reader, redactor.clone()));
        Self { log, reader, redactor }
    }

    /// One line of progress.
    pub(super) fn say(&self, line: &str) {
        self.log().text(line);
    }

    /// The result as people read it: it may hold strangers' text.
    pub(super) fn result(&self, text: &str) {
        // The runner reads standard output too.
        let text = match self.reader {
            Reader::Person => text.to_owned(),
            Reader::Runner => safe(text, Reader::Runner),
        };
        self.write(&text);
    }

    /// The result as machines read it: JSON needs its own bytes.
    pub(super) fn document(&self, text: &str) {
        self.write(text);
    }

    /// One clear sentence with what to do.
    pub(super) fn failure(&self, failure: &Failure) {
        let mut log = self.log();
        let hint = if failure.hint.is_empty() { String::new() } else { format!("\n{}", failure.hint) };
        log.annotate(Level::Error, None, "autonomy", &format!("{}{hint}", failure.message));
    }

    fn write(&self, text: &str) {
        let mut out = std::io::stdout().lock();
        let _ = out.write_all(self.redactor.redact(text).as_bytes());
        if !text.ends_with('\n') {
            let _ = out.write_all(b"\n");
        }
        let _ = out.flush();
    }

    fn log(&self) -> std::sync::MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
