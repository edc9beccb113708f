//! Appends bytes to a resumable upload.
//!
//! Content is stored in parts of 8 MiB. The rest of a request, which is smaller than a part, is an
//! object of its own until the next request. The offset in the row moves after the bytes are
//! stored, so a client never resumes after lost bytes.

use std::{future::poll_fn, pin::Pin, time::Duration};

use aws_lc_rs::digest::{Context, SHA256};
use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http_body::{Body as _, Frame};
use seaworthy_core::ByteSize;
use seaworthy_data::sql;
use seaworthy_storage::{MultipartUpload, Part, PutOptions, StorageError};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, interval_at};
use uuid::Uuid;

use crate::{
    Upload, UploadError, UploadStatus, Uploads, clean, create::signed, keys, uploads::UNKNOWN_TYPE,
    writers::Writer,
};

/// The size of a part, and the memory of a request. S3 requires at least 5 MiB.
const PART_SIZE: usize = 8 * 1024 * 1024;
/// Up to this size, in bytes, memory grows with the content.
const SMALL_UPLOAD: usize = 256 * 1024;
/// A request renews its claim three times before it expires.
const CLAIM_TTL: Duration = Duration::from_secs(15);
const RENEW_INTERVAL: Duration = Duration::from_secs(5);

/// The stored content of an incomplete upload.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Stored {
    pub(crate) multipart: Option<MultipartUpload>,
    parts: Vec<Part>,
    /// The size of the tail, in bytes. 0 if there is none.
    tail: u64,
    is_second_tail: bool,
}

impl Stored {
    pub(crate) fn of(upload: &Upload) -> Result<Option<Self>, UploadError> {
        let parsed = upload.parts.as_deref().map(serde_json::from_str);
        Ok(parsed.transpose()?)
    }
}

/// The bytes to append and what the client says about them.
#[derive(Debug)]
pub(crate) struct Appended {
    pub(crate) body: Body,
    /// The SHA-256 of the body. If the body does not match it, nothing is stored.
    pub(crate) digest: Option<Vec<u8>>,
    /// Whether the upload is complete after the body.
    pub(crate) completes: Completes,
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

/// Returns the next frame of a body. Cancel safe.
async fn next(body: &mut Body) -> Option<Result<Frame<Bytes>, axum::Error>> {
    poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await
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
}

impl Uploads {
    /// Appends a body at the current offset, and completes the upload if the body is its end. If
    /// the connection is lost, the bytes that arrived are stored.
    pub(crate) async fn append(
        &self,
        upload: Upload,
        writer: &Writer,
        appended: Appended,
    ) -> Result<Upload, UploadError> {
        let (id, owner) = (upload.id, upload.owner.clone());
        let claim = self.claim(id).await?;
        let stored = Stored::of(&upload)?.unwrap_or_default();
        let mut append = Append {
            uploads: self,
            offset: upload.received,
            upload,
            claim,
            stored,
            buffer: BytesMut::new(),
            digest: appended
                .digest
                .map(|digest| (Context::new(&SHA256), digest)),
        };
        let outcome = append.run(writer, appended.body, appended.completes).await;
        let released = sql("UPDATE uploads SET claimed_by = NULL, claimed_until_us = 0 WHERE id = ? AND claimed_by = ? AND status = 'pending'")
            .bind(id)
            .bind(claim)
            .execute(&self.store().0.database)
            .await;
        let is_complete = outcome?;
        released?;
        if is_complete {
            return self.complete(id, &owner).await;
        }
        self.store().find(id).await
    }

    /// Claims an upload for this request. Another replica may hold the claim of a lost connection.
    async fn claim(&self, id: Uuid) -> Result<Uuid, UploadError> {
        let claim = seaworthy_core::new_id();
        let claimed = sql("UPDATE uploads SET claimed_by = ?, claimed_until_us = {now_us} + ? WHERE id = ? AND status = 'pending' AND claimed_until_us <= {now_us}")
            .bind(claim)
            .bind(claim_ttl())
            .bind(id)
            .execute(&self.store().0.database)
            .await?;
        if claimed.rows_affected() > 0 {
            return Ok(claim);
        }
        match self.store().find(id).await?.status {
            UploadStatus::Pending => Err(UploadError::Busy),
            status => Err(UploadError::Closed(status)),
        }
    }
}

fn claim_ttl() -> i64 {
    i64::try_from(CLAIM_TTL.as_micros()).unwrap_or(i64::MAX)
}

impl Append<'_> {
    /// Returns whether the upload is complete.
    async fn run(
        &mut self,
        writer: &Writer,
        body: Body,
        completes: Completes,
    ) -> Result<bool, UploadError> {
        self.read_tail().await?;
        let received = self.receive(writer, body).await;
        if let Err(error @ (UploadError::TooLarge(_) | UploadError::Size { .. })) = &received {
            let store = self.uploads.store();
            let text = error.to_string();
            store
                .fail(self.upload.id, Some(self.claim), error.reason(), &text)
                .await?;
            let failed = store.find(self.upload.id).await?;
            clean::remove_content(&store.0, &failed).await?;
            return received.map(|()| false);
        }
        if let Some((context, expected)) = self.digest.take() {
            received?;
            if context.finish().as_ref() != expected {
                return Err(UploadError::Digest);
            }
            return self.end(completes).await;
        }
        match received {
            Ok(()) => self.end(completes).await,
            // The bytes that arrived are intact. After a failure of the storage they may be lost,
            // and the offset does not move.
            Err(error @ (UploadError::Body(_) | UploadError::Replaced)) => {
                self.keep().await?;
                Err(error)
            }
            Err(error) => Err(error),
        }
    }

