//! What a command came to, and the one table of exit codes.
