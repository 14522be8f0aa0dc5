//! The visitors' book: records, hash chain, replay.
