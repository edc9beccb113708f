use std::{path::Path, process::Command};

use seaworthy_testkit::requirement::required;

use crate::app::SymbolsApp;

/// The variable that names the folder of the tools.
const TOOLS: &str = "SEAWORTHY_TEST_SCHEMATHESIS";

/// A fixed seed, so that all runs send the same requests.
const SEED: &str = "1";

/// Runs a tool, which must succeed.
fn run(tool: &Path, arguments: &[&str]) {
    let home = tempfile::tempdir().unwrap();
    let output = Command::new(tool)
        .args(arguments)
        .current_dir(home.path())
        .output()
        .unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stdout}\n{stderr}");
}

#[test]
fn schemathesis_finds_no_fault_api_4() {
    let Some(tools) = required(TOOLS) else { return };
    let service = SymbolsApp::start(&[]);
    let url = format!("http://{}/openapi.json", service.http);
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/schemathesis.toml");
    let arguments = [
        "--config-file",
        config,
        "run",
        "--seed",
        SEED,
        "--no-color",
        &url,
    ];
    run(&Path::new(&tools).join("schemathesis"), &arguments);
}

#[test]
fn document_is_valid_openapi_api_4() {
    let Some(tools) = required(TOOLS) else { return };
    let document = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/openapi.json");
    run(
        &Path::new(&tools).join("openapi-spec-validator"),
        &[document],
    );
}
