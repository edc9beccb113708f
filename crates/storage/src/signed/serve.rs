//! The routes that serve the signed URLs of `file:` and `memory:`.

use axum::{
    body::Body,
    extract::{Query, Request},
    response::{IntoResponse as _, Response},
    routing,
};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{
        ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
        RANGE, X_CONTENT_TYPE_OPTIONS,
    },
};
use http_body_util::BodyExt as _;
use seaworthy_core::{ByteSize, Code, Error};
use seaworthy_http::{Access, RouteOptions, Routes};

use super::signer::{Signer, Terms};
use crate::{
    Content, MultipartUpload, Object, PutOptions, Storage, StorageError, multipart::MAX_PART_SIZE,
    options::check_content_type,
};

/// The media type of content without one.
const UNKNOWN_TYPE: &str = "application/octet-stream";

/// Returns the routes at this path.
pub(crate) fn routes(storage: Storage, signer: Signer, path: &str) -> Routes {
    let options = RouteOptions::new()
        .access(Access::Public)
        .body_limit(storage.max_object_size())
        .streams_body()
        .sensitive_query();
    let (reads, writes) = (storage.clone(), storage);
    let (read_signer, write_signer) = (signer.clone(), signer);
    let methods = routing::get(async move |headers: HeaderMap, query: Query<Terms>| {
        download(&reads, &read_signer, &headers, query).await
    })
    .put(async move |query: Query<Terms>, request: Request| {
        upload(&writes, &write_signer, query, request).await
    });
    Routes::new().route_with(path, methods, options)
}

fn invalid_signature_error() -> Error {
    Error::new(
        Code::Forbidden,
        "INVALID_SIGNATURE",
        "the URL is expired, or its signature does not match the request: request a new URL",
    )
}

async fn download(
    storage: &Storage,
    signer: &Signer,
    headers: &HeaderMap,
    Query(terms): Query<Terms>,
) -> Result<Response, Error> {
    let terms = signer
        .verify(&http::Method::GET, terms)
        .ok_or_else(invalid_signature_error)?;
    let range = headers.get(RANGE).and_then(requested);
    let object = match range {
        Some((start, Some(end))) => storage.get_range(&terms.key, start..end).await,
        Some((start, None)) => storage.get_range(&terms.key, start..).await,
        None => storage.get(&terms.key).await,
    };
    match object {
        Ok(object) => respond(object, range.is_some()),
        Err(StorageError::Range { size }) => {
            let whole = [(CONTENT_RANGE, format!("bytes */{size}"))];
            Ok((StatusCode::RANGE_NOT_SATISFIABLE, whole).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

/// Returns the start and the exclusive end of a header with one range. Others are ignored, as
/// RFC 9110 allows.
fn requested(value: &HeaderValue) -> Option<(u64, Option<u64>)> {
    let (start, end) = value
        .to_str()
        .ok()?
        .strip_prefix("bytes=")?
        .split_once('-')?;
    let start = start.parse().ok()?;
    let end = match end {
        "" => None,
        end => Some(end.parse::<u64>().ok()?.checked_add(1)?),
    };
    Some((start, end))
}

fn respond(object: Object, is_partial: bool) -> Result<Response, Error> {
    let (meta, range) = (object.meta().clone(), object.range().clone());
    let value = |text: String| HeaderValue::try_from(text).map_err(Error::internal);
    let mut response = Response::new(Body::new(object.into_body()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, value(meta.content_type)?);
    headers.insert(ETAG, value(format!("\"{}\"", meta.etag))?);
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    // Users upload the content, so browsers must neither guess its type nor run it.
    let guards: [(HeaderName, &str); 2] = [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"),
    ];
    for (name, text) in guards {
        headers.insert(name, HeaderValue::from_static(text));
    }
    if is_partial {
        let last = range.end.saturating_sub(1);
        let text = format!("bytes {}-{last}/{}", range.start, meta.size);
        headers.insert(CONTENT_RANGE, value(text)?);
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    Ok(response)
}

async fn upload(
    storage: &Storage,
    signer: &Signer,
    Query(terms): Query<Terms>,
    request: Request,
) -> Result<Response, Error> {
    let terms = signer
        .verify(&http::Method::PUT, terms)
        .ok_or_else(invalid_signature_error)?;
    let size = accepted_size(&terms, request.headers()).ok_or_else(invalid_signature_error)?;
    let header = request.headers().get(CONTENT_TYPE);
    let sent_type = header.and_then(|value| value.to_str().ok());
    let sent_type = sent_type.filter(|text| check_content_type(text).is_ok());
    let sent_type = sent_type.unwrap_or(UNKNOWN_TYPE).to_owned();
    let is_open = terms.max.is_some();
    let body = request.into_body();
    let etag = match (terms.content_type, terms.upload, terms.part) {
        (content_type, None, None) if content_type.is_some() || is_open => {
            let content = Content::stream(body).with_size(size);
            let options = PutOptions::new(content_type.unwrap_or(sent_type));
            let options = match terms.absent {
                true => options.only_if_absent(),
                false => options,
            };
            storage.put(&terms.key, content, &options).await?.etag
        }
        (None, Some(id), Some(number)) => {
            let upload = MultipartUpload {
                key: terms.key,
                id,
                only_if_absent: terms.absent,
            };
            let content = whole(body, size).await?;
            storage.put_part(&upload, number, content).await?.etag
        }
        _ => return Err(invalid_signature_error()),
    };
    let etag = HeaderValue::try_from(format!("\"{etag}\"")).map_err(Error::internal)?;
    Ok(([(ETAG, etag)], ()).into_response())
}

/// Returns the size of a request, if it has the signed size and media type.
fn accepted_size(terms: &Terms, headers: &HeaderMap) -> Option<u64> {
    let header = |name: HeaderName| headers.get(name)?.to_str().ok();
    let sent: u64 = header(CONTENT_LENGTH)?.parse().ok()?;
    let has_size = match (terms.size, terms.max) {
        (Some(size), None) => sent == size,
        (None, Some(max)) => sent <= max,
        _ => false,
    };
    let content_type = terms.content_type.as_deref();
    let has_type = content_type.is_none() || header(CONTENT_TYPE) == content_type;
    (has_size && has_type).then_some(sent)
}

/// Reads a part, whose declared size is exact.
async fn whole(body: Body, size: u64) -> Result<Bytes, Error> {
    if size > MAX_PART_SIZE {
        return Err(StorageError::TooLarge(ByteSize::bytes(MAX_PART_SIZE)).into());
    }
    let read = body.collect().await;
    let content = read
        .map_err(|error| StorageError::Content(error.into()))?
        .to_bytes();
    let actual = u64::try_from(content.len()).unwrap_or(u64::MAX);
    if actual != size {
        let expected = size;
        return Err(StorageError::Size { expected, actual }.into());
    }
    Ok(content)
}
