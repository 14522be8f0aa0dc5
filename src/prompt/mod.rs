//! Typed prompt fragments, rendering, and strict replies.
