//! Holds an operation against the schema, with the errors that GitHub answers.

use std::collections::BTreeSet;

use graphql_parser::Pos;
use graphql_parser::query::{Directive, Field, Selection, SelectionSet, Type, Value as Literal};
use serde_json::{Map, Value, json};

use super::document::{Operation, condition};
use super::schema::{Arg, Schema, Ty, named};
use super::values;

/// Everything that is wrong with an operation; empty when it can be executed.
pub(super) fn errors(schema: &Schema, operation: &Operation<'_>) -> Vec<Value> {
    let mut check = Check { schema, operation, errors: Vec::new(), used: BTreeSet::new(), open: Vec::new() };
    check.selections(operation.selection, operation.root, &mut vec![operation.title.clone()]);
    let unused = operation.variables.iter().filter(|v| !check.used.contains(&v.name));
    let unused: Vec<Value> = unused
        .map(|v| {
            let message = format!("Variable ${} is declared by {} but not used", v.name, operation.title);
            error(
                v.position,
                std::slice::from_ref(&operation.title),
                "variableNotUsed",
                json!({"variableName": v.name}),
                &message,
            )
        })
        .collect();
    check.errors.extend(unused);
    check.errors
}

struct Check<'c, 'd> {
    schema: &'c Schema,
    operation: &'c Operation<'d>,
    errors: Vec<Value>,
    used: BTreeSet<String>,
    /// The fragments on the way, so that a circle ends.
    open: Vec<String>,
}

fn error(at: Pos, path: &[String], code: &str, more: Value, message: &str) -> Value {
    let mut extensions = Map::from_iter([("code".to_owned(), json!(code))]);
    if let Value::Object(more) = more {
        extensions.extend(more);
    }
    json!({"path": path, "extensions": extensions, "locations": [{"line": at.line, "column": at.column}], "message": message})
}

impl Check<'_, '_> {
    fn push(&mut self, at: Pos, path: &[String], code: &str, more: Value, message: &str) {
        self.errors.push(error(at, path, code, more, message));
    }

    fn selections(&mut self, set: &SelectionSet<'static, String>, parent: &str, path: &mut Vec<String>) {
        for selection in &set.items {
            match selection {
                Selection::Field(field) => self.field(field, parent, path),
                Selection::InlineFragment(fragment) => {
                    self.directives(&fragment.directives, path);
                    let on = fragment.type_condition.as_ref().map_or(parent, condition);
                    path.push(format!("... on {on}"));
                    if self.fragment_fits(fragment.position, on, parent, path) {
                        self.selections(&fragment.selection_set, on, path);
                    }
                    path.pop();
                }
                Selection::FragmentSpread(spread) => {
                    self.directives(&spread.directives, path);
                    let name = &spread.fragment_name;
                    let Some(fragment) = self.operation.fragments.get(name.as_str()).copied() else {
                        let message = format!("Fragment {name} was used, but not defined");
                        let more = json!({"fragmentName": name});
                        self.push(spread.position, path, "useAndDefineFragment", more, &message);
                        continue;
                    };
                    if self.open.contains(name) {
                        let message = format!("Fragment {name} contains an infinite loop");
                        self.push(spread.position, path, "infiniteLoop", json!({"fragmentName": name}), &message);
                        continue;
                    }
                    let on = condition(&fragment.type_condition);
                    if self.fragment_fits(fragment.position, on, parent, path) {
                        self.open.push(name.clone());
                        self.selections(&fragment.selection_set, on, &mut vec![format!("fragment {name}")]);
                        self.open.pop();
                    }
                }
            }
        }
    }

    fn fragment_fits(&mut self, at: Pos, on: &str, parent: &str, path: &[String]) -> bool {
        if !self.schema.is_composite(on) {
            let message = format!("No such type {on}, so it can't be a fragment condition");
            self.push(at, path, "undefinedType", json!({"typeName": on}), &message);
            return false;
        }
        if !self.schema.overlap(on, parent) {
            let message = format!("Fragment on {on} can't be spread inside {parent}");
            let more = json!({"typeName": parent, "fragmentName": "unknown", "parentName": parent});
            self.push(at, path, "cannotSpreadFragment", more, &message);
            return false;
        }
        true
    }

