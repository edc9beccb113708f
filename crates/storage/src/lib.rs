//! Objects in S3, in local files or in memory, through one streaming interface (FILE-1).
//!
//! An object has a key, bytes, a media type and an entity tag. The URL in the settings selects the
//! engine:
//!
//! | URL | Engine |
//! | --- | --- |
//! | `s3://bucket` | Amazon S3 |
//! | `s3+https://host/bucket` | A server that is compatible with S3 |
//! | `file:/var/lib/media` | Files below a directory |
//! | `memory:` | The memory of the process |
//!
//! All engines pass one conformance suite. They share these properties:
//!
//! - A reader sees a whole object or none. An upload that fails leaves no object.
//! - Sizes are bounded. An upload above [`StorageConfig::max_object_size`] is rejected.
//! - Memory is bounded. S3 holds one part of 8 MiB per upload and 4 MiB per download.
//! - Signed URLs for uploads bind the method, the key, the size and the media type.
//!
//! Requests to S3 use the HTTP client `clients.NAME`, with its timeouts, retries, circuit breaker,
//! metrics and spans. Every request is small enough for the usual timeouts: a large object is sent
//! in parts and read in ranges.
//!
//! ```
//! use seaworthy_core::Timeout;
//! use seaworthy_storage::{ObjectKey, PutOptions, Storage, StorageConfig, UploadConstraints};
//!
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! let config = StorageConfig {
//!     public_url: Some("https://events.example.org/files".parse().unwrap()),
//!     ..StorageConfig::default()
//! };
//! let media = Storage::open("media", &config)?;
//! let key: ObjectKey = "covers/7.jpg".parse()?;
//!
//! media.put(&key, "the picture", &PutOptions::new("image/jpeg")).await?;
//! let object = media.get_range(&key, 4..11).await?;
//! assert_eq!(object.bytes(1024).await?, "picture");
//!
//! // A browser uploads directly. It must send exactly this size and type.
//! let constraints = UploadConstraints::new(52_133, "image/jpeg");
//! let upload = media.presign_put(&key, &constraints, Timeout::from_secs(300))?;
//! assert_eq!(upload.method(), "PUT");
//! # Ok::<_, seaworthy_storage::StorageError>(())
//! # }).unwrap();
//! ```

mod config;
mod content;
mod engine;
mod error;
mod file;
mod key;
mod memory;
mod metrics;
mod multipart;
mod object;
mod options;
mod range;
mod s3;
mod signed;
mod storage;
mod url;

pub use config::StorageConfig;
pub use content::Content;
pub use error::StorageError;
pub use key::{InvalidKey, ObjectKey};
pub use multipart::{MIN_PART_SIZE, MultipartUpload, Part};
pub use object::{ListPage, ListedObject, Object, ObjectBody, ObjectMeta};
pub use options::{ListOptions, PutOptions, UploadConstraints};
pub use signed::SignedRequest;
pub use storage::Storage;
pub use url::{InvalidStorageUrl, StorageUrl};

/// Compiles and runs the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
