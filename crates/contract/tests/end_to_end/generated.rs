#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    clippy::all,
    clippy::missing_errors_doc,
    clippy::missing_panics_doc,
    reason = "written by the compiler and by tonic, whose lints are theirs"
)]

include!("../generated/contract.rs");

pub use seaworthy::test::v1::*;
