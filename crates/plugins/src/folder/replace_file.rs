use std::{
    fs::{self, Metadata},
    io,
    path::Path,
};

use super::atomic_write::{Access, write};

/// Replaces a file in one step, or creates it. A service that follows the folder finds the old or
/// the new content. Keeps the owner and the permissions.
///
/// # Errors
/// The path is a link or not a file, or the file cannot be written. The old one stays.
pub(crate) fn replace_file(path: &Path, content: &[u8]) -> io::Result<()> {
    match replaceable(path)? {
        Some(metadata) => write(path, content, &Access::Like(&metadata)),
        None => write(path, content, &Access::Default),
    }
}

/// Checks that a path is a file or does not exist. Returns the metadata of the file. Otherwise an
/// author of a plugin could select any file of the user who signs it, through a link.
///
/// # Errors
/// The path is a link or not a file, or cannot be read.
pub(crate) fn replaceable(path: &Path) -> io::Result<Option<Metadata>> {
    let problem = match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_file() => return Ok(Some(metadata)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
        Ok(metadata) if metadata.is_symlink() => {
            "the path is a symbolic link: replace it by the file itself"
        }
        Ok(_) => "the path is not a file",
    };
    Err(io::Error::new(io::ErrorKind::InvalidInput, problem))
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn link_and_its_target_are_not_replaced_plug_2() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        symlink(&target, &link).unwrap();
        let refused = || replace_file(&link, b"new").unwrap_err().to_string();
        let expected = "the path is a symbolic link: replace it by the file itself";
        assert_eq!(refused(), expected);
        assert!(!target.exists());
        fs::write(&target, "old").unwrap();
        assert_eq!(refused(), expected);
        assert_eq!(fs::read_to_string(&target).unwrap(), "old");
        assert!(link.symlink_metadata().unwrap().is_symlink());
        replace_file(&target, b"new").unwrap();
        assert_eq!(fs::read_to_string(&link).unwrap(), "new");
    }
}
