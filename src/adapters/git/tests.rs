//! The scratch tree against real repositories.

use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::process::Command;

use super::*;
use crate::adapters::checks::ChildEnvironment;
use crate::domain::secret::Redactor;

fn runner() -> Runner {
    let redactor = Redactor::default();
    Runner::new(ChildEnvironment::from_ours(std::env::vars_os(), &redactor), redactor)
}

fn git(dir: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main"])
        .args(arguments)
        .current_dir(dir)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn put(dir: &Path, name: &str, bytes: &[u8]) {
    let path = dir.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn commit(dir: &Path) -> CommitSha {
    git(dir, &["add", "--all", "--force"]);
    git(dir, &["commit", "--quiet", "--message", "c"]);
    git(dir, &["rev-parse", "HEAD"]).parse().unwrap()
}

/// A repository with one commit of these files.
fn repository(files: &[(&str, &[u8])]) -> (TempDir, CommitSha) {
    let dir = tempfile::tempdir().unwrap();
    git(dir.path(), &["init", "--quiet"]);
    for (name, bytes) in files {
        put(dir.path(), name, bytes);
    }
    let sha = commit(dir.path());
    (dir, sha)
}

fn path(text: &str) -> RepoPath {
    text.parse().unwrap()
}

fn names(paths: &[RepoPath]) -> Vec<&str> {
    paths.iter().map(RepoPath::as_str).collect()
}

fn check(run: &str) -> CheckSpec {
    CheckSpec { name: "check".into(), run: run.into(), timeout: std::time::Duration::from_mins(1) }
}

/// Every file below a folder, with its bytes.
fn everything(dir: &Path, found: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            everything(&path, found);
        } else {
            found.push((path.clone(), fs::read(&path).unwrap()));
        }
    }
}

