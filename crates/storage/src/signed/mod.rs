//! Signed URLs: requests that a client may send without other credentials.

mod serve;
mod signer;

use std::{fmt, time::SystemTime};

use http::Method;
use jiff::Timestamp;
use serde_json::{Map, Value};
use url::Url;

use crate::{MultipartUpload, ObjectKey, UploadConstraints, options::Bound};

pub(crate) use serve::routes;
pub(crate) use signer::Signer;

/// A request that a client may send until it expires.
///
/// The URL is a credential: do not log it. `Debug` omits it.
#[derive(Clone)]
pub struct SignedRequest {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) expires_at: SystemTime,
}

impl SignedRequest {
    /// Returns the method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// Returns the URL.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Returns the headers that the request must contain. Browsers set `content-length` themselves.
    #[must_use]
    pub fn headers(&self) -> &[(&'static str, String)] {
        &self.headers
    }

    /// Returns the time from which the URL is invalid.
    #[must_use]
    pub fn expires_at(&self) -> SystemTime {
        self.expires_at
    }

    /// Returns the members `method`, `url`, `headers` and `expiresAt` of a response to the client.
    /// The time is in RFC 3339.
    #[must_use]
    pub fn members(&self) -> Map<String, Value> {
        let headers = self.headers.iter();
        let headers = headers.map(|(name, value)| ((*name).to_owned(), value.as_str().into()));
        let expires_at = Timestamp::try_from(self.expires_at).ok();
        Map::from_iter([
            ("method".to_owned(), self.method.as_str().into()),
            ("url".to_owned(), self.url.as_str().into()),
            ("headers".to_owned(), Value::Object(headers.collect())),
            (
                "expiresAt".to_owned(),
                expires_at.map(|time| time.to_string()).into(),
            ),
        ])
    }
}

impl fmt::Debug for SignedRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SignedRequest")
            .field("method", &self.method)
            .field("host", &self.url.host_str())
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// The operation that a signed URL allows.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Grant<'a> {
    Get(&'a ObjectKey),
    Put(&'a ObjectKey, &'a UploadConstraints),
    Part {
        upload: &'a MultipartUpload,
        number: u16,
        size: u64,
    },
}

impl Grant<'_> {
    pub(crate) fn method(&self) -> Method {
        match self {
            Self::Get(_) => Method::GET,
            Self::Put(..) | Self::Part { .. } => Method::PUT,
        }
    }

    pub(crate) fn key(&self) -> &ObjectKey {
        match self {
            Self::Get(key) | Self::Put(key, _) => key,
            Self::Part { upload, .. } => &upload.key,
        }
    }

    /// Returns the headers that the request must contain.
    pub(crate) fn headers(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Get(_) => Vec::new(),
            Self::Put(_, constraints) => {
                let mut headers = match &constraints.bound {
                    Bound::Exact { size, content_type } => vec![
                        ("content-length", size.to_string()),
                        ("content-type", content_type.clone()),
                    ],
                    Bound::AtMost { .. } => Vec::new(),
                };
                if constraints.only_if_absent {
                    headers.push(("if-none-match", "*".to_owned()));
                }
                headers
            }
            Self::Part { size, .. } => vec![("content-length", size.to_string())],
        }
    }
}
