//! The generated code of `contract/connectrpc/conformance/v1/service.proto`.
#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    clippy::all,
    clippy::pedantic,
    reason = "generated code, of which a part is used"
)]

include!(concat!(env!("OUT_DIR"), "/contract.rs"));

pub(crate) use connectrpc::conformance::v1::*;

/// For reflection.
pub(crate) const DESCRIPTOR_BYTES: &[u8] =
    include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
/// The document, without HTTP routes.
pub(crate) const DOCUMENT: &str = include_str!(concat!(env!("OUT_DIR"), "/openapi.json"));
