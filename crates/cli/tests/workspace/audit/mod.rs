//! The command `seaworthy audit`: exit statuses, outputs and the format of JSON.
#![expect(clippy::unwrap_used, reason = "this is how a test fails")]

mod pdf;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const ROOT: &str = "FROM alpine:3.20\nCMD [\"/bin/true\"]\n";

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
fn exit_status_shows_threshold_and_invalid_arguments() {
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
fn json_has_exactly_the_fields_of_the_schema() {
    let folder = repository("FROM alpine:3.20\n");
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
        set(
            "tool version repository verdict score coverage services not_audited findings passed unknown"
        )
    );
    assert_eq!(
        keys(&report["findings"][0]),
        set(
            "id severity confidence service path line column title evidence impact fix fingerprint"
        )
    );
}

#[test]
fn writes_a_report_without_colours_to_a_file() {
    let folder = repository("FROM alpine:3.20\n");
    let output = seaworthy(&["audit", "--output", "report.txt"], folder.path());
    assert!(output.stdout.is_empty());
    let text = fs::read_to_string(folder.path().join("report.txt")).unwrap();
    assert!(text.contains("The container runs as root") && !text.contains('\u{1b}'));
}

#[test]
fn writes_several_formats_at_once() {
    let folder = repository(ROOT);
    let output = seaworthy(
        &[
            "audit",
            "--format",
            "json=out.json,sarif=out.sarif,markdown=out.md",
            "--format",
            "html=out.html,junit=out.xml",
            "--format",
            "github",
        ],
        folder.path(),
    );
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert!(read("out.json").starts_with("{\n  \"tool\": \"seaworthy\""));
    assert!(read("out.sarif").contains("\"version\": \"2.1.0\""));
    assert!(read("out.md").starts_with("# Production readiness of "));
    assert!(read("out.html").starts_with("<!DOCTYPE html>"));
    assert!(read("out.xml").starts_with("<?xml"));
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("::notice ")
    );
}

