//! What a file is for, by its path and its first bytes: source, test, document, generated, vendored.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::RetrievalError;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    Source,
    Test,
    /// Documents, examples and what surrounds the product (packaging, CI).
    Document,
    /// Lists of dependencies and build settings.
    Manifest,
    Generated,
    Vendored,
    /// Data, images, anything that is no program text.
    Other,
}

const CODE: &str = "py pyi pyx rs go ts tsx js jsx mjs cjs mts cts java kt kts scala groovy c h cc cpp hpp cxx hh rb erb rake php cs \
swift m mm pl pm sh bash lua vim sql scss css less html twig vue svelte ex exs erl hs ml mli clj dart zig y l g4 tcl proto gradle cmake";

const TESTS: &[&str] = &[
    "**/{test,tests,spec,specs,__tests__,testdata,test_data,testcases,fixtures,fixture,testsuite,e2e,integration-tests}/**",
    "**/{integrationtest,jmh,testfixtures,snapshots,mocks,__mocks__,__snapshots__,unit_tests,benches,bench,benchmarks}/**",
    "t/**",
    "testing/**",
    "**/test_*.*",
    "**/{test,tests,conftest}.*",
    "**/*{_test,_tests,.test,.tests,-test,_spec,.spec,-spec,.e2e,-e2e,.test-d}.*",
    "**/*{Test,Tests,TestCase,TestBase,Benchmark,IT}.{java,kt,scala,php,cs,groovy}",
];

/// What lies under a main source folder is source, even in a package called `test`.
const SOURCES: &[&str] = &["src/main/**", "**/src/main/**"];

const VENDORED: &[&str] =
    &["**/{vendor,third_party,third-party,node_modules,deps,bower_components}/**", "**/*.min.{js,css}"];

const GENERATED: &[&str] = &[
    "**/{dist,goldens}/**",
    "**/*{_pb2,_pb2_grpc}.py",
    "**/*.pb.{go,cc,h}",
    "**/*{.generated,.gen,_generated}.*",
    "**/*.snap",
    "**/*.designer.cs",
];

const MANIFESTS: &[&str] = &[
    "**/{Cargo.toml,package.json,go.mod,pyproject.toml,setup.py,setup.cfg,tox.ini,Pipfile,pom.xml,Gemfile,composer.json}",
    "**/{build.gradle,build.gradle.kts,settings.gradle,settings.gradle.kts,CMakeLists.txt,Makefile,GNUmakefile,configure.ac}",
    "**/{meson.build,BUILD.bazel,WORKSPACE,MODULE.bazel,deno.json,deno.jsonc,tsconfig.json,Directory.Packages.props}",
    "**/requirements*.txt",
    "**/*.{csproj,gemspec,sln}",
];

const DOCUMENTS: &[&str] = &[
    "**/{doc,docs,documentation,guides,changelog,changelogs,examples,example,.github,packaging,contrib,po}/**",
    "**/*.{md,rst,adoc,txt,markdown}",
];

/// The rules of classification, compiled once.
pub struct Classifier {
    sources: GlobSet,
    tests: GlobSet,
    vendored: GlobSet,
    generated: GlobSet,
    manifests: GlobSet,
    documents: GlobSet,
}

impl Classifier {
    pub fn new() -> Result<Self, RetrievalError> {
        Ok(Self {
            sources: set(SOURCES)?,
            tests: set(TESTS)?,
            vendored: set(VENDORED)?,
            generated: set(GENERATED)?,
            manifests: set(MANIFESTS)?,
            documents: set(DOCUMENTS)?,
        })
    }

    pub fn class(&self, path: &str) -> Class {
        let manifest = self.manifests.is_match(path);
        if self.vendored.is_match(path) {
            Class::Vendored
        } else if self.generated.is_match(path) {
            Class::Generated
        } else if !is_code(path) {
            match (manifest, self.documents.is_match(path)) {
                (true, _) => Class::Manifest,
                (false, true) => Class::Document,
                (false, false) => Class::Other,
            }
        } else if !self.sources.is_match(path) && self.tests.is_match(path) {
            Class::Test
        } else if self.documents.is_match(path) {
            Class::Document
        } else {
            Class::Source
        }
    }