    async fn read_tail(&mut self) -> Result<(), UploadError> {
        if self.stored.tail == 0 {
            return Ok(());
        }
        let key = keys::tail(self.upload.id, self.stored.is_second_tail)?;
        let incoming = &self.uploads.store().0.incoming;
        let limit = u64::try_from(PART_SIZE).unwrap_or(u64::MAX);
        let tail = incoming.get(&key).await?.bytes(limit).await?;
        self.buffer.extend_from_slice(&tail);
        Ok(())
    }

    async fn receive(&mut self, writer: &Writer, mut body: Body) -> Result<(), UploadError> {
        let mut renewal = interval_at(Instant::now() + RENEW_INTERVAL, RENEW_INTERVAL);
        loop {
            let frame = tokio::select! {
                biased;
                () = writer.replaced() => return Err(UploadError::Replaced),
                _ = renewal.tick() => {
                    self.renew().await?;
                    continue;
                }
                frame = next(&mut body) => frame,
            };
            let Some(frame) = frame else {
                return Ok(());
            };
            let frame = frame.map_err(|error| UploadError::Body(error.into()))?;
            let Ok(mut data) = frame.into_data() else {
                continue;
            };
            if let Some((context, _)) = &mut self.digest {
                context.update(&data);
            }
            let length = u64::try_from(data.len()).unwrap_or(u64::MAX);
            self.offset = self.offset.saturating_add(length);
            self.check_size()?;
            while !data.is_empty() {
                let space = PART_SIZE.saturating_sub(self.buffer.len());
                let chunk = data.split_to(space.min(data.len()));
                self.push(&chunk);
                if self.buffer.len() >= PART_SIZE {
                    self.store_part().await?;
                    let rest = u64::try_from(data.len()).unwrap_or(u64::MAX);
                    self.checkpoint(self.offset.saturating_sub(rest)).await?;
                }
            }
        }
    }

    /// Adds bytes to the buffer. A large upload allocates each part once, because doubling would
    /// need twice the memory.
    fn push(&mut self, chunk: &[u8]) {
        let length = self.buffer.len();
        if self.buffer.capacity() < length + chunk.len() && length >= SMALL_UPLOAD {
            self.buffer.reserve(PART_SIZE.saturating_sub(length));
        }
        self.buffer.extend_from_slice(chunk);
    }

    fn check_size(&self) -> Result<(), UploadError> {
        let limit = self.uploads.store().config().max_size;
        match self.upload.size {
            Some(declared) if self.offset > declared => Err(UploadError::Size {
                declared,
                actual: self.offset,
            }),
            _ if self.offset > limit.get() => Err(UploadError::TooLarge(limit)),
            _ => Ok(()),
        }
    }

    /// Stores the buffer as the next part.
    async fn store_part(&mut self) -> Result<(), UploadError> {
        let incoming = &self.uploads.store().0.incoming;
        if self.stored.multipart.is_none() {
            let multipart = incoming
                .start_multipart(&keys::content(self.upload.id)?, &self.options())
                .await?;
            self.stored.multipart = Some(multipart);
            // The row names it first, so that the sweeper finds its parts after a crash.
            if let Err(error) = self.remember().await {
                if let Some(multipart) = self.stored.multipart.take() {
                    incoming.abort_multipart(&multipart).await?;
                }
                return Err(error);
            }
        }
        let Some(multipart) = &self.stored.multipart else {
            return Ok(());
        };
        let number = u16::try_from(self.stored.parts.len() + 1)
            .map_err(|_| UploadError::TooLarge(ByteSize::mebibytes(80_000)))?;
        // The buffer reuses its memory after the part is stored, so a request allocates it once.
        let content = self.buffer.split().freeze();
        let part = incoming.put_part(multipart, number, content).await?;
        self.stored.parts.push(part);
        self.stored.tail = 0;
        Ok(())
    }

    fn options(&self) -> PutOptions {
        PutOptions::new(self.upload.content_type.as_deref().unwrap_or(UNKNOWN_TYPE))
    }

