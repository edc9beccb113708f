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
