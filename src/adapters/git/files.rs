//! Files of the working tree, reached component by component with handles: no symbolic link is ever followed, not even
//! one that somebody puts there while we look.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat, fchmod, mkdirat, open, openat, renameat, statat, unlinkat};
use rustix::io::Errno;

use crate::domain::change::RepoPath;
use crate::ports::checkout::CheckoutError;

/// Larger files are refused: no text that a model edits comes near.
const LARGEST: u64 = 64 * 1024 * 1024;

const FOLDER: OFlags = OFlags::DIRECTORY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC).union(OFlags::RDONLY);

#[derive(Debug, Clone)]
pub struct Files {
    root: PathBuf,
}

/// The folder of a file, held open, and the file's name in it.
struct Spot<'a> {
    folder: OwnedFd,
    name: &'a str,
}

impl Files {
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    pub fn read(&self, path: &RepoPath) -> Result<Option<Vec<u8>>, CheckoutError> {
        let Some(spot) = self.spot(path, Missing::Leave)? else { return Ok(None) };
        let Some(stat) = spot.regular(path)? else { return Ok(None) };
        let size = u64::try_from(stat.st_size).unwrap_or(u64::MAX);
        if size > LARGEST {
            return Err(refused(path, too_large()));
        }
        // `NONBLOCK`: were it a pipe by now, opening it would wait for a writer.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = openat(&spot.folder, spot.name, flags, Mode::empty()).map_err(|error| failed(path, error))?;
        let mut bytes = Vec::new();
        File::from(file).take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| failed(path, error))?;
        if bytes.len() as u64 > LARGEST { Err(refused(path, too_large())) } else { Ok(Some(bytes)) }
    }

    pub fn write(&self, path: &RepoPath, bytes: &[u8]) -> Result<(), CheckoutError> {
        let Some(spot) = self.spot(path, Missing::Create)? else { return Err(refused(path, "its folder vanished")) };
        let executable = spot.regular(path)?.is_some_and(|stat| stat.st_mode & 0o111 != 0);
        let mode = Mode::from_raw_mode(if executable { 0o755 } else { 0o644 });
        let temporary = format!(".autonomy-{}.tmp", std::process::id());
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        // A leftover of an earlier write that was interrupted.
        let _ = unlinkat(&spot.folder, &temporary, AtFlags::empty());
        let written = openat(&spot.folder, &temporary, flags, mode).map_err(io::Error::from).and_then(|file| {
            fchmod(&file, mode)?;
            File::from(file).write_all(bytes)?;
            Ok(renameat(&spot.folder, &temporary, &spot.folder, spot.name)?)
        });
        written.map_err(|error| {
            let _ = unlinkat(&spot.folder, &temporary, AtFlags::empty());
            failed(path, error)
        })
    }

    /// Removes the file, and then its folders as far as they are empty, as git does.
    pub fn remove(&self, path: &RepoPath) -> Result<(), CheckoutError> {
        let spot = self.spot(path, Missing::Leave)?.ok_or_else(|| refused(path, "there is no such file"))?;
        spot.regular(path)?.ok_or_else(|| refused(path, "there is no such file"))?;
        unlinkat(&spot.folder, spot.name, AtFlags::empty()).map_err(|error| failed(path, error))?;
        let mut rest = path.as_str();
        while let Some((folder, _)) = rest.rsplit_once('/') {
            rest = folder;
            let Ok(Some((holder, name))) = self.walk(folder, path, Missing::Leave) else { break };
            if unlinkat(&holder, name, AtFlags::REMOVEDIR).is_err() {
                break;
            }
        }
        Ok(())
    }

    pub fn is_executable(&self, path: &RepoPath) -> Result<bool, CheckoutError> {
        let Some(spot) = self.spot(path, Missing::Leave)? else { return Ok(false) };
        Ok(spot.regular(path)?.is_some_and(|stat| stat.st_mode & 0o100 != 0))
    }

    fn spot<'a>(&self, path: &'a RepoPath, missing: Missing) -> Result<Option<Spot<'a>>, CheckoutError> {
        Ok(self.walk(path.as_str(), path, missing)?.map(|(folder, name)| Spot { folder, name }))
    }

    /// Opens every folder on the way to `to`; `path` is named in errors.
    fn walk<'a>(
        &self,
        to: &'a str,
        path: &RepoPath,
        missing: Missing,
    ) -> Result<Option<(OwnedFd, &'a str)>, CheckoutError> {
        let (folders, name) = to.rsplit_once('/').unwrap_or(("", to));
        let mut folder = open(&self.root, FOLDER, Mode::empty()).map_err(|error| failed(path, error))?;
        for part in folders.split('/').filter(|part| !part.is_empty()) {
            if missing == Missing::Create {
                match mkdirat(&folder, part, Mode::from_raw_mode(0o755)) {
                    Ok(()) | Err(Errno::EXIST) => {}
                    Err(error) => return Err(failed(path, error)),
                }
            }
            folder = match openat(&folder, part, FOLDER, Mode::empty()) {
                Ok(next) => next,
                Err(Errno::NOENT) => return Ok(None),
                // Linux says NOTDIR for a link with these flags, others LOOP or MLINK.
                Err(Errno::NOTDIR | Errno::LOOP | Errno::MLINK) => return Err(refused(path, no_folder(&folder, part))),
                Err(error) => return Err(failed(path, error)),
            };
        }
        Ok(Some((folder, name)))
    }
}

/// What to do about folders that do not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Missing {
    Leave,
    Create,
}