    /// Stores the keys of the stored content, but not the offset.
    async fn remember(&self) -> Result<(), UploadError> {
        let mut known = self
            .upload
            .parts
            .as_deref()
            .map_or_else(|| Ok(Stored::default()), serde_json::from_str)?;
        known.multipart.clone_from(&self.stored.multipart);
        let text = serde_json::to_string(&known)?;
        let moved = sql("UPDATE uploads SET parts = ?, changed_us = {now_us} WHERE id = ? AND claimed_by = ? AND status = 'pending'")
            .bind(text)
            .bind(self.upload.id)
            .bind(self.claim)
            .execute(&self.uploads.store().0.database)
            .await?;
        self.held(moved.rows_affected())
    }

    /// Moves the offset of the row, unless a digest must match first.
    async fn checkpoint(&mut self, offset: u64) -> Result<(), UploadError> {
        if self.digest.is_some() {
            return Ok(());
        }
        let text = serde_json::to_string(&self.stored)?;
        let moved = sql("UPDATE uploads SET parts = ?, received_bytes = ?, claimed_until_us = {now_us} + ?, changed_us = {now_us} WHERE id = ? AND claimed_by = ? AND status = 'pending'")
            .bind(text.as_str())
            .bind(signed(offset))
            .bind(claim_ttl())
            .bind(self.upload.id)
            .bind(self.claim)
            .execute(&self.uploads.store().0.database)
            .await?;
        self.held(moved.rows_affected())?;
        self.upload.parts = Some(text);
        self.upload.received = offset;
        Ok(())
    }

    async fn renew(&self) -> Result<(), UploadError> {
        let renewed = sql("UPDATE uploads SET claimed_until_us = {now_us} + ? WHERE id = ? AND claimed_by = ? AND status = 'pending'")
            .bind(claim_ttl())
            .bind(self.upload.id)
            .bind(self.claim)
            .execute(&self.uploads.store().0.database)
            .await?;
        self.held(renewed.rows_affected())
    }

    /// Fails if the claim is lost: the upload was deleted, or another replica claimed it.
    fn held(&self, rows: u64) -> Result<(), UploadError> {
        match rows {
            0 => Err(UploadError::Replaced),
            _ => Ok(()),
        }
    }

    /// Stores the buffer as the tail, so that the next request continues after it.
    async fn keep(&mut self) -> Result<(), UploadError> {
        if self.buffer.is_empty() {
            if self.offset != self.upload.received {
                self.checkpoint(self.offset).await?;
            }
            return Ok(());
        }
        let is_second = !self.stored.is_second_tail;
        let incoming = &self.uploads.store().0.incoming;
        let options = PutOptions::new(UNKNOWN_TYPE);
        let key = keys::tail(self.upload.id, is_second)?;
        if self.upload.parts.is_none() {
            // The row names the tail first, so that it is removed with the upload.
            self.remember().await?;
        }
        let content: Bytes = self.buffer.split().freeze();
        self.stored.tail = u64::try_from(content.len()).unwrap_or(u64::MAX);
        self.stored.is_second_tail = is_second;
        incoming.put(&key, content, &options).await?;
        self.checkpoint(self.offset).await
    }

    async fn end(&mut self, completes: Completes) -> Result<bool, UploadError> {
        let is_complete = match (completes, self.upload.size) {
            (Completes::Yes, Some(declared)) if declared != self.offset => {
                self.keep().await?;
                let actual = self.offset;
                return Err(UploadError::Size { declared, actual });
            }
            (Completes::Yes, _) => true,
            (Completes::No, _) => false,
            (Completes::AtSize, size) => size == Some(self.offset),
        };
        if !is_complete {
            self.keep().await?;
            return Ok(false);
        }
        let key = keys::content(self.upload.id)?;
        let incoming = &self.uploads.store().0.incoming;
        if self.stored.multipart.is_none() {
            let content = self.buffer.split().freeze();
            incoming.put(&key, content, &self.options()).await?;
            return Ok(true);
        }
        // An earlier request may have completed the object and crashed before it changed the row.
        if incoming
            .head(&key)
            .await
            .is_ok_and(|meta| meta.size == self.offset)
        {
            return Ok(true);
        }
        if !self.buffer.is_empty() {
            self.store_part().await?;
        }
        let Some(multipart) = &self.stored.multipart else {
            return Ok(true);
        };
        let completed = incoming
            .complete_multipart(multipart, &self.stored.parts)
            .await;
        match completed {
            Ok(_) => Ok(true),
            Err(error @ StorageError::NoSuchUpload(_)) => match incoming.head(&key).await {
                Ok(meta) if meta.size == self.offset => Ok(true),
                _ => Err(error.into()),
            },
            Err(error) => Err(error.into()),
        }
    }
}

impl Uploads {
    /// Stores the length that a client declares after the creation. It replaces no known length.
    pub(crate) async fn declare_length(&self, id: Uuid, length: u64) -> Result<(), UploadError> {
        let store = self.store();
        if length > store.config().max_size.get() {
            return Err(UploadError::TooLarge(store.config().max_size));
        }
        sql("UPDATE uploads SET size_bytes = ? WHERE id = ? AND status = 'pending' AND size_bytes IS NULL")
            .bind(signed(length))
            .bind(id)
            .execute(&store.0.database)
            .await?;
        Ok(())
    }
}
