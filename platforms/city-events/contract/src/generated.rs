//! Code that `build.rs` generates from the files in `proto/`.
#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    clippy::all,
    clippy::missing_errors_doc,
    reason = "generated code, of which a part is used"
)]

include!(concat!(env!("OUT_DIR"), "/contract.rs"));
