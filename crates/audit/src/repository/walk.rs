//! Walks a repository, and never reads a file outside its root.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::{Component, Path};
use std::sync::{Mutex, PoisonError};

use ignore::WalkBuilder;
use rayon::prelude::*;

use super::git_ignore::GitIgnore;
use super::role::VENDORED_FOLDERS;
use super::{Limits, Role, TrackedFiles};
use crate::config::IgnoredPaths;
use crate::source::SourceFile;

/// The number of bytes that decide between text and binary, as in git.
const BINARY_WINDOW_BYTES: usize = 8_000;
/// Folders without sources: version control and build output.
const SKIPPED_FOLDERS: &[&str] = &[
    ".git",
    ".hg",
    ".svn",
    "target",
    "__pycache__",
    ".mypy_cache",
    ".pytest_cache",
    "coverage",
];

/// The reason why a file was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SkipReason {
    /// Over [`Limits::max_file_bytes`].
    TooLarge,
    /// The file is not text.
    Binary,
    /// The operating system rejected the read.
    Unreadable,
    /// The audit's own bound on files, bytes or depth was reached.
    OverBudget,
    /// The name is not valid UTF-8, so a report cannot name the location.
    Unnameable,
    /// The configuration excludes the file.
    Ignored,
}

/// A file that was not read.
#[derive(Debug, Clone)]
pub struct Skipped {
    /// Path relative to the root.
    pub path: String,
    /// The reason.
    pub reason: SkipReason,
}

/// Everything a walk found.
#[derive(Debug, Default)]
pub struct Inventory {
    /// Files read, sorted by path.
    pub files: Vec<SourceFile>,
    /// Every path that the walk found, read or not. It decides whether a file exists.
    pub paths: BTreeSet<String>,
    /// Files not read.
    pub skipped: Vec<Skipped>,
    /// False if a bound ended the walk early.
    pub complete: bool,
}

/// Reads the text files under `root`: files that are not ignored, and ignored files under version
/// control. It never follows symbolic links.
#[must_use]
pub fn walk(root: &Path, limits: &Limits, ignored: &IgnoredPaths) -> Inventory {
    let tracked = TrackedFiles::read(root);
    let mut inventory = Inventory {
        complete: true,
        ..Inventory::default()
    };
    let mut budget = Budget {
        files: limits.max_files,
        bytes: limits.max_total_bytes,
    };
    let mut chosen = Vec::new();
    for (path, bytes) in candidates(root, &tracked, limits, &mut inventory) {
        inventory.paths.insert(path.clone());
        if ignored.contains(&path) {
            inventory.skipped.push(Skipped {
                path,
                reason: SkipReason::Ignored,
            });
        } else if bytes > limits.max_file_bytes {
            inventory.skipped.push(Skipped {
                path,
                reason: SkipReason::TooLarge,
            });
        } else if budget.take(bytes) {
            chosen.push(path);
        } else {
            inventory.complete = false;
            inventory.skipped.push(Skipped {
                path,
                reason: SkipReason::OverBudget,
            });
        }
    }
    let read: Vec<Result<SourceFile, Skipped>> = chosen
        .into_par_iter()
        .map(
            |path| match read_text(&root.join(&path), limits.max_file_bytes) {
                Ok(text) => {
                    let mut role = Role::of(&path, &text);
                    if role == Role::Production
                        && text.lines().any(|line| line.len() > limits.max_line_bytes)
                    {
                        role = Role::Generated;
                    }
                    let held = tracked.contains(&path);
                    Ok(SourceFile::new(path, text, role, held))
                }
                Err(reason) => Err(Skipped { path, reason }),
            },
        )
        .collect();
    for outcome in read {
        match outcome {
            Ok(file) => inventory.files.push(file),
            Err(skipped) => inventory.skipped.push(skipped),
        }
    }
    inventory
}

struct Budget {
    files: usize,
    bytes: u64,
}

impl Budget {
    fn take(&mut self, bytes: u64) -> bool {
        if self.files == 0 || bytes > self.bytes {
            return false;
        }
        self.files -= 1;
        self.bytes -= bytes;
        true
    }
}

