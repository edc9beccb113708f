use std::{path::Path, process::Command};

use seaworthy_testkit::requirement::required;

use crate::running::Running;

/// A client that another language's stock tools made of a proto of its own words.
#[test]
fn a_client_of_another_language_speaks_every_method_api_1() {
    let Some(python) = required("SEAWORTHY_TEST_GRPCIO") else {
        return;
    };
    let service = Running::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    let python_files = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python");
    let made = Command::new(&python)
        .args(["-m", "grpc_tools.protoc", "-I"])
        .arg(&python_files)
        .arg(format!("--python_out={}", folder.path().display()))
        .arg(format!("--grpc_python_out={}", folder.path().display()))
        .arg("symbols.proto")
        .output()
        .unwrap();
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    let ran = Command::new(&python)
        .arg(python_files.join("client.py"))
        .arg(service.grpc().to_string())
        .env("PYTHONPATH", folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    let failed = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{said}\n{failed}");
}
