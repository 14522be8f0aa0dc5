//! One request, one answer: who asks, whether the limits allow it, what the route says, and GitHub's headers.

use serde_json::json;

use super::clock::http_date;
use super::exchange::{Body, Kind, Request, Response};
use super::people::{People, Token};
use super::rest::{self, Caller};
use super::state::State;
use super::{graphql, people::Quota};
use crate::domain::ids::Digest;

/// Handles one request while the world stands still.
pub(crate) fn answer(state: &mut State, request: &Request, number: u64) -> Response {
    let now = state.now();
    let caller = match identify(&state.people, request) {
        Ok(caller) => caller,
        Err(response) => return finish(*response, request, &state.people, None, now, number),
    };
    if let Some(caller) = &caller
        && let Some(token) = state.people.tokens.get_mut(caller.token)
    {
        quota(token, request.kind).refresh(now.timestamp());
        // The limits can be read while they are used up.
        if quota(token, request.kind).remaining() == 0 && request.path != "/rate_limit" {
            let refused = exhausted(request.kind, caller);
            return finish(refused, request, &state.people, Some(caller), now, number);
        }
    }
    let response = match request.kind {
        Kind::Graphql => match (&caller, request.json()) {
            (None, _) => Response::json(
                401,
                json!({"message": "This endpoint requires you to be authenticated.",
                       "documentation_url": "https://docs.github.com/graphql/guides/forming-calls-with-graphql#authenticating-with-graphql",
                       "status": "401"}),
            ),
            (_, Err(_)) => Response::json(400, json!({"message": "Problems parsing JSON"})),
            (Some(caller), Ok(body)) => graphql::handle(state, caller, body),
        },
        _ => rest::answer(state, caller.as_ref(), request),
    };
    let response = not_modified(response, request);
    if let Some(caller) = &caller
        && let Some(token) = state.people.tokens.get_mut(caller.token)
        && response.status != 304
        && request.path != "/rate_limit"
    {
        quota(token, request.kind).used += 1;
    }
    finish(response, request, &state.people, caller.as_ref(), now, number)
}

fn quota(token: &mut Token, kind: Kind) -> &mut Quota {
    if kind == Kind::Graphql { &mut token.graphql } else { &mut token.rest }
}

fn identify(people: &People, request: &Request) -> Result<Option<Caller>, Box<Response>> {
    if request.header("authorization").is_none() {
        return Ok(None);
    }
    let index = request.token().and_then(|secret| people.token_index(secret));
    let token = index.and_then(|index| people.tokens.get(index).map(|token| (index, token)));
    let living = token.filter(|(_, token)| people.living(token.actor.user).is_some());
    living.map(|(index, token)| Some(Caller::of(index, token))).ok_or_else(|| {
        let body = json!({"message": "Bad credentials", "documentation_url": "https://docs.github.com/rest",
                          "status": "401"});
        Box::new(Response::json(401, body))
    })
}

fn exhausted(kind: Kind, caller: &Caller) -> Response {
    let message = if caller.actor.app.is_some() {
        "API rate limit exceeded for installation ID 4242.".to_owned()
    } else {
        format!("API rate limit exceeded for user ID {}.", caller.actor.user)
    };
    if kind == Kind::Graphql {
        return Response::json(200, json!({"errors": [{"type": "RATE_LIMITED", "message": message}]}));
    }
    let docs = "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api";
    Response::json(403, json!({"message": message, "documentation_url": docs, "status": "403"}))
}

/// Gives a successful answer its `ETag`, and 304 to who has it already.
fn not_modified(response: Response, request: &Request) -> Response {
    if request.method != "GET" || response.status != 200 || request.kind != Kind::Rest {
        return response;
    }
    let etag = format!("W/\"{}\"", Digest::of(response.encoded().1));
    let same = request.header("if-none-match").is_some_and(|known| known.split(',').any(|tag| tag.trim() == etag));
    let response = if same { Response { body: Body::Empty, status: 304, ..response } } else { response };
    response.with_header("etag", etag).with_header("cache-control", "private, max-age=60, s-maxage=60")
}

fn finish(
    mut response: Response,
    request: &Request,
    people: &People,
    caller: Option<&Caller>,
    now: chrono::DateTime<chrono::Utc>,
    number: u64,
) -> Response {
    let mut set = |name: &str, value: String| {
        response.headers.entry(name.to_owned()).or_insert(value);
    };
    set("date", http_date(now));
    set("server", "github.com".to_owned());
    set("x-github-request-id", format!("5A4D:{number:04X}:{:X}", now.timestamp_micros()));
    set("x-github-media-type", "github.v3; format=json".to_owned());
    if request.kind == Kind::Rest {
        set("x-github-api-version-selected", "2022-11-28".to_owned());
    }
    if let Some(token) = caller.and_then(|caller| people.tokens.get(caller.token)) {
        let graphql = request.kind == Kind::Graphql;
        let quota = if graphql { &token.graphql } else { &token.rest };
        set("x-ratelimit-limit", quota.limit.to_string());
        set("x-ratelimit-remaining", quota.remaining().to_string());
        set("x-ratelimit-used", quota.used.min(quota.limit).to_string());
        set("x-ratelimit-reset", quota.reset.to_string());
        set("x-ratelimit-resource", if graphql { "graphql" } else { "core" }.to_owned());
    }
    response
}

impl People {
    /// The name a request's token is recorded under.
    pub(crate) fn token_name(&self, request: &Request) -> Option<String> {
        let index = self.token_index(request.token()?)?;
        self.tokens.get(index).map(|token| token.name.clone())
    }
}
