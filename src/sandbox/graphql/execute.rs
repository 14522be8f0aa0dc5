//! Executes a validated operation: fields in order, nulls that rise, errors with their paths.

use graphql_parser::Pos;
use graphql_parser::query::{Directive, Field, Selection, SelectionSet, Type};
use serde_json::{Map, Value, json};

use super::document::{Operation, condition};
use super::node::{Failure, Node, Out};
use super::resolve::{self, Ask, Looked};
use super::schema::{Schema, Ty, named};
use super::values::{self, Args, Variables};
use crate::sandbox::rest::Caller;
use crate::sandbox::state::State;

type Fields<'d> = Vec<(String, Vec<&'d Field<'static, String>>)>;

/// A null that may not stand where it is; its error is already written down.
struct Rises;

pub(super) struct Execution<'e, 'd> {
    pub(super) schema: &'e Schema,
    pub(super) operation: &'e Operation<'d>,
    pub(super) variables: &'e Variables,
    pub(super) state: &'e mut State,
    pub(super) caller: &'e Caller,
    pub(super) looked: Looked,
    pub(super) errors: Vec<Value>,
}

impl<'d> Execution<'_, 'd> {
    /// The `data` of the answer; null when a null rose to the top.
    pub(super) fn run(&mut self) -> Value {
        let root = if self.operation.root == "Mutation" { Node::Mutation } else { Node::Query };
        let selection = self.operation.selection;
        self.object(&root, &[selection], &mut Vec::new()).unwrap_or(Value::Null)
    }

    fn object(
        &mut self,
        node: &Node,
        sets: &[&'d SelectionSet<'static, String>],
        path: &mut Vec<Value>,
    ) -> Result<Value, Rises> {
        let concrete = node.type_name(self.state);
        let mut fields = Fields::new();
        for set in sets {
            self.collect(set, concrete, &mut fields);
        }
        let mut object = Map::new();
        for (key, fields) in fields {
            path.push(json!(key));
            let value = self.field(node, concrete, &fields, path);
            path.pop();
            object.insert(key, value?);
        }
        Ok(Value::Object(object))
    }

    /// The fields that are selected on a concrete type, those of one key together.
    fn collect(&self, set: &'d SelectionSet<'static, String>, concrete: &str, fields: &mut Fields<'d>) {
        for selection in &set.items {
            match selection {
                Selection::Field(field) if self.included(&field.directives) => {
                    let key = field.alias.as_ref().unwrap_or(&field.name);
                    match fields.iter_mut().find(|(known, _)| known == key) {
                        Some((_, same)) => same.push(field),
                        None => fields.push((key.clone(), vec![field])),
                    }
                }
                Selection::InlineFragment(fragment) if self.included(&fragment.directives) => {
                    let on = fragment.type_condition.as_ref().map(condition);
                    if on.is_none_or(|on| self.schema.is_a(concrete, on)) {
                        self.collect(&fragment.selection_set, concrete, fields);
                    }
                }
                Selection::FragmentSpread(spread) if self.included(&spread.directives) => {
                    let fragment = self.operation.fragments.get(spread.fragment_name.as_str()).copied();
                    if let Some(fragment) = fragment
                        && self.schema.is_a(concrete, condition(&fragment.type_condition))
                    {
                        self.collect(&fragment.selection_set, concrete, fields);
                    }
                }
                _ => {}
            }
        }
    }

    fn included(&self, directives: &[Directive<'static, String>]) -> bool {
        directives.iter().all(|directive| {
            let condition = directive.arguments.iter().find(|(name, _)| name == "if");
            let condition = condition.and_then(|(_, literal)| values::with_variables(literal, self.variables));
            let holds = condition == Some(Value::Bool(true));
            if directive.name == "skip" { !holds } else { holds }
        })
    }

    fn field(
        &mut self,
        node: &Node,
        concrete: &'static str,
        fields: &[&'d Field<'static, String>],
        path: &mut Vec<Value>,
    ) -> Result<Value, Rises> {
        let Some(field) = fields.first().copied() else { return Ok(Value::Null) };
        if field.name == "__typename" {
            return Ok(json!(concrete));
        }
        let schema = self.schema;
        let Some(known) = schema.field(concrete, &field.name) else { return Ok(Value::Null) };
        let args = values::arguments(&known.args, &field.arguments, self.variables);
        let ask = Ask {
            state: self.state,
            looked: &mut self.looked,
            caller: self.caller,
            field: &field.name,
            args: Args(&args),
        };
        let out = resolve::field(ask, node);
        let sets: Vec<&SelectionSet<'static, String>> = fields.iter().map(|f| &f.selection_set).collect();
        let out = match out {
            Ok(out) => out,
            Err(failure) => {
                self.fail(field.position, path, &failure);
                return if matches!(known.ty, Type::NonNullType(_)) { Err(Rises) } else { Ok(Value::Null) };
            }
        };
        self.complete(out, &known.ty, &sets, field, path)
    }

    fn complete(
        &mut self,
        out: Out,
        ty: &Ty,
        sets: &[&'d SelectionSet<'static, String>],
        field: &Field<'static, String>,
        path: &mut Vec<Value>,
    ) -> Result<Value, Rises> {
        match (ty, out) {
            (Type::NonNullType(inner), out) => {
                let errors = self.errors.len();
                match self.complete(out, inner, sets, field, path)? {
                    Value::Null => {
                        if self.errors.len() == errors {
                            let why = format!("Cannot return null for non-nullable field {}", field.name);
                            self.fail(field.position, path, &Failure::new(None, why));
                        }
                        Err(Rises)
                    }
                    value => Ok(value),
                }
            }
            (_, Out::Null) => Ok(Value::Null),
            (Type::ListType(inner), Out::List(items)) => {
                let mut values = Vec::with_capacity(items.len());
                for (at, item) in items.into_iter().enumerate() {
                    path.push(json!(at));
                    let value = self.complete(item, inner, sets, field, path);
                    path.pop();
                    match value {
                        Ok(value) => values.push(value),
                        Err(Rises) => return Ok(Value::Null),
                    }
                }
                Ok(Value::Array(values))
            }
            (_, Out::Leaf(value)) => Ok(value),
            (ty, Out::Node(node)) if self.schema.is_composite(named(ty)) => {
                Ok(self.object(&node, sets, path).unwrap_or(Value::Null))
            }
            (ty, _) => {
                let why = format!("the sandbox resolves {} to something that is no {ty}", field.name);
                self.fail(field.position, path, &Failure::new(None, why));
                Ok(Value::Null)
            }
        }
    }

    fn fail(&mut self, at: Pos, path: &[Value], failure: &Failure) {
        let mut error = Map::new();
        if let Some(kind) = failure.kind {
            error.insert("type".to_owned(), json!(kind));
        }
        error.insert("path".to_owned(), json!(path));
        error.insert("locations".to_owned(), json!([{"line": at.line, "column": at.column}]));
        error.insert("message".to_owned(), json!(failure.message));
        self.errors.push(Value::Object(error));
    }
}
