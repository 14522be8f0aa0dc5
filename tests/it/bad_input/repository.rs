//! Issues and repositories of unusual shape.

use autonomy::sandbox::{Options, Sandbox, login};

use crate::scene::{Scene, Setup};

async fn proposed_for(title: &str, body: &str) -> (Scene, String) {
    let scene = Setup::new().start().await;
    scene.approved(title, body);
    scene.autonomy(&["run"]).await.expect(0);
    let branch = scene.world().pulls()[0].head_ref.clone();
    scene.expect_known();
    (scene, branch)
}

#[tokio::test]
async fn an_issue_with_an_empty_body() {
    let (scene, branch) = proposed_for("Addition subtracts", "").await;
    assert_eq!(branch, "automated/1-addition-subtracts");
    assert!(scene.world().pulls()[0].body.contains("Fixes #1"));
}

#[tokio::test]
async fn a_title_of_emoji() {
    let (scene, branch) = proposed_for("🎉🔥 ➕", "`add 2 2` prints 0.").await;
    assert_eq!(branch, "automated/1-issue");
    assert!(scene.world().pulls()[0].title.contains('🎉'));
}

/// GitHub's own limit is 256 characters; the pull request's title has a prefix and the same limit.
#[tokio::test]
async fn the_longest_title() {
    let title =
        format!("Addition {}", "very ".repeat(49)).chars().chain("x".repeat(300).chars()).take(256).collect::<String>();
    let (scene, branch) = proposed_for(&title, "`add 2 2` prints 0.").await;
    assert!(branch.strip_prefix("automated/1-").unwrap().len() <= 50, "{branch}");
    assert!(scene.world().pulls()[0].title.chars().count() <= 256);
}

#[tokio::test]
async fn a_title_of_markdown_and_commands() {
    let (scene, branch) = proposed_for("`$(rm -rf /)` ::set-output:: <!-- x --> @maintainer fixes #9", "add 2 2").await;
    assert_eq!(branch, "automated/1-rm-rf-set-output-x-maintainer-fixes-9");
    let pull = &scene.world().pulls()[0];
    assert!(!pull.body.contains("fixes #9"), "{}", pull.body);
}

#[tokio::test]
async fn a_repository_without_commits() {
    let mut scene = Setup::new().start().await;
    let bare = scene.folder().join("bare");
    std::fs::create_dir(&bare).unwrap();
    crate::scene::git(&bare, &["init", "--quiet", "--initial-branch=main"]);
    let mut options = Options::new("acme/widgets".parse().unwrap());
    options.seed = Some(bare);
    let empty = Sandbox::start(options).await.unwrap();
    scene.set("GITHUB_API_URL", &empty.api_url()).set("GITHUB_GRAPHQL_URL", &empty.graphql_url());
    empty.world().create_issue(login::WRITER, "Begin", "", &[]).unwrap();
    let ran = scene.autonomy(&["run"]).await.expect(2);
    assert_eq!(
        ran.error(),
        "error: acme/widgets has no commits yet\npush a first commit to the default branch, then run it again"
    );
}
