//! Runs the runner, where it can be had.

use std::process::Command;

/// The Connect project's runner of conformance tests, which must find nothing.
#[test]
fn passes_connect_conformance_runner_api_1() {
    let Some(runner) = std::env::var_os("SEAWORTHY_TEST_CONNECTCONFORMANCE") else {
        return;
    };
    let ran = Command::new(runner)
        .args(["--mode", "server", "--conf"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/runner.yaml"))
        .args(["--", env!("CARGO_BIN_EXE_seaworthy-grpc-conformance")])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    let failed = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{said}\n{failed}");
}
