//! Values in, text out: Markdown, JSON, annotations.
