//! The files of the checkout, each with its class: what the model may want to see, and what only takes up room.

use std::sync::LazyLock;

use globset::{Glob, GlobBuilder, GlobMatcher, GlobSet, GlobSetBuilder};

use crate::domain::change::RepoPath;
use crate::ports::checkout::{Checkout, CheckoutError, FileKind, TrackedFile};

/// Files beyond this many bytes are listed, never searched or ranked.
pub const MAX_SEARCHED_BYTES: u64 = 1024 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileClass {
    Source,
    Test,
    Doc,
    /// Configuration and data.
    Config,
    Generated,
    Vendored,
    Binary,
    /// A symbolic link or a submodule: never read, never written.
    Link,
}

impl FileClass {
    pub fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Test => "test",
            Self::Doc => "doc",
            Self::Config => "config",
            Self::Generated => "generated",
            Self::Vendored => "vendored",
            Self::Binary => "binary",
            Self::Link => "link",
        }
    }

    /// Whether a search looks into files of this class.
    pub fn is_searched(self) -> bool {
        matches!(self, Self::Source | Self::Test | Self::Doc | Self::Config)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexedFile {
    pub path: RepoPath,
    pub class: FileClass,
    /// Bytes at the base commit; 0 for a file that was added since.
    pub size: u64,
}

/// All files, sorted by path.
#[derive(Debug, Clone, Default)]
pub struct Index {
    pub files: Vec<IndexedFile>,
}

impl Index {
    pub async fn of(checkout: &dyn Checkout) -> Result<Self, CheckoutError> {
        let mut files: Vec<IndexedFile> = checkout
            .tracked()
            .await?
            .into_iter()
            .map(|file| IndexedFile { class: classify(&file), path: file.path, size: file.size })
            .collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Self { files })
    }

    /// Knows a file from now on; one that is there already stays as it is.
    pub fn add(&mut self, path: &RepoPath) {
        if let Err(place) = self.files.binary_search_by(|file| file.path.cmp(path)) {
            let file = TrackedFile { path: path.clone(), kind: FileKind::Regular, size: 0 };
            self.files.insert(place, IndexedFile { class: classify(&file), path: file.path, size: 0 });
        }
    }

    pub fn remove(&mut self, path: &RepoPath) {
        self.files.retain(|file| &file.path != path);
    }

    pub fn get(&self, path: &RepoPath) -> Option<&IndexedFile> {
        let place = self.files.binary_search_by(|file| file.path.cmp(path)).ok()?;
        self.files.get(place)
    }

    /// Files whose path ends in this name, for "did you mean".
    pub fn named_like(&self, path: &str) -> Vec<&RepoPath> {
        let name = path.rsplit('/').next().unwrap_or(path).to_lowercase();
        self.files
            .iter()
            .map(|file| &file.path)
            .filter(|path| path.as_str().rsplit('/').next().is_some_and(|own| own.to_lowercase() == name))
            .take(3)
            .collect()
    }
}

/// A glob as people write it: without a slash it matches names in every folder, a closing slash means everything below.
pub fn path_glob(written: &str) -> Result<GlobMatcher, String> {
    let glob = written.trim();
    let glob = glob.strip_prefix("./").unwrap_or(glob).trim_start_matches('/');
    let glob = match glob {
        "" | "." => "**".to_owned(),
        folder if folder.ends_with('/') => format!("{folder}**"),
        name if !name.contains('/') && name != "**" => format!("**/{name}"),
        path => path.to_owned(),
    };
    GlobBuilder::new(&glob)
        .literal_separator(true)
        .build()
        .map(|glob| glob.compile_matcher())
        .map_err(|error| format!("`{written}` is not a glob: {}", error.kind()))
}

/// The class by kind, path and size. The first rule that matches wins: a vendored test is vendored.
pub fn classify(file: &TrackedFile) -> FileClass {
    if matches!(file.kind, FileKind::Symlink | FileKind::Submodule) {
        return FileClass::Link;
    }
    let path = file.path.as_str().to_lowercase();
    let rules = [
        (&*VENDORED, FileClass::Vendored),
        (&*BINARY, FileClass::Binary),
        (&*GENERATED, FileClass::Generated),
        (&*TEST, FileClass::Test),
        (&*DOC, FileClass::Doc),
        (&*CONFIG, FileClass::Config),
    ];
    let class =
        rules.into_iter().find(|(globs, _)| globs.is_match(&path)).map_or(FileClass::Source, |(_, class)| class);
    if class.is_searched() && file.size > MAX_SEARCHED_BYTES { FileClass::Generated } else { class }
}

