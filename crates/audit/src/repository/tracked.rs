//! The files under version control, read from the git index without running git.

use std::collections::BTreeSet;
use std::path::Path;

/// Maximum size of an index, in bytes. For a larger one, the result is unknown.
const MAX_INDEX_BYTES: u64 = 64 * 1024 * 1024;

/// Whether a file is under version control.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tracked {
    /// The index contains the file.
    Yes,
    /// The index does not contain the file.
    No,
    /// No index can be read.
    Unknown,
}

/// The files named by the index, relative to the audited root.
#[derive(Debug, Default)]
pub struct TrackedFiles {
    paths: Option<BTreeSet<String>>,
}

impl TrackedFiles {
    /// Reads the index of the git folder at the root, or at the nearest folder above it.
    ///
    /// A `.git` *file* (worktrees, submodules) refers to another folder. To follow it could leave
    /// the root, so the result is then unknown.
    #[must_use]
    pub fn read(root: &Path) -> Self {
        Self {
            paths: read_index(root),
        }
    }

    /// Whether the file at this path, relative to the root, is under version control.
    #[must_use]
    pub fn contains(&self, path: &str) -> Tracked {
        match &self.paths {
            None => Tracked::Unknown,
            Some(paths) if paths.contains(path) => Tracked::Yes,
            Some(_) => Tracked::No,
        }
    }

    /// Returns the tracked paths, sorted. Empty if they are unknown.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.paths.iter().flatten().map(String::as_str)
    }
}

fn read_index(root: &Path) -> Option<BTreeSet<String>> {
    let root = root.canonicalize().ok()?;
    let top = root
        .ancestors()
        .find(|folder| folder.join(".git").symlink_metadata().is_ok())?;
    if !top.join(".git").symlink_metadata().ok()?.is_dir() {
        return None;
    }
    let index = top.join(".git").join("index");
    let metadata = index.symlink_metadata().ok()?;
    if !metadata.is_file() || metadata.len() > MAX_INDEX_BYTES {
        return None;
    }
    let prefix = root.strip_prefix(top).ok()?.to_str()?.replace('\\', "/");
    let file = gix_index::File::at(
        index,
        gix_index::hash::Kind::Sha1,
        true,
        gix_index::decode::Options::default(),
    )
    .ok()?;
    let mut paths = BTreeSet::new();
    for entry in file.entries() {
        let Ok(path) = std::str::from_utf8(entry.path(&file)) else {
            continue;
        };
        let inside = if prefix.is_empty() {
            Some(path)
        } else {
            path.strip_prefix(prefix.as_str())
                .and_then(|rest| rest.strip_prefix('/'))
        };
        if let Some(inside) = inside {
            paths.insert(inside.to_owned());
        }
    }
    Some(paths)
}
