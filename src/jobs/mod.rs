//! One folder a command: gather, decide, plan.
