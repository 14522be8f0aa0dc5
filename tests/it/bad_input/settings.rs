//! Tokens, permissions, keys and configuration that are missing or wrong.

use autonomy::sandbox::{Access, Setting};

use super::{expect_released, fails, nothing_left};
use crate::scene::{CONFIG, Scene, Setup};

const NO_KEY: &str = "error: no API key for openai\n\
                      set OPENAI_API_KEY or ANTHROPIC_API_KEY (inputs `openai-api-key`, `anthropic-api-key`)";

#[tokio::test]
async fn no_token() {
    let mut scene = Scene::ready().await;
    scene.unset("GITHUB_TOKEN");
    fails(&scene, 2, "error: there is no token for GitHub\nset GITHUB_TOKEN, for example with `export GITHUB_TOKEN=$(gh auth token)`").await;
    assert!(scene.sandbox.exchanges().is_empty());
}

#[tokio::test]
async fn a_wrong_token() {
    let mut scene = Scene::ready().await;
    scene.set("GITHUB_TOKEN", "ghp_thisTokenIsNobodys000000000000000000");
    fails(&scene, 2, "error: GitHub does not accept the token (while trying to read repository acme/widgets)\npass a valid token: `github-token` in the workflow, or GITHUB_TOKEN on a laptop").await;
}

#[tokio::test]
async fn a_token_with_a_line_break() {
    let mut scene = Scene::ready().await;
    scene.set("GITHUB_TOKEN", "ghp_a\nghp_b");
    fails(&scene, 2, "error: the environment variable GITHUB_TOKEN holds spaces, line breaks or other characters that no token has\nset it to the bare token, on one line").await;
}

#[tokio::test]
async fn no_permission_to_write_contents() {
    let scene = Scene::ready().await;
    scene.world().set_access("workflow", "contents", Access::Read).unwrap();
    fails(&scene, 2, "error: the token may not write the ledger; it needs contents=write\ngrant `contents: write` in the workflow's `permissions:`").await;
}

#[tokio::test]
async fn no_permission_to_read_issues() {
    let scene = Scene::ready().await;
    scene.world().set_access("workflow", "issues", Access::None).unwrap();
    fails(&scene, 2, "error: the token may not read the issues; it needs issues=read\ngrant `issues: read` in the workflow's `permissions:`").await;
}

#[tokio::test]
async fn no_permission_to_open_pull_requests() {
    let scene = Scene::ready().await;
    scene.world().set_access("workflow", "pull_requests", Access::Read).unwrap();
    let ran = scene.autonomy(&["run"]).await.expect(2);
    assert_eq!(
        ran.error(),
        "error: the token may not open a pull request of automated/1-addition-subtracts; it needs pull_requests=write\ngrant `pull-requests: write` in the workflow's `permissions:`"
    );
}

/// The commit is made and kept: the branch stays with its reason, and the run after the switch opens the pull request.
#[tokio::test]
async fn actions_may_not_create_pull_requests() {
    let scene = Scene::ready().await;
    scene.world().set(Setting::ActionsCanCreatePulls(false));
    let ran = scene.autonomy(&["run"]).await.expect(2);
    assert_eq!(
        ran.error(),
        "error: the token may not open a pull request of automated/1-addition-subtracts; it needs the setting \"Allow GitHub Actions to create and approve pull requests\"\nswitch it on under Settings > Actions > General > Workflow permissions, or pass the token of a GitHub App; then run it again"
    );
    assert_eq!(scene.world().pulls().len(), 0);
    let audit = scene.autonomy(&["audit", "show"]).await.expect(0);
    assert!(
        audit.out.contains("pull:automated/1-addition-subtracts->main: refused (the token may not"),
        "{}",
        audit.out
    );
    scene.world().set(Setting::ActionsCanCreatePulls(true));
    scene.autonomy(&["run"]).await.expect(0);
    assert_eq!(scene.world().pulls().len(), 1);
    assert_eq!(scene.branches().len(), 1);
}

#[tokio::test]
async fn an_unknown_repository() {
    let mut scene = Scene::ready().await;
    scene.set("GITHUB_REPOSITORY", "acme/gadgets");
    fails(
        &scene,
        2,
        "error: repository acme/gadgets was not found\ncheck the name, and that the token may see the repository",
    )
    .await;
    scene.set("GITHUB_REPOSITORY", "not a repository");
    fails(&scene, 2, "error: GITHUB_REPOSITORY: `not a repository` is not a repository written as owner/name\nset it to OWNER/NAME, or pass --repo").await;
    scene.unset("GITHUB_REPOSITORY");
    fails(&scene, 2, "error: no repository is named\npass --repo OWNER/NAME or set GITHUB_REPOSITORY").await;
}

#[tokio::test]
async fn an_unreadable_configuration() {
    let broken = CONFIG.replace("checks:", "chekcs:").replace("version: 1", "version: [1");
    let scene = Setup::new().file(".autonomy/config.yaml", broken).start().await;
    fails(&scene, 2, "error: the configuration has 1 problem:\n.autonomy/config.yaml:2:7: the file is not valid YAML: illegal placement of ':' indicator\n`autonomy config schema` prints what is allowed").await;
}

