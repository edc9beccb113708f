//! Code generated from `contract/seaworthy/bench/v1/order.proto`.
#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    clippy::all,
    clippy::pedantic,
    reason = "generated code, of which a part is used"
)]

include!(concat!(env!("OUT_DIR"), "/contract.rs"));

pub(crate) use seaworthy::bench::v1::*;
