//! The command line, and a crash after a change.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use seaworthy_testkit::{
    app::{TestApp, TestAppBuilder},
    eventually,
    http::request,
    process::example,
};
use serde_json::{Value, json};

const ADMIN: [(&str, &str); 2] = [
    ("content-type", "application/json"),
    ("x-admin-request", "1"),
];

fn builder() -> TestAppBuilder {
    let app = TestApp::builder(&example("flag_server")).unwrap();
    let folder = app.directory().to_owned();
    fs::write(folder.join("features.yaml"), "beta: false\nold: true\n").unwrap();
    app.settings(settings(&folder))
        .setting("server.grpc.addr=127.0.0.1:0")
}

fn settings(folder: &Path) -> [String; 2] {
    [
        format!("flags.directory={}", folder.display()),
        format!("flags.state_directory={}", folder.join("state").display()),
    ]
}

/// Runs a command of the binary with the settings of the service.
fn flags(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(example("flag_server"));
    for setting in settings(folder) {
        command.args(["--set", &setting]);
    }
    command.args(["--format", "json", "flags"]).args(arguments);
    command.output().unwrap()
}

fn parsed(output: &Output) -> Value {
    let errors = String::from_utf8_lossy(&output.stderr);
    let parsed = serde_json::from_slice(&output.stdout);
    assert!(parsed.is_ok(), "{errors}");
    parsed.unwrap()
}

/// Overrides the switch of a part of the framework.
fn switch(app: &TestApp, part: &str, variant: &str) {
    let body = json!({"variant": variant, "reason": "a test"}).to_string();
    let path = format!("/flags/framework.{part}/override");
    let changed = request(app.admin, "PUT", &path, &ADMIN, &body).unwrap();
    assert_eq!(changed.status, 200, "{}", changed.body);
}

/// Evaluates a flag over OFREP.
fn value(app: &TestApp, key: &str) -> Value {
    let path = format!("/ofrep/v1/evaluate/flags/{key}");
    let answer = app.send("POST", &path, "{\"context\":{}}").unwrap();
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    body.get("value").cloned().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn acknowledged_override_survives_kill_flag_1() {
    let mut builder = builder();
    for variant in ["on", "off", "on", "off", "on"] {
        let app = builder.start().unwrap();
        let body = json!({"variant": variant, "reason": "a test"}).to_string();
        let path = "/flags/beta/override";
        let changed = request(app.admin, "PUT", path, &ADMIN, &body).unwrap();
        assert_eq!(changed.status, 200, "{}", changed.body);
        builder = app.kill().unwrap();
        let listed = parsed(&flags(builder.directory(), &["list"]));
        assert_eq!(listed[0]["overrides"][0]["variant"], variant);
    }
    let app = builder.start().unwrap();
    assert_eq!(value(&app, "beta"), true);
}

#[tokio::test(flavor = "multi_thread")]
async fn running_service_follows_command_flag_1() {
    let app = builder().start().unwrap();
    let folder = app.directory().to_owned();
    let reason = ["--reason", "a test", "--actor", "ann"];
    let set = ["set", "beta", "on", "--expires-in", "10m", "--user", "bob"];
    let changed = flags(&folder, &[&set[..], &reason].concat());
    assert_eq!(parsed(&changed)["version"], 1);
    let explained = flags(
        &folder,
        &["explain", "beta", "--context", "targetingKey=bob"],
    );
    assert_eq!(parsed(&explained)["variant"], "on");
    let stop = flags(
        &folder,
        &[&["set", "sales.open", "off"], &reason[..]].concat(),
    );
    assert!(stop.status.success());
    eventually(async || value(&app, "sales.open") == false).await;
    let unset = flags(&folder, &[&["unset", "sales.open"], &reason[..]].concat());
    assert!(unset.status.success());
    let missing = flags(&folder, &[&["unset", "sales.open"], &reason[..]].concat());
    assert!(!missing.status.success());
    assert!(String::from_utf8_lossy(&missing.stderr).contains("no override"));
}

#[test]
fn config_check_lists_allowed_switches_flag_2() {
    let allowed = "flags.allowed_switches=[rate_limit]";
    let check = |settings: &[&str]| {
        let mut command = Command::new(example("flag_server"));
        command.args(["config", "check"]).args(settings);
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    let listed = check(&["--profile", "production", "--set", allowed]);
    assert!(
        listed.contains("allowed: flags.allowed_switches = [\"rate_limit\"]"),
        "{listed}"
    );
    let none = check(&["--profile", "production"]);
    assert!(!none.contains("allowed:"), "{none}");
}

#[tokio::test(flavor = "multi_thread")]
async fn flag_turns_access_log_off_and_on_flag_2() {
    let app = builder().start().unwrap();
    let ask = |name: &str| app.send("GET", &format!("/{name}"), "").unwrap();
    ask("first");
    switch(&app, "access_log", "off");
    ask("second");
    switch(&app, "access_log", "on");
    ask("third");
    let ended = app.stop().unwrap();
    let lines = |path| {
        ended
            .stdout
            .iter()
            .filter(|line| line.contains(path))
            .count()
    };
    assert_eq!(["/first", "/second", "/third"].map(lines), [1, 0, 1]);
}

#[test]
fn command_exports_and_checks_flags_flag_1() {
    let builder = builder();
    let exported = parsed(&flags(builder.directory(), &["export"]));
    assert_eq!(exported["metadata"]["bucketing"], "v3");
    assert_eq!(exported["flags"]["old"]["defaultVariant"], "on");
    let checked = flags(builder.directory(), &["lint"]);
    assert!(!checked.status.success());
    let findings = parsed(&checked);
    let findings = findings.as_array().unwrap();
    assert_eq!(findings.len(), 2, "{findings:?}");
}
