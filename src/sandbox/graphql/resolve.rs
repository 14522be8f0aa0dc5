//! What every field is, read from the world.

mod checks;
mod code;
mod conversation;
mod people;
mod pull;
mod repository;
mod review;
mod timeline;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::mutate;
use super::node::{Connection, Failure, Node, Out, leaf, maybe, node_or_null};
use super::values::Args;
use crate::domain::user::TokenKind;
use crate::sandbox::clock::stamp;
use crate::sandbox::people::Access;
use crate::sandbox::rest::Caller;
use crate::sandbox::state::State;

pub(super) type Answer = Result<Out, Failure>;

/// What one request has looked at: several fields of one answer are one read, and agree with each other.
#[derive(Debug, Default)]
pub(super) struct Looked {
    /// Pull requests whose mergeability was asked for.
    pulls: BTreeSet<u64>,
    /// Commits whose checks were asked for.
    commits: BTreeSet<String>,
}

/// Who asks for which field of which node.
pub(super) struct Ask<'a> {
    pub(super) state: &'a mut State,
    pub(super) looked: &'a mut Looked,
    pub(super) caller: &'a Caller,
    pub(super) field: &'a str,
    pub(super) args: Args<'a>,
}

impl Ask<'_> {
    /// Lets an App's token pass that may read an area; people pass.
    fn may_read(&self, area: &str) -> Result<(), Failure> {
        let fine = self.caller.kind == TokenKind::Personal || self.state.access(self.caller, area) >= Access::Read;
        if fine { Ok(()) } else { Err(Failure::forbidden()) }
    }

    /// A field that the schema has and the sandbox forgot.
    fn unknown(&self) -> Answer {
        Err(Failure::new(None, format!("the sandbox has no resolver for `{}`", self.field)))
    }
}

/// The value of a field of a node.
pub(super) fn field(mut ask: Ask<'_>, node: &Node) -> Answer {
    match node {
        Node::Query => query(&ask),
        Node::Mutation => mutate::field(&mut ask),
        Node::RateLimit => rate_limit(&ask),
        Node::Viewer(id) => people::viewer(&ask, *id),
        Node::Account(id) => people::account(&ask, *id),
        Node::App(id) => people::app(&ask, *id),
        Node::Repository => repository::repository(&ask),
        Node::Label(name, color, description, id) => repository::label(&ask, name, color, description.as_deref(), *id),
        Node::Milestone(number) => repository::milestone(&ask, *number),
        Node::Ref(full) => code::reference(&ask, full),
        Node::Commit(commit) => code::commit(&mut ask, commit),
        Node::GitActor(who) => code::git_actor(&ask, who),
        Node::Tree(sha) => code::tree(&ask, sha),
        Node::Entry(parent, entry) => code::entry(&ask, parent, entry),
        Node::Blob(blob) => code::blob(&ask, blob),
        Node::Issue(number) => conversation::issue(&ask, *number),
        Node::Comment(id) => conversation::comment(&ask, *id),
        Node::Edit(edit) => conversation::edit(&ask, edit),
        Node::Pull(number) => pull::pull(&mut ask, *number),
        Node::AutoMerge(number) => pull::auto_merge(&ask, *number),
        Node::PullCommit(number, commit) => pull::commit(&ask, *number, commit),
        Node::File(file) => pull::file(&ask, file),
        Node::Review(id) => review::review(&ask, *id),
        Node::Thread(id) => review::thread(&ask, *id),
        Node::ReviewComment(id) => review::comment(&ask, *id),
        Node::Rollup(sha) => checks::rollup(&ask, sha),
        Node::CheckRun(id) => checks::run(&ask, *id),
        Node::Suite(id) => checks::suite(&ask, *id),
        Node::WorkflowRun(id) => checks::workflow_run(&ask, *id),
        Node::Status(id) => checks::status(&ask, *id),
        Node::Event(id, _) => timeline::event(&ask, *id),
        Node::Connection(connection) => Ok(connection_field(&ask, connection)),
        Node::Edge(_, cursor, node) => {
            Ok(if ask.field == "cursor" { leaf(cursor.as_str()) } else { node.as_ref().clone().out() })
        }
        Node::PageInfo(info) => Ok(match ask.field {
            "startCursor" => maybe(info.start.clone()),
            "endCursor" => maybe(info.end.clone()),
            "hasPreviousPage" => leaf(info.has_previous),
            _ => leaf(info.has_next),
        }),
        Node::Payload(_, fields) => {
            Ok(fields.iter().find(|(name, _)| *name == ask.field).map_or(Out::Null, |(_, out)| out.clone()))
        }
    }
}

fn query(ask: &Ask<'_>) -> Answer {
    Ok(match ask.field {
        "viewer" => Node::Viewer(ask.caller.actor.user).out(),
        "rateLimit" => Node::RateLimit.out(),
        "repository" => {
            let (owner, name) = (ask.args.text("owner").unwrap_or_default(), ask.args.text("name").unwrap_or_default());
            let ours =
                ask.state.name.owner().eq_ignore_ascii_case(owner) && ask.state.name.name().eq_ignore_ascii_case(name);
            if !ours || !ask.state.visible_to(Some(ask.caller)) {
                let message = format!("Could not resolve to a Repository with the name '{owner}/{name}'.");
                return Err(Failure::not_found(message));
            }
            Node::Repository.out()
        }
        "node" => {
            let id = ask.args.text("id").unwrap_or_default();
            let Some(node) = super::ids::find(ask.state, id) else {
                return Err(Failure::not_found(format!("Could not resolve to a node with the global id of '{id}'")));
            };
            node.out()
        }
        _ => return ask.unknown(),
    })
}

fn rate_limit(ask: &Ask<'_>) -> Answer {
    let token = ask.state.people.tokens.get(ask.caller.token);
    let Some(quota) = token.map(|token| &token.graphql) else { return Ok(Out::Null) };
    // The request that asks is counted after it was answered; GitHub counts it before.
    let used = (quota.used + 1).min(quota.limit);
    Ok(match ask.field {
        "limit" => leaf(quota.limit),
        "remaining" => leaf(quota.limit - used),
        "used" => leaf(used),
        "resetAt" => leaf(stamp(crate::sandbox::clock::from_seconds(quota.reset))),
        // Every query of the product stays within a hundred connections, which is one point.
        "cost" => leaf(1),
        "nodeCount" => leaf(0),
        _ => return ask.unknown(),
    })
}

fn connection_field(ask: &Ask<'_>, connection: &Connection) -> Out {
    let nodes = connection.nodes.iter();
    match ask.field {
        "nodes" => Out::List(nodes.map(|(_, node)| node.clone().out()).collect()),
        "edges" => {
            let edge = |(cursor, node): &(String, Node)| {
                Node::Edge(connection.edge_type, cursor.clone(), Box::new(node.clone())).out()
            };
            Out::List(nodes.map(edge).collect())
        }
        "pageInfo" => Node::PageInfo(connection.info.clone()).out(),
        _ => leaf(connection.total),
    }
}

/// A time as GitHub writes it.
fn time(at: DateTime<Utc>) -> Out {
    leaf(stamp(at))
}

fn maybe_time(at: Option<DateTime<Utc>>) -> Out {
    at.map_or(Out::Null, time)
}

/// A word of an enum, from the lower-case word of the REST API.
fn upper(word: &str) -> Out {
    leaf(json!(word.to_ascii_uppercase()))
}

/// The account behind an id as an `Actor`; null when it was deleted.
fn actor(ask: &Ask<'_>, id: u64) -> Out {
    node_or_null(ask.state.people.living(id).map(|account| Node::Account(account.id)))
}
