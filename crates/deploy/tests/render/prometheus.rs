//! The rules, checked and tested by promtool.

use std::{path::Path, process::Command};

use seaworthy_deploy::{Overlay, render, write};
use seaworthy_testkit::requirement::required;

use crate::sample::{complete, facts, overlay, platforms};

/// Runs promtool in the folder of the rules, and returns its output.
fn promtool(folder: &Path, step: &str, suffix: &str) -> Option<String> {
    let program = required("SEAWORTHY_TEST_PROMTOOL")?;
    let files = std::fs::read_dir(folder).unwrap();
    let files = files.map(|entry| entry.unwrap().path());
    let files: Vec<_> = files
        .filter(|file| file.to_string_lossy().ends_with(suffix))
        .collect();
    assert!(!files.is_empty());
    let output = Command::new(program)
        .args([step, "rules"])
        .args(files)
        .current_dir(folder)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    Some(text)
}

#[test]
fn promtool_accepts_the_rules_of_every_platform_obs_9() {
    for deploy in platforms() {
        let folder = tempfile::tempdir().unwrap();
        let files = render(&facts(&deploy), &overlay(&deploy)).unwrap();
        write(folder.path(), &files).unwrap();
        promtool(&folder.path().join("prometheus"), "check", ".rules.yaml");
    }
}

#[test]
fn every_alert_fires_and_is_silent_in_its_tests_obs_9() {
    let folder = tempfile::tempdir().unwrap();
    let facts = complete();
    let files = render(&[facts], &Overlay::default()).unwrap();
    write(folder.path(), &files).unwrap();
    let tests = &files["prometheus/join-service.test.yaml"];
    let rules = &files["prometheus/join-service.rules.yaml"];
    let names: Vec<_> = rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "))
        .collect();
    assert!(names.len() >= 22, "{names:?}");
    for name in names {
        assert!(tests.contains(&format!("\"{name} fires\"")), "{name}");
        assert!(tests.contains(&format!("\"{name} is silent\"")), "{name}");
    }
    promtool(&folder.path().join("prometheus"), "test", ".test.yaml");
}

#[test]
fn changed_threshold_fails_the_unit_tests_obs_9() {
    let Some(program) = required("SEAWORTHY_TEST_PROMTOOL") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let files = render(&[complete()], &Overlay::default()).unwrap();
    write(folder.path(), &files).unwrap();
    let prometheus = folder.path().join("prometheus");
    let rules = prometheus.join("join-service.rules.yaml");
    let text = std::fs::read_to_string(&rules).unwrap();
    for (from, to) in [
        (") > 120", ") > 119"),
        (") > 1000", ") > 1001"),
        ("> 14.4", "> 5"),
    ] {
        assert!(text.contains(from), "{from}: {text}");
        std::fs::write(&rules, text.replace(from, to)).unwrap();
        let output = Command::new(&program)
            .args(["test", "rules", "join-service.test.yaml"])
            .current_dir(&prometheus)
            .output()
            .unwrap();
        assert!(!output.status.success(), "{to}");
    }
}
