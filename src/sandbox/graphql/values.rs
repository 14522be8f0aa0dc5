//! Arguments and variables: whether they fit their types, and what they are as JSON.

use std::collections::BTreeMap;

use graphql_parser::query::{Text, Type, Value as Literal, VariableDefinition};
use serde_json::{Map, Value, json};

use super::schema::{Arg, Kind, Schema, Ty};

/// The values of an operation's variables; one that was left out is absent.
pub(super) type Variables = Map<String, Value>;

/// A literal without variables, as JSON; enum values are strings.
pub(super) fn constant<'a, T: Text<'a>>(literal: &Literal<'a, T>) -> Value {
    with_variables(literal, &Map::new()).unwrap_or(Value::Null)
}

/// A literal as JSON; nothing when it is a variable that was left out.
pub(super) fn with_variables<'a, T: Text<'a>>(literal: &Literal<'a, T>, variables: &Variables) -> Option<Value> {
    Some(match literal {
        Literal::Variable(name) => return variables.get(name.as_ref()).cloned(),
        Literal::Int(number) => json!(number.as_i64()),
        Literal::Float(number) => json!(number),
        Literal::String(text) => json!(text),
        Literal::Boolean(flag) => json!(flag),
        Literal::Null => Value::Null,
        Literal::Enum(word) => json!(word.as_ref()),
        Literal::List(items) => {
            items.iter().map(|i| with_variables(i, variables).unwrap_or(Value::Null)).collect::<Vec<_>>().into()
        }
        Literal::Object(fields) => {
            let fields =
                fields.iter().filter_map(|(k, v)| Some((k.as_ref().to_owned(), with_variables(v, variables)?)));
            Value::Object(fields.collect())
        }
    })
}

