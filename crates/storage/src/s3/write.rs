//! Uploads: one request for a small object, parts for a large one.

use std::{sync::Arc, time::SystemTime};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, IF_NONE_MATCH};
use rusty_s3::{
    S3Action as _,
    actions::{CompleteMultipartUpload, CompleteMultipartUploadResponse, CreateMultipartUpload},
};
use seaworthy_client::RequestBuilder;
use tokio::runtime::Handle;

use super::{
    Bucket,
    response::{Condition, checked, code_of, error_of, plain_tag, tag_of, text},
};
use crate::{
    MultipartUpload, ObjectKey, ObjectMeta, Part, PutOptions, StorageError, content::Reader,
    multipart::MAX_PARTS,
};

/// The size of a part, in bytes. With 10,000 parts, an object has at most 78 GiB.
const PART_SIZE: usize = 8 * 1024 * 1024;
const ANY: &str = "*";

fn conditional(request: RequestBuilder, only_if_absent: bool) -> RequestBuilder {
    if only_if_absent {
        request.header(IF_NONE_MATCH, ANY)
    } else {
        request
    }
}

fn length(content: &Bytes) -> u64 {
    u64::try_from(content.len()).unwrap_or(u64::MAX)
}

impl Bucket {
    async fn put_whole(
        &self,
        key: &ObjectKey,
        content: Bytes,
        options: &PutOptions,
    ) -> Result<ObjectMeta, StorageError> {
        let mut action = self
            .bucket
            .put_object(Some(&self.credentials), key.as_str());
        let content_type = options.content_type.as_str();
        action.headers_mut().insert("content-type", content_type);
        let size = length(&content);
        let request = self
            .request(&action)
            .header(CONTENT_TYPE, content_type)
            .body(content);
        let sent = conditional(request, options.only_if_absent).send().await?;
        let response = checked(sent, Some(key), Condition::Absent).await?;
        Ok(ObjectMeta {
            size,
            content_type: options.content_type.clone(),
            etag: tag_of(response.headers())?,
            modified: SystemTime::now(),
        })
    }

    pub(super) async fn start(
        &self,
        key: &ObjectKey,
        options: &PutOptions,
    ) -> Result<String, StorageError> {
        let credentials = Some(&self.credentials);
        let mut action = self
            .bucket
            .create_multipart_upload(credentials, key.as_str());
        let content_type = options.content_type.as_str();
        action.headers_mut().insert("content-type", content_type);
        let request = self.request(&action).header(CONTENT_TYPE, content_type);
        let response = checked(request.send().await?, Some(key), Condition::Absent).await?;
        let parsed = CreateMultipartUpload::parse_response(&text(response).await?);
        let parsed =
            parsed.map_err(|_| StorageError::InvalidResponse("it does not start an upload"))?;
        Ok(parsed.upload_id().to_owned())
    }

    pub(super) async fn put_part(
        &self,
        upload: &MultipartUpload,
        number: u16,
        content: Bytes,
    ) -> Result<Part, StorageError> {
        let (credentials, key) = (Some(&self.credentials), &upload.key);
        let action = self
            .bucket
            .upload_part(credentials, key.as_str(), number, &upload.id);
        let size = length(&content);
        let sent = self.request(&action).body(content).send().await?;
        let response = checked(sent, Some(key), Condition::Absent).await?;
        let etag = tag_of(response.headers())?;
        Ok(Part { number, etag, size })
    }

    pub(super) async fn complete(
        &self,
        upload: &MultipartUpload,
        parts: &[Part],
    ) -> Result<ObjectMeta, StorageError> {
        let key = &upload.key;
        let tags: Vec<_> = parts
            .iter()
            .map(|part| format!("\"{}\"", part.etag))
            .collect();
        let action = CompleteMultipartUpload::new(
            &self.bucket,
            Some(&self.credentials),
            key.as_str(),
            &upload.id,
            tags.iter().map(String::as_str),
        );
        let request = self.request(&action).body(action.clone().body());
        let sent = conditional(request, upload.only_if_absent).send().await?;
        let response = checked(sent, Some(key), Condition::Absent).await?;
        let status = response.status();
        let text = text(response).await?;
        // S3 may respond with 200 before the operation completes. The body then contains the error.
        let Ok(parsed) = CompleteMultipartUploadResponse::parse(&text) else {
            return Err(error_of(
                status,
                code_of(&text),
                Some(key),
                Condition::Absent,
            ));
        };
        let mut meta = self.head(key).await?;
        meta.etag = plain_tag(parsed.etag());
        Ok(meta)
    }

    pub(super) async fn abort(&self, upload: &MultipartUpload) -> Result<(), StorageError> {
        let (credentials, key) = (Some(&self.credentials), &upload.key);
        let action = self
            .bucket
            .abort_multipart_upload(credentials, key.as_str(), &upload.id);
        let sent = self.request(&action).send().await?;
        match checked(sent, Some(key), Condition::Absent).await {
            Ok(_) | Err(StorageError::NoSuchUpload(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// Aborts an upload that fails or whose future is dropped.
struct Guard {
    bucket: Arc<Bucket>,
    upload: Option<MultipartUpload>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        let (Some(upload), Ok(runtime)) = (self.upload.take(), Handle::try_current()) else {
            return;
        };
        let bucket = Arc::clone(&self.bucket);
        runtime.spawn(async move {
            if let Err(error) = bucket.abort(&upload).await {
                tracing::warn!(
                    key = %upload.key,
                    %error,
                    "the multipart upload was not aborted: its parts use space until a lifecycle rule removes them"
                );
            }
        });
    }
}

pub(super) async fn put(
    bucket: &Arc<Bucket>,
    key: &ObjectKey,
    mut content: Reader,
    options: &PutOptions,
) -> Result<ObjectMeta, StorageError> {
    let first = content.part(PART_SIZE).await?;
    let mut next = content.part(PART_SIZE).await?;
    if next.is_empty() {
        return bucket.put_whole(key, first, options).await;
    }
    let upload = MultipartUpload {
        key: key.clone(),
        id: bucket.start(key, options).await?,
        only_if_absent: options.only_if_absent,
    };
    let mut guard = Guard {
        bucket: Arc::clone(bucket),
        upload: Some(upload.clone()),
    };
    let mut parts = vec![bucket.put_part(&upload, 1, first).await?];
    for number in 2..=MAX_PARTS {
        if next.is_empty() {
            break;
        }
        parts.push(bucket.put_part(&upload, number, next).await?);
        next = content.part(PART_SIZE).await?;
    }
    if !next.is_empty() {
        return Err(StorageError::Parts(
            "an object in S3 has at most 10000 parts of 8 MiB",
        ));
    }
    let meta = bucket.complete(&upload, &parts).await?;
    guard.upload = None;
    Ok(meta)
}
