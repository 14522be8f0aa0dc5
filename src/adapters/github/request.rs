//! A request as we mean it: method, route template with its parameters, and what it is about, for messages and the log.

use std::fmt::Display;

use http::Method;
use serde_json::Value;

use crate::ports::forge::ForgeError;

/// What fills a template.
pub(super) type Param<'a> = &'a (dyn Display + Sync);

#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) method: Method,
    /// GitHub's own template, such as `/repos/{owner}/{repo}/issues/{issue_number}`.
    pub(super) template: &'static str,
    /// A full address; only `Link` and redirects give one that is not made from the template.
    pub(super) url: String,
    pub(super) body: Option<Value>,
    /// A phrase with a verb: "read issue #3".
    pub(super) doing: String,
    /// The same without the verb, for "not found": "issue #3".
    pub(super) thing: String,
    /// May be sent again after a 5xx or a lost answer, because it changes nothing.
    pub(super) safe: bool,
    /// A list that GitHub does not cut into pages takes no `per_page`.
    pub(super) pages: bool,
    /// Makes something that people or GitHub's abuse limits see, so it keeps its distance from the last one.
    pub(super) paced: bool,
}

impl super::GitHub {
    /// A read. `params` fill the template after owner and repository.
    pub(super) fn get(&self, template: &'static str, params: &[Param<'_>], thing: impl Into<String>) -> Request {
        let thing = thing.into();
        self.request(Method::GET, template, params, format!("read {thing}"), thing)
    }

    /// A write. `doing` says what it does in words with a verb.
    pub(super) fn write(
        &self,
        method: Method,
        template: &'static str,
        params: &[Param<'_>],
        doing: impl Into<String>,
        body: Value,
    ) -> Request {
        let doing = doing.into();
        let thing = format!("what is needed to {doing}");
        Request { body: Some(body), ..self.request(method, template, params, doing, thing) }
    }

    fn request(
        &self,
        method: Method,
        template: &'static str,
        params: &[Param<'_>],
        doing: String,
        thing: String,
    ) -> Request {
        let repo = &self.options.repo;
        let path = fill(template, repo.owner(), repo.name(), params);
        let base = self.options.api_url.as_str().trim_end_matches('/');
        let safe = method == Method::GET;
        Request {
            method,
            template,
            url: format!("{base}{path}"),
            body: None,
            doing,
            thing,
            safe,
            pages: true,
            paced: !safe,
        }
    }
}

impl Request {
    pub(super) fn query(mut self, pairs: &[(&str, &str)]) -> Self {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(pairs);
        let join = if self.url.contains('?') { '&' } else { '?' };
        self.url = format!("{}{join}{}", self.url, query.finish());
        self
    }

    pub(super) fn unpaged(mut self) -> Self {
        self.pages = false;
        self
    }

    pub(super) fn about(mut self, thing: impl Into<String>) -> Self {
        self.thing = thing.into();
        self
    }

    /// A deletion says all in its address.
    pub(super) fn bodiless(mut self) -> Self {
        self.body = None;
        self
    }

    /// Git objects are invisible until a branch points to them: no pause is needed.
    pub(super) fn unpaced(mut self) -> Self {
        self.paced = false;
        self
    }

    pub(super) fn malformed(&self, message: impl Into<String>) -> ForgeError {
        ForgeError::Malformed { what: self.doing.clone(), message: message.into() }
    }
}

/// Fills `{owner}` and `{repo}`, then the other names in order. `{ref}`, `{path}` and `{basehead}` keep their slashes, as
/// GitHub documents them; in all others a slash is escaped.
fn fill(template: &str, owner: &str, repo: &str, params: &[Param<'_>]) -> String {
    let mut params = params.iter();
    let mut path = String::with_capacity(template.len() + 64);
    for part in template.split('/').skip(1) {
        path.push('/');
        let Some(name) = part.strip_prefix('{').and_then(|name| name.strip_suffix('}')) else {
            path.push_str(part);
            continue;
        };
        let value = match name {
            "owner" => owner.to_owned(),
            "repo" => repo.to_owned(),
            _ => params.next().map(ToString::to_string).unwrap_or_default(),
        };
        escape(&value, matches!(name, "ref" | "path"), &mut path);
    }
    path
}

fn escape(value: &str, keep_slashes: bool, out: &mut String) {
    use std::fmt::Write as _;
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            b'/' if keep_slashes => out.push('/'),
            _ => {
                // Writing to a string does not fail.
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_escaped_and_only_refs_and_paths_keep_slashes() {
        let fill = |template, params: &[Param<'_>]| fill(template, "acme", "web", params);
        assert_eq!(
            fill("/repos/{owner}/{repo}/branches/{branch}", &[&"automated/3-é"]),
            "/repos/acme/web/branches/automated%2F3-%C3%A9"
        );
        assert_eq!(
            fill("/repos/{owner}/{repo}/git/ref/{ref}", &[&"heads/a/b#?"]),
            "/repos/acme/web/git/ref/heads/a/b%23%3F"
        );
        assert_eq!(
            fill("/repos/{owner}/{repo}/issues/{issue_number}/labels/{name}", &[&3, &"a b/c"]),
            "/repos/acme/web/issues/3/labels/a%20b%2Fc"
        );
    }
}
