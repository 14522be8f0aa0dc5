//! The two streams: progress for people on standard error, results on standard output.

use std::io::Write as _;

use crate::domain::secret::Redactor;

/// Writes lines, secrets removed. A closed stream is not an error: nobody is listening.
#[derive(Debug, Clone, Default)]
pub(super) struct Console {
    redactor: Redactor,
    quiet: bool,
}

impl Console {
    pub(super) fn new(redactor: Redactor) -> Self {
        Self { redactor, quiet: false }
    }

    /// Says nothing of progress; results are still written.
    #[expect(dead_code, reason = "used by the demo")]
    pub(super) fn quiet(redactor: Redactor) -> Self {
        Self { redactor, quiet: true }
    }

    /// One line of progress.
    pub(super) fn say(&self, line: &str) {
        if !self.quiet {
            let _ = writeln!(std::io::stderr(), "{}", self.clean(line));
        }
    }

    /// The result.
    pub(super) fn result(&self, text: &str) {
        let mut out = std::io::stdout().lock();
        let _ = out.write_all(self.redactor.redact(text).as_bytes());
        if !text.ends_with('\n') {
            let _ = out.write_all(b"\n");
        }
        let _ = out.flush();
    }

    fn clean(&self, line: &str) -> String {
        self.redactor.redact(line)
    }
}
