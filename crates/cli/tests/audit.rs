//! `seaworthy audit` as a caller sees it: exit statuses and the shape of JSON.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up has failed"
)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn seaworthy(arguments: &[&str], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_seaworthy"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

fn repository(dockerfile: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("Dockerfile"), dockerfile).unwrap();
    folder
}

#[test]
fn exit_statuses_tell_clean_threshold_and_wrong_use_apart() {
    let folder = repository("FROM alpine:3.20\nCMD [\"/bin/true\"]\n");
    let status = |arguments: &[&str]| seaworthy(arguments, folder.path()).status.code();
    assert_eq!(status(&["audit"]), Some(0));
    assert_eq!(status(&["audit", "--fail-on", "low"]), Some(1));
    assert_eq!(status(&["audit", "--fail-on", "bad"]), Some(2));
    assert_eq!(status(&["audit", "nowhere"]), Some(2));
    assert_eq!(status(&["audit", "--unknown"]), Some(2));
    assert_eq!(status(&["explain", "NONE-1"]), Some(2));
    assert_eq!(status(&["explain", "SHIP-1"]), Some(0));
    assert_eq!(status(&["audit", "explain", "SHIP-1.root-user"]), Some(0));
    assert_eq!(status(&["audit", "rules"]), Some(0));
    assert_eq!(status(&["--help"]), Some(0));
}

#[test]
fn json_has_exactly_the_fields_that_the_schema_names() {
    let folder = repository("FROM alpine:3.20\nCMD [\"/bin/true\"]\n");
    let output = seaworthy(&["audit", "--format", "json"], folder.path());
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let keys = |value: &serde_json::Value| {
        value
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<std::collections::BTreeSet<_>>()
    };
    let set = |names: &str| names.split(' ').map(str::to_owned).collect();
    assert_eq!(
        keys(&report),
        set("tool version repository verdict score coverage services findings passed unknown")
    );
    assert_eq!(
        keys(&report["findings"][0]),
        set(
            "id severity confidence service path line column title evidence impact fix fingerprint"
        )
    );
}

#[test]
fn a_report_goes_to_a_file_without_colour_codes() {
    let folder = repository("FROM alpine:3.20\n");
    let output = seaworthy(&["audit", "--output", "report.txt"], folder.path());
    assert!(output.stdout.is_empty());
    let text = fs::read_to_string(folder.path().join("report.txt")).unwrap();
    assert!(text.contains("The container runs as root") && !text.contains('\u{1b}'));
}
