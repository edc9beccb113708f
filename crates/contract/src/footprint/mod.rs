//! How much memory the decoded form of a request takes.
//!
//! Two bytes of JSON or protobuf can become a message of a kilobyte, so the limit of the body does not bound memory. A [`Budget`] counts
//! the memory of list elements, map entries, boxed messages and dynamic values while JSON is read. Protobuf is decoded by `prost`, which
//! cannot be stopped, so its bytes are scanned with the same budget before.

mod budget;
#[cfg(test)]
mod tests;
mod well_known;
mod wire;

pub(crate) use budget::{Budget, Exhausted};
pub(crate) use wire::check;
pub use wire::{Packed, WireField, WireMessage};
