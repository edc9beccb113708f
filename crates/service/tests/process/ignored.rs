use rustix::process::Signal;
use seaworthy_testkit::process::{ServiceProcess, example};
use serde_json::Value;

#[test]
fn start_warns_of_ignored_variables_conf_1() {
    let variables = [("TRIAL_LIMIT_A", "hunter2"), ("TRIAL_LIMIT_B", "")];
    let mut service = ServiceProcess::start(&example("trial"), &[], &variables).unwrap();
    service.line("\"message\":\"ready\"").unwrap();
    service.signal(Signal::TERM).unwrap();
    let ended = service.wait_with_output().unwrap();
    let lines = ended.stdout.iter();
    let lines = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
    let warnings: Vec<_> = lines
        .filter(|line| line["message"] == "an environment variable is ignored")
        .collect();
    let [warning] = warnings.as_slice() else {
        panic!("expected one warning: {warnings:?}");
    };
    assert_eq!(warning["level"], "WARN");
    assert_eq!(warning["variable"], "TRIAL_LIMIT_A");
    assert_eq!(warning["advice"], "set server.http.rate_limit");
    assert!(!warning.to_string().contains("hunter2"), "{warning}");
}
