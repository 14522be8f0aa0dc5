//! Global node ids, the same that the REST API shows as `node_id`.

use super::node::{Blob, Node};
use crate::sandbox::state::State;

/// The node of a global id.
pub(super) fn find(state: &State, id: &str) -> Option<Node> {
    let (prefix, rest) = id.split_once("_kwSB")?;
    if let ("C" | "T" | "B", sha) = (prefix, rest) {
        return match (prefix, state.git.kind(sha)?.as_str()) {
            ("C", "commit") => Some(Node::Commit(Box::new(state.git.commit(sha).ok()?))),
            ("T", "tree") => Some(Node::Tree(sha.to_owned())),
            ("B", "blob") => Some(Blob::node(sha)),
            _ => None,
        };
    }
    let number: u64 = rest.parse().ok()?;
    match prefix {
        "R" => (state.repo.id == number).then_some(Node::Repository),
        "U" | "BOT" | "O" => state.people.living(number).map(|account| Node::Account(account.id)),
        "I" => state.issues.values().find(|i| i.id == number).map(|i| Node::Issue(i.number)),
        "PR" => state.pulls.values().find(|p| p.id == number).map(|p| Node::Pull(p.number)),
        "IC" => state.comments.get(&number).map(|c| Node::Comment(c.id)),
        "PRR" => state.reviews.iter().find(|r| r.id == number).map(|r| Node::Review(r.id)),
        "PRRC" => state.review_comments.iter().find(|c| c.id == number).map(|c| Node::ReviewComment(c.id)),
        "PRRT" => {
            state.review_comments.iter().find(|c| c.id == number && c.reply_to.is_none()).map(|c| Node::Thread(c.id))
        }
        "LA" => state
            .labels
            .iter()
            .find(|l| l.id == number)
            .map(|l| Node::Label(l.name.clone(), l.color.clone(), l.description.clone(), l.id)),
        "CR" => state.check_runs.iter().find(|c| c.id == number).map(|c| Node::CheckRun(c.id)),
        _ => None,
    }
}
