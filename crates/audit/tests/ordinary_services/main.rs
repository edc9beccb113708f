//! Four ordinary services in Go and TypeScript, each with the weaknesses of its kind. A comment
//! `// finds ID, ID` names what a reviewer finds in its line, and the auditor reports exactly that.
#![expect(clippy::unwrap_used, reason = "a failed setup fails the test")]

mod finding_weight;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use seaworthy_audit::{AuditConfig, audit};

const MARK: &str = " // finds ";

/// A place and the rule that reports it.
type Place = (String, usize, String);

/// Copies a service without its comments, and returns what they name.
fn unpack(from: &Path, to: &Path, path: &str, expected: &mut BTreeSet<Place>) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let target = to.join(&name);
        let path = format!("{path}{name}");
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir(&target).unwrap();
            unpack(&entry.path(), &target, &format!("{path}/"), expected);
            continue;
        }
        let mut text = String::new();
        for (number, line) in (1..).zip(fs::read_to_string(entry.path()).unwrap().lines()) {
            let (code, rules) = line.split_once(MARK).unwrap_or((line, ""));
            for rule in rules.split(", ").filter(|rule| !rule.is_empty()) {
                expected.insert((path.clone(), number, rule.to_owned()));
            }
            text.push_str(code);
            text.push('\n');
        }
        fs::write(target, text).unwrap();
    }
}

/// Audits a service of `fixtures/ordinary/`, and compares its source files.
fn reports_what_the_comments_name(service: &str) {
    let source = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/ordinary")
        .join(service);
    let folder = tempfile::tempdir().unwrap();
    let mut expected = BTreeSet::new();
    unpack(&source, folder.path(), "", &mut expected);
    assert!(expected.len() > 30, "only {} places", expected.len());
    let report = audit(folder.path(), &AuditConfig::default()).unwrap();
    let mut found = BTreeSet::new();
    for finding in &report.findings {
        let id = finding.id.to_owned();
        found.insert((finding.path.clone(), finding.line, id.clone()));
        for place in &finding.related {
            found.insert((place.path.clone(), place.line, id.clone()));
        }
    }
    found.retain(|(path, ..)| path.ends_with(".go") || path.ends_with(".ts"));
    let missed: Vec<_> = expected.difference(&found).collect();
    let unexpected: Vec<_> = found.difference(&expected).collect();
    assert!(
        missed.is_empty() && unexpected.is_empty(),
        "missed: {missed:#?}\nunexpected: {unexpected:#?}"
    );
}

#[test]
fn finds_all_weaknesses_of_go_service() {
    reports_what_the_comments_name("go-shop");
}

#[test]
fn finds_all_weaknesses_of_node_service() {
    reports_what_the_comments_name("node-shop");
}

#[test]
fn finds_all_weaknesses_of_chi_service() {
    reports_what_the_comments_name("go-booking");
}

#[test]
fn finds_all_weaknesses_of_nest_service() {
    reports_what_the_comments_name("nest-gateway");
}
