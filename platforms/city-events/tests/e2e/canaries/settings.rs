//! Invalid settings that contain a secret.

use rustix::process::Signal;
use seaworthy_testkit::process::ProcessOutput;

use super::{
    canary::Canaries,
    process::{plant_variables, start},
};

/// Returns settings with which startup fails. A line break separates two settings of one start.
fn invalid_settings(secret: &str) -> Vec<String> {
    let settings = [
        format!("auth.database.url=postgres:/bote:{secret}@"),
        format!("auth.database.url=mongodb://bote:{secret}@127.0.0.1:1/auth"),
        format!("auth.jwt.secret={secret}"),
        format!("auth.jwt.secret=[\"{secret}\"]"),
        format!("auth.jwt.secret={{\"key\":\"{secret}\"}}"),
        format!("auth.jwt.secrte={secret}"),
        format!("auth.password={secret}"),
        format!("auth.audit_log.key={secret}"),
        format!("auth.broker.url={secret}"),
        format!("email.mail.url=smtp://bote:{secret}@127.0.0.1:1"),
        format!("email.mail.url=smtp://127.0.0.1:1\nemail.mail.password={secret}"),
        format!("bff.clients.auth.base_url=http://bote:{secret}@:1"),
        format!("bff.grpc_clients.auth.url=http://bote:{secret}@ x"),
        format!("bff.grpc_clients.auth.url=ftp://bote:{secret}@127.0.0.1"),
        format!("bff.tracing.endpoint=ftp://bote:{secret}@collector"),
    ];
    settings.into()
}

fn plant_secret(canaries: &mut Canaries) -> String {
    plant_variables(canaries);
    canaries.secret("a secret in the settings", "eisvogelgimpel")
}

fn leaks_in(canaries: &Canaries, ended: &ProcessOutput) -> Vec<String> {
    let mut leaks = canaries.leaks_in("stderr", &ended.stderr);
    leaks.extend(canaries.leaks_in("stdout", &ended.stdout.join("\n")));
    leaks
}

#[test]
fn errors_of_settings_leak_no_secrets_obs_3_conf_5() {
    let mut canaries = Canaries::default();
    let secret = plant_secret(&mut canaries);
    let mut failures = Vec::new();
    for setting in invalid_settings(&secret) {
        let directory = tempfile::tempdir().unwrap();
        let settings: Vec<String> = setting.lines().map(str::to_owned).collect();
        let mut process = start(directory.path(), &settings);
        let error = process.error_line("error:");
        assert!(error.is_ok(), "{setting} did not fail: {error:?}");
        let ended = process.wait_with_output().unwrap();
        let leaks = leaks_in(&canaries, &ended);
        if !leaks.is_empty() {
            failures.push(format!("{setting}: {leaks:#?}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn logs_of_missing_dependency_leak_no_secrets_obs_3_conf_5() {
    let mut canaries = Canaries::default();
    let secret = plant_secret(&mut canaries);
    let directory = tempfile::tempdir().unwrap();
    let settings = [
        format!("auth.database.url=postgres://bote:{secret}@127.0.0.1:1/auth"),
        "auth.log.targets.seaworthy_service=debug".to_owned(),
        "auth.log.level=debug".to_owned(),
    ];
    let mut process = start(directory.path(), &settings);
    process.line("waiting for a dependency").unwrap();
    process.signal(Signal::TERM).unwrap();
    let ended = process.wait_with_output().unwrap();
    let leaks = leaks_in(&canaries, &ended);
    assert!(leaks.is_empty(), "{leaks:#?}");
}
