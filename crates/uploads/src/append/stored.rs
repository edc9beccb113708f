//! The stored content of an incomplete upload.

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use seaworthy_data::sql;
use seaworthy_storage::{MultipartUpload, Part, PutOptions, StorageError};
use serde::{Deserialize, Serialize};

use super::{
    Append,
    claim::{check_claim, claim_ttl},
};
use crate::{Upload, UploadError, create::signed, keys, uploads::UNKNOWN_TYPE};

/// The size of a part, and the memory of a request. S3 requires at least 5 MiB.
pub(crate) const PART_SIZE: usize = 8 * 1024 * 1024;
/// The maximum number of parts in S3.
pub(super) const MAX_PARTS: u16 = 10_000;
/// The maximum number of pieces of a tail. The next request then joins them.
const MAX_PIECES: usize = 16;
/// The keys of pieces repeat after this number. One more than [`MAX_PIECES`], so that a new piece
/// never replaces one that the row refers to.
const PIECE_KEYS: u16 = 17;

/// The stored content that the row of an upload refers to.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Stored {
    pub(crate) multipart: Option<MultipartUpload>,
    parts: Vec<Part>,
    /// The content after the parts.
    tail: Vec<Piece>,
    /// The number of the next piece.
    next_piece: u16,
}

/// The bytes of a request that are smaller than a part.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Piece {
    number: u16,
    /// The size, in bytes.
    size: usize,
}

impl Stored {
    pub(crate) fn of(upload: &Upload) -> Result<Option<Self>, UploadError> {
        let parsed = upload.parts.as_deref().map(serde_json::from_str);
        Ok(parsed.transpose()?)
    }

    pub(super) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Returns the size of the tail in the storage, in bytes.
    pub(super) fn tail_size(&self) -> usize {
        self.tail.iter().map(|piece| piece.size).sum()
    }
}

impl Append<'_> {
    /// Reads the tail into the buffer, in front of the new bytes.
    pub(super) async fn load_tail(&mut self) -> Result<(), UploadError> {
        let size = self.stored.tail_size();
        if size == 0 {
            return Ok(());
        }
        let charged = u64::try_from(size).unwrap_or(u64::MAX);
        let request = self.request.as_ref();
        if !request.is_none_or(|request| request.charge_memory(charged)) {
            return Err(UploadError::Overloaded);
        }
        let mut content = BytesMut::with_capacity(PART_SIZE);
        for piece in &self.stored.tail {
            let key = keys::piece(self.upload.id, piece.number)?;
            let object = self.uploads.store().0.incoming.get(&key).await?;
            let end = content.len().saturating_add(piece.size);
            let mut body = object.into_body();
            while let Some(frame) = body.frame().await {
                let data = frame?.into_data().unwrap_or_default();
                content.extend_from_slice(&data);
            }
            if content.len() != end {
                return Err(StorageError::Changed(key).into());
            }
        }
        content.extend_from_slice(&self.buffer);
        self.buffer = content;
        self.stored.tail.clear();
        Ok(())
    }

    /// Stores the buffer as the next part.
    pub(super) async fn store_part(&mut self) -> Result<(), UploadError> {
        // The buffer reuses its memory after the part is stored, so a request allocates it once.
        let content = self.buffer.split().freeze();
        let part = match self.put_part(content.clone()).await {
            // A request completed the upload and crashed before it acknowledged a byte.
            Err(UploadError::Storage(StorageError::NoSuchUpload(_)))
                if self.stored.parts.is_empty() =>
            {
                self.stored.multipart = None;
                self.put_part(content).await?
            }
            part => part?,
        };
        self.stored.parts.push(part);
        Ok(())
    }

    async fn put_part(&mut self, content: Bytes) -> Result<Part, UploadError> {
        let incoming = &self.uploads.store().0.incoming;
        let number = self.stored.parts.len().saturating_add(1);
        let number = u16::try_from(number).ok();
        let number = number
            .filter(|number| *number <= MAX_PARTS)
            .ok_or(UploadError::TooLarge(Self::max_parts_size()))?;
        let multipart = match &self.stored.multipart {
            Some(multipart) => multipart,
            None => {
                let key = keys::content(self.upload.id)?;
                let multipart = incoming.start_multipart(&key, &self.options()).await?;
                // The row contains it first, so that the sweeper finds its parts after a crash.
                if let Err(error) = self.store_keys(Some(&multipart)).await {
                    incoming.abort_multipart(&multipart).await?;
                    return Err(error);
                }
                self.stored.multipart.insert(multipart)
            }
        };
        Ok(incoming.put_part(multipart, number, content).await?)
    }

    /// Stores the keys of the stored content, but not the offset.
    async fn store_keys(&self, multipart: Option<&MultipartUpload>) -> Result<(), UploadError> {
        let mut known = Stored::of(&self.upload)?.unwrap_or_default();
        known.multipart = multipart.cloned();
        let text = serde_json::to_string(&known)?;
        let moved = sql("UPDATE uploads SET parts = ?, changed_us = {now_us} WHERE id = ? AND claimed_by = ? AND status = 'pending'")
            .bind(text)
            .bind(self.upload.id)
            .bind(self.claim)
            .execute(&self.uploads.store().0.database)
            .await?;
        check_claim(moved.rows_affected())
    }

    /// Moves the offset of the row, unless a digest must match first.
    pub(super) async fn checkpoint(&mut self) -> Result<(), UploadError> {
        if self.digest.is_some() {
            return Ok(());
        }
        let text = serde_json::to_string(&self.stored)?;
        let moved = sql("UPDATE uploads SET parts = ?, received_bytes = ?, claimed_until_us = {now_us} + ?, changed_us = {now_us} WHERE id = ? AND claimed_by = ? AND status = 'pending'")
            .bind(text.as_str())
            .bind(signed(self.offset))
            .bind(claim_ttl())
            .bind(self.upload.id)
            .bind(self.claim)
            .execute(&self.uploads.store().0.database)
            .await?;
        check_claim(moved.rows_affected())?;
        self.upload.parts = Some(text);
        self.upload.received = self.offset;
        Ok(())
    }

    /// Stores the buffer as a piece of the tail, so that the next request continues after it.
    pub(super) async fn store_tail(&mut self) -> Result<(), UploadError> {
        if self.buffer.is_empty() {
            if self.offset != self.upload.received {
                self.checkpoint().await?;
            }
            return Ok(());
        }
        if self.stored.tail.len() >= MAX_PIECES {
            self.load_tail().await?;
        }
        if self.upload.parts.is_none() {
            // Update the row first, so that the sweeper removes the piece with the upload.
            self.store_keys(None).await?;
        }
        let number = self.stored.next_piece;
        let key = keys::piece(self.upload.id, number)?;
        let content = self.buffer.split().freeze();
        let size = content.len();
        let options = PutOptions::new(UNKNOWN_TYPE);
        let incoming = &self.uploads.store().0.incoming;
        incoming.put(&key, content, &options).await?;
        self.stored.tail.push(Piece { number, size });
        self.stored.next_piece = (number + 1) % PIECE_KEYS;
        self.checkpoint().await
    }
}
