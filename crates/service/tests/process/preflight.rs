use rustix::process::Signal;
use seaworthy_testkit::process::{ServiceProcess, example};
use serde_json::Value;

/// Settings that production rejects.
const UNSAFE: [&str; 4] = [
    "--set",
    "server.http.rate_limit.enabled=false",
    "--set",
    "lifecycle.total_timeout=1h",
];

#[test]
fn development_start_warns_once_and_names_config_check_conf_3() {
    let mut service = ServiceProcess::start(&example("trial"), &UNSAFE, &[]).unwrap();
    service.line("\"message\":\"ready\"").unwrap();
    service.signal(Signal::TERM).unwrap();
    let ended = service.wait_with_output().unwrap();
    let lines = ended.stdout.iter();
    let lines = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
    let warnings: Vec<_> = lines
        .filter(|line| {
            line["level"] == "WARN" && line["message"].to_string().contains("production")
        })
        .collect();
    let [warning] = warnings.as_slice() else {
        panic!("expected one warning: {warnings:?}");
    };
    let message = warning["message"].as_str().unwrap();
    assert!(message.contains("`config check`"), "{message}");
    // The command lists as many violations as the warning counts.
    let check = [
        "config",
        "check",
        "--profile",
        "production",
        "--format",
        "json",
        "--set",
        "server.http.addr=127.0.0.1:0",
        "--set",
        "admin.addr=127.0.0.1:0",
        "--set",
        "log.format=json",
    ];
    let arguments = [&check[..], &UNSAFE].concat();
    let checked = ServiceProcess::spawn(&example("trial"), &arguments, &[]).unwrap();
    let checked = checked.wait_with_output().unwrap();
    let report: Value = serde_json::from_str(&checked.stdout.join("\n")).unwrap();
    let violations = report["violations"].as_array().unwrap().len();
    assert!(violations > 2, "{report}");
    assert_eq!(warning["count"], violations, "{report}");
}
