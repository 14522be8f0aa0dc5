//! Files that the hall reads and writes for its user: whole or not at all.

use std::io::Write as _;
use std::path::Path;

use crate::outcome::{Exit, Failure};

/// Writes through a temporary file beside the target, so that a reader never sees half of it.
pub(super) fn write_whole(path: &Path, text: &str) -> Result<(), Failure> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let written = tempfile::NamedTempFile::new_in(folder).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.persist(path).map_err(|error| error.error)
    });
    written.map(|_| ()).map_err(|error| {
        Failure::new(
            Exit::Usage,
            format!("{} cannot be written: {error}", path.display()),
            "name a path in a folder that exists and can be written",
        )
    })
}

pub(super) fn read_text(path: &Path, what: &str) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| {
        Failure::new(Exit::Usage, format!("{what} {} cannot be read: {error}", path.display()), "check the path")
    })
}

pub(super) fn read_bytes(path: &Path, what: &str) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| {
        Failure::new(Exit::Usage, format!("{what} {} cannot be read: {error}", path.display()), "check the path")
    })
}
