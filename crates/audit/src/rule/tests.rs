//! Runs every rule on its own fixtures: `bad` must fire, `good` and `tempting` must be silent.
//! `minor`, which few rules have, must fire with low severity, and `major` with a higher one.
//!
//! The tests unpack fixtures into a temporary folder. A file named `dot-x` becomes `.x`. The tests
//! remove the letter `§` from the text, so that no committed file triggers a secret scanner.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use super::{Rule, Severity, rules};
use crate::{AuditConfig, audit};

fn unpack(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let name = name
            .strip_prefix("dot-")
            .map_or(name.clone(), |rest| format!(".{rest}"));
        let target = to.join(name);
        if entry.path().is_dir() {
            unpack(&entry.path(), &target);
        } else {
            fs::write(
                target,
                fs::read_to_string(entry.path()).unwrap().replace('§', ""),
            )
            .unwrap();
        }
    }
}

fn cases(id: &str, kind: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("rules")
        .join(id)
        .join("fixtures")
        .join(kind);
    let mut cases: Vec<_> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    cases.sort();
    cases
}

/// The folder keeps the name of the case, which is the name of the repository in the report.
fn report(case: &Path) -> (tempfile::TempDir, crate::Report) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join(case.file_name().unwrap());
    unpack(case, &root);
    let report = audit(&root, &AuditConfig::default()).unwrap();
    (folder, report)
}

/// Returns the fixtures that their rules judge wrongly.
fn failures(rules: &[&Rule]) -> Vec<String> {
    let mut failures = Vec::new();
    for rule in rules {
        let id = rule.metadata.id;
        for kind in ["bad", "good", "tempting"] {
            for case in cases(id, kind) {
                let (_folder, report) = report(&case);
                let fired: Vec<_> = report
                    .findings
                    .iter()
                    .filter(|finding| finding.id == id)
                    .collect();
                if fired.is_empty() == (kind == "bad") {
                    let services: Vec<_> = report
                        .services
                        .iter()
                        .map(|service| &service.name)
                        .collect();
                    let unknown: Vec<_> = report
                        .unknown
                        .iter()
                        .filter(|unknown| unknown.id == id)
                        .collect();
                    failures.push(format!("{id} {kind}/{}: fired {fired:#?}; services {services:?}; unknown {unknown:?}", case.display()));
                }
            }
        }
    }
    failures
}

#[test]
fn every_rule_fires_on_bad_and_is_silent_on_good_and_tempting() {
    let (first, second) = rules().split_at(rules().len() / 2);
    let found = thread::scope(|scope| {
        let first = scope.spawn(|| failures(first));
        [failures(second), first.join().unwrap()].concat()
    });
    assert!(found.is_empty(), "{}", found.join("\n"));
}

fn severities(id: &str, case: &Path) -> Vec<Severity> {
    let (_folder, report) = report(case);
    report
        .findings
        .iter()
        .filter(|finding| finding.id == id)
        .map(|finding| finding.severity)
        .collect()
}

fn is_low(severity: Severity) -> bool {
    matches!(severity, Severity::Low | Severity::Info)
}

#[test]
fn finding_of_minor_case_is_low() {
    let mut read = 0;
    for rule in rules() {
        let id = rule.metadata.id;
        for case in cases(id, "minor") {
            let severities = severities(id, &case);
            assert!(
                !severities.is_empty() && severities.iter().copied().all(is_low),
                "{id} minor/{}: {severities:?}",
                case.display()
            );
            read += 1;
        }
    }
    assert!(read > 0);
}

#[test]
fn finding_that_resembles_minor_ones_is_not_low() {
    let mut read = 0;
    for rule in rules() {
        let id = rule.metadata.id;
        for case in cases(id, "major") {
            let severities = severities(id, &case);
            assert!(
                !severities.is_empty() && !severities.iter().copied().any(is_low),
                "{id} major/{}: {severities:?}",
                case.display()
            );
            read += 1;
        }
    }
    assert!(read > 0);
}

/// `AUTHORING.md` shows it to authors.
#[test]
fn example_rule_with_fixtures_has_under_100_lines() {
    const EXAMPLE: &str = "AUTH-1.unchecked-claim";
    assert!(include_str!("../../AUTHORING.md").contains(EXAMPLE));
    let mut folders = vec![
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("rules")
            .join(EXAMPLE),
    ];
    let mut lines = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                lines += fs::read_to_string(path).unwrap().lines().count();
            }
        }
    }
    assert!((30..100).contains(&lines), "{lines} lines");
}

#[test]
fn every_good_case_is_a_pass_and_not_only_silence() {
    for rule in rules() {
        let id = rule.metadata.id;
        let passes = cases(id, "good")
            .iter()
            .any(|case| report(case).1.passed.iter().any(|passed| passed.id == id));
        assert!(passes, "{id}: no case under good/ is reported as passed");
    }
}

