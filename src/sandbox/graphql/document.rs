//! The operation of a request: parsed, chosen by name, with its fragments.

use std::collections::BTreeMap;

use graphql_parser::query::{
    Definition, Document, FragmentDefinition, OperationDefinition, SelectionSet, TypeCondition, VariableDefinition,
};

/// One operation, ready to be validated and executed.
#[derive(Debug)]
pub(super) struct Operation<'d> {
    /// `query` or `mutation`, with the operation's name: the first step of every error's path.
    pub(super) title: String,
    pub(super) root: &'static str,
    pub(super) variables: &'d [VariableDefinition<'static, String>],
    pub(super) selection: &'d SelectionSet<'static, String>,
    pub(super) fragments: BTreeMap<&'d str, &'d FragmentDefinition<'static, String>>,
}

/// The operation called `name`, or the only one.
pub(super) fn operation<'d>(
    document: &'d Document<'static, String>,
    name: Option<&str>,
) -> Result<Operation<'d>, String> {
    let mut fragments = BTreeMap::new();
    let mut operations = Vec::new();
    for definition in &document.definitions {
        match definition {
            Definition::Fragment(fragment) => {
                fragments.insert(fragment.name.as_str(), fragment);
            }
            Definition::Operation(operation) => operations.push(operation),
        }
    }
    let chosen = match (name, operations.as_slice()) {
        (_, []) => return Err("A query attribute must be specified and must be a string.".to_owned()),
        (None | Some(""), [only]) => *only,
        (None | Some(""), _) => return Err("An operation name is required".to_owned()),
        (Some(name), all) => *all
            .iter()
            .find(|operation| name_of(operation) == Some(name))
            .ok_or_else(|| format!("No operation named \"{name}\""))?,
    };
    let (word, root, variables, selection): (_, _, &[_], _) = match chosen {
        OperationDefinition::SelectionSet(selection) => ("query", "Query", &[], selection),
        OperationDefinition::Query(q) => ("query", "Query", &q.variable_definitions, &q.selection_set),
        OperationDefinition::Mutation(m) => ("mutation", "Mutation", &m.variable_definitions, &m.selection_set),
        OperationDefinition::Subscription(_) => return Err("Schema is not configured for subscriptions".to_owned()),
    };
    let title = name_of(chosen).map_or_else(|| word.to_owned(), |name| format!("{word} {name}"));
    Ok(Operation { title, root, variables, selection, fragments })
}

fn name_of<'d>(operation: &'d OperationDefinition<'static, String>) -> Option<&'d str> {
    match operation {
        OperationDefinition::SelectionSet(_) => None,
        OperationDefinition::Query(q) => q.name.as_deref(),
        OperationDefinition::Mutation(m) => m.name.as_deref(),
        OperationDefinition::Subscription(s) => s.name.as_deref(),
    }
}

/// The type name of a fragment's condition.
pub(super) fn condition<'d>(condition: &'d TypeCondition<'static, String>) -> &'d str {
    let TypeCondition::On(name) = condition;
    name
}
