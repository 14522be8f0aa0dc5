//! Configuration: as written, layered with sources, validated with all problems at once.
