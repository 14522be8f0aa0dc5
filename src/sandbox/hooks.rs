//! Where faults and adversaries plug in: before a request is handled, and after its effect.

use std::time::Duration;

use super::World;
use super::exchange::{Request, Response};

/// What happens before a request is handled.
#[derive(Debug, Clone, PartialEq)]
pub enum Before {
    /// Handle it.
    Go,
    /// Answer this instead; the request has no effect.
    Answer(Box<Response>),
    /// Wait, then handle it.
    Delay(Duration),
    /// Never answer; the request has no effect.
    Hang,
    /// Cut the connection; the request has no effect.
    Drop,
}

/// What happens after a request had its effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum After {
    /// Send the response, which the hook may have changed.
    Send,
    /// Wait, then send it.
    Delay(Duration),
    /// Never answer.
    Hang,
    /// Cut the connection without an answer.
    Drop,
}

/// A plan of faults and moves. Both calls come from outside the world's lock, so that a hook may move the world.
pub trait Hooks: Send + Sync {
    fn before(&self, _world: &World, _request: &Request) -> Before {
        Before::Go
    }

    /// A hook that changes the response sets `response.fault`, so that the contract check knows.
    fn after(&self, _world: &World, _request: &Request, _response: &mut Response) -> After {
        After::Send
    }

    /// A request below `/_sandbox`, which is no part of GitHub.
    fn control(&self, _world: &World, _request: &Request) -> Option<Response> {
        None
    }
}

/// No faults at all.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoHooks;

impl Hooks for NoHooks {}
