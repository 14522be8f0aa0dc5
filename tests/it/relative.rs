//! Folders named relative to where one stands.

use std::process::Stdio;

use crate::scene::git;

#[tokio::test]
async fn a_repository_named_by_a_relative_path_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let repository = folder.path().join("work");
    std::fs::create_dir(&repository).unwrap();
    std::fs::write(repository.join("README.md"), "# here\n").unwrap();
    git(&repository, &["init", "--quiet", "--initial-branch=main"]);
    git(&repository, &["add", "--all"]);
    git(&repository, &["commit", "--quiet", "--message=Begin"]);
    let mut child = tokio::process::Command::new(env!("CARGO_BIN_EXE_autonomy"))
        .args(["sandbox", "--repo-dir", "work"])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut out = tokio::io::BufReader::new(child.stdout.take().unwrap());
    tokio::io::AsyncBufReadExt::read_line(&mut out, &mut line).await.unwrap();
    assert!(line.starts_with("export GITHUB_API_URL=http://127.0.0.1:"), "{line}");
    child.kill().await.unwrap();
}