impl Spot<'_> {
    /// The file's facts; `None` when there is nothing, an error when there is something else.
    fn regular(&self, path: &RepoPath) -> Result<Option<Stat>, CheckoutError> {
        let stat = match statat(&self.folder, self.name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            Err(Errno::NOENT) => return Ok(None),
            Err(error) => return Err(failed(path, error)),
        };
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => Ok(Some(stat)),
            FileType::Symlink => Err(refused(path, "it is a symbolic link, and links are not followed")),
            FileType::Directory => Err(refused(path, "it is a folder")),
            _ => Err(refused(path, "it is no regular file")),
        }
    }
}

fn no_folder(holder: &OwnedFd, part: &str) -> String {
    let is_link = statat(holder, part, AtFlags::SYMLINK_NOFOLLOW)
        .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Symlink);
    if is_link {
        format!("`{part}` on its way is a symbolic link, and links are not followed")
    } else {
        format!("`{part}` on its way is a file")
    }
}

fn too_large() -> String {
    format!("it is larger than {} MiB", LARGEST / 1024 / 1024)
}

pub(super) fn refused(path: &RepoPath, reason: impl Into<String>) -> CheckoutError {
    CheckoutError::Path { path: path.to_string(), reason: reason.into() }
}

fn failed(path: &RepoPath, error: impl Into<io::Error>) -> CheckoutError {
    let error: io::Error = error.into();
    refused(path, error.to_string())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn path(text: &str) -> RepoPath {
        text.parse().unwrap()
    }

    fn words(error: &CheckoutError) -> String {
        error.to_string()
    }

    #[test]
    fn files_are_written_read_and_removed_with_their_folders() {
        let dir = tempfile::tempdir().unwrap();
        let files = Files::new(dir.path());
        let deep = path("a/b/c.txt");
        assert_eq!(files.read(&deep).unwrap(), None);
        files.write(&deep, b"one").unwrap();
        files.write(&deep, b"two\r\n\xff").unwrap();
        assert_eq!(files.read(&deep).unwrap().unwrap(), b"two\r\n\xff");
        files.write(&path("a/other"), b"").unwrap();
        files.remove(&deep).unwrap();
        assert!(!dir.path().join("a/b").exists() && dir.path().join("a/other").exists());
        assert_eq!(words(&files.remove(&deep).unwrap_err()), "`a/b/c.txt` cannot be used: there is no such file");
        let left: Vec<_> = std::fs::read_dir(dir.path().join("a")).unwrap().collect();
        assert_eq!(left.len(), 1, "no temporary file is left");
    }

    #[test]
    fn the_executable_bit_stays() {
        let dir = tempfile::tempdir().unwrap();
        let files = Files::new(dir.path());
        let script = path("run.sh");
        files.write(&script, b"old").unwrap();
        assert!(!files.is_executable(&script).unwrap());
        let set = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(dir.path().join("run.sh"), set).unwrap();
        files.write(&script, b"new").unwrap();
        assert!(files.is_executable(&script).unwrap());
        assert!(!files.is_executable(&path("nothing")).unwrap());
    }

    #[test]
    fn links_are_not_followed_anywhere() {
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("secret"), "s").unwrap();
        let dir = tempfile::tempdir().unwrap();
        symlink(outside.path(), dir.path().join("folder")).unwrap();
        symlink(outside.path().join("secret"), dir.path().join("file")).unwrap();
        symlink(outside.path().join("new"), dir.path().join("dangling")).unwrap();
        std::fs::write(dir.path().join("plain"), "").unwrap();
        let files = Files::new(dir.path());
        for (at, why) in [
            ("file", "it is a symbolic link, and links are not followed"),
            ("dangling", "it is a symbolic link, and links are not followed"),
            ("folder/secret", "`folder` on its way is a symbolic link, and links are not followed"),
            ("folder/new/deep", "`folder` on its way is a symbolic link, and links are not followed"),
            ("plain/x", "`plain` on its way is a file"),
        ] {
            let expected = format!("`{at}` cannot be used: {why}");
            assert_eq!(words(&files.read(&path(at)).unwrap_err()), expected);
            assert_eq!(words(&files.write(&path(at), b"x").unwrap_err()), expected);
            assert_eq!(words(&files.remove(&path(at)).unwrap_err()), expected);
        }
        let names: Vec<_> = std::fs::read_dir(outside.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(names, ["secret"], "nothing was made or removed outside");
        assert_eq!(std::fs::read_to_string(outside.path().join("secret")).unwrap(), "s");
    }

    #[test]
    fn what_is_no_regular_file_is_refused_without_waiting() {
        let dir = tempfile::tempdir().unwrap();
        let made = std::process::Command::new("mkfifo").arg(dir.path().join("pipe")).status().unwrap();
        assert!(made.success());
        std::fs::create_dir(dir.path().join("folder")).unwrap();
        let files = Files::new(dir.path());
        assert_eq!(words(&files.read(&path("pipe")).unwrap_err()), "`pipe` cannot be used: it is no regular file");
        assert_eq!(words(&files.write(&path("folder"), b"").unwrap_err()), "`folder` cannot be used: it is a folder");
    }

    #[test]
    fn a_huge_file_is_not_read() {
        let dir = tempfile::tempdir().unwrap();
        File::create(dir.path().join("huge")).unwrap().set_len(LARGEST + 1).unwrap();
        let error = Files::new(dir.path()).read(&path("huge")).unwrap_err();
        assert_eq!(words(&error), "`huge` cannot be used: it is larger than 64 MiB");
    }
}
