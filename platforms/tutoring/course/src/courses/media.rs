//! Uploads of users: signed requests, and the check of their content.

use seaworthy::{
    core::new_id,
    prelude::*,
    storage::{ObjectKey, SignedRequest, StorageError, UploadConstraints},
};
use tutoring_identity::{Checks, invalid};

use super::Courses;
use crate::{
    domain::{HEAD_SIZE, MediaKind},
    store::uploads,
};

/// TTL of an upload URL. A slow connection uploads an hour of video within it.
const UPLOAD_TTL: Timeout = Timeout::from_secs(3_600);
/// TTL of a download URL.
const DOWNLOAD_TTL: Timeout = Timeout::from_secs(3_600);

/// A request for a signed upload.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UploadRequest {
    kind: MediaKind,
    content_type: String,
    /// The size, in bytes.
    size: u64,
}

impl UploadRequest {
    /// The maximum size of the kind, in bytes.
    pub(crate) const fn max_size(&self) -> u64 {
        self.kind.max_size().get()
    }
}

/// A file that a request names, with the name of its field.
pub(super) type FileField<'a> = (String, MediaKind, &'a str);

impl Courses {
    /// Signs the upload of a file. The client does not choose the key.
    ///
    /// # Errors
    /// `VALIDATION_ERROR`, or an error of the storage and of the database.
    pub(crate) async fn sign_upload(
        &self,
        user: Uuid,
        request: &UploadRequest,
    ) -> Result<(ObjectKey, SignedRequest), Error> {
        if !request.kind.is_type(&request.content_type) {
            let problem =
                "must be a media type of the kind, such as video/mp4, application/pdf or image/png";
            return Err(invalid("contentType", problem));
        }
        if request.size == 0 || request.size > request.max_size() {
            let problem = format!("must be 1 to {} bytes", request.max_size());
            return Err(invalid("size", &problem));
        }
        let key = format!("{}{}", request.kind.folder(), new_id());
        let key = ObjectKey::new(key).map_err(Error::internal)?;
        // The content of a checked file cannot change while the URL is valid.
        let terms =
            UploadConstraints::new(request.size, request.content_type.as_str()).only_if_absent();
        let signed = self.media.presign_put(&key, &terms, UPLOAD_TTL)?;
        uploads::insert(&self.database, key.as_str(), user).await?;
        Ok((key, signed))
    }

    /// Returns the keys of files in their order: each is an upload of the user, and its content has
    /// its media type.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` with each wrong file, or an error of the storage.
    pub(super) async fn check_media(
        &self,
        user: Uuid,
        files: &[FileField<'_>],
    ) -> Result<Vec<String>, Error> {
        let (mut keys, mut checks) = (Vec::new(), Checks::new());
        for (field, kind, text) in files {
            match self.checked_key(user, *kind, text).await? {
                Some(key) => keys.push(key.to_string()),
                None => checks.reject(
                    field.as_str(),
                    "must be the key of a file that you uploaded with /upload/sign",
                ),
            }
        }
        checks.finish()?;
        Ok(keys)
    }

    async fn checked_key(
        &self,
        user: Uuid,
        kind: MediaKind,
        text: &str,
    ) -> Result<Option<ObjectKey>, Error> {
        if !text.starts_with(&kind.folder()) || !uploads::is_of(&self.database, text, user).await? {
            return Ok(None);
        }
        let Ok(key) = ObjectKey::new(text) else {
            return Ok(None);
        };
        let object = match self.media.get_range(&key, 0..HEAD_SIZE).await {
            Err(StorageError::NotFound(_) | StorageError::Range { .. }) => return Ok(None),
            object => object?,
        };
        let media_type = object.meta().content_type.clone();
        let head = object.bytes(HEAD_SIZE).await?;
        Ok(kind.is_content(&media_type, &head).then_some(key))
    }

    /// Returns a URL that opens a file for an hour.
    ///
    /// # Errors
    /// An error of the storage.
    pub(super) fn media_link(&self, key: &str) -> Result<String, Error> {
        let key = ObjectKey::new(key).map_err(Error::internal)?;
        let signed = self.media.presign_get(&key, DOWNLOAD_TTL)?;
        Ok(signed.url().as_str().to_owned())
    }
}
