//! Bounds the memory that the decoded form of a request takes.
//!
//! Two bytes of JSON or protobuf can become a message of a kilobyte, so the body limit does not
//! bound memory. While JSON is read, a `Budget` counts the memory of list elements, map entries,
//! boxed messages and dynamic values. `prost` cannot be stopped during decoding, so protobuf is
//! first scanned with the same budget.
//!
//! The budget of a request is charged to the memory budget of the process, which also counts the
//! bytes of request bodies ([`RequestMemory`](seaworthy_core::RequestMemory)).

mod budget;
#[cfg(test)]
mod tests;
mod well_known;
mod wire;

pub(crate) use budget::{Budget, Exhausted};
pub(crate) use wire::check;
pub use wire::{Packed, WireField, WireMessage};