#[tokio::test]
async fn a_misspelt_configuration_key() {
    let broken = CONFIG.replace("checks:", "chekcs:").replace("high,", "hihg,");
    let scene = Setup::new().file(".autonomy/config.yaml", broken).start().await;
    fails(&scene, 2, "error: the configuration has 2 problems:\n.autonomy/config.yaml:6:1: unknown key `chekcs`; did you mean `checks`?\n.autonomy/config.yaml:7:30: actions.pr.merge.risk: expected low | medium | high, found `hihg`; did you mean `high`?\n`autonomy config schema` prints what is allowed").await;
}

#[tokio::test]
async fn a_configuration_that_is_no_text() {
    let scene = Setup::new().file(".autonomy/config.yaml", b"version: 1\n\xff\xfe\n").start().await;
    fails(&scene, 2, "error: the configuration has 1 problem:\n.autonomy/config.yaml:2:1: the file is not UTF-8 text; save it as UTF-8\n`autonomy config schema` prints what is allowed").await;
}

#[tokio::test]
async fn a_named_configuration_that_does_not_exist() {
    let scene = Scene::ready().await;
    let ran = scene.autonomy(&["run", "--config", "nowhere.yaml"]).await.expect(2);
    assert_eq!(
        ran.error(),
        "error: the configuration nowhere.yaml cannot be read: No such file or directory (os error 2)\ncheck the path"
    );
}

#[tokio::test]
async fn no_model_key() {
    let mut scene = Scene::ready().await;
    scene.unset("OPENAI_API_KEY").unset("OPENAI_BASE_URL");
    fails(&scene, 2, NO_KEY).await;
    assert_eq!(scene.writes(), [""; 0]);
}

/// A model on this machine may do without a key; one that asks for it is told apart from a wrong key.
#[tokio::test]
async fn no_key_for_a_local_model_that_wants_one() {
    let mut scene = Setup::new().turns("engineer", serde_json::json!([{ "status": 401 }])).start().await;
    scene.approved("Addition subtracts", "Fix it.");
    scene.unset("OPENAI_API_KEY");
    fails(&scene, 2, NO_KEY).await;
    expect_released(&scene, "no API key for openai").await;
}

#[tokio::test]
async fn no_model() {
    let scene = Setup::new().config("  engineer: { provider: openai, model: scripted }\n", "").start().await;
    scene.approved("Addition subtracts", "Fix it.");
    fails(&scene, 2, "error: no model is configured for the role engineer\nname one in .autonomy/config.yaml (`models: { engineer: { provider: openai, model: NAME } }`) or with the inputs `model-provider` and `model`").await;
    assert_eq!(scene.writes(), [""; 0]);
}

#[tokio::test]
async fn no_price() {
    let mut scene = Setup::new().config("{ scripted:", "{ another:").start().await;
    // A model on this machine costs nothing; this one is elsewhere.
    scene.unset("OPENAI_BASE_URL");
    scene.approved("Addition subtracts", "Fix it.");
    fails(&scene, 2, "error: the price of the model scripted is not known\nadd it under `prices:` in .autonomy/config.yaml, so that a budget can be kept").await;
}

#[tokio::test]
async fn a_budget_that_does_not_cover_a_call() {
    let scene =
        Setup::new().config("requests_per_minute: 600", "requests_per_minute: 600, task_usd: 0.001").start().await;
    scene.approved("Addition subtracts", "Fix it.");
    super::gives_up(&scene, "the task budget of").await;
}

#[tokio::test]
async fn a_month_s_budget_that_is_spent() {
    let scene =
        Setup::new().config("requests_per_minute: 600", "month_soft_usd: 0.0005, month_hard_usd: 0.001").start().await;
    scene.approved("Addition subtracts", "Fix it.");
    fails(&scene, 4, "error: the month budget of 0.0010 USD does not cover the next call (spent 0.00 USD, the call could cost 0.02 USD)\nraise `budget:` in .autonomy/config.yaml, or wait for the next month").await;
    expect_released(&scene, "the month").await;
}

#[tokio::test]
async fn a_workspace_that_is_no_checkout() {
    let mut scene = Scene::ready().await;
    let empty = scene.folder().join("empty");
    std::fs::create_dir(&empty).unwrap();
    scene.checkout = empty.clone();
    scene.set("GITHUB_WORKSPACE", &empty.display().to_string());
    let ran = scene.autonomy(&["run"]).await.expect(2);
    assert!(ran.error().contains("is no git repository"), "{}", ran.error());
    assert_eq!(scene.writes(), [""; 0]);
}

#[tokio::test]
async fn a_checkout_behind_the_default_branch() {
    let scene = Scene::ready().await;
    scene.world().push("writer", "main", &[("NEWS.md", Some("news\n"))], "News").unwrap();
    let ran = scene.autonomy(&["run"]).await.expect(2);
    assert!(ran.error().contains("is not in the checkout"), "{}", ran.error());
    assert!(ran.error().contains("git pull"), "{}", ran.error());
    nothing_left(&scene);
    assert_eq!(scene.writes(), [""; 0]);
}

#[tokio::test]
async fn an_output_file_that_cannot_be_written() {
    let mut scene = Setup::new().start().await;
    let folder = scene.folder().display().to_string();
    scene.set("GITHUB_OUTPUT", &folder);
    let ran = scene.autonomy(&["run"]).await.expect(1);
    assert!(ran.error().contains("GITHUB_OUTPUT"), "{}", ran.error());
}
