use std::path::Path;

use seaworthy_testkit::{document::assert_current, process::ServiceProcess};

use crate::app::SymbolsApp;

fn home() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn committed_document_is_served_api_4() {
    let expected = include_str!(concat!(env!("OUT_DIR"), "/openapi.json"));
    assert_current(&home().join("docs/openapi.json"), expected);
    let service = SymbolsApp::start(&[]);
    assert_eq!(service.send("GET", "/openapi.json", "").body, expected);
    let page = service.send("GET", "/docs", "");
    assert_eq!(page.status, 200);
    assert!(
        page.header("content-security-policy")
            .unwrap()
            .contains("default-src 'none'")
    );
}

#[test]
fn document_is_served_only_in_development_api_4() {
    let service = SymbolsApp::start(&["--profile", "staging"]);
    assert_eq!(service.send("GET", "/openapi.json", "").status, 404);
    assert_eq!(service.send("GET", "/docs", "").status, 404);
}

#[test]
fn committed_settings_documents_are_current_conf_6() {
    let service = env!("CARGO_BIN_EXE_symbols");
    let worker = env!("CARGO_BIN_EXE_symbols-worker");
    for (program, file, kind) in [
        (service, "docs/settings.md", "docs"),
        (service, "docs/settings.schema.json", "schema"),
        (service, ".env.example", "env"),
        (worker, "docs/worker.md", "docs"),
        (worker, "docs/worker.schema.json", "schema"),
        (worker, ".env.worker.example", "env"),
    ] {
        let program = Path::new(program);
        let process = ServiceProcess::spawn(program, &["config", kind], &[]).unwrap();
        let lines = process.wait_with_output().unwrap().stdout;
        assert_current(&home().join(file), &(lines.join("\n") + "\n"));
    }
}
