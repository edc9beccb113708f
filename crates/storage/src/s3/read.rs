//! Downloads as a sequence of ranges. Each range is a short request with the usual timeouts and
//! retries, also if the reader is slow.

use std::sync::Arc;

use bytes::Bytes;
use futures::stream;
use http::{
    HeaderMap, StatusCode,
    header::{CONTENT_RANGE, IF_MATCH, RANGE},
};

use super::{
    Bucket,
    response::{Condition, checked, header, meta_of},
};
use crate::{Object, ObjectBody, ObjectKey, StorageError, range::ByteRange};

/// The memory of a download. Below `max_response_size` of a client with default settings.
const CHUNK: u64 = 4 * 1024 * 1024;

/// One range of an object.
struct Chunk {
    status: StatusCode,
    headers: HeaderMap,
    content: Bytes,
}

impl Bucket {
    async fn chunk(
        &self,
        key: &ObjectKey,
        (start, end): (u64, u64),
        tag: Option<&str>,
    ) -> Result<Chunk, StorageError> {
        let last = end.saturating_sub(1);
        let action = self
            .bucket
            .get_object(Some(&self.credentials), key.as_str());
        let mut request = self
            .request(&action)
            .header(RANGE, format!("bytes={start}-{last}"));
        if let Some(tag) = tag {
            request = request.header(IF_MATCH, format!("\"{tag}\""));
        }
        let response = checked(request.send().await?, Some(key), Condition::Unchanged).await?;
        Ok(Chunk {
            status: response.status(),
            headers: response.headers().clone(),
            content: response.bytes().await?,
        })
    }
}

pub(super) async fn get(
    bucket: &Arc<Bucket>,
    key: &ObjectKey,
    range: ByteRange,
) -> Result<Object, StorageError> {
    let limit = range.start.saturating_add(CHUNK);
    let first_end = range.end.map_or(limit, |end| end.min(limit));
    if range.start >= first_end {
        let size = bucket.head(key).await?.size;
        return Err(StorageError::Range { size });
    }
    let chunk = match bucket.chunk(key, (range.start, first_end), None).await {
        Ok(chunk) => chunk,
        Err(StorageError::Response {
            status: StatusCode::RANGE_NOT_SATISFIABLE,
            ..
        }) => {
            // An empty object has no range.
            let meta = bucket.head(key).await?;
            let range = range.of(meta.size)?;
            return Ok(Object {
                meta,
                range,
                body: ObjectBody::new(stream::empty(), 0),
            });
        }
        Err(error) => return Err(error),
    };
    let size = match chunk.status {
        StatusCode::PARTIAL_CONTENT => total(&chunk.headers)?,
        _ if range.start == 0 => u64::try_from(chunk.content.len()).unwrap_or(u64::MAX),
        _ => {
            return Err(StorageError::InvalidResponse(
                "the server ignored the range",
            ));
        }
    };
    let meta = meta_of(&chunk.headers, size)?;
    let range = range.of(size)?;
    let mut content = chunk.content;
    // Limit the body, because a server may ignore the range and send the whole object.
    let length = usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(usize::MAX);
    content.truncate(length);
    let body = body(
        Arc::clone(bucket),
        key.clone(),
        meta.etag.clone(),
        &range,
        content,
    );
    Ok(Object { meta, range, body })
}

/// Returns the size of the object from `bytes 0-9/100`.
fn total(headers: &HeaderMap) -> Result<u64, StorageError> {
    let text = header(headers, CONTENT_RANGE);
    let total = text.and_then(|text| text.rsplit_once('/')?.1.parse().ok());
    total.ok_or(StorageError::InvalidResponse(
        "it has no valid Content-Range",
    ))
}

/// Returns the first range, then requests the others. All must have the same entity tag.
fn body(
    bucket: Arc<Bucket>,
    key: ObjectKey,
    tag: String,
    range: &std::ops::Range<u64>,
    first: Bytes,
) -> ObjectBody {
    let (start, end) = (range.start, range.end);
    let state = (bucket, key, tag, start, Some(first));
    let parts = stream::try_unfold(state, move |(bucket, key, tag, at, first)| async move {
        if at >= end {
            return Ok(None);
        }
        let content = match first {
            Some(content) => content,
            None => {
                let until = at.saturating_add(CHUNK).min(end);
                bucket.chunk(&key, (at, until), Some(&tag)).await?.content
            }
        };
        if content.is_empty() {
            return Ok(None);
        }
        let next = at.saturating_add(u64::try_from(content.len()).unwrap_or(u64::MAX));
        Ok(Some((content, (bucket, key, tag, next, None))))
    });
    ObjectBody::new(parts, end.saturating_sub(start))
}
