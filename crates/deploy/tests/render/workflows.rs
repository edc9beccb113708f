//! The time limits of the workflows, and of `./test` in them.

use std::{fs, os::unix::fs::PermissionsExt as _, process::Command};

use seaworthy_testkit::compose::Compose;
use serde_json::Value;

use crate::sample::repository;

const VARIABLE: &str = "SEAWORTHY_TEST_MAX_MINUTES";
/// The limit of `./test` without the variable, in minutes.
const DEFAULT: u64 = 75;
/// The minutes of a job in which it ends by itself, and names the test that hangs.
const MARGIN: u64 = 10;

/// Returns the sum of the limits of a job's runs of `./test`, in minutes.
fn limit_of_tests(job: &Value) -> u64 {
    let steps = job["steps"].as_array().unwrap().iter();
    let limits = steps.map(|step| {
        let script = step["run"].as_str().unwrap_or_default();
        // `.ci/run` runs all tests once.
        let runs = script.matches("CI=true ./test").count() + script.matches(".ci/run").count();
        let own = step.pointer(&format!("/env/{VARIABLE}"));
        let limit = own.map_or(DEFAULT, |own| own.as_str().unwrap().parse().unwrap());
        u64::try_from(runs).unwrap() * limit
    });
    limits.sum()
}

#[test]
fn tests_may_use_most_of_the_time_of_their_job_ship_5() {
    let mut found = 0;
    for workflow in ["ci.yml", "scheduled.yml"] {
        let path = repository().join(".github/workflows").join(workflow);
        let workflow = Compose::read(&path).root().clone();
        for (name, job) in workflow["jobs"].as_object().unwrap() {
            let timeout = job["timeout-minutes"].as_u64().unwrap();
            let tests = limit_of_tests(job);
            if tests == 0 {
                continue;
            }
            found += 1;
            assert!(tests + MARGIN <= timeout, "{name}: {tests} of {timeout}");
            // The rest is for builds outside of `./test`.
            assert!(tests * 3 >= timeout * 2, "{name}: {tests} of {timeout}");
        }
    }
    assert_eq!(found, 6);
}

/// Runs `./test` with programs that only record their arguments, and returns the seconds after
/// which it ends the tests.
fn seconds(minutes: Option<&str>) -> Result<u64, String> {
    let folder = tempfile::tempdir().unwrap();
    let recorded = folder.path().join("recorded");
    for (name, script) in [
        ("cargo", "exit 0".to_owned()),
        ("timeout", format!("echo \"$@\" >> {}", recorded.display())),
    ] {
        let program = folder.path().join(name);
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let path = std::env::var("PATH").unwrap();
    let mut command = Command::new(repository().join("test"));
    command
        .args(["--quick", "-p", "none"])
        .env("PATH", format!("{}:{path}", folder.path().display()))
        .env("CARGO_TARGET_DIR", folder.path().join("target"))
        .env("XDG_CACHE_HOME", folder.path())
        .env("CI", "true")
        .env_remove(VARIABLE);
    if let Some(minutes) = minutes {
        command.env(VARIABLE, minutes);
    }
    let output = command.output().unwrap();
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let recorded = fs::read_to_string(&recorded).unwrap();
    let mut words = recorded.split_whitespace();
    assert_eq!(words.next(), Some("--kill-after=60"), "{recorded}");
    Ok(words.next().unwrap().parse().unwrap())
}

#[test]
fn variable_sets_the_time_limit_of_the_tests_ship_5() {
    // The script itself has used up to a minute.
    let is_limit = |found: u64, minutes: u64| (minutes - 1) * 60 < found && found <= minutes * 60;
    let default = seconds(None).unwrap();
    assert!(is_limit(default, DEFAULT), "{default}");
    let long = seconds(Some("330")).unwrap();
    assert!(is_limit(long, 330), "{long}");
    for invalid in ["1h", "-5", "0"] {
        let error = seconds(Some(invalid)).unwrap_err();
        assert!(error.contains(VARIABLE), "{error}");
    }
}
