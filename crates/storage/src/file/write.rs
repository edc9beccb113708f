use std::{
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use aws_lc_rs::digest::{Context, SHA256};
use data_encoding::HEXLOWER;
use seaworthy_core::new_id;
use tokio::io::AsyncWriteExt as _;

use super::{FILE_MODE, blocking, create_directory, format::Properties};
use crate::{ObjectKey, ObjectMeta, PutOptions, StorageError};

/// Attempts to publish. A concurrent delete may remove the directory before the rename.
const MAX_ATTEMPTS: u8 = 16;

/// A file with content that is not published. Dropping it removes the file.
#[derive(Debug)]
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Writes content to a temporary file, and publishes it with one rename.
pub(super) struct Writer {
    file: tokio::fs::File,
    temporary: Temporary,
    digest: Context,
    size: u64,
}

impl Writer {
    pub(super) async fn create(directory: &Path) -> Result<Self, StorageError> {
        let path = directory.join(new_id().to_string());
        let mut options = tokio::fs::OpenOptions::new();
        options.write(true).create_new(true).mode(FILE_MODE);
        let file = options.open(&path).await;
        Ok(Self {
            file: file.map_err(StorageError::file("create a temporary file"))?,
            temporary: Temporary(path),
            digest: Context::new(&SHA256),
            size: 0,
        })
    }

    pub(super) async fn write(&mut self, data: &[u8]) -> Result<(), StorageError> {
        self.digest.update(data);
        self.size += u64::try_from(data.len()).unwrap_or(u64::MAX);
        let written = self.file.write_all(data).await;
        written.map_err(StorageError::file("write a temporary file"))
    }

    /// Publishes the content as an object.
    pub(super) async fn publish(
        mut self,
        key: &ObjectKey,
        target: PathBuf,
        options: &PutOptions,
    ) -> Result<ObjectMeta, StorageError> {
        let etag = HEXLOWER.encode(self.digest.clone().finish().as_ref());
        let properties = Properties {
            content_type: options.content_type.clone(),
            etag: etag.clone(),
        };
        let end = properties.encode();
        let end = end.map_err(StorageError::file("encode the properties"))?;
        let (digest, size) = (self.digest.clone(), self.size);
        self.write(&end).await?;
        (self.digest, self.size) = (digest, size);
        let only_if_absent = options.only_if_absent;
        match self.place(target, only_if_absent).await {
            Ok(modified) => Ok(ObjectMeta {
                size,
                content_type: properties.content_type,
                etag,
                modified,
            }),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && only_if_absent => {
                Err(StorageError::AlreadyExists(key.clone()))
            }
            Err(source) => Err(StorageError::File {
                action: "publish the object",
                source,
            }),
        }
    }

    /// Publishes the content as a part, without properties, and returns its entity tag and size.
    pub(super) async fn publish_part(
        self,
        target: impl FnOnce(&str) -> PathBuf,
    ) -> Result<(String, u64), io::Error> {
        let etag = HEXLOWER.encode(self.digest.clone().finish().as_ref());
        let size = self.size;
        let target = target(&etag);
        let Self {
            mut file,
            temporary,
            ..
        } = self;
        file.flush().await?;
        file.sync_all().await?;
        // The directory of an upload is not created again, so that a part cannot restore an aborted
        // upload.
        blocking(move || fs::rename(&temporary.0, target)).await?;
        Ok((etag, size))
    }

    async fn place(self, target: PathBuf, only_if_absent: bool) -> io::Result<SystemTime> {
        let Self {
            mut file,
            temporary,
            ..
        } = self;
        file.flush().await?;
        file.sync_all().await?;
        let modified = file.metadata().await?.modified()?;
        blocking(move || {
            let directory = target.parent().unwrap_or(Path::new("."));
            let mut left = MAX_ATTEMPTS;
            loop {
                create_directory(directory)?;
                let placed = if only_if_absent {
                    fs::hard_link(&temporary.0, &target)
                } else {
                    fs::rename(&temporary.0, &target)
                };
                match placed {
                    Err(error) if error.kind() == io::ErrorKind::NotFound && left > 0 => left -= 1,
                    Err(error) => return Err(error),
                    Ok(()) => break,
                }
            }
            // The rename survives a crash only with its directory.
            match fs::File::open(directory) {
                Ok(directory) => directory.sync_all()?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
            Ok(modified)
        })
        .await
    }
}
