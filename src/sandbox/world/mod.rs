//! The world as tests move and read it: no HTTP, nothing counted, nothing recorded.

use std::sync::{Arc, MutexGuard};

use super::server::Shared;
use super::state::State;

/// A handle on the state of a sandbox. Clones share it.
#[derive(Clone)]
pub struct World {
    shared: Arc<Shared>,
}

impl World {
    pub(crate) fn of(shared: &Arc<Shared>) -> Self {
        Self { shared: Arc::clone(shared) }
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state()
    }
}
