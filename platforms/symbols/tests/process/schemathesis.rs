use std::{path::Path, process::Command};

use crate::running::Running;

/// The same requests in every run.
const SEED: &str = "1";

/// What this tool of the schemathesis environment printed, and whether it found nothing.
fn run(tool: &str, arguments: &[&str]) -> Option<(bool, String)> {
    let Ok(folder) = std::env::var("SEAWORTHY_TEST_SCHEMATHESIS") else {
        eprintln!("SKIPPED: SEAWORTHY_TEST_SCHEMATHESIS does not name a folder with schemathesis");
        return None;
    };
    let home = tempfile::tempdir().unwrap();
    let ran = Command::new(Path::new(&folder).join(tool))
        .args(arguments)
        .current_dir(home.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    Some((
        ran.status.success(),
        said + &String::from_utf8_lossy(&ran.stderr),
    ))
}

#[test]
fn schemathesis_finds_no_fault_in_any_phase_api_4() {
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
    if let Some((found_nothing, said)) = run("schemathesis", &arguments) {
        assert!(found_nothing, "{said}");
    }
}

#[test]
fn the_document_is_valid_openapi_api_4() {
    let document = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/openapi.json");
    if let Some((is_valid, said)) = run("openapi-spec-validator", &[document]) {
        assert!(is_valid, "{said}");
    }
}
