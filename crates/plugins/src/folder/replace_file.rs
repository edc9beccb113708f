use std::{fs, io, path::Path};

use super::atomic_write::{Access, write};

/// Replaces a file in one step, or creates it. A service that follows the folder finds the old or
/// the new content. Keeps the owner and the permissions. If the path is a link, its target is
/// replaced.
///
/// # Errors
/// The file cannot be written. The old one stays.
pub(crate) fn replace_file(path: &Path, content: &[u8]) -> io::Result<()> {
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    match fs::metadata(&target) {
        Ok(metadata) => write(&target, content, &Access::Like(&metadata)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            write(&target, content, &Access::Default)
        }
        Err(error) => Err(error),
    }
}
