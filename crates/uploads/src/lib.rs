//! Uploads of users: direct, by form and resumable, scanned and processed (FILE-1).
//!
//! An upload is a row in the database of the service. Its content is an object in a
//! [storage](seaworthy_storage). The row moves from `pending` to `ready` or `failed`, see
//! [`UploadStatus`]. The transaction that makes an upload `uploaded` also stores a message for the
//! workers in the outbox. A sweeper publishes the message again if no worker finishes the upload,
//! and removes incomplete uploads. Every upload therefore reaches a final status, and no unused
//! object remains.
//!
//! | Method | Function |
//! | --- | --- |
//! | A signed URL of the storage | [`Uploads::create`], [`Uploads::presign`], [`Uploads::complete`] |
//! | `multipart/form-data` | [`Uploads::routes`] |
//! | Resumable, tus 1.0 | [`Uploads::routes`] |
//! | Resumable, draft-ietf-httpbis-resumable-upload-12 | [`Uploads::routes`] |
//!
//! | Type | Role |
//! | --- | --- |
//! | [`UploadStore`] | Rows and objects. Reads and deletes uploads |
//! | [`Uploads`] | Accepts uploads |
//! | [`UploadWorker`] | Scans and processes uploads |
//! | [`ProcessUpload`] | The work of your service |
//! | [`ScanUpload`], [`Clamd`] | The scanner for malware |
//!
//! The client does not choose the key of an object: the key is the ID of the upload. Completion
//! reads the true size from the storage. Do not trust the media type that a client declares.

mod append;
mod clean;
mod config;
mod create;
mod error;
mod form;
mod keys;
mod metrics;
mod migrations;
mod process;
mod resumable;
mod routes;
mod scan;
mod store;
mod sweep;
mod upload;
mod uploads;
mod worker;
mod writers;

pub use config::UploadsConfig;
pub use error::UploadError;
pub use migrations::MIGRATIONS;
pub use process::{IncomingUpload, ProcessError, ProcessUpload};
pub use routes::UploadRoutes;
pub use scan::{Clamd, ClamdConfig, ScanError, ScanUpload, Verdict};
/// A JSON value: the result of processing.
pub use serde_json::Value as Details;
pub use store::UploadStore;
pub use upload::{InvalidStatus, NewUpload, Upload, UploadFailure, UploadStatus};
pub use uploads::Uploads;
pub use worker::UploadWorker;

/// Compiles the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
