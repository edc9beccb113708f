use std::num::NonZeroU32;

use schemars::JsonSchema;
use seaworthy_core::ByteSize;
use serde::{Deserialize, Serialize};

/// The default of `min_size`. A smaller response fits into one packet without compression.
const DEFAULT_MIN_SIZE: ByteSize = ByteSize::kibibytes(1);
/// The default of `max_concurrent`: all encoders fit into a small container, at a few MiB each.
const DEFAULT_MAX_CONCURRENT: NonZeroU32 = NonZeroU32::new(64).unwrap();

/// Compression of JSON and HTML responses.
///
/// A response is not compressed if it sets a cookie, or if its route starts a session or excludes
/// itself. It is also not compressed if a page of another site may have caused the request
/// (BREACH).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CompressionConfig {
    /// Whether responses are compressed for clients that accept it.
    pub enabled: bool,
    /// The offered encodings. The client's `Accept-Encoding` chooses. If it prefers none of them,
    /// the order is zstd, br, gzip.
    pub encodings: Vec<ContentEncoding>,
    /// Minimum size of a compressed response. Streams of unknown size are always compressed.
    pub min_size: ByteSize,
    /// Maximum responses that are compressed at a time. Further ones are sent without compression.
    pub max_concurrent: NonZeroU32,
}

/// An encoding of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ContentEncoding {
    /// Brotli (RFC 7932).
    Br,
    /// Gzip (RFC 1952).
    Gzip,
    /// Zstandard (RFC 8878).
    Zstd,
}

impl Default for CompressionConfig {
    fn default() -> Self {
        Self {
            enabled: false,
            encodings: vec![
                ContentEncoding::Zstd,
                ContentEncoding::Br,
                ContentEncoding::Gzip,
            ],
            min_size: DEFAULT_MIN_SIZE,
            max_concurrent: DEFAULT_MAX_CONCURRENT,
        }
    }
}
