//! The dependencies of builds.

use std::{collections::BTreeSet, env, process::Command};

use serde_json::Value;

use crate::{root, sources::sources};

/// Returns the packages that a build compiles on this machine.
fn packages(selection: &[&str]) -> BTreeSet<String> {
    let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let arguments = ["tree", "--locked", "--offline", "--prefix", "none"];
    let run = Command::new(cargo)
        .args(arguments)
        .args(selection)
        .current_dir(root())
        .output()
        .unwrap();
    assert!(run.status.success(), "{run:?}");
    let text = String::from_utf8(run.stdout).unwrap();
    let names = text.lines().filter_map(|line| line.split(' ').next());
    names.map(str::to_owned).collect()
}

/// Returns the packages of an engine of WebAssembly.
fn engine(selection: &[&str]) -> Vec<String> {
    let prefixes = ["cranelift", "pulley", "wasm", "wit-"];
    let is_engine = |name: &String| {
        prefixes.iter().any(|prefix| name.starts_with(prefix))
            || ["regalloc2", "wast", "wat"].contains(&name.as_str())
    };
    packages(selection).into_iter().filter(is_engine).collect()
}

/// `cargo package` rejects a dependency without a version. It removes such dev-dependencies.
#[test]
fn path_dependencies_have_versions_ship_5() {
    let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let arguments = [
        "metadata",
        "--locked",
        "--offline",
        "--no-deps",
        "--format-version=1",
    ];
    let run = Command::new(cargo)
        .args(arguments)
        .current_dir(root())
        .output()
        .unwrap();
    assert!(run.status.success(), "{run:?}");
    let metadata: Value = serde_json::from_slice(&run.stdout).unwrap();
    let mut checked = 0_usize;
    let mut missing = Vec::new();
    for package in metadata["packages"].as_array().unwrap() {
        for dependency in package["dependencies"].as_array().unwrap() {
            if dependency["path"].is_null() || dependency["kind"] == "dev" {
                continue;
            }
            checked += 1;
            if dependency["req"] == "*" {
                missing.push(format!("{}: {}", package["name"], dependency["name"]));
            }
        }
    }
    assert!(checked > 100, "only {checked} path dependencies were found");
    assert!(missing.is_empty(), "without a version: {missing:?}");
}

/// Fails when a package depends on one with `publish = false`, which Cargo cannot resolve.
#[test]
fn all_packages_can_be_packaged_ship_5() {
    let run = Command::new(env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()))
        .args([
            "package",
            "--workspace",
            "--locked",
            "--offline",
            "--no-verify",
            "--allow-dirty",
        ])
        .env("CARGO_TARGET_DIR", env!("CARGO_TARGET_TMPDIR"))
        .current_dir(root())
        .output()
        .unwrap();
    let log = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{log}");
    for name in ["seaworthy", "city-events", "tutoring", "hello"] {
        assert!(log.contains(&format!("Packaging {name} v")), "{log}");
    }
}

#[test]
fn default_builds_compile_no_wasm_crate_plug_1() {
    for package in ["hello", "city-events", "starter"] {
        let found = packages(&["--edges", "normal", "--package", package]);
        assert!(found.contains("seaworthy-http"), "{found:?}");
        assert!(!found.contains("seaworthy-plugins"), "{package}");
    }
    let all = engine(&["--edges", "normal,build,dev", "--workspace"]);
    assert!(all.is_empty(), "{all:?}");
    // The feature is the one thing that adds the engine.
    let with = ["--edges", "normal", "--package", "starter"];
    let with = engine(&[&with[..], &["--features", "plugins"]].concat());
    assert!(with.contains(&"wasmtime".to_owned()), "{with:?}");
}

#[test]
fn only_the_wasm_module_uses_wasmtime_plug_1() {
    let sources = sources().into_iter();
    let users = sources.filter(|source| source.text.contains("wasmtime::"));
    let users: Vec<String> = users.map(|source| source.path).collect();
    let is_own = |path: &String| path.starts_with("crates/plugins/src/wasm/");
    assert!(!users.is_empty() && users.iter().all(is_own), "{users:?}");
}
