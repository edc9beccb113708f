//! The paths that the `.gitignore` files of a repository exclude.
//!
//! This module reads the files within bounds. The library that matches the patterns would follow a
//! link out of the root, wait at a pipe and read a file of any size.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// Maximum size of a `.gitignore` file in bytes: ten times the longest that is written by hand.
const MAX_FILE_BYTES: u64 = 64 * 1024;
/// Maximum size of all files together, in bytes. A short compiled pattern takes some KiB.
const MAX_TOTAL_BYTES: u64 = 512 * 1024;

/// The patterns that apply to a folder: its own and those of the folders above it.
pub(super) struct GitIgnore {
    folders: Vec<(PathBuf, Gitignore)>,
    bytes_left: u64,
}

impl GitIgnore {
    pub(super) const fn new() -> Self {
        Self {
            folders: Vec::new(),
            bytes_left: MAX_TOTAL_BYTES,
        }
    }

    /// Whether a file or folder is excluded. Call it in the order of a walk: a folder before its
    /// content.
    pub(super) fn contains(&mut self, path: &Path, is_folder: bool) -> bool {
        let Some(folder) = path.parent() else {
            return false;
        };
        while self
            .folders
            .pop_if(|(last, _)| !folder.starts_with(last))
            .is_some()
        {}
        if self.folders.last().is_none_or(|(last, _)| last != folder) {
            let patterns = self.read(folder);
            self.folders.push((folder.to_path_buf(), patterns));
        }
        for (_, patterns) in self.folders.iter().rev() {
            match patterns.matched(path, is_folder) {
                Match::Ignore(_) => return true,
                Match::Whitelist(_) => return false,
                Match::None => {}
            }
        }
        false
    }

    /// Returns the patterns of one folder. A link, or a file above a bound, contributes no pattern.
    /// The walk then reads more files, not fewer.
    fn read(&mut self, folder: &Path) -> Gitignore {
        let path = folder.join(".gitignore");
        let allowed = MAX_FILE_BYTES.min(self.bytes_left);
        let plain = path
            .symlink_metadata()
            .is_ok_and(|metadata| metadata.is_file() && metadata.len() <= allowed);
        if !plain {
            return Gitignore::empty();
        }
        let mut bytes = Vec::new();
        let read = File::open(&path).and_then(|file| file.take(allowed).read_to_end(&mut bytes));
        if read.is_err() {
            return Gitignore::empty();
        }
        self.bytes_left = self.bytes_left.saturating_sub(bytes.len() as u64);
        let text = String::from_utf8_lossy(&bytes);
        let mut patterns = GitignoreBuilder::new(folder);
        for line in text.trim_start_matches('\u{feff}').lines() {
            // A line that is not a valid pattern excludes nothing. The other lines still apply.
            let _ = patterns.add_line(None, line);
        }
        patterns.build().unwrap_or_else(|_| Gitignore::empty())
    }
}
