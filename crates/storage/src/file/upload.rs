//! Multipart uploads: a directory with the options and one file per part.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use seaworthy_core::new_id;
use serde::{Deserialize, Serialize};

use super::{FILE_MODE, blocking, create_directory, layout::Layout, write::Writer};
use crate::{MultipartUpload, ObjectKey, ObjectMeta, Part, PutOptions, StorageError};

const OPTIONS: &str = "options.json";
/// The size of a read while parts are joined.
const CHUNK: usize = 256 * 1024;

/// The properties that are known at the start of an upload.
#[derive(Debug, Serialize, Deserialize)]
struct Started {
    key: ObjectKey,
    content_type: String,
}

impl Layout {
    /// Returns the directory of an upload. Identifiers that this engine did not create are unknown.
    fn upload(&self, upload: &MultipartUpload) -> Result<PathBuf, StorageError> {
        let is_id = upload.id.len() == 36
            && upload
                .id
                .bytes()
                .all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
        if is_id {
            Ok(self.uploads.join(&upload.id))
        } else {
            Err(StorageError::NoSuchUpload(upload.key.clone()))
        }
    }
}

/// Returns the file of a part. Its name has the entity tag, which differs for a replaced part.
fn part_of(directory: &Path, number: u16, etag: &str) -> PathBuf {
    directory.join(format!("{number}-{etag}"))
}

pub(super) async fn start(
    layout: &Layout,
    key: &ObjectKey,
    options: &PutOptions,
) -> Result<String, StorageError> {
    let id = new_id().to_string();
    let directory = layout.uploads.join(&id);
    let started = Started {
        key: key.clone(),
        content_type: options.content_type.clone(),
    };
    let written = blocking(move || {
        create_directory(&directory)?;
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true).mode(FILE_MODE);
        let mut file = options.open(directory.join(OPTIONS))?;
        file.write_all(&serde_json::to_vec(&started)?)
    });
    written
        .await
        .map_err(StorageError::file("start the upload"))?;
    Ok(id)
}

/// Returns the directory and the options of an upload for this key.
async fn find(
    layout: &Layout,
    upload: &MultipartUpload,
) -> Result<(PathBuf, Started), StorageError> {
    let directory = layout.upload(upload)?;
    let missing = || StorageError::NoSuchUpload(upload.key.clone());
    let file = directory.join(OPTIONS);
    let text = match blocking(move || fs::read(file)).await {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(missing()),
        Err(error) => return Err(StorageError::file("read the upload")(error)),
    };
    let started: Started = serde_json::from_slice(&text).map_err(|_| missing())?;
    if started.key != upload.key {
        return Err(missing());
    }
    Ok((directory, started))
}

pub(super) async fn put_part(
    layout: &Layout,
    upload: &MultipartUpload,
    number: u16,
    content: Bytes,
) -> Result<Part, StorageError> {
    let (directory, _) = find(layout, upload).await?;
    let mut writer = Writer::create(&layout.temporary).await?;
    writer.write(&content).await?;
    let published = writer.publish_part(|etag| part_of(&directory, number, etag));
    let (etag, size) = published.await.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => StorageError::NoSuchUpload(upload.key.clone()),
        _ => StorageError::file("store the part")(error),
    })?;
    let kept = part_of(&directory, number, &etag);
    let removed = blocking(move || remove_others(&directory, number, &kept)).await;
    removed.map_err(StorageError::file("remove a replaced part"))?;
    Ok(Part { number, etag, size })
}

/// Removes the parts that a new part with the same number replaces.
fn remove_others(directory: &Path, number: u16, kept: &Path) -> io::Result<()> {
    let prefix = format!("{number}-");
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let is_part = entry.file_name().to_string_lossy().starts_with(&prefix);
        if is_part && entry.path() != kept {
            match fs::remove_file(entry.path()) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}

pub(super) async fn complete(
    layout: &Layout,
    upload: &MultipartUpload,
    parts: &[Part],
) -> Result<ObjectMeta, StorageError> {
    let (directory, started) = find(layout, upload).await?;
    let mut writer = Writer::create(&layout.temporary).await?;
    for part in parts {
        let is_tag = part.etag.bytes().all(|byte| byte.is_ascii_hexdigit());
        let path = part_of(&directory, part.number, &part.etag);
        let opened = blocking(move || fs::File::open(path)).await;
        let mut file = match opened {
            Ok(file) if is_tag => file,
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(StorageError::file("read a part")(error));
            }
            _ => return Err(StorageError::Parts("a part is missing or changed")),
        };
        loop {
            let read = blocking(move || {
                let mut chunk = vec![0; CHUNK];
                let length = file.read(&mut chunk)?;
                chunk.truncate(length);
                Ok((file, chunk))
            });
            let chunk;
            (file, chunk) = read.await.map_err(StorageError::file("read a part"))?;
            if chunk.is_empty() {
                break;
            }
            writer.write(&chunk).await?;
        }
    }
    let options = PutOptions {
        content_type: started.content_type,
        only_if_absent: upload.only_if_absent,
    };
    let target = layout.object(&upload.key);
    let meta = writer.publish(&upload.key, target, &options).await?;
    remove(directory).await?;
    Ok(meta)
}

pub(super) async fn abort(layout: &Layout, upload: &MultipartUpload) -> Result<(), StorageError> {
    match find(layout, upload).await {
        Ok((directory, _)) => remove(directory).await,
        Err(StorageError::NoSuchUpload(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

async fn remove(directory: PathBuf) -> Result<(), StorageError> {
    match blocking(move || fs::remove_dir_all(directory)).await {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(StorageError::file("remove the parts")(error))
        }
        _ => Ok(()),
    }
}
