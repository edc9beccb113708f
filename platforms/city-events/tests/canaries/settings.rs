//! Settings that are wrong, where what is wrong is a secret.

use rustix::process::Signal;
use seaworthy_testkit::process::Ended;

use crate::{
    canary::Canaries,
    house::{plant_variables, start},
};

/// Settings that are refused at once.
fn mistakes(secret: &str) -> Vec<String> {
    let own = [
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
    own.into()
}

/// Settings that name somebody who is not there, for whom a start waits.
fn absent(secret: &str) -> [String; 1] {
    [format!(
        "auth.database.url=postgres://bote:{secret}@127.0.0.1:1/auth"
    )]
}

fn secret(canaries: &mut Canaries) -> String {
    plant_variables(canaries);
    canaries.secret("a secret in the settings", "eisvogelgimpel")
}

fn told(canaries: &Canaries, ended: &Ended) -> Vec<String> {
    let mut told = canaries.told_in("stderr", &ended.stderr);
    told.extend(canaries.told_in("stdout", &ended.stdout.join("\n")));
    told
}

#[test]
fn a_setting_that_is_refused_is_told_without_its_secret_obs_3_conf_5() {
    let mut canaries = Canaries::default();
    let secret = secret(&mut canaries);
    let mut leaks = Vec::new();
    for setting in mistakes(&secret) {
        let place = tempfile::tempdir().unwrap();
        let settings: Vec<String> = setting.lines().map(str::to_owned).collect();
        let mut process = start(place.path(), &settings);
        let refused = process.error_line("error:");
        assert!(refused.is_ok(), "{setting} is no mistake: {refused:?}");
        let ended = process.ended().unwrap();
        let told = told(&canaries, &ended);
        if !told.is_empty() {
            leaks.push(format!("{setting}: {told:#?}"));
        }
    }
    assert!(leaks.is_empty(), "{}", leaks.join("\n"));
}

#[test]
fn whoever_is_waited_for_is_told_without_the_secret_obs_3_conf_5() {
    let mut canaries = Canaries::default();
    let secret = secret(&mut canaries);
    for setting in absent(&secret) {
        let place = tempfile::tempdir().unwrap();
        let told_of = [
            setting.clone(),
            "auth.log.targets.seaworthy_service=debug".to_owned(),
            "auth.log.level=debug".to_owned(),
        ];
        let mut process = start(place.path(), &told_of);
        process.line("waiting for a dependency").unwrap();
        process.signal(Signal::TERM).unwrap();
        let ended = process.ended().unwrap();
        let told = told(&canaries, &ended);
        assert!(told.is_empty(), "{setting}: {told:#?}");
    }
}
