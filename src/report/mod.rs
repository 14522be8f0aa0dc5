//! Values in, text out: Markdown, JSON, annotations.

pub mod markdown;
