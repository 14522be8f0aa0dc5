//! What a route works with: the world, the request, the caller and the caller's rights.

use serde_json::Value;

use crate::domain::user::{Permission, TokenKind};
use crate::sandbox::exchange::Request;
use crate::sandbox::people::{Access, Actor, Token};
use crate::sandbox::refusal::{Refusal, error_of, invalid};
use crate::sandbox::state::State;

/// Whoever a request comes from.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// The index of the token among the people's tokens.
    pub(crate) token: usize,
    pub(crate) kind: TokenKind,
    pub(crate) actor: Actor,
}

impl Caller {
    pub(crate) fn of(index: usize, token: &Token) -> Self {
        Self { token: index, kind: token.kind, actor: token.actor }
    }
}

impl State {
    /// Whether a caller may read the repository at all.
    pub(crate) fn visible_to(&self, caller: Option<&Caller>) -> bool {
        match caller {
            None => !self.repo.private,
            Some(caller) if caller.kind == TokenKind::Personal => self.role_of(caller.actor) >= Permission::Read,
            Some(_) => true,
        }
    }

    /// The permission of an account; on a public repository everyone may read.
    pub(crate) fn role_of(&self, actor: Actor) -> Permission {
        let role = self.people.role(actor.user);
        if self.repo.private { role } else { role.max(Permission::Read) }
    }

    /// What an App's token may do in an area.
    pub(crate) fn access(&self, caller: &Caller, area: &str) -> Access {
        let token = self.people.tokens.get(caller.token);
        token.and_then(|token| token.access.get(area)).copied().unwrap_or(Access::None)
    }

    /// Whether a caller may act as somebody with `role`: a person by permission, an App by its access to an area.
    pub(crate) fn may(&self, caller: &Caller, area: &str, role: Permission) -> bool {
        match caller.kind {
            TokenKind::Personal => self.role_of(caller.actor) >= role,
            TokenKind::Workflow | TokenKind::App => {
                let wanted = if role <= Permission::Read { Access::Read } else { Access::Write };
                self.access(caller, area) >= wanted
            }
        }
    }
}

/// One request to the REST API.
pub(crate) struct Ctx<'a> {
    pub(crate) state: &'a mut State,
    pub(crate) request: &'a Request,
    pub(crate) caller: Option<&'a Caller>,
}

impl Ctx<'_> {
    /// Lets a reader of an area pass.
    pub(crate) fn read(&self, area: &str) -> Result<(), Refusal> {
        match self.caller {
            Some(caller) if caller.kind != TokenKind::Personal => self.granted(caller, area, Access::Read),
            _ => Ok(()),
        }
    }

    /// Lets somebody write in an area who has at least `role`; an App needs write access to the area.
    pub(crate) fn write(&self, area: &str, role: Permission) -> Result<Actor, Refusal> {
        let Some(caller) = self.caller else { return Err(error_of(401, "Requires authentication")) };
        if caller.kind == TokenKind::Personal {
            if self.state.role_of(caller.actor) < role {
                return Err(error_of(403, "Must have admin rights to Repository."));
            }
        } else {
            self.granted(caller, area, Access::Write)?;
        }
        if self.state.repo.archived {
            return Err(error_of(403, "Repository was archived so is read-only."));
        }
        Ok(caller.actor)
    }

    /// Lets administrators read, and Apps with read access to the administration.
    pub(crate) fn administer(&self) -> Result<(), Refusal> {
        let Some(caller) = self.caller else { return Err(error_of(401, "Requires authentication")) };
        if caller.kind != TokenKind::Personal {
            return self.granted(caller, "administration", Access::Read);
        }
        if self.state.role_of(caller.actor) < Permission::Admin {
            return Err(error_of(403, "Must have admin rights to Repository."));
        }
        Ok(())
    }

    fn granted(&self, caller: &Caller, area: &str, wanted: Access) -> Result<(), Refusal> {
        if self.state.access(caller, area) >= wanted {
            return Ok(());
        }
        let mut refusal = error_of(403, "Resource not accessible by integration");
        let word = if wanted == Access::Write { "write" } else { "read" };
        refusal.0.headers.insert("x-accepted-github-permissions".to_owned(), format!("{area}={word}"));
        Err(refusal)
    }

    /// The body as a JSON object; an empty body is an empty object.
    pub(crate) fn body(&self) -> Result<Fields, Refusal> {
        match self.request.json() {
            Ok(Value::Object(map)) => Ok(Fields(map)),
            Ok(Value::Null) => Ok(Fields(serde_json::Map::new())),
            Ok(_) => Err(error_of(422, "Invalid request.\n\nBody should be a JSON object")),
            Err(_) => Err(error_of(400, "Problems parsing JSON")),
        }
    }

    /// The `Accept` header asks for this media type (`raw`, `diff`, `patch`, `sha`, `object`).
    pub(crate) fn accepts(&self, word: &str) -> bool {
        let accept = self.request.header("accept").unwrap_or("");
        accept.split(',').any(|part| {
            let part = part.trim();
            part.starts_with("application/vnd.github") && part.split(['.', '+', ';']).any(|piece| piece.trim() == word)
        })
    }
}

/// The fields of a request body.
#[derive(Debug, Clone)]
pub(crate) struct Fields(pub(crate) serde_json::Map<String, Value>);

impl Fields {
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A field that is present and not null.
    pub(crate) fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// A text that may be left out.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, Refusal> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => {
                Err(error_of(422, &format!("Invalid request.\n\nFor 'properties/{name}', {other} is not a string.")))
            }
        }
    }

    /// A text that must be there.
    pub(crate) fn required(&self, resource: &str, name: &str) -> Result<&str, Refusal> {
        match self.text(name)? {
            Some(text) if !text.is_empty() => Ok(text),
            _ => Err(invalid(resource, name, "missing_field")),
        }
    }

    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        self.value(name).and_then(Value::as_bool)
    }

    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.value(name).and_then(Value::as_u64)
    }

    /// A list of texts, where an element may also be an object with the text below `key`.
    pub(crate) fn texts(&self, name: &str, key: &str) -> Option<Vec<String>> {
        let list = self.value(name)?.as_array()?;
        let text = |value: &Value| value.as_str().or_else(|| value.get(key)?.as_str()).map(str::to_owned);
        Some(list.iter().filter_map(text).collect())
    }
}
