//! Finds the crate that generated code calls.

use std::{env, fs, path::Path};

use toml::Table;

/// The name of the runtime crate.
const RUNTIME: &str = "seaworthy-contract";
/// The name of the facade, which re-exports the runtime crate.
const FACADE: &str = "seaworthy";
/// The module of the facade that re-exports the runtime crate.
const FACADE_MODULE: &str = "contract";

/// Returns the path of the runtime crate in the package whose build script runs. It depends on the
/// runtime crate or on the facade.
pub(crate) fn path() -> String {
    let manifest = env::var_os("CARGO_MANIFEST_DIR")
        .and_then(|folder| fs::read_to_string(Path::new(&folder).join("Cargo.toml")).ok());
    path_in(manifest.as_deref().unwrap_or_default())
}

fn path_in(manifest: &str) -> String {
    let manifest: Table = manifest.parse().unwrap_or_default();
    let dependency = |package| name_of(&manifest, package);
    match (dependency(RUNTIME), dependency(FACADE)) {
        (Some(name), _) => format!("::{name}"),
        (None, Some(name)) => format!("::{name}::{FACADE_MODULE}"),
        (None, None) => format!("::{}", RUNTIME.replace('-', "_")),
    }
}

/// Returns the name of a package in Rust code. Dependencies may be renamed.
fn name_of(manifest: &Table, package: &str) -> Option<String> {
    let targets = manifest
        .get("target")
        .and_then(|targets| targets.as_table());
    let sections = targets
        .into_iter()
        .flat_map(|targets| targets.values().filter_map(|target| target.as_table()))
        .chain([manifest]);
    let mut dependencies = sections
        .flat_map(|section| ["dependencies", "dev-dependencies"].map(|name| section.get(name)))
        .filter_map(|dependencies| dependencies?.as_table())
        .flatten();
    let (name, _) = dependencies.find(|(name, specification)| {
        let renamed = specification.get("package").and_then(|name| name.as_str());
        renamed.unwrap_or(name) == package
    })?;
    Some(name.replace('-', "_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_runtime_crate_and_facade_in_manifest_api_1() {
        for (manifest, path) in [
            ("", "::seaworthy_contract"),
            ("not a manifest", "::seaworthy_contract"),
            ("[dependencies]\nseaworthy = \"1\"", "::seaworthy::contract"),
            (
                "[dependencies]\nseaworthy.workspace = true\nseaworthy-contract = \"1\"",
                "::seaworthy_contract",
            ),
            (
                "[dependencies]\nframe-work = { package = \"seaworthy\", version = \"1\" }",
                "::frame_work::contract",
            ),
            (
                "[target.'cfg(unix)'.dependencies]\nseaworthy = \"1\"",
                "::seaworthy::contract",
            ),
            (
                "[dev-dependencies]\nseaworthy-contract.path = \"../contract\"",
                "::seaworthy_contract",
            ),
            (
                "[build-dependencies]\nseaworthy = \"1\"",
                "::seaworthy_contract",
            ),
        ] {
            assert_eq!(path_in(manifest), path, "{manifest}");
        }
    }
}
