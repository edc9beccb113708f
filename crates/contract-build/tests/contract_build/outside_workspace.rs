//! A crate outside of the workspace that follows `docs/contracts.md` compiles.

#![expect(
    clippy::unwrap_used,
    reason = "what a test cannot unwrap has failed it"
)]

use std::path::{Path, PathBuf};

use seaworthy_testkit::outside::{Block, OutsidePackage};

/// The page whose first section is a whole crate.
const CONTRACTS: &str = include_str!("../../../../docs/contracts.md");
/// The page that changes files of that crate.
const ADD_GRPC_METHOD: &str = include_str!("../../../../docs/how-to/add-grpc-method.md");

/// Returns the section of `contracts.md` that contains a whole crate.
fn whole_crate() -> Vec<Block<'static>> {
    let (_, section) = CONTRACTS.split_once("\n## Start\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    Block::all(section)
}

fn names<'a>(blocks: &[Block<'a>]) -> Vec<&'a str> {
    let files = blocks.iter().filter_map(|block| block.file());
    files.map(|(name, _)| name).collect()
}

#[test]
fn crate_that_follows_contracts_page_compiles_api_1() {
    assert_eq!(
        names(&whole_crate()),
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
    let changed = Block::all(ADD_GRPC_METHOD);
    let expected = ["contract/greeter/v1/greeter.proto", "src/main.rs"];
    assert_eq!(names(&changed), expected);
    assert_compiles(&[whole_crate(), changed].concat());
}

/// Writes the files into a folder outside of the workspace, and compiles them.
fn assert_compiles(blocks: &[Block<'_>]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    // The target folder of the workspace has most dependencies already.
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let package = OutsidePackage::write(blocks, root.unwrap(), target.parent().unwrap()).unwrap();
    let mut cargo = package.command("cargo");
    let checked = cargo.args(["check", "--quiet"]).output().unwrap();
    let errors = String::from_utf8_lossy(&checked.stderr);
    assert!(checked.status.success(), "{errors}");
    assert_eq!(errors, "", "the compiler warns of generated code");
}
