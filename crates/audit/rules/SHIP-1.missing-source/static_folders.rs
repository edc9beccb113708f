//! Folders that FastAPI and Starlette serve, and that do not exist: the program fails at its start.

use std::sync::LazyLock;

use regex::Regex;

use super::{has_folder, resolved};
use crate::model::Model;
use crate::repository::Role;
use crate::source::Location;

static FOLDER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"\bStaticFiles\(\s*(?:directory\s*=\s*)?["'](?P<path>[\w./-]+)["']"#).ok()
});

/// Code that makes a folder, or that accepts a missing one.
const MAKES: &[&str] = &["makedirs", ".mkdir(", "check_dir=False"];

/// Served folders that the repository does not contain, with their files.
pub(super) fn paths(model: &Model) -> Vec<(&str, Location)> {
    let Some(pattern) = FOLDER.as_ref() else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for program in model
        .files
        .values()
        .filter(|found| found.file.role == Role::Production && found.file.path.ends_with(".py"))
    {
        let text = &program.file.text;
        if MAKES.iter().any(|word| text.contains(word)) {
            continue;
        }
        for path in pattern
            .captures_iter(text)
            .filter_map(|captures| captures.name("path"))
            .filter(|path| !is_comment(text, path.start()))
        {
            // The program may start in the folder of the file or in any folder above it.
            let mut folder = program.file.folder();
            let exists = path.as_str().starts_with('/')
                || loop {
                    if resolved(folder, path.as_str())
                        .is_some_and(|target| has_folder(model, &target))
                    {
                        break true;
                    }
                    if folder.is_empty() {
                        break false;
                    }
                    folder = folder.rsplit_once('/').map_or("", |(above, _)| above);
                };
            if !exists {
                found.push((
                    &*program.file.path,
                    program.file.location(path.range(), None),
                ));
            }
        }
    }
    found
}

fn is_comment(text: &str, at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    line.trim_start().starts_with('#')
}