#[test]
fn rejects_conflicting_formats() {
    let folder = repository(ROOT);
    for arguments in [
        ["audit", "--format", "json,sarif"].as_slice(),
        &["audit", "--format", "json=a,sarif=a"],
        &["audit", "--format", "json=a", "--output", "b"],
        &["audit", "--format", "yaml"],
        &["audit", "--format", "json="],
    ] {
        let output = seaworthy(arguments, folder.path());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn rejects_outputs_that_overwrite_other_files() {
    let folder = repository(ROOT);
    let run = |arguments: &[&str]| seaworthy(arguments, folder.path()).status.code();
    assert_eq!(run(&["audit", "--write-baseline", "known.json"]), Some(0));
    let config = "baseline = \"known.json\"\n";
    fs::write(folder.path().join("seaworthy-audit.toml"), config).unwrap();
    let known = fs::read_to_string(folder.path().join("known.json")).unwrap();
    for arguments in [
        ["audit", "--format", "json=./a,sarif=a"].as_slice(),
        &["audit", "--write-baseline", "b", "--format", "json=./b"],
        &[
            "audit",
            "--baseline",
            "known.json",
            "--output",
            "./known.json",
        ],
        &["audit", "--output", "known.json"],
        &[
            "audit",
            "--config",
            "seaworthy-audit.toml",
            "--output",
            "./seaworthy-audit.toml",
        ],
    ] {
        assert_eq!(run(arguments), Some(2), "{arguments:?}");
    }
    let read = |name: &str| fs::read_to_string(folder.path().join(name));
    assert_eq!(read("known.json").unwrap(), known);
    assert_eq!(read("seaworthy-audit.toml").unwrap(), config);
    assert!(read("a").is_err() && read("b").is_err());
    assert_eq!(
        run(&[
            "audit",
            "--baseline",
            "known.json",
            "--write-baseline",
            "known.json"
        ]),
        Some(0),
        "a baseline is renewed in its place"
    );
}

#[test]
fn reads_a_baseline_with_byte_order_mark() {
    let folder = repository(ROOT);
    let known = folder.path().join("known.json");
    let gate = ["audit", "--fail-on", "low", "--baseline", "known.json"];
    seaworthy(&["audit", "--write-baseline", "known.json"], folder.path());
    let text = fs::read_to_string(&known).unwrap();
    fs::write(&known, format!("\u{feff}{}", text.replace('\n', "\r\n"))).unwrap();
    assert_eq!(seaworthy(&gate, folder.path()).status.code(), Some(0));
}

#[test]
fn baseline_accepts_known_findings_only() {
    let folder = repository(ROOT);
    let status = |arguments: &[&str]| seaworthy(arguments, folder.path()).status.code();
    let gate = ["audit", "--fail-on", "low", "--baseline", "known.json"];
    assert_eq!(status(&["audit", "--fail-on", "low"]), Some(1));
    assert_eq!(status(&gate), Some(2), "a baseline that is not there");
    assert_eq!(
        status(&[
            "audit",
            "--fail-on",
            "low",
            "--write-baseline",
            "known.json"
        ]),
        Some(0)
    );
    fs::write(
        folder.path().join("Dockerfile"),
        format!("# moved\n\n{ROOT}"),
    )
    .unwrap();
    assert_eq!(status(&gate), Some(0));
    fs::create_dir(folder.path().join("other")).unwrap();
    fs::write(folder.path().join("other/Dockerfile"), ROOT).unwrap();
    assert_eq!(status(&gate), Some(1));
}

#[test]
fn reads_the_configuration_file_unless_excluded() {
    let folder = repository(ROOT);
    let config = folder.path().join("seaworthy-audit.toml");
    fs::write(&config, "fail-on = \"low\"\n").unwrap();
    let status = |arguments: &[&str]| seaworthy(arguments, folder.path()).status.code();
    assert_eq!(status(&["audit"]), Some(1));
    assert_eq!(status(&["audit", "--fail-on", "never"]), Some(0));
    assert_eq!(status(&["audit", "--no-config"]), Some(0));
    fs::write(
        &config,
        "fail-on = \"low\"\n[services.unknown]\ntier = \"batch\"\n",
    )
    .unwrap();
    let output = seaworthy(&["audit"], folder.path());
    assert_eq!(output.status.code(), Some(2));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(
        message.contains("seaworthy-audit.toml:2: `unknown` is not a service of the repository"),
        "{message}"
    );
    fs::write(&config, "fail-on = \"low\"\nfial = 1\n").unwrap();
    let output = seaworthy(&["audit"], folder.path());
    assert_eq!(output.status.code(), Some(2));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(
        message.contains("seaworthy-audit.toml:2:1: unknown field `fial`"),
        "{message}"
    );
}

#[test]
fn audit_with_unread_files_is_incomplete() {
    let folder = repository(ROOT);
    fs::write(folder.path().join("a.go"), "package a\n").unwrap();
    let output = seaworthy(&["audit", "--max-files", "1"], folder.path());
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("incomplete")
    );
    let output = seaworthy(
        &["audit", "--format", "json=nowhere/report.json"],
        folder.path(),
    );
    assert_eq!(output.status.code(), Some(3));
}

#[cfg(unix)]
#[test]
fn rejects_configured_baseline_outside_the_repository() {
    let outside = tempfile::tempdir().unwrap();
    let secret = outside.path().join("secret.json");
    fs::write(&secret, "{\"top-secret-key\": 1}").unwrap();
    let folder = repository(ROOT);
    std::os::unix::fs::symlink(&secret, folder.path().join("known.json")).unwrap();
    fs::write(
        folder.path().join("seaworthy-audit.toml"),
        "baseline = \"known.json\"\n",
    )
    .unwrap();
    let output = seaworthy(&["audit"], folder.path());
    assert_eq!(output.status.code(), Some(2));
    assert!(
        !String::from_utf8(output.stderr)
            .unwrap()
            .contains("top-secret")
    );
}

#[test]
fn prints_the_schema_of_json() {
    let folder = repository(ROOT);
    let output = seaworthy(&["audit", "schema"], folder.path());
    let schema: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(schema["title"], "Report of seaworthy audit");
}

#[test]
fn compares_with_an_earlier_report() {
    let folder = repository(ROOT);
    let run = |arguments: &[&str]| seaworthy(arguments, folder.path());
    run(&["audit", "--format", "json=earlier.json"]);
    fs::create_dir(folder.path().join("other")).unwrap();
    fs::write(folder.path().join("other/Dockerfile"), ROOT).unwrap();
    let output = run(&["audit", "--compare", "earlier.json", "--format", "markdown"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("## Changes since the earlier report"),
        "{text}"
    );
    assert!(text.contains("- new: `SHIP-1.root-user` in `other/Dockerfile:1`"));
    let gate = ["audit", "--compare", "earlier.json", "--fail-on", "low"];
    assert_eq!(
        run(&gate).status.code(),
        Some(1),
        "known findings still fail"
    );
    let output = run(&[
        "audit",
        "--compare",
        "earlier.json",
        "--output",
        "earlier.json",
    ]);
    assert_eq!(output.status.code(), Some(2), "an input is not overwritten");
    fs::write(folder.path().join("earlier.json"), "{}").unwrap();
    let output = run(&["audit", "--compare", "earlier.json"]);
    assert_eq!(output.status.code(), Some(2));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(
        message.contains("earlier.json: this is not a report"),
        "{message}"
    );
}

#[test]
fn explains_a_miss() {
    let folder = repository(ROOT);
    let run = |place: &str, rule: &str| {
        seaworthy(&["audit", "--explain-miss", place, rule], folder.path())
    };
    let output = run("Dockerfile:1", "SHIP-1.root-user");
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(text.contains("the rule reports line 1"), "{text}");
    for (place, rule) in [
        ("Dockerfile", "SHIP-1.root-user"),
        ("Dockerfile:0", "SHIP-1.root-user"),
        ("gone:1", "SHIP-1.root-user"),
        ("Dockerfile:1", "SHIP-1"),
    ] {
        assert_eq!(run(place, rule).status.code(), Some(2), "{place} {rule}");
    }
}

#[test]
fn pre_commit_hook_uses_valid_arguments() {
    let hooks = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.pre-commit-hooks.yaml");
    let hooks = fs::read_to_string(hooks).unwrap();
    let entry = hooks
        .lines()
        .find_map(|line| line.trim().strip_prefix("entry: seaworthy "))
        .unwrap();
    let folder = repository(ROOT);
    let arguments: Vec<&str> = entry.split(' ').collect();
    assert_eq!(seaworthy(&arguments, folder.path()).status.code(), Some(0));
}

#[test]
fn service_to_copy_has_no_findings() {
    let platforms = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../platforms");
    let output = seaworthy(&["audit", "starter", "--fail-on", "low"], &platforms);
    let report = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{report}");
    assert!(report.contains("no findings"), "{report}");
}

/// A team begins with a copy of the folder, without the rest of this workspace.
#[test]
fn copy_of_the_starter_is_ready_at_low_ship_5() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = tempfile::tempdir().unwrap();
    // The image is built from the root of the workspace.
    let ignored = ".dockerignore";
    fs::copy(root.join(ignored), folder.path().join(ignored)).unwrap();
    let starter = folder.path().join("platforms/starter");
    fs::create_dir_all(&starter).unwrap();
    copy(&root.join("platforms/starter"), &starter);
    let arguments = ["audit", "--fail-on", "low", "--format", "json"];
    let output = seaworthy(&arguments, folder.path());
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{report:#}");
    // The auditor read all services, and did not only find nothing to read.
    assert_eq!(report["verdict"], "ready", "{report:#}");
    let services = report["services"].as_array().unwrap();
    assert!(services.iter().any(|service| service["name"] == "starter"));
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
