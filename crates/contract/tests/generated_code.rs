//! The code under `tests/generated` is what the compiler writes today: it is at once the snapshot and the subject of the other tests.

use std::{env, fs, path::Path};

use seaworthy_contract_build::Builder;

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
