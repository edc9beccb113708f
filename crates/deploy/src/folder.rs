//! The output folder.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{Files, HEADER, Overlay, kubernetes::OVERLAY};

/// The folders of generated files. Other files in them belong to operators.
const GENERATED: [&str; 4] = ["prometheus", "grafana", "runbooks", "kubernetes/base"];
/// The text that identifies a generated file whose format has no comments.
const MARK: &str = "\"tags\": [\"seaworthy\"]";

/// Reads `overlay.toml` of a folder. A missing file is the default overlay.
///
/// # Errors
/// The file cannot be read, or is not valid.
pub fn read_overlay(folder: &Path) -> io::Result<Overlay> {
    let path = folder.join("overlay.toml");
    match fs::read_to_string(&path) {
        Ok(text) => Overlay::read(&text)
            .map_err(|error| io::Error::other(format!("{}: {error}", folder.display()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Overlay::default()),
        Err(error) => Err(io::Error::other(format!("{}: {error}", path.display()))),
    }
}

/// Writes the files, and removes generated files that are not among them. Creates the files of
/// operators if they are missing.
///
/// # Errors
/// A file cannot be written.
pub fn write(folder: &Path, files: &Files) -> io::Result<()> {
    for (path, text) in files {
        write_file(&folder.join(path), text)?;
    }
    for path in stale(folder, files)? {
        fs::remove_file(folder.join(path))?;
    }
    for (path, text) in [
        ("overlay.toml", Overlay::TEMPLATE),
        ("kubernetes/overlays/production/kustomization.yaml", OVERLAY),
    ] {
        let path = folder.join(path);
        if !path.exists() {
            write_file(&path, text)?;
        }
    }
    Ok(())
}

/// Returns the files whose content differs from the generated text, and generated files that are
/// not among them.
///
/// # Errors
/// The folder cannot be read.
pub fn differences(folder: &Path, files: &Files) -> io::Result<Vec<String>> {
    let changed = files.iter().filter(|(path, text)| {
        let current = fs::read_to_string(folder.join(path));
        current.ok().as_ref() != Some(text)
    });
    let mut different: Vec<_> = changed.map(|(path, _)| path.clone()).collect();
    different.extend(stale(folder, files)?);
    different.sort();
    Ok(different)
}

fn write_file(path: &Path, text: &str) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(path, text).map_err(|error| io::Error::other(format!("{}: {error}", path.display())))
}

/// Returns the generated files of the folder that are not among `files`.
fn stale(folder: &Path, files: &Files) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    for generated in GENERATED {
        let mut folders = vec![folder.join(generated)];
        while let Some(next) = folders.pop() {
            if !next.is_dir() {
                continue;
            }
            for entry in fs::read_dir(&next)? {
                let path = entry?.path();
                if path.is_dir() {
                    folders.push(path);
                } else if is_generated(&path) {
                    found.push(path);
                }
            }
        }
    }
    let names = found.iter().filter_map(|path: &PathBuf| {
        let name = path.strip_prefix(folder).ok()?.to_str()?;
        (!files.contains_key(name)).then(|| name.to_owned())
    });
    Ok(names.collect())
}

fn is_generated(path: &Path) -> bool {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().take(1).any(|line| line.contains(HEADER)) || text.contains(MARK)
}
