//! The manifests of the workspace and `.ci/run` leave out no test and no documentation.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "an unreadable file fails the test"
)]

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::catalogue::rust_files;

/// Returns the sources of each target of a package whose manifest says `test = false`.
fn untested_sources(package: &Path) -> Vec<String> {
    let manifest = fs::read_to_string(package.join("Cargo.toml")).unwrap();
    let has_library = package.join("src/lib.rs").exists();
    let mut sources = Vec::new();
    for section in manifest.split("\n[").filter(|section| {
        let mut lines = section.lines();
        lines.any(|line| line == "test = false")
    }) {
        let path = section
            .lines()
            .find_map(|line| line.strip_prefix("path = \"")?.strip_suffix('"'));
        let files = match path {
            Some(path) if has_library => vec![package.join(path)],
            _ => rust_files(&package.join("src")),
        };
        sources.extend(files.iter().map(|file| file.display().to_string()));
    }
    sources
}

/// Returns the folders of all packages.
fn packages(root: &Path) -> Vec<PathBuf> {
    let mut packages = vec![root.join("bench")];
    let mut folders = ["crates", "platforms", "examples"]
        .map(|name| root.join(name))
        .to_vec();
    while let Some(folder) = folders.pop() {
        if folder.join("Cargo.toml").exists() && folder.join("src").exists() {
            packages.push(folder.clone());
        }
        let entries = fs::read_dir(folder).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        folders.extend(paths.filter(|path| {
            let skipped = ["src", "fixtures", "node_modules"];
            path.is_dir() && !skipped.iter().any(|name| path.ends_with(name))
        }));
    }
    packages
}

#[test]
fn targets_without_test_programs_have_no_tests_conf_6() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let packages = packages(&root);
    let untested: Vec<_> = packages
        .iter()
        .flat_map(|path| untested_sources(path))
        .collect();
    assert!(untested.len() > 20, "the manifests were not read");
    let with_tests: Vec<_> = untested
        .iter()
        .filter(|file| {
            let source = fs::read_to_string(file).unwrap();
            source.contains("test]\n") || source.contains("proptest!")
        })
        .collect();
    assert!(
        with_tests.is_empty(),
        "remove `test = false` from the manifest of {with_tests:#?}"
    );
}

/// Returns the names after `name = ` in a manifest: of the package, then of its targets.
fn names(manifest: &str) -> Vec<&str> {
    let lines = manifest.lines();
    let values = lines.filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
    values.collect()
}

#[test]
fn ci_documents_programs_that_have_no_library_conf_6() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let run = fs::read_to_string(root.join(".ci/run")).unwrap();
    for package in packages(&root) {
        let manifest = fs::read_to_string(package.join("Cargo.toml")).unwrap();
        let names = names(&manifest);
        let is_documented = |name: &str| run.split_whitespace().any(|word| word == name);
        let documented = names.iter().any(|name| is_documented(name));
        let has_library = package.join("src/lib.rs").exists();
        assert!(
            has_library || documented,
            "add --bin {} to `cargo doc` in .ci/run",
            names[names.len() - 1]
        );
    }
}

/// Packages with several integration-test binaries, and the number of binaries.
const SEVERAL_BINARIES: [(&str, usize); 6] = [
    // The rules of the auditor on whole repositories, one of which measures its memory.
    ("crates/audit", 5),
    // `generated_code` writes the code that the other binary compiles.
    ("crates/contract", 2),
    // `many_connections` changes the limit on open files of its process.
    ("crates/http", 2),
    // `killed` has a time limit of 5 s, so no other test may run meanwhile.
    ("crates/outbox", 2),
    // `plugins` requires a feature.
    ("platforms/starter", 2),
    // Both start whole platforms, and `purchase` measures rates.
    ("platforms/tutoring", 2),
];

/// Each binary links all dependencies again.
#[test]
fn packages_have_one_integration_test_binary_conf_6() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut wrong = Vec::new();
    for package in packages(&root) {
        let Ok(entries) = fs::read_dir(package.join("tests")) else {
            continue;
        };
        let paths = entries.map(|entry| entry.unwrap().path());
        let binaries = paths
            .filter(|path| {
                path.extension().is_some_and(|extension| extension == "rs")
                    || path.join("main.rs").exists()
            })
            .count();
        let several = SEVERAL_BINARIES
            .iter()
            .find(|(path, _)| package.ends_with(path));
        if binaries > several.map_or(1, |(_, number)| *number) {
            wrong.push(format!("{} has {binaries} binaries", package.display()));
        }
    }
    assert!(
        wrong.is_empty(),
        "make each file a module of `tests/NAME/main.rs`: {wrong:#?}"
    );
}