fn candidates(
    root: &Path,
    tracked: &TrackedFiles,
    limits: &Limits,
    inventory: &mut Inventory,
) -> Vec<(String, u64)> {
    let mut found = std::collections::BTreeMap::new();
    let ignored = Mutex::new(GitIgnore::new());
    let walker = WalkBuilder::new(root)
        .standard_filters(false)
        .follow_links(false)
        .max_depth(Some(limits.max_depth))
        .filter_entry(move |entry| {
            let name = entry.file_name().to_str().unwrap_or_default();
            let folder = entry.file_type().is_some_and(|kind| kind.is_dir());
            let skipped =
                folder && (SKIPPED_FOLDERS.contains(&name) || VENDORED_FOLDERS.contains(&name));
            entry.depth() == 0
                || !skipped
                    && !ignored
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .contains(entry.path(), folder)
        })
        .build();
    for entry in walker {
        // Twice the bound on files. The list of excluded files stays useful and never grows without
        // end.
        if found.len() >= limits.max_files.saturating_mul(2) {
            inventory.complete = false;
            break;
        }
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                if let Some(path) = failed_at(&error) {
                    inventory.skip(root, path, SkipReason::Unreadable);
                }
                continue;
            }
        };
        let kind = entry.file_type();
        if kind.is_some_and(|kind| kind.is_dir()) && entry.depth() >= limits.max_depth {
            inventory.complete = false;
            inventory.skip(root, entry.path(), SkipReason::OverBudget);
        }
        if !kind.is_some_and(|kind| kind.is_file()) {
            continue;
        }
        match (relative(root, entry.path()), entry.metadata()) {
            (Some(path), Ok(metadata)) => {
                found.insert(path, metadata.len());
            }
            (Some(_), Err(_)) => inventory.skip(root, entry.path(), SkipReason::Unreadable),
            (None, _) => inventory.skip(root, entry.path(), SkipReason::Unnameable),
        }
    }
    for path in tracked.paths() {
        let hidden_away = path
            .split('/')
            .any(|part| SKIPPED_FOLDERS.contains(&part) || VENDORED_FOLDERS.contains(&part));
        if !hidden_away
            && !found.contains_key(path)
            && let Some(bytes) = plain_file_inside(root, path)
        {
            found.insert(path.to_owned(), bytes);
        }
    }
    found.into_iter().collect()
}

impl Inventory {
    fn skip(&mut self, root: &Path, path: &Path, reason: SkipReason) {
        let path = path.strip_prefix(root).unwrap_or(path);
        self.skipped.push(Skipped {
            path: path.to_string_lossy().replace('\\', "/"),
            reason,
        });
    }
}

/// The file or folder that a walk could not enter.
fn failed_at(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
            failed_at(err)
        }
        _ => None,
    }
}

fn relative(root: &Path, path: &Path) -> Option<String> {
    Some(path.strip_prefix(root).ok()?.to_str()?.replace('\\', "/"))
}

/// The size of a regular file reached from the root without a link and without climbing.
fn plain_file_inside(root: &Path, path: &str) -> Option<u64> {
    let mut current = root.to_path_buf();
    for component in Path::new(path).components() {
        let Component::Normal(name) = component else {
            return None;
        };
        current.push(name);
        if current.symlink_metadata().ok()?.file_type().is_symlink() {
            return None;
        }
    }
    let metadata = current.symlink_metadata().ok()?;
    metadata.is_file().then_some(metadata.len())
}

fn read_text(path: &Path, max_bytes: u64) -> Result<String, SkipReason> {
    let file = File::open(path).map_err(|_| SkipReason::Unreadable)?;
    let mut bytes = Vec::new();
    file.take(max_bytes.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|_| SkipReason::Unreadable)?;
    if bytes.len() as u64 > max_bytes {
        return Err(SkipReason::TooLarge);
    }
    if let Some(text) = utf_16(&bytes) {
        return Ok(text);
    }
    if bytes
        .iter()
        .take(BINARY_WINDOW_BYTES)
        .any(|byte| *byte == 0)
    {
        return Err(SkipReason::Binary);
    }
    Ok(String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

/// Decodes text that begins with the mark of UTF-16, as Windows shells write it.
fn utf_16(bytes: &[u8]) -> Option<String> {
    let (mark, rest) = bytes.split_at_checked(2)?;
    let unit = match mark {
        [0xff, 0xfe] => u16::from_le_bytes,
        [0xfe, 0xff] => u16::from_be_bytes,
        _ => return None,
    };
    // UTF-32 begins with the same bytes. It is rare, and does not count as text here.
    if rest.starts_with(&[0, 0]) {
        return None;
    }
    let (pairs, _) = rest.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
    // A picture may begin with the same bytes, but text contains no NUL.
    (!units.contains(&0)).then(|| String::from_utf16_lossy(&units))
}

#[cfg(test)]
mod tests;
