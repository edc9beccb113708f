//! Finds the rules. Each folder under `rules/` is a rule. The build fails if a rule lacks its
//! metadata or a kind of fixture.

use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

const FIXTURES: [&str; 3] = ["bad", "good", "tempting"];

fn main() -> Result<(), Box<dyn Error>> {
    let rules = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("rules");
    writeln!(io::stdout(), "cargo::rerun-if-changed={}", rules.display())?;
    let mut modules = String::new();
    let mut list = String::new();
    for folder in folders(&rules)? {
        let id = folder
            .file_name()
            .and_then(|name| name.to_str())
            .ok_or("a rule's folder is not named in UTF-8")?
            .to_owned();
        let source = folder.join("rule.rs");
        if !source.is_file() {
            return Err(format!("rule {id}: rule.rs is missing").into());
        }
        for kind in FIXTURES {
            if folders(&folder.join("fixtures").join(kind))?.is_empty() {
                return Err(format!("rule {id}: no case under fixtures/{kind}/").into());
            }
        }
        let module = id.to_lowercase().replace(['-', '.'], "_");
        writeln!(modules, "#[path = {source:?}]\nmod {module};")?;
        writeln!(list, "    &{module}::RULE,")?;
    }
    let generated =
        format!("{modules}\npub(crate) const RULES: &[&crate::rule::Rule] = &[\n{list}];\n");
    fs::write(
        PathBuf::from(env::var("OUT_DIR")?).join("rules.rs"),
        generated,
    )?;
    Ok(())
}

/// Returns the folders inside a folder, sorted. Empty if the folder does not exist.
fn folders(parent: &Path) -> io::Result<Vec<PathBuf>> {
    if !parent.is_dir() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(parent)? {
        let path = entry?.path();
        if path.is_dir() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
