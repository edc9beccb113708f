use std::fs;
use std::path::Path;

use super::{Baseline, EarlierReport};
use crate::report::json;
use crate::rule::{FailOn, Severity};
use crate::{AuditConfig, Report, audit};

const ROOT: &str = "FROM alpine:3.20\nCMD [\"/bin/true\"]\n";

fn write(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn report(folder: &Path) -> Report {
    audit(folder, &AuditConfig::default()).unwrap()
}

fn only_root(report: &mut Report) {
    report
        .findings
        .retain(|finding| finding.id == "SHIP-1.root-user");
}

#[test]
fn compares_moved_new_and_fixed_findings() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(root, "a/Dockerfile", ROOT);
    write(root, "b/Dockerfile", ROOT);
    let mut before = report(root);
    only_root(&mut before);
    let baseline = Baseline::of(&before);
    assert_eq!(baseline.findings.len(), 2);

    write(root, "a/Dockerfile", &format!("# moved\n\n\n{ROOT}"));
    write(root, "b/Dockerfile", &ROOT.replace("CMD", "USER app\nCMD"));
    write(root, "c/Dockerfile", ROOT);
    let mut after = report(root);
    only_root(&mut after);
    after.compare_with(&baseline);
    let comparison = after.comparison.as_ref().unwrap();
    let paths = |fingerprints: &std::collections::BTreeSet<String>| {
        after
            .findings
            .iter()
            .filter(|finding| fingerprints.contains(&finding.fingerprint))
            .map(|finding| finding.path.as_str())
            .collect::<Vec<_>>()
    };
    assert_eq!(paths(&comparison.remaining), ["a/Dockerfile"]);
    assert_eq!(paths(&comparison.new), ["c/Dockerfile"]);
    assert_eq!(comparison.fixed.len(), 1);
    assert_eq!(comparison.fixed[0].path, "b/Dockerfile");
}

#[test]
fn undecided_finding_is_not_reported_as_fixed() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "Dockerfile", ROOT);
    let mut before = report(folder.path());
    only_root(&mut before);
    let baseline = Baseline::of(&before);
    write(
        folder.path(),
        "Dockerfile",
        "FROM postgres:17\nCMD [\"/bin/true\"]\n",
    );
    let mut after = report(folder.path());
    after.compare_with(&baseline);
    let comparison = after.comparison.unwrap();
    assert!(comparison.fixed.is_empty(), "{:?}", comparison.fixed);
    assert_eq!(comparison.undecided.len(), 1);
}

#[test]
fn baseline_round_trips_and_invalid_one_reports_location() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "Dockerfile", ROOT);
    let baseline = Baseline::of(&report(folder.path()));
    let file = folder.path().join("baseline.json");
    fs::write(&file, baseline.text().unwrap()).unwrap();
    assert_eq!(Baseline::read(&file).unwrap(), baseline);
    fs::write(&file, "{\n  \"version\": true\n}").unwrap();
    let error = Baseline::read(&file).unwrap_err().to_string();
    assert!(error.contains("baseline.json:2:"), "{error}");
    fs::write(&file, "{\"version\":2,\"findings\":[]}").unwrap();
    let error = Baseline::read(&file).unwrap_err().to_string();
    assert!(error.contains("version 2"), "{error}");
    assert!(Baseline::read(&folder.path().join("none.json")).is_err());
}

#[test]
fn compares_with_an_earlier_report_without_changing_the_result() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(root, "a/Dockerfile", ROOT);
    write(root, "b/Dockerfile", ROOT);
    let mut before = report(root);
    only_root(&mut before);
    let file = folder.path().join("earlier.json");
    fs::write(&file, json(&before).unwrap()).unwrap();
    let earlier = EarlierReport::read(&file).unwrap();

    write(root, "a/Dockerfile", &format!("# moved\n\n{ROOT}"));
    write(root, "b/Dockerfile", &ROOT.replace("CMD", "USER app\nCMD"));
    write(root, "c/Dockerfile", ROOT);
    let mut after = report(root);
    only_root(&mut after);
    after.compare_with_earlier(&earlier);
    let changes = after.changes.as_ref().unwrap();
    assert_eq!(changes.score, before.score.percent);
    assert_eq!(changes.verdict, before.verdict);
    let comparison = &changes.comparison;
    assert_eq!((comparison.new.len(), comparison.remaining.len()), (1, 1));
    assert_eq!(comparison.fixed.len(), 1);
    assert_eq!(comparison.fixed[0].path, "b/Dockerfile");
    after
        .findings
        .retain(|finding| comparison.remaining.contains(&finding.fingerprint));
    assert!(after.fails(FailOn::Severity(Severity::Low)));
}

#[test]
fn invalid_earlier_report_is_an_error_with_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("earlier.json");
    for text in ["", "{}", "{\"version\":1,\"findings\":[]}"] {
        fs::write(&file, text).unwrap();
        let error = EarlierReport::read(&file).unwrap_err().to_string();
        assert!(
            error.contains("earlier.json: this is not a report"),
            "{error}"
        );
    }
    let gone = EarlierReport::read(&folder.path().join("none.json")).unwrap_err();
    assert!(gone.to_string().contains("cannot be read"), "{gone}");
}
