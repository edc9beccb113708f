//! Files that are replaced in one step.

use std::{
    fs::{self, File, Metadata, OpenOptions},
    io::{self, Write as _},
    path::Path,
};

use seaworthy_core::new_id;

/// The permissions of a file whose content may be secret.
#[cfg(unix)]
const OWNER_ONLY: u32 = 0o600;

/// The users that can read a new file.
pub(super) enum Access<'a> {
    Owner,
    /// The users who can read this file, and its owner.
    Like(&'a Metadata),
    /// The users who can read this file. The owner may be the user of this process instead.
    Restored(&'a Metadata),
    /// The users that the process selects for new files.
    Default,
}

/// Writes a file in one step. A reader finds the old or the new content, even after a crash.
///
/// # Errors
/// The file cannot be written. The old one stays.
pub(super) fn write(path: &Path, content: &[u8], access: &Access<'_>) -> io::Result<()> {
    // Another process may write the same file, so each one writes its own new file.
    let new = path.with_extension(format!("{}.new", new_id()));
    let written = write_new(&new, content, access).and_then(|()| fs::rename(&new, path));
    if written.is_err() {
        // The file may not exist, and its content is not needed.
        drop(fs::remove_file(&new));
        return written;
    }
    // The disk has the new name when the folder is written. Not every system can open a folder.
    if cfg!(unix)
        && let Some(Ok(folder)) = path.parent().map(File::open)
        && let Err(error) = folder.sync_all()
    {
        // The new file is in place, and only a crash of the system can still undo this.
        let path = path.display();
        tracing::warn!(%path, problem = %error, "the folder of a file was not written to the disk");
    }
    Ok(())
}

/// Writes a new file to the disk.
///
/// # Errors
/// The file exists, or cannot be written.
fn write_new(path: &Path, content: &[u8], access: &Access<'_>) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if !matches!(access, Access::Default) {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, OWNER_ONLY);
    }
    let mut file = options.open(path)?;
    file.write_all(content)?;
    match access {
        Access::Like(metadata) => {
            keep_owner(&file, metadata)?;
            file.set_permissions(metadata.permissions())?;
        }
        Access::Restored(metadata) => {
            drop(keep_owner(&file, metadata));
            file.set_permissions(metadata.permissions())?;
        }
        Access::Owner | Access::Default => {}
    }
    file.sync_all()
}

/// Sets the owner and the group of a file to those of another one. A service can then read a file
/// that an operator replaces. The group is enough if it may read the file.
///
/// # Errors
/// This process may not change them.
#[cfg(unix)]
fn keep_owner(file: &File, like: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, fchown};

    /// The permission of the group to read.
    const GROUP_READS: u32 = 0o040;

    let new = file.metadata()?;
    if (new.uid(), new.gid()) == (like.uid(), like.gid()) {
        return Ok(());
    }
    match fchown(file, Some(like.uid()), Some(like.gid())) {
        Err(_) if like.mode() & GROUP_READS != 0 => fchown(file, None, Some(like.gid())),
        changed => changed,
    }
}

#[cfg(not(unix))]
fn keep_owner(_: &File, _: &Metadata) -> io::Result<()> {
    Ok(())
}
