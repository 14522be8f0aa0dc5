//! The sample that the binary carries: a small repository, its issues, and the conversation that plays the models.

/// Path and text of every file.
pub(super) const REPOSITORY: &[(&str, &str)] = &[
    (".autonomy/config.yaml", include_str!("../../../examples/demo/repo/.autonomy/config.yaml")),
    (".github/workflows/ci.yml", include_str!("../../../examples/demo/repo/.github/workflows/ci.yml")),
    ("README.md", include_str!("../../../examples/demo/repo/README.md")),
    ("bin/duration", include_str!("../../../examples/demo/repo/bin/duration")),
    ("lib/format.sh", include_str!("../../../examples/demo/repo/lib/format.sh")),
    ("lib/parse.sh", include_str!("../../../examples/demo/repo/lib/parse.sh")),
    ("tests/format_test.sh", include_str!("../../../examples/demo/repo/tests/format_test.sh")),
    ("tests/parse_test.sh", include_str!("../../../examples/demo/repo/tests/parse_test.sh")),
    ("tests/run.sh", include_str!("../../../examples/demo/repo/tests/run.sh")),
];

/// Name and text of every issue; the numbers follow the names.
pub(super) const ISSUES: &[(&str, &str)] = &[
    ("01-leading-zeros.md", include_str!("../../../examples/demo/issues/01-leading-zeros.md")),
    ("02-weeks.md", include_str!("../../../examples/demo/issues/02-weeks.md")),
    ("03-spaces.md", include_str!("../../../examples/demo/issues/03-spaces.md")),
    ("04-fractions.md", include_str!("../../../examples/demo/issues/04-fractions.md")),
    ("05-colons.md", include_str!("../../../examples/demo/issues/05-colons.md")),
    ("06-stranger.md", include_str!("../../../examples/demo/issues/06-stranger.md")),
];

pub(super) const CONVERSATION: &str = include_str!("../../../examples/demo/conversation.json");