static VENDORED: LazyLock<GlobSet> = LazyLock::new(|| {
    globs(&["**/{vendor,vendored,third_party,third-party,node_modules,bower_components,.yarn,pods}/**"])
});
static BINARY: LazyLock<GlobSet> = LazyLock::new(|| {
    globs(&[
        "**/*.{png,jpg,jpeg,gif,ico,icns,webp,bmp,tiff,psd,pdf,zip,gz,tgz,bz2,xz,zst,7z,rar,tar,jar,war,class,so,dll}",
        "**/*.{dylib,a,o,lib,exe,wasm,woff,woff2,ttf,otf,eot,mp3,mp4,mov,avi,ogg,wav,bin,dat,db,sqlite,pyc,parquet}",
    ])
});
static GENERATED: LazyLock<GlobSet> = LazyLock::new(|| {
    globs(&[
        "**/{cargo.lock,package-lock.json,yarn.lock,pnpm-lock.yaml,poetry.lock,uv.lock,gemfile.lock,go.sum,composer.lock}",
        "**/*.{min.js,min.css,map,snap,pb.go,pb.cc,pb.h,generated.go,generated.ts,g.dart}",
        "**/*{_pb2,_pb2_grpc}.py",
        "**/{__generated__,dist,.next}/**",
    ])
});
static TEST: LazyLock<GlobSet> = LazyLock::new(|| {
    globs(&[
        "**/{test,tests,spec,specs,__tests__,testdata,test-data,fixtures,e2e,testing,__snapshots__,__mocks__}/**",
        "**/{test_*,tests,test,conftest}.{py,rs,sh,js,ts,rb}",
        "**/*{_test,_tests,_spec,.test,.spec,-test,tests}.*",
        "**/src/test/**",
    ])
});
static DOC: LazyLock<GlobSet> = LazyLock::new(|| {
    globs(&[
        "**/*.{md,markdown,mdx,rst,adoc,txt,org,tex}",
        "**/{readme,license,licence,copying,changelog,changes,news,authors,contributing,notice}*",
        "**/{doc,docs}/**",
    ])
});
static CONFIG: LazyLock<GlobSet> = LazyLock::new(|| {
    globs(&[
        "**/*.{json,jsonc,json5,yaml,yml,toml,ini,cfg,conf,properties,xml,csv,tsv,env,svg,po,pot,plist,editorconfig}",
        "**/.*",
    ])
});

fn globs(patterns: &[&str]) -> GlobSet {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        // The patterns are constants; a test holds that each one is valid.
        if let Ok(glob) = Glob::new(pattern) {
            set.add(glob);
        }
    }
    set.build().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(path: &str) -> FileClass {
        classify(&TrackedFile { path: path.parse().unwrap(), kind: FileKind::Regular, size: 10 })
    }

    #[test]
    fn files_are_classified_by_path() {
        for (path, expected) in [
            ("src/lib.rs", FileClass::Source),
            ("Makefile", FileClass::Source),
            ("src/contest.py", FileClass::Source),
            ("tests/it/main.rs", FileClass::Test),
            ("pkg/a_test.go", FileClass::Test),
            ("web/a.spec.ts", FileClass::Test),
            ("test_wrap.py", FileClass::Test),
            ("src/main/java/FooTests.java", FileClass::Test),
            ("README.md", FileClass::Doc),
            ("LICENSE", FileClass::Doc),
            ("Cargo.toml", FileClass::Config),
            (".gitignore", FileClass::Config),
            ("Cargo.lock", FileClass::Generated),
            ("api/x.pb.go", FileClass::Generated),
            ("a/vendor/x/y_test.go", FileClass::Vendored),
            ("logo.PNG", FileClass::Binary),
        ] {
            assert_eq!(class(path), expected, "{path}");
        }
    }

    #[test]
    fn every_pattern_is_valid() {
        for (set, patterns) in
            [(&*VENDORED, 1), (&*BINARY, 2), (&*GENERATED, 4), (&*TEST, 4), (&*DOC, 3), (&*CONFIG, 2)]
        {
            assert_eq!(set.len(), patterns);
        }
    }

    #[test]
    fn huge_files_and_links_are_not_searched() {
        let path: RepoPath = "src/table.rs".parse().unwrap();
        let huge = TrackedFile { path: path.clone(), kind: FileKind::Regular, size: MAX_SEARCHED_BYTES + 1 };
        assert_eq!(classify(&huge), FileClass::Generated);
        assert_eq!(classify(&TrackedFile { path, kind: FileKind::Symlink, size: 3 }), FileClass::Link);
    }

    #[test]
    fn globs_are_read_as_people_write_them() {
        for (glob, path, expected) in [
            ("*.rs", "src/a/b.rs", true),
            ("src/*.rs", "src/a/b.rs", false),
            ("src/", "src/a/b.rs", true),
            ("./src/**", "src/a/b.rs", true),
            ("", "x", true),
            ("/src/**/*.{rs,toml}", "src/a/b.rs", true),
        ] {
            assert_eq!(path_glob(glob).unwrap().is_match(path), expected, "{glob}");
        }
        assert!(path_glob("a[").unwrap_err().contains("not a glob"));
    }
}
