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

const PAGE: &str = include_str!("../../../docs/contracts.md");

/// The path of this repository in the page's manifest.
const REPOSITORY: &str = "../seaworthy/";

/// Returns the files of the page's first section: their names and contents. The first line of a
/// block is a comment with the name.
fn files() -> Vec<(&'static str, &'static str)> {
    let (_, section) = PAGE.split_once("\n## Start\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let blocks = section.split("\n```").skip(1).step_by(2);
    blocks
        .filter_map(|block| {
            let (_language, text) = block.split_once('\n')?;
            let (first, content) = text.split_once('\n')?;
            let name = first.strip_prefix("# ").or(first.strip_prefix("// "))?;
            Some((name, content))
        })
        .collect()
}

#[test]
fn crate_that_follows_contracts_page_compiles_api_1() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    let root = root.unwrap().to_str().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let names: Vec<&str> = files().iter().map(|(name, _)| *name).collect();
    assert_eq!(
        names,
        [
            "Cargo.toml",
            "contract/greeter/v1/greeter.proto",
            "build.rs",
            "src/main.rs"
        ]
    );
    for (name, content) in files() {
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
