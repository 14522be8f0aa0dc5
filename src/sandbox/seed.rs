//! What a sandbox starts with: a repository, labels, and issues written as Markdown.

use std::path::Path;

use anyhow::{Context as _, bail};
use serde::Deserialize;

use super::git::{Git, NewCommit, Signature};
use super::moves::issues;
use super::people::{Actor, login};
use super::state::{Label, State};
use crate::domain::user::{Permission, UserKind};

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

/// The head of an issue written as Markdown.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Head {
    title: Option<String>,
    labels: Vec<String>,
    author: Option<String>,
    /// Who labels it; without a word, the maintainer.
    approved_by: Option<String>,
    assignees: Vec<String>,
}

/// Files the issues of a folder (`NN-name.md`), in the order of the file names.
pub(crate) fn issues(state: &mut State, folder: &Path) -> anyhow::Result<()> {
    let listed = std::fs::read_dir(folder).with_context(|| format!("reading the issues in {}", folder.display()))?;
    let mut paths = Vec::new();
    for entry in listed {
        let path = entry.with_context(|| format!("reading {}", folder.display()))?.path();
        if path.extension().is_some_and(|extension| extension == "md") {
            paths.push(path);
        }
    }
    paths.sort();
    for path in paths {
        let text = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or("issue");
        file(state, &text, stem).with_context(|| format!("in {}", path.display()))?;
    }
    Ok(())
}

/// Files one issue and gives its number.
pub(crate) fn file(state: &mut State, text: &str, stem: &str) -> anyhow::Result<u64> {
    let (head, rest) = split(text)?;
    let (heading, body) = match head.title {
        Some(_) => (None, rest),
        None => heading(rest),
    };
    let title = head.title.or(heading).unwrap_or_else(|| stem.to_owned());
    let author = person(state, head.author.as_deref().unwrap_or(login::MAINTAINER))?;
    let approver = person(state, head.approved_by.as_deref().unwrap_or(login::MAINTAINER))?;
    let body = body.trim();
    let number = issues::create(state, author, &title, Some(body).filter(|body| !body.is_empty()));
    for label in &head.labels {
        issues::label(state, approver, number, label);
    }
    issues::assign(state, approver, number, &head.assignees, true);
    Ok(number)
}

/// Front matter between two lines of `---`, and what follows.
fn split(text: &str) -> anyhow::Result<(Head, &str)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let Some(rest) = text.strip_prefix("---\n").or_else(|| text.strip_prefix("---\r\n")) else {
        return Ok((Head::default(), text));
    };
    let mut end = 0;
    for line in rest.split_inclusive('\n') {
        if line.trim_end() == "---" {
            let yaml = rest.get(..end).unwrap_or_default();
            let head = if yaml.trim().is_empty() { Head::default() } else { parse(yaml)? };
            return Ok((head, rest.get(end + line.len()..).unwrap_or_default()));
        }
        end += line.len();
    }
    bail!("the front matter has no closing line of ---")
}

fn parse(yaml: &str) -> anyhow::Result<Head> {
    serde_saphyr::from_str(yaml).map_err(|error| anyhow::anyhow!("the front matter is wrong: {error}"))
}

/// A first heading as the title, and the body below it.
fn heading(text: &str) -> (Option<String>, &str) {
    let trimmed = text.trim_start();
    match trimmed.strip_prefix("# ") {
        Some(rest) => {
            let (title, body) = rest.split_once('\n').unwrap_or((rest, ""));
            (Some(title.trim().to_owned()), body)
        }
        None => (None, text),
    }
}

/// The actor of a login; a stranger becomes a person who may only read.
fn person(state: &mut State, name: &str) -> anyhow::Result<Actor> {
    if state.people.by_login(name).is_none() {
        let id = state.id();
        state.people.add(id, name, UserKind::Human, Permission::Read);
    }
    state.people.actor(name).with_context(|| format!("nobody is called {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::state::Urls;

    fn state(dir: &Path) -> State {
        let (git, branch) = repository(&dir.join("r.git"), None).unwrap();
        let urls = Urls { api: "a".into(), html: "h".into(), graphql: "g".into() };
        State::new(urls, git, "acme/widgets".parse().unwrap(), false, &branch)
    }

    #[test]
    fn issues_are_filed_with_title_labels_and_author() {
        let dir = tempfile::tempdir().unwrap();
        let mut state = state(dir.path());
        let folder = dir.path().join("issues");
        std::fs::create_dir(&folder).unwrap();
        let first = "---\ntitle: Crash on empty input\nlabels: [roadmap, bug]\nauthor: ann\n---\nIt crashes.\n";
        std::fs::write(folder.join("01-crash.md"), first).unwrap();
        std::fs::write(folder.join("02-other.md"), "# Faster start\r\n\r\nPlease.\r\n").unwrap();
        std::fs::write(folder.join("notes.txt"), "no issue").unwrap();
        issues(&mut state, &folder).unwrap();
        let seen: Vec<_> =
            state.issues.values().map(|i| (i.number, i.title.as_str(), i.body.as_deref(), i.labels.len())).collect();
        assert_eq!(
            seen,
            [(1, "Crash on empty input", Some("It crashes."), 2), (2, "Faster start", Some("Please."), 0)]
        );
        let author = state.issues[&1].author.user;
        assert_eq!(state.people.account(author).unwrap().login, "ann");
        let labeller = state.events[0].actor.user;
        assert_eq!(state.people.account(labeller).unwrap().login, login::MAINTAINER);
    }

    #[test]
    fn wrong_front_matter_says_what_is_wrong() {
        let dir = tempfile::tempdir().unwrap();
        let mut state = state(dir.path());
        let open = file(&mut state, "---\ntitle: x\n", "x").unwrap_err().to_string();
        assert_eq!(open, "the front matter has no closing line of ---");
        let unknown = file(&mut state, "---\ntitel: x\n---\n", "x").unwrap_err().to_string();
        assert!(unknown.contains("titel"), "{unknown}");
    }

    #[test]
    fn a_folder_that_is_no_repository_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let error = repository(&dir.path().join("r.git"), Some(dir.path())).unwrap_err().to_string();
        assert!(error.contains("is no git repository"), "{error}");
    }
}
