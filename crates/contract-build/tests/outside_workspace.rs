//! A crate outside of the workspace that follows `docs/contracts.md` compiles.

#![expect(
    clippy::unwrap_used,
    reason = "what a test cannot unwrap has failed it"
)]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The page whose first section is a whole crate.
const CONTRACTS: &str = include_str!("../../../docs/contracts.md");
/// The page that changes files of that crate.
const ADD_GRPC_METHOD: &str = include_str!("../../../docs/how-to/add-grpc-method.md");

/// The path of this repository in the page's manifest.
const REPOSITORY: &str = "../seaworthy/";

/// Returns the files of a text: their names and contents. The first line of a block is a comment
/// with the name.
fn files(text: &str) -> Vec<(&str, &str)> {
    let blocks = text.split("\n```").skip(1).step_by(2);
    blocks
        .filter_map(|block| {
            let (_language, text) = block.split_once('\n')?;
            let (first, content) = text.split_once('\n')?;
            let name = first.strip_prefix("# ").or(first.strip_prefix("// "))?;
            Some((name, content))
        })
        .collect()
}

/// Returns the section of `contracts.md` that contains a whole crate.
fn whole_crate() -> Vec<(&'static str, &'static str)> {
    let (_, section) = CONTRACTS.split_once("\n## Start\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    files(section)
}

#[test]
fn crate_that_follows_contracts_page_compiles_api_1() {
    let names: Vec<&str> = whole_crate().iter().map(|(name, _)| *name).collect();
    assert_eq!(
        names,
        [
            "Cargo.toml",
            "contract/greeter/v1/greeter.proto",
            "build.rs",
            "src/main.rs"
        ]
    );
    assert_compiles(&whole_crate());
}

#[test]
fn crate_with_an_added_method_compiles_api_1() {
    let changed = files(ADD_GRPC_METHOD);
    let names: Vec<&str> = changed.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["contract/greeter/v1/greeter.proto", "src/main.rs"]);
    assert_compiles(&[whole_crate(), changed].concat());
}

/// Writes the files into a folder outside of the workspace, the later over the earlier, and
/// compiles them.
fn assert_compiles(files: &[(&str, &str)]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    let root = root.unwrap().to_str().unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content.replace(REPOSITORY, &format!("{root}/"))).unwrap();
    }
    fs::copy(
        Path::new(root).join("Cargo.lock"),
        folder.path().join("Cargo.lock"),
    )
    .unwrap();
    // The target folder of the workspace has most dependencies already.
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let checked = Command::new(env::var_os("CARGO").unwrap())
        .args(["check", "--offline", "--quiet"])
        .current_dir(folder.path())
        .env("CARGO_TARGET_DIR", target.parent().unwrap())
        .env_remove("CARGO_MANIFEST_DIR")
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&checked.stderr);
    assert!(checked.status.success(), "{errors}");
}
