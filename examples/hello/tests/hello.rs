//! The behaviour that the README shows.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::{path::Path, process::Command};

use rustix::process::Signal;
use seaworthy_testkit::{
    document::assert_current,
    http::{get, request},
    process::{ProcessOutput, ServiceProcess},
};

fn hello() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_hello"))
}

fn run(arguments: &[&str]) -> ProcessOutput {
    let process = ServiceProcess::spawn(hello(), arguments, &[]);
    process.unwrap().wait_with_output().unwrap()
}

/// Runs a command and returns its stdout.
fn stdout(arguments: &[&str]) -> String {
    let output = Command::new(hello()).args(arguments).output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn greets_and_echoes() {
    let mut service = ServiceProcess::start(hello(), &["--set", "greeted=you"], &[]).unwrap();
    let (public, admin) = service.addresses().unwrap();
    service.line("\"message\":\"ready\"").unwrap();
    assert_eq!(get(public, "/").unwrap().body, "Hello, you!\n");
    let echoed = request(public, "POST", "/echo", &[], "{\"a\":1}").unwrap();
    assert_eq!(echoed.body, "{\"a\":1}");
    assert_eq!(get(admin, "/readyz").unwrap().status, 200);
}

#[test]
fn health_command_reports_readiness_hlth_1_conf_7() {
    let mut service = ServiceProcess::start(hello(), &[], &[]).unwrap();
    let (_, admin) = service.addresses().unwrap();
    service.line("\"message\":\"ready\"").unwrap();
    let port = format!("admin.addr=127.0.0.1:{}", admin.port());
    assert_eq!(run(&["health", "--set", &port]).status.code(), Some(0));
    service.signal(Signal::TERM).unwrap();
    service.line("draining: readiness probes fail").unwrap();
    assert_eq!(run(&["health", "--set", &port]).status.code(), Some(1));
}

#[test]
fn production_rejects_defaults_conf_3() {
    let ended = run(&["serve", "--profile", "production"]);
    assert_eq!(ended.status.code(), Some(78));
    assert!(ended.stderr.contains("SEC-1"), "{}", ended.stderr);
}

#[test]
fn version_command_prints_version() {
    assert_eq!(
        stdout(&["version"]),
        format!("hello {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn committed_settings_documents_are_current_conf_6() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (file, kind) in [
        ("docs/settings.md", "docs"),
        ("docs/settings.schema.json", "schema"),
        (".env.example", "env"),
    ] {
        assert_current(&home.join(file), &stdout(&["config", kind]));
    }
}