/// The arguments of a field with the schema's defaults.
pub(super) fn arguments(
    declared: &[Arg],
    given: &[(String, Literal<'_, String>)],
    variables: &Variables,
) -> Map<String, Value> {
    let mut args = Map::new();
    for arg in declared {
        let given = given.iter().find(|(name, _)| name == arg.name);
        let value = given.and_then(|(_, literal)| with_variables(literal, variables)).or_else(|| arg.default.clone());
        if let Some(value) = value {
            args.insert(arg.name.to_owned(), value);
        }
    }
    args
}

/// Why a value is no value of a type; nothing when it is one. `$variable`s inside literals are checked elsewhere.
pub(super) fn problem<'a, T: Text<'a>>(schema: &Schema, value: &Value, ty: &Type<'a, T>) -> Option<String> {
    match (ty, value) {
        (Type::NonNullType(_), Value::Null) => Some("Expected value to not be null".to_owned()),
        (Type::NonNullType(inner), value) => problem(schema, value, inner),
        (_, Value::Null) => None,
        (Type::ListType(inner), Value::Array(items)) => items.iter().find_map(|item| problem(schema, item, inner)),
        // A single value stands for a list of one.
        (Type::ListType(inner), value) => problem(schema, value, inner),
        (Type::NamedType(name), value) => match schema.kind(name.as_ref()) {
            Some(Kind::Enum(words)) => (!value.as_str().is_some_and(|word| words.contains(&word)))
                .then(|| format!("Expected {value} to be one of: {}", words.join(", "))),
            Some(Kind::Input(fields)) => input_problem(schema, value, fields),
            _ if scalar_fits(name.as_ref(), value) => None,
            _ => Some(format!("Could not coerce value {value} to {}", name.as_ref())),
        },
    }
}

fn input_problem(schema: &Schema, value: &Value, fields: &[Arg]) -> Option<String> {
    let Some(object) = value.as_object() else { return Some(format!("Expected {value} to be an object")) };
    if let Some(name) = object.keys().find(|name| !fields.iter().any(|f| f.name == *name)) {
        return Some(format!("Field is not defined on the input object: {name}"));
    }
    fields.iter().find_map(|field| {
        let given = object.get(field.name).or(field.default.as_ref()).unwrap_or(&Value::Null);
        problem(schema, given, &field.ty).map(|why| format!("{}: {why}", field.name))
    })
}

fn scalar_fits(name: &str, value: &Value) -> bool {
    match name {
        "Int" => value.as_i64().is_some_and(|n| i32::try_from(n).is_ok()),
        "Float" => value.is_number(),
        "Boolean" => value.is_boolean(),
        "ID" => value.is_string() || value.is_i64(),
        "GitObjectID" => value.as_str().is_some_and(|s| s.len() == 40 && s.bytes().all(|b| b.is_ascii_hexdigit())),
        _ => value.is_string(),
    }
}

/// The variables of an operation: given values, defaults, and what is wrong with them.
pub(super) fn variables(
    schema: &Schema,
    declared: &[VariableDefinition<'_, String>],
    given: &Map<String, Value>,
) -> Result<Variables, Vec<Value>> {
    let (mut variables, mut errors) = (Map::new(), Vec::new());
    for definition in declared {
        let name = &definition.name;
        let value = given.get(name).cloned().or_else(|| definition.default_value.as_ref().map(constant));
        let why = match &value {
            None if matches!(definition.var_type, Type::NonNullType(_)) => {
                Some("Expected value to not be null".to_owned())
            }
            None => None,
            Some(value) => problem(schema, value, &definition.var_type),
        };
        if let Some(why) = why {
            errors.push(json!({
                "extensions": {"value": value, "problems": [{"path": [], "explanation": why}]},
                "locations": [{"line": definition.position.line, "column": definition.position.column}],
                "message": format!("Variable ${name} of type {} was provided invalid value", definition.var_type),
            }));
        } else if let Some(value) = value {
            variables.insert(name.clone(), value);
        }
    }
    if errors.is_empty() { Ok(variables) } else { Err(errors) }
}

/// Whether a variable of type `declared` (with a default or not) may stand where `wanted` is expected.
pub(super) fn variable_fits(declared: &Type<'_, String>, has_default: bool, wanted: &Ty) -> bool {
    match (declared, wanted) {
        (Type::NonNullType(declared), Type::NonNullType(wanted))
        | (Type::ListType(declared), Type::ListType(wanted)) => variable_fits(declared, false, wanted),
        (Type::NonNullType(declared), wanted) => variable_fits(declared, false, wanted),
        (declared, Type::NonNullType(wanted)) => has_default && variable_fits(declared, false, wanted),
        (declared, Type::ListType(wanted)) => variable_fits(declared, false, wanted),
        (Type::NamedType(declared), Type::NamedType(wanted)) => declared == wanted,
        (Type::ListType(_), Type::NamedType(_)) => false,
    }
}

/// A borrowed view of arguments, with the conversions resolvers need.
#[derive(Debug, Clone, Copy)]
pub(super) struct Args<'a>(pub(super) &'a Map<String, Value>);

impl<'a> Args<'a> {
    pub(super) fn text(self, name: &str) -> Option<&'a str> {
        self.0.get(name).and_then(Value::as_str)
    }

    pub(super) fn number(self, name: &str) -> Option<u64> {
        self.0.get(name).and_then(Value::as_u64)
    }

    pub(super) fn flag(self, name: &str) -> Option<bool> {
        self.0.get(name).and_then(Value::as_bool)
    }

    /// A list of words; a single one stands for a list of one.
    pub(super) fn words(self, name: &str) -> Option<Vec<&'a str>> {
        match self.0.get(name)? {
            Value::Array(items) => Some(items.iter().filter_map(Value::as_str).collect()),
            Value::String(word) => Some(vec![word]),
            _ => None,
        }
    }

    /// An input object.
    pub(super) fn object(self, name: &str) -> Option<Args<'a>> {
        self.0.get(name).and_then(Value::as_object).map(Args)
    }

    /// A list of input objects.
    pub(super) fn objects(self, name: &str) -> Vec<Args<'a>> {
        self.0
            .get(name)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|v| v.as_object().map(Args))
            .collect()
    }
}

/// The variables that a literal uses, each with the type it stands for.
pub(super) fn variables_in<'v>(
    schema: &'v Schema,
    literal: &'v Literal<'_, String>,
    ty: &'v Ty,
    found: &mut Vec<(String, &'v Ty)>,
) {
    match (literal, ty) {
        (Literal::Variable(name), ty) => found.push((name.clone(), ty)),
        (Literal::List(items), Type::ListType(inner)) => {
            for item in items {
                variables_in(schema, item, inner, found);
            }
        }
        (literal, Type::NonNullType(inner) | Type::ListType(inner)) => variables_in(schema, literal, inner, found),
        (Literal::Object(fields), Type::NamedType(name)) => {
            let Some(Kind::Input(declared)) = schema.kind(name) else { return };
            let fields: BTreeMap<&str, &Literal<'_, String>> = fields.iter().map(|(k, v)| (k.as_str(), v)).collect();
            for field in declared {
                if let Some(literal) = fields.get(field.name) {
                    variables_in(schema, literal, &field.ty, found);
                }
            }
        }
        _ => {}
    }
}
