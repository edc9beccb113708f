//! The format of a file: the content, the properties as JSON, the length of the JSON, and a
//! magic number. One rename therefore publishes content and properties.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
};

use serde::{Deserialize, Serialize};

use crate::ObjectMeta;

const MARK: u64 = u64::from_be_bytes(*b"seaobj\0\x01");
/// The size of the length and the magic number, in bytes.
const END_SIZE: u64 = 16;
/// Maximum size of the properties, more than a media type and an entity tag need, in bytes.
const MAX_PROPERTIES_SIZE: u64 = 4096;

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Properties {
    pub(super) content_type: String,
    pub(super) etag: String,
}

impl Properties {
    /// Returns the end of a file.
    pub(super) fn encode(&self) -> io::Result<Vec<u8>> {
        let mut end = serde_json::to_vec(self)?;
        let length = u64::try_from(end.len()).map_err(io::Error::other)?;
        end.extend(length.to_be_bytes());
        end.extend(MARK.to_be_bytes());
        Ok(end)
    }
}

/// Reads the properties of an object from its file.
pub(super) fn read_meta(file: &mut File) -> io::Result<ObjectMeta> {
    let metadata = file.metadata()?;
    let damaged = || {
        io::Error::new(
            io::ErrorKind::InvalidData,
            "the file is not a complete object",
        )
    };
    let before_end = metadata.len().checked_sub(END_SIZE).ok_or_else(damaged)?;
    let (mut length, mut mark) = ([0; 8], [0; 8]);
    file.seek(SeekFrom::Start(before_end))?;
    file.read_exact(&mut length)?;
    file.read_exact(&mut mark)?;
    let length = u64::from_be_bytes(length);
    let size = before_end.checked_sub(length).ok_or_else(damaged)?;
    if u64::from_be_bytes(mark) != MARK || length > MAX_PROPERTIES_SIZE {
        return Err(damaged());
    }
    file.seek(SeekFrom::Start(size))?;
    let mut text = Vec::new();
    file.take(length).read_to_end(&mut text)?;
    let properties: Properties = serde_json::from_slice(&text).map_err(|_| damaged())?;
    Ok(ObjectMeta {
        size,
        content_type: properties.content_type,
        etag: properties.etag,
        modified: metadata.modified()?,
    })
}
