//! The time limits of the workflows, and of `./test` in them, and its installation of packages.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::Path,
    process::Command,
};

use seaworthy_testkit::compose::Compose;
use serde_json::Value;

use crate::sample::{platforms, repository};

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
    assert_eq!(found, 11);
}

#[test]
fn scheduled_job_needs_the_server_of_dapr_msg_9() {
    const NEEDED: &str = "SEAWORTHY_TEST_NEEDS_DAPR";
    let path = repository().join(".github/workflows/scheduled.yml");
    let workflow = Compose::read(&path).root().clone();
    let steps = workflow["jobs"]["dapr"]["steps"].as_array().unwrap();
    let step = steps.iter().find(|step| step["env"][NEEDED] == "true");
    let run = step.unwrap()["run"].as_str().unwrap();
    assert!(run.contains("-p seaworthy-messaging dapr::"), "{run}");
    let script = fs::read_to_string(repository().join("test")).unwrap();
    assert!(script.contains(&format!("${{{NEEDED}:-}}")));
}

#[test]
fn scheduled_job_runs_load_soak_and_chaos_for_minutes_ship_6() {
    const LENGTH: &str = "SEAWORTHY_BENCH_SECONDS";
    let path = repository().join(".github/workflows/scheduled.yml");
    let workflow = Compose::read(&path).root().clone();
    let steps = workflow["jobs"]["bench"]["steps"].as_array().unwrap();
    let step = steps.iter().find(|step| !step["env"][LENGTH].is_null());
    let seconds: u32 = step.unwrap()["env"][LENGTH]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!(seconds >= 600, "{seconds}");
    let tests = fs::read_to_string(repository().join("bench/tests/bench/main.rs")).unwrap();
    for part in [LENGTH, "\"load\"", "\"soak\"", "\"chaos\""] {
        assert!(tests.contains(part), "{part}");
    }
}

#[test]
fn scheduled_jobs_run_every_platform_ship_1_ship_2() {
    let path = repository().join(".github/workflows/scheduled.yml");
    let workflow = Compose::read(&path).root().clone();
    let folders = platforms();
    let names = folders.iter().map(|deploy| {
        let platform = deploy.parent().unwrap().file_name().unwrap();
        platform.to_str().unwrap()
    });
    let names: Vec<_> = names.collect();
    for job in ["compose", "images"] {
        let included = &workflow["jobs"][job]["strategy"]["matrix"]["include"];
        let included = included.as_array().unwrap().iter();
        let included = included.map(|entry| entry["platform"].as_str().unwrap());
        assert_eq!(included.collect::<Vec<_>>(), names, "{job}");
    }
}

/// A job that fails outside of a bound: the workflow, the job and the part of a command with the bound.
const GATES: [[&str; 3]; 4] = [
    ["ci.yml", "benchmark", "--max-growth-percent 10"],
    ["scheduled.yml", "coverage", "--fail-under-lines 80"],
    ["scheduled.yml", "overload", "seaworthy-bench overload"],
    ["scheduled.yml", "reproducible", "scripts/reproduce "],
];

#[test]
fn workflows_have_their_gates_ship_5() {
    for [workflow, job, bound] in GATES {
        let path = repository().join(".github/workflows").join(workflow);
        let workflow = Compose::read(&path).root().clone();
        let mut steps = workflow["jobs"][job]["steps"].as_array().unwrap().iter();
        let has_bound = steps.any(|step| step["run"].as_str().unwrap_or_default().contains(bound));
        assert!(has_bound, "{job}: {bound}");
    }
}

fn write_program(folder: &Path, name: &str, script: &str) {
    let program = folder.join(name);
    fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
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
        write_program(folder.path(), name, &script);
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

/// Programs that `./test` uses to find requirements. No other program is in its path.
const TOOLS: &[&str] = &[
    "bash", "cat", "cksum", "cut", "dirname", "env", "find", "getconf", "mkdir", "readlink", "rm",
    "sh", "sort", "touch", "true", "uname", "xargs",
];

/// Runs the installations of `./test` as this user, and returns the calls of `sudo` and `apt-get`.
fn installations(user: &str, sudo: Option<&str>) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let programs = folder.path().join("programs");
    fs::create_dir(&programs).unwrap();
    let path = std::env::var_os("PATH").unwrap();
    for tool in TOOLS {
        let mut folders = std::env::split_paths(&path);
        let found = folders.find_map(|folder| folder.join(tool).canonicalize().ok());
        symlink(found.unwrap(), programs.join(tool)).unwrap();
    }
    let recorded = folder.path().join("recorded");
    fs::write(&recorded, "").unwrap();
    let record = |name: &str| format!("echo {name} \"$@\" >> {}", recorded.display());
    for (name, script) in [
        ("apt-get", record("apt-get")),
        ("cargo", "exit 0".to_owned()),
        ("id", format!("echo {user}")),
        ("npm", "exit 1".to_owned()),
        ("sleep", "exit 0".to_owned()),
    ] {
        write_program(&programs, name, &script);
    }
    if let Some(script) = sudo {
        write_program(&programs, "sudo", &format!("{}\n{script}", record("sudo")));
    }
    let output = Command::new(repository().join("test"))
        .args(["--no-run", "-p", "none"])
        .env_clear()
        .env("PATH", &programs)
        .env("CARGO_TARGET_DIR", folder.path().join("target"))
        .env("XDG_CACHE_HOME", folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let recorded = fs::read_to_string(&recorded).unwrap();
    recorded.lines().map(str::to_owned).collect()
}

const INSTALL: &str = "apt-get -qq install --no-install-recommends -y redis-server";

/// Hosted workflows run as a user who may use `sudo` without a password.
#[test]
fn user_with_sudo_installs_packages_ship_5() {
    let calls = installations("1000", Some("shift; exec \"$@\""));
    let is_call = |expected: &str| calls.iter().any(|call| call == expected);
    let with_sudo = format!("sudo -n env DEBIAN_FRONTEND=noninteractive {INSTALL}");
    assert!(is_call(&with_sudo) && is_call(INSTALL), "{calls:?}");
    assert!(is_call("sudo -n apt-get -qq update"), "{calls:?}");
}

#[test]
fn user_without_sudo_installs_no_packages_ship_5() {
    for sudo in [None, Some("exit 1")] {
        let calls = installations("1000", sudo);
        let mut calls = calls.iter();
        assert!(calls.all(|call| call == "sudo -n true"), "{calls:?}");
    }
}

#[test]
fn root_installs_packages_without_sudo_ship_5() {
    let calls = installations("0", Some("exit 1"));
    assert!(calls.iter().any(|call| call == INSTALL), "{calls:?}");
    assert!(
        calls.iter().all(|call| call.starts_with("apt-get ")),
        "{calls:?}"
    );
}