#[tokio::test]
async fn a_scratch_tree_is_read_edited_and_compared() {
    let (dir, first) = repository(&[("a.txt", b"one\n"), ("b/c.txt", b"c"), ("run.sh", b"#!/bin/sh\n")]);
    fs::set_permissions(dir.path().join("run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    let sha = commit(dir.path());
    put(dir.path(), "a.txt", b"not committed\n");

    let scratch = Scratch::create(dir.path(), &sha, runner()).await.unwrap();
    assert_eq!(scratch.base(), &sha);
    assert!(scratch.changed().await.unwrap().is_empty(), "the user's uncommitted work is not ours");
    assert_eq!(scratch.read(&path("a.txt")).await.unwrap().unwrap(), b"one\n");
    assert_eq!(scratch.read(&path("none")).await.unwrap(), None);
    assert!(scratch.is_executable(&path("run.sh")).await.unwrap());

    scratch.write(&path("a.txt"), b"two\n").await.unwrap();
    scratch.write(&path("new/d e.txt"), b"d").await.unwrap();
    scratch.write(&path("run.sh"), b"#!/bin/sh\ntrue\n").await.unwrap();
    scratch.remove(&path("b/c.txt")).await.unwrap();
    assert_eq!(names(&scratch.changed().await.unwrap()), ["a.txt", "b/c.txt", "new/d e.txt", "run.sh"]);
    assert!(scratch.is_executable(&path("run.sh")).await.unwrap(), "the executable bit stays");
    assert_eq!(scratch.original(&path("a.txt")).await.unwrap().unwrap(), b"one\n");
    assert_eq!(scratch.original(&path("new/d e.txt")).await.unwrap(), None);

    scratch.write(&path("a.txt"), b"one\n").await.unwrap();
    assert_eq!(names(&scratch.changed().await.unwrap()), ["b/c.txt", "new/d e.txt", "run.sh"]);
    assert_eq!(fs::read(dir.path().join("a.txt")).unwrap(), b"not committed\n");
    assert!(dir.path().join("b/c.txt").exists());

    let earlier = Scratch::create(dir.path(), &first, runner()).await.unwrap();
    assert!(!earlier.is_executable(&path("run.sh")).await.unwrap(), "any commit can be had, not only HEAD");
    let root = scratch.root().parent().unwrap().to_owned();
    assert_eq!(fs::metadata(&root).unwrap().permissions().mode() & 0o777, 0o700);
    drop(scratch);
    assert!(!root.exists());
}

#[tokio::test]
async fn ignored_files_are_no_change() {
    let (dir, sha) = repository(&[(".gitignore", b"target/\n*.log\n"), ("a", b"")]);
    let scratch = Scratch::create(dir.path(), &sha, runner()).await.unwrap();
    let result = scratch.run_check(&check("mkdir target && touch target/x y.log left && echo done")).await;
    assert!(result.passed() && result.output == "done\n", "{result:?}");
    assert_eq!(names(&scratch.changes().await.unwrap().paths), ["left"]);
    scratch.write(&path("target/y"), b"").await.unwrap();
    assert!(scratch.changed().await.unwrap().is_empty());
}

#[tokio::test]
async fn every_shape_of_repository_works() {
    let (dir, _) = repository(&[("a/b.txt", b"1")]);
    put(dir.path(), "a/b.txt", b"2");
    let sha = commit(dir.path());
    let others = tempfile::tempdir().unwrap();
    let url = format!("file://{}", dir.path().display());
    git(others.path(), &["clone", "--quiet", "--depth=1", &url, "shallow"]);
    git(others.path(), &["clone", "--quiet", "--bare", &url, "bare.git"]);
    git(dir.path(), &["worktree", "add", "--quiet", "--detach", others.path().join("linked").to_str().unwrap()]);
    let shapes = [
        others.path().join("shallow"),
        others.path().join("bare.git"),
        others.path().join("linked"),
        dir.path().join("a"),
        dir.path().to_owned(),
    ];
    for shape in shapes {
        let scratch = Scratch::create(&shape, &sha, runner()).await.unwrap();
        assert_eq!(scratch.read(&path("a/b.txt")).await.unwrap().unwrap(), b"2", "{}", shape.display());
        assert_eq!(head_commit(&shape, &runner()).await.unwrap(), sha);
    }
}

#[tokio::test]
async fn sha_256_repositories_work() {
    let dir = tempfile::tempdir().unwrap();
    git(dir.path(), &["init", "--quiet", "--object-format=sha256"]);
    put(dir.path(), "a", b"x");
    let sha = commit(dir.path());
    assert_eq!(sha.as_str().len(), 64);
    let scratch = Scratch::create(dir.path(), &sha, runner()).await.unwrap();
    scratch.write(&path("a"), b"y").await.unwrap();
    assert_eq!(names(&scratch.changed().await.unwrap()), ["a"]);
}

#[tokio::test]
async fn what_cannot_be_used_is_said_with_its_cure() {
    let (dir, sha) = repository(&[("a", b"")]);
    put(dir.path(), "a", b"2");
    commit(dir.path());
    let others = tempfile::tempdir().unwrap();
    let url = format!("file://{}", dir.path().display());
    git(others.path(), &["clone", "--quiet", "--depth=1", &url, "shallow"]);
    fs::create_dir(others.path().join("plain")).unwrap();
    fs::create_dir(others.path().join("empty")).unwrap();
    git(&others.path().join("empty"), &["init", "--quiet"]);
    let at = |name: &str| others.path().join(name).display().to_string();
    let cases = [
        (
            "shallow",
            format!(
                "commit {} is not in the checkout at {}; run `git pull` there, or check that commit out in the workflow \
                 (`ref` or `fetch-depth: 0` of actions/checkout)",
                sha.short(),
                at("shallow")
            ),
        ),
        (
            "plain",
            format!("{} is no git repository; run `git init` and commit there, or name another folder", at("plain")),
        ),
        ("empty", format!("the repository in {} has no commit yet; make a first commit and run again", at("empty"))),
        ("none", format!("{} is no folder; name the folder of a git repository", at("none"))),
    ];
    for (name, reason) in cases {
        let error = Scratch::create(&others.path().join(name), &sha, runner()).await.unwrap_err();
        assert_eq!(error.to_string(), format!("the checkout cannot be used: {reason}"));
    }
    let error = head_commit(&others.path().join("empty"), &runner()).await.unwrap_err();
    assert!(error.to_string().contains("has no commit yet"), "{error}");
}

#[tokio::test]
async fn nothing_of_the_users_repository_comes_along() {
    let (dir, sha) = repository(&[("a", b"x")]);
    let secret = "AUTHORIZATION: basic c2VjcmV0";
    git(dir.path(), &["config", "http.https://github.com/.extraheader", secret]);
    git(dir.path(), &["remote", "add", "origin", "https://user:pw@example.com/r.git"]);
    git(dir.path(), &["config", "core.fsmonitor", "touch /tmp/should-not-run; false"]);
    put(dir.path(), ".git/hooks/post-checkout", b"#!/bin/sh\necho hook >> \"$PWD/hooked\"\n");
    fs::set_permissions(dir.path().join(".git/hooks/post-checkout"), fs::Permissions::from_mode(0o755)).unwrap();

    let scratch = Scratch::create(dir.path(), &sha, runner()).await.unwrap();
    let mut found = Vec::new();
    everything(scratch.root().parent().unwrap(), &mut found);
    let source = dir.path().to_str().unwrap().as_bytes();
    for (file, bytes) in found {
        for leak in [secret.as_bytes(), b"user:pw", source, b"hook"] {
            let file = file.display();
            assert!(!bytes.windows(leak.len()).any(|w| w == leak), "{file} holds {}", String::from_utf8_lossy(leak));
        }
        assert!(!file.ends_with("hooked"));
    }
    let result = scratch.run_check(&check("git config --list --show-origin; git remote -v; git status --short")).await;
    assert!(result.passed(), "{result:?}");
    let lines: Vec<&str> = result.output.lines().collect();
    assert_eq!(
        lines,
        [
            "file:.git/config\tcore.repositoryformatversion=0",
            "file:.git/config\tcore.filemode=true",
            "file:.git/config\tcore.bare=false"
        ]
    );
}

#[tokio::test]
async fn bytes_are_the_blobs_bytes() {
    let pointer: &[u8] = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n";
    let attributes: &[u8] =
        b"*.txt text eol=crlf\n*.bin filter=lfs\n*.id ident\n*.u16 working-tree-encoding=UTF-16 text\n";
    let (dir, sha) = repository(&[
        (".gitattributes", attributes),
        ("lf.txt", b"a\nb\n"),
        ("x.bin", pointer),
        ("x.id", b"$Id$\n"),
        ("sub/.gitattributes", b"* text eol=crlf\n"),
        ("sub/y", b"a\n"),
    ]);
    put(dir.path(), "crlf.none", b"a\r\nb\r\n");
    let _ = sha;
    let sha = commit(dir.path());
    let scratch = Scratch::create(dir.path(), &sha, runner()).await.unwrap();
    for file in scratch.tracked().await.unwrap() {
        let read = scratch.read(&file.path).await.unwrap().unwrap();
        assert_eq!(Some(&read), scratch.original(&file.path).await.unwrap().as_ref(), "{}", file.path);
        assert_eq!(read.len() as u64, file.size, "{}", file.path);
    }
    assert!(scratch.changed().await.unwrap().is_empty());
    scratch.write(&path("lf.txt"), b"a\r\nb\n").await.unwrap();
    assert_eq!(names(&scratch.changed().await.unwrap()), ["lf.txt"], "line ends count");
}

#[tokio::test]
async fn links_submodules_and_odd_names_show_as_such() {
    let (dir, _) = repository(&[("a", b"x")]);
    symlink("/etc/hostname", dir.path().join("link")).unwrap();
    fs::write(dir.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9")), "x").unwrap();
    let head = git(dir.path(), &["rev-parse", "HEAD"]);
    git(dir.path(), &["update-index", "--add", "--cacheinfo", &format!("160000,{head},lib/sub")]);
    git(dir.path(), &["add", "--all"]);
    git(dir.path(), &["update-index", "--add", "--cacheinfo", &format!("160000,{head},lib/sub")]);
    git(dir.path(), &["commit", "--quiet", "--message", "odd"]);
    let sha = git(dir.path(), &["rev-parse", "HEAD"]).parse().unwrap();

    let scratch = Scratch::create(dir.path(), &sha, runner()).await.unwrap();
    let tracked = scratch.tracked().await.unwrap();
    let kinds: Vec<_> = tracked.iter().map(|file| (file.path.as_str(), file.kind)).collect();
    assert_eq!(kinds, [("a", FileKind::Regular), ("lib/sub", FileKind::Submodule), ("link", FileKind::Symlink)]);
    assert_eq!(scratch.left_out(), 1);
    assert!(scratch.changed().await.unwrap().is_empty());
    for (at, why) in [
        ("link", "it is a symbolic link, and links are not followed"),
        ("lib/sub", "`lib/sub` is a submodule, which is another repository"),
        ("lib/sub/x", "`lib/sub` is a submodule, which is another repository"),
    ] {
        let error = scratch.write(&path(at), b"x").await.unwrap_err();
        assert_eq!(error.to_string(), format!("`{at}` cannot be used: {why}"));
        assert!(scratch.read(&path(at)).await.is_err() && scratch.remove(&path(at)).await.is_err());
    }
    let result = scratch.run_check(&check("printf x > \"$(printf 'n\\351w')\"; rm a; ln -s /etc/passwd a")).await;
    assert!(result.passed(), "{result:?}");
    let changes = scratch.changes().await.unwrap();
    assert_eq!((names(&changes.paths), changes.left_out), (vec!["a"], 1));
    assert!(scratch.read(&path("a")).await.is_err(), "a file that became a link is not read through");
}

#[tokio::test]
async fn what_a_check_does_to_git_is_of_no_consequence() {
    let (dir, sha) = repository(&[("a", b"x\n"), (".gitattributes", b"* filter=evil diff=evil\n")]);
    for attack in [
        "rm -rf .git",
        "git add -A; git -c user.name=x -c user.email=x@x commit -qm x; git gc -q",
        "git update-index --assume-unchanged a; rm -f .git/objects/info/alternates",
        "git config core.fsmonitor 'touch ran; false'; git config filter.evil.clean 'touch ran; cat'",
        // Even where it finds our own records.
        "git config --file ../git/config core.fsmonitor 'touch ran; false'; \
         git config --file ../git/config filter.evil.clean 'touch ran; cat'; echo '* filter=evil' > ../git/info/attributes",
        "mkdir -p ../git/hooks; printf '#!/bin/sh\\ntouch ran\\n' > ../git/hooks/post-index-change; chmod +x ../git/hooks/*",
    ] {
        let scratch = Scratch::create(dir.path(), &sha, runner()).await.unwrap();
        scratch.write(&path("a"), b"y\n").await.unwrap();
        let result = scratch.run_check(&check(attack)).await;
        assert!(result.passed(), "{attack}: {result:?}");
        assert_eq!(names(&scratch.changed().await.unwrap()), ["a"], "{attack}");
        assert_eq!(scratch.original(&path("a")).await.unwrap().unwrap(), b"x\n", "{attack}");
        assert!(!scratch.root().join("ran").exists(), "{attack}");
    }
}

#[tokio::test]
async fn an_agent_gets_the_brief_on_its_standard_input() {
    let (dir, sha) = repository(&[("a", b"x\n")]);
    let scratch = Scratch::create(dir.path(), &sha, runner()).await.unwrap();
    let brief = "line\n".repeat(100_000);
    let result = scratch.run_agent(&check("wc -l > counted"), &brief).await;
    assert!(result.passed(), "{result:?}");
    assert_eq!(names(&scratch.changed().await.unwrap()), ["counted"]);
    let counted = scratch.read(&path("counted")).await.unwrap().unwrap();
    assert_eq!(String::from_utf8(counted).unwrap().trim(), "100000");
    let ignored = scratch.run_agent(&check("exit 0"), &brief).await;
    assert!(ignored.passed(), "an agent need not read its brief: {ignored:?}");
}

#[tokio::test]
async fn folders_that_cannot_be_written_to_are_removed_too() {
    let (dir, sha) = repository(&[("a", b"")]);
    let scratch = Scratch::create(dir.path(), &sha, runner()).await.unwrap();
    let result = scratch
        .run_check(&check("mkdir -p \"$HOME/go/mod\" && touch \"$HOME/go/mod/x\" && chmod -R a-w \"$HOME/go\""))
        .await;
    assert!(result.passed(), "{result:?}");
    let root = scratch.root().parent().unwrap().to_owned();
    drop(scratch);
    assert!(!root.exists());
}
