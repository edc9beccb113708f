use std::{path::Path, process::Command};

use seaworthy_testkit::{database::EmptyDatabase, requirement::required};

use crate::app::Replica;

/// Generates a client with grpcio-tools from a separate proto file, and runs it.
#[test]
fn python_client_calls_every_method_api_1() {
    let Some(python) = required("SEAWORTHY_TEST_GRPCIO") else {
        return;
    };
    let database = EmptyDatabase::sqlite().unwrap();
    let replica = Replica::start(&database);
    let folder = tempfile::tempdir().unwrap();
    let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python");
    let generated = Command::new(&python)
        .args(["-m", "grpc_tools.protoc", "-I"])
        .arg(&files)
        .arg(format!("--python_out={}", folder.path().display()))
        .arg(format!("--grpc_python_out={}", folder.path().display()))
        .args(["auth.proto", "error.proto", "greeter.proto"])
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&generated.stderr);
    assert!(generated.status.success(), "{stderr}");
    let output = Command::new(&python)
        .arg(files.join("client.py"))
        .arg(replica.grpc().unwrap().to_string())
        .env("PYTHONPATH", folder.path())
        .output()
        .unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stdout}\n{stderr}");
}
