//! Connections: pages of nodes with opaque cursors, and the bounds that GitHub demands.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::node::{Connection, Failure, Node, Out, PageInfo};
use super::values::Args;

/// The page of `nodes` that `first`/`after` or `last`/`before` ask for. `field` stands in the errors.
pub(super) fn page(
    (type_name, edge_type): (&'static str, &'static str),
    field: &str,
    nodes: Vec<Node>,
    args: Args<'_>,
) -> Result<Out, Failure> {
    for side in ["first", "last"] {
        if let Some(count) = args.number(side).filter(|count| *count > 100) {
            let message = format!(
                "Requesting {count} records on the `{field}` connection exceeds the `{side}` limit of 100 records."
            );
            return Err(Failure::new(Some("EXCESSIVE_PAGINATION"), message));
        }
    }
    let size = |name| args.number(name).and_then(|n| usize::try_from(n).ok());
    let (first, last) = (size("first"), size("last"));
    if first.is_none() && last.is_none() {
        let message =
            format!("You must provide a `first` or `last` value to properly paginate the `{field}` connection.");
        return Err(Failure::new(Some("MISSING_PAGINATION_BOUNDARIES"), message));
    }
    let total = nodes.len();
    let after = args.text("after").map(position).transpose()?;
    let before = args.text("before").map(position).transpose()?;
    let mut start = after.map_or(0, |at| at + 1).min(total);
    let mut end = before.unwrap_or(total).clamp(start, total);
    if let Some(first) = first {
        end = end.min(start.saturating_add(first));
    }
    if let Some(last) = last {
        start = start.max(end.saturating_sub(last));
    }
    let page: Vec<(String, Node)> =
        nodes.into_iter().enumerate().skip(start).take(end - start).map(|(at, node)| (cursor(at), node)).collect();
    let info = PageInfo {
        start: page.first().map(|(cursor, _)| cursor.clone()),
        end: page.last().map(|(cursor, _)| cursor.clone()),
        has_previous: start > 0,
        has_next: end < total,
    };
    Ok(Node::Connection(Box::new(Connection { type_name, edge_type, nodes: page, total, info })).out())
}

fn cursor(at: usize) -> String {
    STANDARD.encode(format!("cursor:v2:{at}"))
}

fn position(cursor: &str) -> Result<usize, Failure> {
    let decoded = STANDARD.decode(cursor).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let at = decoded.and_then(|text| text.strip_prefix("cursor:v2:")?.parse().ok());
    at.ok_or_else(|| {
        Failure::new(Some("INVALID_CURSOR_ARGUMENTS"), format!("`{cursor}` does not appear to be a valid cursor."))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ask(args: &serde_json::Value) -> Result<(usize, bool, Option<String>), String> {
        let nodes = (0..5).map(Node::Issue).collect();
        let args = args.as_object().unwrap();
        match page(("IssueConnection", "IssueEdge"), "issues", nodes, Args(args)) {
            Ok(Out::Node(node)) => match *node {
                Node::Connection(c) => Ok((c.nodes.len(), c.info.has_next, c.info.end)),
                other => panic!("{other:?}"),
            },
            Ok(other) => panic!("{other:?}"),
            Err(failure) => Err(failure.message),
        }
    }

    #[test]
    fn pages_follow_cursors_to_the_end() {
        let (count, more, end) = ask(&json!({"first": 3})).unwrap();
        assert_eq!((count, more), (3, true));
        assert_eq!(ask(&json!({"first": 3, "after": end})).unwrap().0, 2);
        assert_eq!(ask(&json!({"last": 1})).unwrap(), (1, false, Some(cursor(4))));
    }

    #[test]
    fn a_page_needs_a_bound_of_at_most_a_hundred() {
        assert!(ask(&json!({})).unwrap_err().starts_with("You must provide a `first` or `last`"));
        assert!(ask(&json!({"first": 101})).unwrap_err().starts_with("Requesting 101 records"));
        assert!(ask(&json!({"first": 1, "after": "x"})).unwrap_err().contains("valid cursor"));
    }
}
