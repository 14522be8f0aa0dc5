//! Answers in GitHub's shapes: successes and pages of lists.
#![expect(clippy::unnecessary_wraps, reason = "every route ends in an Answer, so these read as its last line")]

use serde_json::{Value, json};

use super::Ctx;
use crate::sandbox::exchange::Response;
use crate::sandbox::refusal::Refusal;
use crate::sandbox::state::State;

pub(crate) type Answer = Result<Response, Refusal>;

pub(crate) fn ok(value: Value) -> Answer {
    Ok(Response::json(200, value))
}

pub(crate) fn created(value: Value) -> Answer {
    Ok(Response::json(201, value))
}

pub(crate) fn no_content() -> Answer {
    Ok(Response::empty(204))
}

impl Ctx<'_> {
    /// One page of a list, as an array.
    pub(crate) fn page<T>(&self, items: &[T], render: impl Fn(&State, &T) -> Value) -> Answer {
        let (slice, link) = self.slice(items);
        let values: Vec<Value> = slice.iter().map(|item| render(self.state, item)).collect();
        let response = Response::json(200, Value::Array(values));
        Ok(with_link(response, link))
    }

    /// One page of a list, below `key` beside `total_count`.
    pub(crate) fn counted<T>(&self, key: &str, items: &[T], render: impl Fn(&State, &T) -> Value) -> Answer {
        let (slice, link) = self.slice(items);
        let values: Vec<Value> = slice.iter().map(|item| render(self.state, item)).collect();
        let response = Response::json(200, json!({"total_count": items.len(), key: values}));
        Ok(with_link(response, link))
    }

    /// The items of the page that was asked for, and the `Link` header.
    pub(crate) fn slice<'b, T>(&self, items: &'b [T]) -> (&'b [T], Option<String>) {
        let number = |name: &str| self.request.query(name).and_then(|text| text.parse::<usize>().ok());
        let per_page = number("per_page").unwrap_or(30).clamp(1, 100);
        let page = number("page").unwrap_or(1).max(1);
        let last = items.len().div_ceil(per_page).max(1);
        let start = (page - 1).saturating_mul(per_page).min(items.len());
        let end = start.saturating_add(per_page).min(items.len());
        let mut links = Vec::new();
        let mut link = |page: usize, rel: &str| links.push(format!("<{}>; rel=\"{rel}\"", self.page_url(page)));
        if page > 1 {
            link(page - 1, "prev");
        }
        if page < last {
            link(page + 1, "next");
            link(last, "last");
        }
        if page > 1 {
            link(1, "first");
        }
        (items.get(start..end).unwrap_or_default(), (!links.is_empty()).then(|| links.join(", ")))
    }

    fn page_url(&self, page: usize) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (key, value) in self.request.query.iter().filter(|(key, _)| key != "page") {
            query.append_pair(key, value);
        }
        query.append_pair("page", &page.to_string());
        format!("{}{}?{}", self.state.urls.api, self.request.path, query.finish())
    }
}

pub(crate) fn with_link(response: Response, link: Option<String>) -> Response {
    match link {
        Some(link) => response.with_header("link", link),
        None => response,
    }
}
