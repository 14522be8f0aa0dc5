//! The door: arguments and the Actions environment become an invocation.
