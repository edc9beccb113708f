//! Documents of applications: signed uploads, and the check of their content.

use seaworthy::{
    core::new_id,
    prelude::*,
    storage::{ObjectKey, SignedRequest, StorageError, UploadConstraints},
};
use tutoring_identity::Checks;

use super::Applicants;
use crate::{
    domain::{DocumentKind, Form, HEAD_SIZE, errors, is_document, is_document_type},
    store::Document,
};

/// TTL of an upload URL. A slow connection uploads a document within it.
const UPLOAD_TTL: Timeout = Timeout::from_secs(300);
/// TTL of a download URL.
const DOWNLOAD_TTL: Timeout = Timeout::from_secs(300);

/// A request for a signed upload.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UploadRequest {
    kind: DocumentKind,
    content_type: String,
    /// The size, in bytes.
    size: u64,
}

impl Applicants {
    /// Signs the upload of a document. The client does not choose the key.
    ///
    /// # Errors
    /// `VALIDATION_ERROR`, or an error of the storage.
    pub(crate) fn sign_upload(
        &self,
        trainer: Uuid,
        request: &UploadRequest,
    ) -> Result<(ObjectKey, SignedRequest), Error> {
        if !is_document_type(&request.content_type) {
            let problem = "must be application/pdf, image/jpeg or image/png";
            return Err(errors::invalid("contentType", problem));
        }
        if request.size == 0 || request.size > self.max_document_size.get() {
            let problem = format!("must be 1 to {} bytes", self.max_document_size.get());
            return Err(errors::invalid("size", &problem));
        }
        let key = format!("{}{}", request.kind.prefix(trainer), new_id());
        let key = ObjectKey::new(key).map_err(Error::internal)?;
        let terms = UploadConstraints::new(request.size, request.content_type.as_str());
        let signed = self.documents.presign_put(&key, &terms, UPLOAD_TTL)?;
        Ok((key, signed))
    }

    /// Checks the documents of an application: each is an upload of the trainer, and its content
    /// has its media type.
    ///
    /// # Errors
    /// `VALIDATION_ERROR` with each wrong document, or an error of the storage.
    pub(super) async fn check_documents(
        &self,
        trainer: Uuid,
        form: &Form,
    ) -> Result<Vec<Document>, Error> {
        let (mut documents, mut checks) = (Vec::new(), Checks::new());
        for (kind, key) in &form.documents {
            match self.document(trainer, *kind, key).await? {
                Some(document) => documents.push(document),
                None => checks.reject(
                    format!("documents.{}", kind.as_str()),
                    "must be the key of an uploaded PDF, JPEG or PNG file",
                ),
            }
        }
        checks.finish()?;
        Ok(documents)
    }

    async fn document(
        &self,
        trainer: Uuid,
        kind: DocumentKind,
        key: &str,
    ) -> Result<Option<Document>, Error> {
        if !key.starts_with(&kind.prefix(trainer)) {
            return Ok(None);
        }
        let Ok(object) = ObjectKey::new(key) else {
            return Ok(None);
        };
        let object = match self.documents.get_range(&object, 0..HEAD_SIZE).await {
            Err(StorageError::NotFound(_) | StorageError::Range { .. }) => return Ok(None),
            object => object?,
        };
        let meta = object.meta().clone();
        let head = object.bytes(HEAD_SIZE).await?;
        Ok(is_document(&meta.content_type, &head).then(|| Document {
            kind: kind.as_str().to_owned(),
            key: key.to_owned(),
            etag: meta.etag,
        }))
    }

    /// Signs the download of a document for an admin. Returns `None` if its content is not the one
    /// that was checked.
    ///
    /// # Errors
    /// An error of the storage.
    pub(crate) async fn sign_download(
        &self,
        document: &Document,
    ) -> Result<Option<SignedRequest>, Error> {
        let key = ObjectKey::new(document.key.as_str()).map_err(Error::internal)?;
        match self.documents.head(&key).await {
            Ok(meta) if meta.etag == document.etag => {
                Ok(Some(self.documents.presign_get(&key, DOWNLOAD_TTL)?))
            }
            Ok(_) | Err(StorageError::NotFound(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
