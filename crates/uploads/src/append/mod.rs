//! Appends bytes to a resumable upload.
//!
//! Content is stored in parts of 8 MiB. The rest of a request, which is smaller than a part,
//! becomes a piece of the tail until a part is full. The offset in the row moves after the bytes
//! are stored, so a client never resumes after lost bytes.

mod claim;
mod receive;
mod stored;

use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};
use axum::body::Body;
use bytes::BytesMut;
use seaworthy_core::RequestContext;
use uuid::Uuid;

use crate::{Upload, UploadError, Uploads, create};
pub(crate) use stored::{PART_SIZE, Stored};

/// The bytes to append, with the declarations of the client.
#[derive(Debug)]
pub(crate) struct Appended {
    pub(crate) body: Body,
    /// The SHA-256 of the body. If the body does not match it, nothing is stored.
    pub(crate) digest: Option<Vec<u8>>,
    /// Whether the upload is complete after the body.
    pub(crate) completes: Completes,
    /// The length of the upload, if this request declares it first. In bytes.
    pub(crate) declared: Option<u64>,
}

/// When an upload is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Completes {
    /// After this request.
    Yes,
    /// After a later request.
    No,
    /// When it has its declared size.
    AtSize,
}

impl From<bool> for Completes {
    /// Converts `Upload-Complete`.
    fn from(is_end: bool) -> Self {
        if is_end { Self::Yes } else { Self::No }
    }
}

struct Append<'a> {
    uploads: &'a Uploads,
    upload: Upload,
    claim: Uuid,
    stored: Stored,
    buffer: BytesMut,
    /// The offset after the buffer.
    offset: u64,
    digest: Option<(Context, Vec<u8>)>,
    /// The request, whose memory budget the buffer uses.
    request: Option<Arc<RequestContext>>,
}

impl Uploads {
    /// Appends a body at the current offset, and completes the upload if the body is its end. If
    /// the connection is lost, the bytes that arrived are stored. `check` gets the upload after
    /// other requests have ended.
    pub(crate) async fn append<F, E>(
        &self,
        id: Uuid,
        request: Option<Arc<RequestContext>>,
        check: F,
    ) -> Result<Upload, E>
    where
        F: FnOnce(&Upload) -> Result<Appended, E>,
        E: From<UploadError>,
    {
        let writer = self.writers().enter(id).await?;
        // The row may change until this request has the claim.
        let claim = self.claim(id).await?;
        let store = self.store();
        let upload = match store.find(id).await {
            Ok(upload) => upload,
            Err(error) => {
                self.release(id, claim).await?;
                return Err(error.into());
            }
        };
        let appended = match check(&upload) {
            Ok(appended) => appended,
            Err(error) => {
                self.release(id, claim).await?;
                return Err(error);
            }
        };
        let Some(claim) = claim else {
            return Err(UploadError::Closed(upload.status).into());
        };
        let owner = upload.owner.clone();
        let outcome = async {
            let mut append = self.prepare(upload, claim, request, &appended)?;
            if let Some(length) = appended.declared {
                create::declare_length(&store.0, id, length).await?;
                append.upload.size = Some(length);
            }
            let (mut body, completes) = (appended.body, appended.completes);
            append.run(&writer, &mut body, completes).await
        };
        let outcome = outcome.await;
        let released = self.release(id, Some(claim)).await;
        let is_complete = outcome?;
        released?;
        match is_complete {
            true => Ok(self.complete(id, &owner).await?),
            false => Ok(store.find(id).await?),
        }
    }

    fn prepare(
        &self,
        upload: Upload,
        claim: Uuid,
        request: Option<Arc<RequestContext>>,
        appended: &Appended,
    ) -> Result<Append<'_>, UploadError> {
        let digest = appended.digest.clone();
        Ok(Append {
            uploads: self,
            stored: Stored::of(&upload)?.unwrap_or_default(),
            offset: upload.received,
            upload,
            claim,
            buffer: BytesMut::new(),
            digest: digest.map(|digest| (Context::new(&SHA256), digest)),
            request,
        })
    }
}