#[test]
fn every_rule_is_named_by_its_folder_and_explains_itself() {
    for rule in rules() {
        let metadata = &rule.metadata;
        assert!(
            !cases(metadata.id, "bad").is_empty(),
            "{} is not the name of its folder",
            metadata.id
        );
        assert!(metadata.id.contains('.'), "{} has no suffix", metadata.id);
        for (name, text) in [
            ("title", metadata.title),
            ("meaning", metadata.meaning),
            ("why", metadata.why),
        ] {
            assert!(!text.trim().is_empty(), "{}: empty {name}", metadata.id);
        }
        assert!(
            metadata
                .fix
                .iter()
                .any(|(ecosystem, _)| *ecosystem == "any"),
            "{}: no fix for `any`",
            metadata.id
        );
        assert!(
            !metadata.references.is_empty(),
            "{}: no references",
            metadata.id
        );
    }
}

/// The kinds of the study that the table of the documents must name: prefix and how many.
const KINDS: [(&str, usize); 21] = [
    ("SEC", 11),
    ("HLT", 8),
    ("REL", 20),
    ("CFG", 6),
    ("OBS", 11),
    ("DKR", 5),
    ("K8S", 1),
    ("NET", 1),
    ("DAT", 1),
    ("CQ", 2),
    ("EXT", 10),
    ("AUZ", 2),
    ("PAY", 1),
    ("FUN", 1),
    ("CRY", 2),
    ("MSG", 2),
    ("ERR", 2),
    ("MEM", 1),
    ("HCK", 1),
    ("UPL", 1),
    ("FLG", 1),
];

#[test]
fn finding_kinds_and_rules_match() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/audit-kinds.md");
    let page = fs::read_to_string(page).unwrap();
    let rows: Vec<Vec<&str>> = page
        .lines()
        .filter(|line| line.starts_with("| ") && !line.contains("---"))
        .skip(1)
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    let wanted: std::collections::BTreeSet<String> = KINDS
        .iter()
        .flat_map(|(prefix, count)| (1..=*count).map(move |number| format!("{prefix}-{number:02}")))
        .collect();
    let named: std::collections::BTreeSet<String> =
        rows.iter().map(|row| row[0].to_owned()).collect();
    assert_eq!(named, wanted);
    assert_eq!(rows.len(), wanted.len(), "a kind has two rows");
    for row in &rows {
        assert_eq!(row[2] == "none", !row[2].contains('`'), "{row:?}");
        assert!(
            row[2] != "none" || row[3].len() > 40,
            "{}: no reason",
            row[0]
        );
    }
    let listed: std::collections::BTreeSet<&str> = rows
        .iter()
        .flat_map(|row| row[2].split(", "))
        .map(|id| id.trim_matches('`'))
        .filter(|id| *id != "none")
        .collect();
    let real: std::collections::BTreeSet<&str> =
        rules().iter().map(|rule| rule.metadata.id).collect();
    assert_eq!(listed, real);
}

#[test]
fn every_promise_that_files_show_has_a_rule_or_a_reason() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let rows = |page: &str| -> Vec<Vec<String>> {
        fs::read_to_string(docs.join(page))
            .unwrap()
            .lines()
            .filter(|line| line.starts_with("| ") && !line.contains("---"))
            .map(|line| {
                line.trim_matches('|')
                    .split(" | ")
                    .map(|cell| cell.trim().to_owned())
                    .collect()
            })
            .collect()
    };
    let requirements: Vec<String> = rows("catalogue.md")
        .into_iter()
        .filter(|row| row.len() >= 4 && matches!(row[row.len() - 1].as_str(), "S" | "S L"))
        .map(|row| row[0].clone())
        .collect();
    assert!(requirements.len() > 40, "the catalogue was not read");
    let table: Vec<Vec<String>> = rows("audit-requirements.md").into_iter().skip(1).collect();
    let named: Vec<String> = table.iter().map(|row| row[0].clone()).collect();
    assert_eq!(named, requirements);
    let real: Vec<&str> = rules().iter().map(|rule| rule.metadata.id).collect();
    for row in &table {
        if row[1] == "none" {
            assert!(
                row.get(2).is_some_and(|reason| reason.len() > 40),
                "{row:?}: no reason"
            );
            assert!(
                !real
                    .iter()
                    .any(|id| id.starts_with(&format!("{}.", row[0]))),
                "{row:?}: there is a rule"
            );
            continue;
        }
        let listed: Vec<&str> = row[1].split(", ").map(|id| id.trim_matches('`')).collect();
        assert!(listed.iter().all(|id| real.contains(id)), "{row:?}");
        for own in real
            .iter()
            .filter(|id| id.starts_with(&format!("{}.", row[0])))
        {
            assert!(listed.contains(own), "{row:?}: {own} is missing");
        }
    }
}
