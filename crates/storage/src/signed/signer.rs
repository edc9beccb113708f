use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use aws_lc_rs::hmac;
use data_encoding::HEXLOWER;
use http::Method;
use seaworthy_core::{Secret, Timeout, new_id};
use serde::Deserialize;
use url::Url;

use super::{Grant, SignedRequest};
use crate::{ObjectKey, StorageConfig, StorageError, options::Bound};

/// Minimum size of the key, in bytes: the size of the hash.
const MIN_KEY_SIZE: usize = 32;

/// Signs and verifies the URLs of `file:` and `memory:` with HMAC-SHA256.
#[derive(Clone)]
pub(crate) struct Signer {
    key: Arc<hmac::Key>,
    base: Option<Url>,
}

/// The query of a signed URL. The signature covers all fields and the method.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Terms {
    pub(crate) key: ObjectKey,
    /// Seconds since 1970.
    expires: u64,
    pub(crate) size: Option<u64>,
    /// The maximum size of an upload without an exact size.
    pub(crate) max: Option<u64>,
    #[serde(rename = "type")]
    pub(crate) content_type: Option<String>,
    pub(crate) upload: Option<String>,
    pub(crate) part: Option<u16>,
    #[serde(default)]
    pub(crate) absent: bool,
    #[serde(default)]
    signature: String,
}

impl Signer {
    /// Creates the signer of a storage.
    pub(crate) fn new(config: &StorageConfig) -> Result<Self, StorageError> {
        let random = || Secret::new(format!("{}{}", new_id(), new_id()));
        let key = config.signing_key.clone();
        let key = match key {
            Some(key) if key.expose().len() < MIN_KEY_SIZE => {
                return Err(StorageError::Settings(
                    "signing_key is too short: use at least 32 random bytes",
                ));
            }
            Some(key) => key,
            None => random(),
        };
        let base = config.public_url.as_ref().map(|base| base.url().clone());
        Ok(Self {
            key: Arc::new(hmac::Key::new(hmac::HMAC_SHA256, key.expose().as_bytes())),
            base,
        })
    }

    /// Returns the path of the routes, if the storage has a public address.
    pub(crate) fn path(&self) -> Option<String> {
        let path = self.base.as_ref()?.path().trim_end_matches('/');
        Some(if path.is_empty() { "/" } else { path }.to_owned())
    }

    pub(crate) fn sign(
        &self,
        grant: &Grant<'_>,
        ttl: Timeout,
    ) -> Result<SignedRequest, StorageError> {
        let mut url = self.base.clone().ok_or(StorageError::Settings(
            "signed URLs need public_url: set it to the address of the routes of this service",
        ))?;
        if let Some(path) = self.path() {
            url.set_path(&path);
        }
        let expires_at = SystemTime::now() + ttl.get();
        let mut terms = Terms {
            key: grant.key().clone(),
            expires: seconds(expires_at),
            size: None,
            max: None,
            content_type: None,
            upload: None,
            part: None,
            absent: false,
            signature: String::new(),
        };
        match grant {
            Grant::Get(_) => {}
            Grant::Put(_, limits) => {
                terms.absent = limits.only_if_absent;
                match &limits.bound {
                    Bound::Exact { size, content_type } => {
                        terms.size = Some(*size);
                        terms.content_type = Some(content_type.clone());
                    }
                    Bound::AtMost { max: size, .. } => terms.max = Some(*size),
                }
            }
            Grant::Part {
                upload,
                number,
                size,
            } => {
                terms.size = Some(*size);
                terms.upload = Some(upload.id.clone());
                terms.part = Some(*number);
                terms.absent = upload.only_if_absent;
            }
        }
        let method = grant.method();
        let tag = hmac::sign(&self.key, text(&method, &terms).as_bytes());
        terms.signature = HEXLOWER.encode(tag.as_ref());
        url.set_query(Some(&query(&terms)));
        Ok(SignedRequest {
            method,
            url,
            headers: grant.headers(),
            expires_at,
        })
    }

    /// Returns the terms of a query, if it is signed for this method and has not expired.
    pub(crate) fn verify(&self, method: &Method, mut terms: Terms) -> Option<Terms> {
        let tag = HEXLOWER.decode(terms.signature.as_bytes()).ok()?;
        terms.signature = String::new();
        hmac::verify(&self.key, text(method, &terms).as_bytes(), &tag).ok()?;
        (seconds(SystemTime::now()) < terms.expires).then_some(terms)
    }
}

/// Returns the text to sign. The query is escaped, so the borders of fields are unambiguous.
fn text(method: &Method, terms: &Terms) -> String {
    format!("seaworthy-storage-1\n{method}\n{}", query(terms))
}

fn query(terms: &Terms) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query
        .append_pair("key", terms.key.as_str())
        .append_pair("expires", &terms.expires.to_string());
    if let Some(size) = terms.size {
        query.append_pair("size", &size.to_string());
    }
    if let Some(max) = terms.max {
        query.append_pair("max", &max.to_string());
    }
    if let Some(content_type) = &terms.content_type {
        query.append_pair("type", content_type);
    }
    if let Some(upload) = &terms.upload {
        query.append_pair("upload", upload);
    }
    if let Some(part) = terms.part {
        query.append_pair("part", &part.to_string());
    }
    if terms.absent {
        query.append_pair("absent", "true");
    }
    if !terms.signature.is_empty() {
        query.append_pair("signature", &terms.signature);
    }
    query.finish()
}

fn seconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH);
    since.unwrap_or(Duration::ZERO).as_secs()
}

impl fmt::Debug for Signer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Signer")
            .field("base", &self.base.as_ref().map(Url::as_str))
            .finish_non_exhaustive()
    }
}
