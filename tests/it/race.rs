//! Several processes at once on one repository: one claim, one pull request, one comment a role.

use crate::scene::Scene;

#[tokio::test]
async fn five_runs_at_once_make_one_pull_request() {
    let scene = Scene::ready().await;
    let runs = (0..5).map(|_| scene.autonomy(&["run", "--format", "json"]));
    let ran = futures_util::future::join_all(runs).await;
    let pulls = scene.world().pulls();
    let told: Vec<String> = ran.iter().map(|one| format!("{:?} {}\n{}", one.code, one.out, one.err)).collect();
    assert_eq!(pulls.len(), 1, "{}", told.join("\n====\n"));
    assert_eq!(scene.branches(), ["automated/1-addition-subtracts"]);
    assert_eq!(scene.world().comments(pulls[0].number).len(), 2, "{}", told.join("\n====\n"));
    assert!(ran.iter().all(|one| matches!(one.code, Some(0 | 3))), "{}", told.join("\n====\n"));
    assert_eq!(scene.log.complaints(), [""; 0], "{}", told.join("\n====\n"));
    scene.autonomy(&["audit", "verify"]).await.expect(0);
}
