//! The code under `tests/generated` is what the compiler writes today: it is at once the snapshot
//! and the subject of the other tests.

use std::{env, fs, path::Path};

use seaworthy_contract_build::Builder;
use serde_json::{Value, json};

#[test]
fn committed_code_equals_compiler_output_api_1() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let committed = tests.join("generated");
    let folder = tempfile::tempdir().unwrap();
    Builder::new("Library", "1.0")
        .contact("The librarians", "https://library.example.com")
        .idempotency_keys(true)
        .out_dir(folder.path())
        .compile(
            &[tests.join("proto/seaworthy/test/v1/library.proto")],
            &[tests.join("proto")],
        )
        .unwrap();
    let mut names: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert!(names.len() >= 4, "{names:?}");
    let update = env::var_os("UPDATE_GENERATED").is_some();
    for name in names {
        let written = fs::read(folder.path().join(&name)).unwrap();
        if update {
            fs::write(committed.join(&name), written).unwrap();
        } else {
            let known = fs::read(committed.join(&name)).unwrap_or_default();
            assert!(
                known == written,
                "{name:?} differs; look at it, then run with UPDATE_GENERATED=1"
            );
        }
    }
}

#[test]
fn openapi_security_follows_declared_access_auth_5() {
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/generated/openapi.json");
    let document: Value = serde_json::from_slice(&fs::read(document).unwrap()).unwrap();
    let books = "/v1/shelves/{shelves_id}/books";
    let book = format!("{books}/{{books_id}}");
    // The access that library.proto declares, and the credentials of the document.
    for (method, path, security) in [
        (
            "post",
            books,
            json!([{ "bearer": ["librarian", "books:write"] }, { "bearer": ["admin", "books:write"] }]),
        ),
        ("get", books, json!([{}, { "bearer": [] }])),
        ("get", &*book, json!([])),
        ("delete", &*book, json!([{ "bearer": ["admin"] }])),
        (
            "post",
            &*format!("{book}:lend"),
            json!([{ "bearer": ["books:lend", "books:read"] }]),
        ),
        ("get", &*format!("{book}:watch"), json!([{ "bearer": [] }])),
    ] {
        let operation = &document["paths"][path][method];
        assert_eq!(operation["security"], security, "{method} {path}");
        for status in ["401", "403"] {
            let is_documented = operation["responses"].get(status).is_some();
            assert_eq!(
                is_documented,
                security != json!([]),
                "{method} {path} {status}"
            );
        }
    }
}
