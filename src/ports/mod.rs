//! The narrow traits through which jobs see the world, in our words.

pub mod checkout;
pub mod clock;
pub mod forge;
pub mod ledger_store;
pub mod model;
