use std::{path::Path, process::Command};

use seaworthy_testkit::requirement::required;

use crate::running::Running;

/// Names the folder of the tools.
const TOOLS: &str = "SEAWORTHY_TEST_SCHEMATHESIS";

/// The same requests in every run.
const SEED: &str = "1";

/// Fails with what the tool says where it finds a fault.
fn finds_nothing(tool: &Path, arguments: &[&str]) {
    let home = tempfile::tempdir().unwrap();
    let ran = Command::new(tool)
        .args(arguments)
        .current_dir(home.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    let failed = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{said}\n{failed}");
}

#[test]
fn schemathesis_finds_no_fault_in_any_phase_api_4() {
    let Some(tools) = required(TOOLS) else { return };
    let service = Running::start(&[]);
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
    finds_nothing(&Path::new(&tools).join("schemathesis"), &arguments);
}

#[test]
fn the_document_is_valid_openapi_api_4() {
    let Some(tools) = required(TOOLS) else { return };
    let document = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/openapi.json");
    finds_nothing(
        &Path::new(&tools).join("openapi-spec-validator"),
        &[document],
    );
}
