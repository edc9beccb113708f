//! The program without settings.

use std::path::Path;

use seaworthy_testkit::process::ServiceProcess;

/// Starts the program with variables, and returns whether it ended with an error that names a key.
#[track_caller]
fn assert_start_names(key: &str, environment: &[(&str, &str)]) {
    let program = Path::new(env!("CARGO_BIN_EXE_city-events-bff"));
    let ended = ServiceProcess::start(program, &[], environment).and_then(ServiceProcess::ended);
    let outcome = ended
        .as_ref()
        .map(|ended| (ended.status.success(), ended.stderr.contains(key)));
    assert!(matches!(outcome, Ok((false, true))), "{ended:#?}");
}

#[test]
fn start_fails_without_jwt_secret_conf_5() {
    assert_start_names("jwt.secret", &[]);
}

#[test]
fn start_fails_without_own_credentials_auth_6() {
    let secret = ("JWT_SECRET", "a secret of this test with 32 bytes or more");
    assert_start_names("service_calls.secret", &[secret]);
}

#[test]
fn rejected_legacy_variable_ends_program_with_78_conf_1() {
    let program = Path::new(env!("CARGO_BIN_EXE_city-events-bff"));
    let variables = [("EVENT_SERVICE_URL", "http://event:8080")];
    let process = ServiceProcess::start_as_is(program, &["serve"], &variables);
    let ended = process.unwrap().ended().unwrap();
    assert_eq!(ended.status.code(), Some(78), "{ended:#?}");
    let text = "env EVENT_SERVICE_URL: the variable is not supported: set grpc_clients.event.url";
    assert!(ended.stderr.contains(text), "{ended:#?}");
}
