//! `docs/catalogue-status.md` says for each requirement of the catalogue which tests cover it.
#![allow(clippy::unwrap_used, reason = "an unreadable file fails the test")]

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use seaworthy_testkit::document;

/// Folders of the repository with tests of requirements.
const FOLDERS: [&str; 3] = ["crates", "platforms", "examples"];
/// Folders with code that no build compiles.
const SKIPPED_FOLDERS: [&str; 3] = ["fixtures", "target", "node_modules"];

#[derive(Default)]
struct Evidence {
    tests: Vec<(String, String)>,
    rules: usize,
}

#[test]
fn catalogue_status_names_tests_of_each_requirement_conf_6() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let catalogue = fs::read_to_string(root.join("docs/catalogue.md")).unwrap();
    let mut evidence: BTreeMap<String, Evidence> = BTreeMap::new();
    for folder in FOLDERS {
        for file in rust_files(&root.join(folder)) {
            let source = fs::read_to_string(&file).unwrap();
            let shown = file.strip_prefix(&root).unwrap().display().to_string();
            for name in test_names(&source) {
                for id in ids_of(&name) {
                    let found = evidence.entry(id).or_default();
                    found.tests.push((shown.clone(), name.clone()));
                }
            }
        }
    }
    for rule in fs::read_dir(root.join("crates/audit/rules")).unwrap() {
        let rule = rule.unwrap().file_name().into_string().unwrap();
        if let Some((id, _)) = rule.split_once('.') {
            evidence.entry(id.to_owned()).or_default().rules += 1;
        }
    }
    let ids = catalogue_ids(&catalogue);
    assert!(
        ids.len() > 80,
        "the catalogue has {} requirements",
        ids.len()
    );
    document::assert_current(
        &root.join("docs/catalogue-status.md"),
        &page(&ids, &evidence),
    );
}

fn page(ids: &[String], evidence: &BTreeMap<String, Evidence>) -> String {
    let mut page = String::from(
        "# Status of the catalogue\n\n\
         This page is generated from the names of the tests and the rules of the auditor. It says for each\n\
         requirement of the [catalogue](catalogue.md) whether a test covers it.\n\n\
         - **kept**: tests of the framework or of a platform carry the ID of the requirement.\n\
         - **audited**: only rules of the auditor cover the requirement.\n\
         - **planned**: no test and no rule carries the ID.\n\n\
         | ID | Status | Audit rule | One of the tests |\n\
         | --- | --- | --- | --- |\n",
    );
    let none = Evidence::default();
    for id in ids {
        let found = evidence.get(id).unwrap_or(&none);
        let status = match (found.tests.len(), found.rules) {
            (0, 0) => "planned",
            (0, _) => "audited",
            _ => "kept",
        };
        let rule = if found.rules > 0 { "yes" } else { "" };
        let example = found.tests.iter().min_by_key(|(_, name)| name.len());
        let example = example.map(|(file, name)| format!("`{name}` in `{file}`"));
        writeln!(
            page,
            "| {id} | {status} | {rule} | {} |",
            example.unwrap_or_default()
        )
        .unwrap();
    }
    page
}

/// The IDs in the first column of the tables of the catalogue.
fn catalogue_ids(catalogue: &str) -> Vec<String> {
    let cells = catalogue
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split_once(" |"));
    cells
        .map(|(cell, _)| cell.to_owned())
        .filter(|cell| {
            cell.split_once('-').is_some_and(|(area, number)| {
                !area.is_empty()
                    && area.chars().all(|letter| letter.is_ascii_uppercase())
                    && number.parse::<u8>().is_ok()
            })
        })
        .collect()
}

/// The names of functions that follow a test attribute or are part of `proptest!`.
fn test_names(source: &str) -> Vec<String> {
    let property = source.contains("proptest!");
    let mut after_attribute = false;
    let mut names = Vec::new();
    for line in source.lines().map(str::trim) {
        if line.starts_with("#[") {
            after_attribute |= line.contains("test");
            continue;
        }
        let function = line.strip_prefix("async ").unwrap_or(line);
        if let Some((name, _)) = function.strip_prefix("fn ").and_then(|f| f.split_once('(')) {
            if after_attribute || property {
                names.push(name.to_owned());
            }
            after_attribute = false;
        } else if !line.starts_with("//") && !line.is_empty() {
            after_attribute = false;
        }
    }
    names
}

/// The IDs in the name of a test: `_auth_3` is `AUTH-3`.
fn ids_of(name: &str) -> Vec<String> {
    let words: Vec<&str> = name.split('_').collect();
    let pairs = words.windows(2).filter_map(|pair| match pair {
        [area, number] if number.len() <= 2 && number.parse::<u8>().is_ok() => {
            Some(format!("{}-{number}", area.to_uppercase()))
        }
        _ => None,
    });
    pairs.collect()
}

pub(crate) fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                if !SKIPPED_FOLDERS.contains(&name.as_str()) {
                    folders.push(path);
                }
            } else if name.ends_with(".rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}
