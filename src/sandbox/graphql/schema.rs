//! GitHub's schema, as far as the embedded GitHub knows it, in a form that is quick to ask.

use std::collections::HashMap;
use std::sync::OnceLock;

use graphql_parser::schema::{Definition, InputValue, Type, TypeDefinition, parse_schema};
use serde_json::Value;

use super::values;

/// A type reference, such as `[Label!]!`.
pub(super) type Ty = Type<'static, &'static str>;

#[derive(Debug)]
pub(super) struct Schema {
    types: HashMap<&'static str, Kind>,
}

#[derive(Debug)]
pub(super) enum Kind {
    Scalar,
    Enum(Vec<&'static str>),
    Object { fields: HashMap<&'static str, Field>, interfaces: Vec<&'static str> },
    Interface { fields: HashMap<&'static str, Field> },
    Union(Vec<&'static str>),
    Input(Vec<Arg>),
}

#[derive(Debug)]
pub(super) struct Field {
    pub(super) args: Vec<Arg>,
    pub(super) ty: Ty,
}

#[derive(Debug)]
pub(super) struct Arg {
    pub(super) name: &'static str,
    pub(super) ty: Ty,
    pub(super) default: Option<Value>,
}

/// The one schema; an error is a mistake in the file beside this one.
pub(super) fn schema() -> Result<&'static Schema, String> {
    static SCHEMA: OnceLock<Result<Schema, String>> = OnceLock::new();
    SCHEMA.get_or_init(|| Schema::parse(include_str!("github.graphql"))).as_ref().map_err(Clone::clone)
}

impl Schema {
    fn parse(text: &'static str) -> Result<Self, String> {
        let document = parse_schema::<&'static str>(text).map_err(|e| format!("github.graphql: {e}"))?;
        let mut types: HashMap<&'static str, Kind> =
            ["Int", "Float", "String", "Boolean", "ID"].map(|name| (name, Kind::Scalar)).into();
        for definition in document.definitions {
            let Definition::TypeDefinition(definition) = definition else { continue };
            let fields = |fields: Vec<graphql_parser::schema::Field<'static, &'static str>>| {
                fields.into_iter().map(|f| (f.name, Field { args: args(f.arguments), ty: f.field_type })).collect()
            };
            let (name, kind) = match definition {
                TypeDefinition::Scalar(t) => (t.name, Kind::Scalar),
                TypeDefinition::Enum(t) => (t.name, Kind::Enum(t.values.iter().map(|v| v.name).collect())),
                TypeDefinition::Object(t) => {
                    (t.name, Kind::Object { fields: fields(t.fields), interfaces: t.implements_interfaces })
                }
                TypeDefinition::Interface(t) => (t.name, Kind::Interface { fields: fields(t.fields) }),
                TypeDefinition::Union(t) => (t.name, Kind::Union(t.types)),
                TypeDefinition::InputObject(t) => (t.name, Kind::Input(args(t.fields))),
            };
            types.insert(name, kind);
        }
        Ok(Self { types })
    }

    pub(super) fn kind(&self, name: &str) -> Option<&Kind> {
        self.types.get(name)
    }

    pub(super) fn field(&self, type_name: &str, field: &str) -> Option<&Field> {
        match self.kind(type_name)? {
            Kind::Object { fields, .. } | Kind::Interface { fields } => fields.get(field),
            _ => None,
        }
    }

    pub(super) fn is_composite(&self, name: &str) -> bool {
        matches!(self.kind(name), Some(Kind::Object { .. } | Kind::Interface { .. } | Kind::Union(_)))
    }

    /// Whether a value of the object type `concrete` is a `condition`.
    pub(super) fn is_a(&self, concrete: &str, condition: &str) -> bool {
        concrete == condition
            || match (self.kind(condition), self.kind(concrete)) {
                (Some(Kind::Union(members)), _) => members.contains(&concrete),
                (Some(Kind::Interface { .. }), Some(Kind::Object { interfaces, .. })) => {
                    interfaces.contains(&condition)
                }
                _ => false,
            }
    }

    /// Whether some object type is both.
    pub(super) fn overlap(&self, one: &str, other: &str) -> bool {
        let objects = self.types.iter().filter(|(_, kind)| matches!(kind, Kind::Object { .. }));
        objects.into_iter().any(|(name, _)| self.is_a(name, one) && self.is_a(name, other))
    }
}

fn args(values: Vec<InputValue<'static, &'static str>>) -> Vec<Arg> {
    let arg = |v: InputValue<'static, &'static str>| Arg {
        name: v.name,
        ty: v.value_type,
        default: v.default_value.map(|value| values::constant(&value)),
    };
    values.into_iter().map(arg).collect()
}

/// The named type inside lists and non-nulls.
pub(super) fn named<'a>(ty: &'a Type<'static, &'static str>) -> &'a str {
    match ty {
        Type::NamedType(name) => name,
        Type::ListType(inner) | Type::NonNullType(inner) => named(inner),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_that_is_named_is_defined() {
        let schema = schema().unwrap();
        for (name, kind) in &schema.types {
            let args_of = |args: &[Arg]| args.iter().map(|a| named(&a.ty).to_owned()).collect::<Vec<_>>();
            let used = match kind {
                Kind::Scalar | Kind::Enum(_) => vec![],
                Kind::Union(members) => members.iter().map(|m| (*m).to_owned()).collect(),
                Kind::Input(args) => args_of(args),
                Kind::Object { fields, .. } | Kind::Interface { fields } => {
                    fields.values().flat_map(|f| [args_of(&f.args), vec![named(&f.ty).to_owned()]].concat()).collect()
                }
            };
            for used in used {
                assert!(schema.kind(&used).is_some(), "{name} names {used}");
            }
        }
        assert!(schema.is_a("Bot", "Actor") && !schema.is_a("Tree", "Actor"));
        assert!(schema.overlap("Actor", "Node") && !schema.overlap("Tree", "Commit"));
    }
}