    fn field(&mut self, field: &Field<'static, String>, parent: &str, path: &mut Vec<String>) {
        self.directives(&field.directives, path);
        if field.name == "__typename" {
            return;
        }
        path.push(field.alias.as_ref().unwrap_or(&field.name).clone());
        match self.schema.field(parent, &field.name) {
            None => {
                let message = format!("Field '{}' doesn't exist on type '{parent}'", field.name);
                let more = json!({"typeName": parent, "fieldName": field.name});
                self.push(field.position, path, "undefinedField", more, &message);
            }
            Some(known) => {
                self.arguments(field, &known.args, path);
                self.leaf_or_not(field, &known.ty, path);
                if self.schema.is_composite(named(&known.ty)) {
                    self.selections(&field.selection_set, named(&known.ty), path);
                }
            }
        }
        path.pop();
    }

    fn leaf_or_not(&mut self, field: &Field<'static, String>, ty: &Ty, path: &[String]) {
        let (name, empty) = (&field.name, field.selection_set.items.is_empty());
        let more = json!({"nodeName": format!("field '{name}'"), "typeName": named(ty)});
        if self.schema.is_composite(named(ty)) && empty {
            let message = format!(
                "Field must have selections (field '{name}' returns {} but has no selections. Did you mean '{name} {{ ... }}'?)",
                named(ty)
            );
            self.push(field.position, path, "selectionMismatch", more, &message);
        } else if !self.schema.is_composite(named(ty)) && !empty {
            let message = format!("Selections can't be made on scalars (field '{name}' returns {})", named(ty));
            self.push(field.position, path, "selectionMismatch", more, &message);
        }
    }

    fn arguments(&mut self, field: &Field<'static, String>, declared: &[Arg], path: &[String]) {
        for (name, literal) in &field.arguments {
            let Some(arg) = declared.iter().find(|arg| arg.name == name) else {
                let message = format!("Field '{}' doesn't accept argument '{name}'", field.name);
                let more = json!({"name": field.name, "typeName": "Field", "argumentName": name});
                self.push(field.position, path, "argumentNotAccepted", more, &message);
                continue;
            };
            self.argument(field, arg, literal, path);
        }
        let missing: Vec<&str> = declared
            .iter()
            .filter(|arg| matches!(arg.ty, Type::NonNullType(_)) && arg.default.is_none())
            .filter(|arg| !field.arguments.iter().any(|(name, _)| name == arg.name))
            .map(|arg| arg.name)
            .collect();
        if !missing.is_empty() {
            let missing = missing.join(", ");
            let message = format!("Field '{}' is missing required arguments: {missing}", field.name);
            let more = json!({"className": "Field", "name": field.name, "arguments": missing});
            self.push(field.position, path, "missingRequiredArguments", more, &message);
        }
    }

    fn argument(
        &mut self,
        field: &Field<'static, String>,
        arg: &Arg,
        literal: &Literal<'static, String>,
        path: &[String],
    ) {
        let mut inside = Vec::new();
        values::variables_in(self.schema, literal, &arg.ty, &mut inside);
        for (name, wanted) in &inside {
            self.variable(field, name, wanted, path);
        }
        // With a variable inside, the whole value is checked when the variables are known.
        if inside.is_empty()
            && let Some(why) = values::problem(self.schema, &values::constant(literal), &arg.ty)
        {
            let message = format!(
                "Argument '{}' on Field '{}' has an invalid value ({literal}). Expected type '{}'. {why}",
                arg.name, field.name, arg.ty
            );
            let more = json!({"typeName": "Field", "argumentName": arg.name});
            self.push(field.position, path, "argumentLiteralsIncompatible", more, &message);
        }
    }

    fn variable(&mut self, field: &Field<'static, String>, name: &str, wanted: &Ty, path: &[String]) {
        self.used.insert(name.to_owned());
        let title = &self.operation.title;
        match self.operation.variables.iter().find(|v| v.name == name) {
            None => {
                let message = format!("Variable ${name} is used by {title} but not declared");
                self.push(field.position, path, "variableNotDefined", json!({"variableName": name}), &message);
            }
            Some(v) if !values::variable_fits(&v.var_type, v.default_value.is_some(), wanted) => {
                let message = format!("Type mismatch on variable ${name} and argument ({} / {wanted})", v.var_type);
                let more = json!({"variableName": name, "typeName": v.var_type.to_string()});
                self.push(field.position, path, "variableMismatch", more, &message);
            }
            Some(_) => {}
        }
    }

    fn directives(&mut self, directives: &[Directive<'static, String>], path: &[String]) {
        for directive in directives {
            if !matches!(directive.name.as_str(), "include" | "skip") {
                let message = format!("Directive @{} is not defined", directive.name);
                let more = json!({"directiveName": directive.name});
                self.push(directive.position, path, "undefinedDirective", more, &message);
            }
            for (_, literal) in &directive.arguments {
                if let Literal::Variable(name) = literal {
                    self.used.insert(name.clone());
                }
            }
        }
    }
}
