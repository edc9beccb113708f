//! A crate outside of the workspace that follows `docs/contracts.md` compiles.
//!
//! Most tests use the third-party crates of the workspace's build. The ignored test compiles all of
//! them with the features that the crate selects.

#![expect(
    clippy::unwrap_used,
    reason = "what a test cannot unwrap has failed it"
)]

use std::path::{Path, PathBuf};

use seaworthy_testkit::external_package::{Block, ExternalPackage};

/// The page whose first section is a whole crate.
const CONTRACTS: &str = include_str!("../../../../docs/contracts.md");
/// The page whose manifest has the dependencies.
const TUTORIAL: &str = include_str!("../../../../docs/tutorial.md");
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
    // With the manifest of the page: its code may need no other dependency and no other feature of
    // the framework.
    let package = package(&whole_crate()).with_workspace_features().unwrap();
    assert_compiles("build", &package);
}

#[test]
fn crate_with_an_added_method_compiles_api_1() {
    let changed = Block::all(ADD_GRPC_METHOD);
    let expected = ["contract/greeter/v1/greeter.proto", "src/main.rs"];
    assert_eq!(names(&changed), expected);
    // The dependencies are those of the tutorial, whose test then finds them built.
    let package = package_of_tutorial(changed);
    assert_compiles("build", &package.with_workspace_features().unwrap());
}

/// Fails if a crate of the framework uses a feature of a dependency that it does not select.
#[test]
#[ignore = "compiles all dependencies twice"]
fn pages_compile_with_their_own_features_only_api_1() {
    assert_compiles("check", &package(&whole_crate()));
    let changed = Block::all(ADD_GRPC_METHOD);
    assert_compiles("check", &package_of_tutorial(changed));
}

#[test]
fn manifest_of_contracts_page_needs_only_two_dependencies_of_tutorial_api_1() {
    let (_, dependencies) = manifest(CONTRACTS).split_once("[dependencies]\n").unwrap();
    let dependencies: Vec<_> = dependencies.split_whitespace().collect();
    let expected = r#"
        seaworthy = { version = "0.1.0", features = ["grpc"] }
        [build-dependencies]
        seaworthy-contract-build = "0.1.0"
    "#;
    assert_eq!(
        dependencies,
        expected.split_whitespace().collect::<Vec<_>>()
    );
    for needed in [
        r#"seaworthy = { version = "0.1.0", features = ["auth", "grpc", "#,
        r#"seaworthy-contract-build = "0.1.0""#,
    ] {
        assert!(manifest(TUTORIAL).contains(needed), "{needed}");
    }
}

/// Returns the text of the manifest on a page.
fn manifest(page: &'static str) -> &'static str {
    let blocks = Block::all(page);
    let mut files = blocks.iter().filter_map(|block| block.file());
    files.find(|(name, _)| *name == "Cargo.toml").unwrap().1
}

/// Returns the whole crate with changed files and the manifest of the tutorial. Its name differs
/// from that of other packages, because Cargo builds packages of one name into one folder.
fn package_of_tutorial(changed: Vec<Block<'_>>) -> ExternalPackage {
    let manifest = format!("# Cargo.toml\n{}", manifest(TUTORIAL));
    let manifest = manifest.replace("\"orders\"", "\"greeter-with-parts\"");
    let manifest = Block {
        language: "toml",
        text: &manifest,
    };
    package(&[whole_crate(), changed, vec![manifest]].concat())
}

/// Writes the files into a folder outside of the workspace.
fn package(blocks: &[Block<'_>]) -> ExternalPackage {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    // The target folder of the workspace has some dependencies already.
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    ExternalPackage::write(blocks, root.unwrap(), target.parent().unwrap()).unwrap()
}

/// Compiles a package with a command of Cargo.
#[track_caller]
fn assert_compiles(command: &str, package: &ExternalPackage) {
    let mut cargo = package.command("cargo");
    let built = cargo.args([command, "--quiet"]).output().unwrap();
    let errors = String::from_utf8_lossy(&built.stderr);
    assert!(built.status.success(), "{errors}");
    assert_eq!(errors, "", "the compiler warns of generated code");
}
