//! Layers: defaults, then the repository's file, then inputs and flags. Every value remembers where it came from.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::defaults::{self, ROLES};
use super::node::Place;

/// Values from the Action's inputs or from flags. They win over the file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inputs {
    /// `model-provider`: every role uses it.
    pub provider: Option<String>,
    /// `model`: every role uses it.
    pub model: Option<String>,
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    Default,
    File {
        name: String,
        line: u64,
        column: u64,
    },
    /// By the input's name.
    Input(&'static str),
}

impl Serialize for Source {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { name, line, .. } => write!(f, "{name}:{line}"),
            Self::Input(name) => write!(f, "input {name}"),
        }
    }
}

/// All layers as one value in the shape of the file, and the source of each part by its path.
#[derive(Debug, Clone)]
pub(super) struct Layered {
    pub(super) value: Map<String, Value>,
    sources: BTreeMap<String, Source>,
}

impl Layered {
    pub(super) fn new(
        file_name: &str,
        file: Map<String, Value>,
        places: &BTreeMap<String, Place>,
        inputs: &Inputs,
    ) -> Self {
        let mut layered = Self { value: defaults::layer(), sources: BTreeMap::new() };
        for (path, place) in places {
            let source = Source::File { name: file_name.to_owned(), line: place.line, column: place.column };
            layered.sources.insert(path.clone(), source);
        }
        merge(&mut layered.value, file);
        layered.take_inputs(inputs);
        layered.inherit_models();
        layered
    }

    /// The source of a value, or of the nearest part around it that was written.
    pub(super) fn source(&self, path: &str) -> Source {
        self.exact(path).cloned().unwrap_or(Source::Default)
    }

    /// The place to show for a problem at this path: its own, or that of what stands around it.
    pub(super) fn around(&self, path: &str) -> Source {
        let mut part = path;
        loop {
            if let Some(source) = self.exact(part) {
                return source.clone();
            }
            match part.rfind(['.', '[']) {
                Some(at) => part = &part[..at],
                None => return Source::Default,
            }
        }
    }

    fn exact(&self, path: &str) -> Option<&Source> {
        self.sources.get(path)
    }

    /// An input names the model of the whole run: roles keep their temperature and limits only.
    fn take_inputs(&mut self, inputs: &Inputs) {
        let given = [("provider", &inputs.provider, "model-provider"), ("model", &inputs.model, "model")];
        if given.iter().all(|(_, value, _)| value.is_none()) {
            return;
        }
        let Some(models) = object(&mut self.value, "models") else { return };
        for role in ROLES.iter().skip(1) {
            if let Some(Value::Object(own)) = models.get_mut(role.name()) {
                own.remove("provider");
                own.remove("model");
                for key in ["provider", "model"] {
                    self.sources.remove(&format!("models.{}.{key}", role.name()));
                }
            }
        }
        let Some(engineer) = object(models, "engineer") else { return };
        for (key, value, input) in given {
            if let Some(value) = value {
                engineer.insert(key.to_owned(), Value::String(value.clone()));
                self.sources.insert(format!("models.engineer.{key}"), Source::Input(input));
            }
        }
    }

    /// Roles take from the engineer what they don't say; temperatures and answer sizes have defaults of their own.
    fn inherit_models(&mut self) {
        let Some(Value::Object(models)) = self.value.get_mut("models") else { return };
        let engineer = models.get("engineer").and_then(Value::as_object).cloned();
        for role in ROLES {
            if engineer.is_none() && !models.contains_key(role.name()) {
                continue;
            }
            let Some(own) = object(models, role.name()) else { continue };
            let mut inherited = Vec::new();
            if let Some(engineer) = &engineer {
                let same_model = own.get("model").is_none_or(|model| engineer.get("model") == Some(model));
                inherited = vec!["provider", "model"];
                if same_model {
                    inherited.push("context_tokens");
                }
                inherited.retain(|key| !own.contains_key(*key) && engineer.contains_key(*key));
                for key in &inherited {
                    own.insert((*key).to_owned(), engineer[*key].clone());
                }
            }
            let fallbacks = [
                ("provider", json!("openai")),
                ("temperature", json!(defaults::temperature(role))),
                ("max_output_tokens", json!(defaults::max_output_tokens(role))),
                ("context_tokens", json!(defaults::CONTEXT_TOKENS)),
            ];
            for (key, value) in fallbacks {
                own.entry(key).or_insert(value);
            }
            for key in inherited {
                if let Some(source) = self.sources.get(&format!("models.engineer.{key}")).cloned() {
                    self.sources.insert(format!("models.{}.{key}", role.name()), source);
                }
            }
        }
    }
}

/// Mappings are merged key by key; everything else, lists too, is replaced.
fn merge(below: &mut Map<String, Value>, above: Map<String, Value>) {
    for (key, value) in above {
        match (below.get_mut(&key), value) {
            (Some(Value::Object(old)), Value::Object(new)) => merge(old, new),
            (_, value) => {
                below.insert(key, value);
            }
        }
    }
}

/// The mapping under a key, made where there is none; `None` where something else stands there.
fn object<'a>(map: &'a mut Map<String, Value>, key: &str) -> Option<&'a mut Map<String, Value>> {
    map.entry(key).or_insert_with(|| Value::Object(Map::new())).as_object_mut()
}
