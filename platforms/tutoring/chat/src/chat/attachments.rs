use seaworthy::{
    core::new_id,
    prelude::*,
    storage::{ObjectKey, SignedRequest, StorageError, UploadConstraints},
};
use serde_json::{Value, json};

use super::Chats;
use crate::{
    domain::{AttachmentRequest, MediaKind, is_media_type},
    errors,
    store::Attachment,
};

/// TTL of an upload URL. A slow connection uploads a video within it.
const UPLOAD_TTL: Timeout = Timeout::from_secs(900);
/// TTL of a download URL.
const DOWNLOAD_TTL: Timeout = Timeout::from_secs(60 * 60);

/// A request for a signed upload.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UploadRequest {
    r#type: MediaKind,
    mime_type: String,
    /// The size, in bytes.
    size: u64,
}

/// The folder of a user's uploads.
fn folder(user: Uuid) -> String {
    format!("chat/{user}/")
}

impl Chats {
    /// Signs the upload of an attachment. Returns the URL for the message, and the upload. The
    /// client does not choose the key.
    ///
    /// # Errors
    /// `VALIDATION_ERROR`, or an error of the storage.
    pub(crate) fn sign_upload(
        &self,
        user: Uuid,
        request: &UploadRequest,
    ) -> Result<(String, SignedRequest), Error> {
        if !is_media_type(request.r#type, &request.mime_type) {
            let problem = format!("is not a media type of {}", request.r#type.as_str());
            return Err(errors::invalid("mimeType", &problem));
        }
        if request.size == 0 || request.size > self.max_attachment_size.get() {
            let problem = format!("must be 1 to {} bytes", self.max_attachment_size.get());
            return Err(errors::invalid("size", &problem));
        }
        let key = ObjectKey::new(format!("{}{}", folder(user), new_id()));
        let key = key.map_err(Error::internal)?;
        // The file of a sent message cannot change while the URL is valid.
        let terms =
            UploadConstraints::new(request.size, request.mime_type.as_str()).only_if_absent();
        let signed = self.storage.presign_put(&key, &terms, UPLOAD_TTL)?;
        Ok((self.plain_url(&key), signed))
    }

    /// Returns the URL of an object without a signature, by which messages name it.
    fn plain_url(&self, key: &ObjectKey) -> String {
        format!("{}/{key}", self.attachments_url)
    }

    /// Checks the attachments of a message or a doubt: each is an upload of the sender, of the
    /// given size and media type.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` for the first wrong attachment, or an error of the storage.
    pub(crate) async fn check_attachments(
        &self,
        sender: Uuid,
        attachments: &[AttachmentRequest],
    ) -> Result<Vec<Attachment>, Error> {
        let mut checked = Vec::new();
        for (index, attachment) in attachments.iter().enumerate() {
            let found = self.attachment(sender, attachment).await?;
            checked.push(found.ok_or_else(|| {
                let problem = "must be a file that you uploaded, with its size and media type";
                errors::invalid(format!("attachments[{index}].url"), problem)
            })?);
        }
        Ok(checked)
    }

    async fn attachment(
        &self,
        sender: Uuid,
        attachment: &AttachmentRequest,
    ) -> Result<Option<Attachment>, Error> {
        let (folder, url) = (folder(sender), attachment.url.as_str());
        let key = url.rfind(&folder).and_then(|start| url.get(start..));
        let Some(key) = key.and_then(|key| ObjectKey::new(key).ok()) else {
            return Ok(None);
        };
        // The whole URL is that of our storage.
        if self.plain_url(&key) != url || !is_media_type(attachment.r#type, &attachment.mime_type) {
            return Ok(None);
        }
        let meta = match self.storage.head(&key).await {
            Err(StorageError::NotFound(_)) => return Ok(None),
            meta => meta?,
        };
        let is_same = meta.content_type == attachment.mime_type && meta.size == attachment.size;
        Ok(is_same.then(|| Attachment {
            key: key.to_string(),
            kind: attachment.r#type,
            size: attachment.size,
            mime_type: attachment.mime_type.clone(),
        }))
    }

    /// Returns attachments with signed URLs.
    ///
    /// # Errors
    /// An error of the storage.
    pub(crate) fn signed_attachments(
        &self,
        attachments: &[Attachment],
    ) -> Result<Vec<Value>, Error> {
        let signed = attachments.iter().map(|attachment| {
            let key = ObjectKey::new(attachment.key.as_str()).map_err(Error::internal)?;
            let signed = self.storage.presign_get(&key, DOWNLOAD_TTL)?;
            Ok(json!({
                "url": signed.url().as_str(),
                "type": attachment.kind,
                "size": attachment.size,
                "mimeType": attachment.mime_type,
            }))
        });
        signed.collect()
    }

    /// Deletes the objects of a deleted message. An object that stays is not reachable.
    pub(super) async fn delete_objects(&self, attachments: &[Attachment]) {
        for attachment in attachments {
            let Ok(key) = ObjectKey::new(attachment.key.as_str()) else {
                continue;
            };
            if let Err(error) = self.storage.delete(&key).await {
                tracing::warn!(%error, "an attachment of a deleted message was not deleted");
            }
        }
    }
}