    /// Whether a file of program text also lists dependencies (`setup.py`, `build.gradle`).
    pub fn is_manifest(&self, path: &str) -> bool {
        self.manifests.is_match(path)
    }
}

fn set(globs: &[&str]) -> Result<GlobSet, RetrievalError> {
    let mut builder = GlobSetBuilder::new();
    let unusable = |error: globset::Error| RetrievalError::Folder { reason: error.to_string() };
    for glob in globs {
        // Names of types tell a Java test only with their capital: `latest.java` is none.
        let insensitive = !glob.contains("Test,");
        let glob = GlobBuilder::new(glob).literal_separator(true).case_insensitive(insensitive).build();
        builder.add(glob.map_err(unusable)?);
    }
    builder.build().map_err(unusable)
}

pub(super) fn extension(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map_or("", |(_, extension)| extension)
}

pub(super) fn is_code(path: &str) -> bool {
    let extension = extension(path).to_ascii_lowercase();
    !extension.is_empty() && CODE.split(' ').any(|one| one == extension)
}

/// Whether the bytes are program text worth searching: no NUL, no notice of a generator, no endless lines.
pub(super) fn is_readable_text(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(4096)];
    if head.contains(&0) {
        return false;
    }
    let lines = head.split(|byte| *byte == b'\n').count();
    head.len() / lines < 600
}

/// Whether the file says of itself, in its first lines, that a program wrote it.
pub(super) fn says_generated(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(1024)];
    let text = String::from_utf8_lossy(head);
    let notice = |line: &str| {
        line.contains("@generated") || (line.contains("DO NOT EDIT") && line.to_ascii_lowercase().contains("generated"))
    };
    text.lines().take(12).any(notice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_apart() {
        let rules = Classifier::new().unwrap();
        let cases = [
            ("src/cargo/ops/mod.rs", Class::Source),
            ("tests/testsuite/build.rs", Class::Test),
            ("gopls/internal/cache/cache_test.go", Class::Test),
            ("spring-test/src/main/java/org/test/context/TestContext.java", Class::Source),
            ("spring-core/src/test/java/org/A.java", Class::Test),
            ("core/src/java/org/FooTests.java", Class::Test),
            ("core/src/java/org/Latest.java", Class::Source),
            ("src/material/sort/sort.spec.ts", Class::Test),
            ("src/material/testing/harness.ts", Class::Source),
            ("testing/python/collect.py", Class::Test),
            ("lib/latest.py", Class::Source),
            ("lib/contest.py", Class::Source),
            ("Test/unit/a.rb", Class::Test),
            ("docs/conf.py", Class::Document),
            ("README.md", Class::Document),
            ("vendor/zlib/zlib.c", Class::Vendored),
            ("api/v1.pb.go", Class::Generated),
            ("crates/a/Cargo.toml", Class::Manifest),
            ("logo.png", Class::Other),
            ("setup.py", Class::Source),
        ];
        for (path, class) in cases {
            assert_eq!(rules.class(path), class, "{path}");
        }
        assert!(rules.is_manifest("setup.py"));
    }

    #[test]
    fn binary_and_minified_content_is_not_searched() {
        assert!(is_readable_text("fn ä() {}\n".as_bytes()));
        assert!(is_readable_text(b"caf\xe9 = 1\n"));
        assert!(!is_readable_text(b"GIF89a\0\0"));
        assert!(!is_readable_text("a".repeat(4000).as_bytes()));
    }

    #[test]
    fn a_generators_notice_is_believed() {
        assert!(says_generated(b"// Code generated by protoc. DO NOT EDIT.\npackage a\n"));
        assert!(!says_generated(b"// Writes the notice of generated files.\n"));
    }
}
