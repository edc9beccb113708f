//! Code generated from the files in `contract/`.
#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    clippy::all,
    reason = "generated code, of which a part is used"
)]

include!(concat!(env!("OUT_DIR"), "/contract.rs"));
