//! The program by itself, as it stands in an image.

use std::path::Path;

use seaworthy_testkit::process::ServiceProcess;

#[test]
fn there_is_no_secret_built_in_conf_5() {
    let program = Path::new(env!("CARGO_BIN_EXE_city-events-bff"));
    let ended = ServiceProcess::start(program, &[], &[]).and_then(ServiceProcess::ended);
    let told = ended
        .as_ref()
        .map(|ended| (ended.status.success(), ended.stderr.contains("jwt.secret")));
    assert!(matches!(told, Ok((false, true))), "{ended:#?}");
}

#[test]
fn without_proof_of_who_it_is_the_door_does_not_open_auth_6() {
    let program = Path::new(env!("CARGO_BIN_EXE_city-events-bff"));
    let secret = ("JWT_SECRET", "a secret that stands in this test alone");
    let ended = ServiceProcess::start(program, &[], &[secret]).and_then(ServiceProcess::ended);
    let told = ended.as_ref().map(|ended| {
        let is_named = ended.stderr.contains("service_calls.secret");
        (ended.status.success(), is_named)
    });
    assert!(matches!(told, Ok((false, true))), "{ended:#?}");
}
