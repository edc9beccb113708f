use std::{path::Path, process::Command};

use seaworthy_testkit::requirement::required;

use crate::app::SymbolsApp;

/// Generates a client with grpcio-tools from a separate proto file, and runs it.
#[test]
fn python_client_calls_every_method_api_1() {
    let Some(python) = required("SEAWORTHY_TEST_GRPCIO") else {
        return;
    };
    let service = SymbolsApp::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    let python_files = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python");
    let generated = Command::new(&python)
        .args(["-m", "grpc_tools.protoc", "-I"])
        .arg(&python_files)
        .arg(format!("--python_out={}", folder.path().display()))
        .arg(format!("--grpc_python_out={}", folder.path().display()))
        .arg("symbols.proto")
        .output()
        .unwrap();
    assert!(
        generated.status.success(),
        "{}",
        String::from_utf8_lossy(&generated.stderr)
    );
    let output = Command::new(&python)
        .arg(python_files.join("client.py"))
        .arg(service.grpc().to_string())
        .env("PYTHONPATH", folder.path())
        .output()
        .unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stdout}\n{stderr}");
}
