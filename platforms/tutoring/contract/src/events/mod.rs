//! The kinds of events, their topics and their keys.
//!
//! Events have the format of the legacy service: common fields and fields of the kind.
//! One student's events have one key, so they stay in order.
//!
//! ```
//! use tutoring_contract::events::{BusinessEvent, StudentDeallocated, message};
//! use uuid::Uuid;
//!
//! let student_id = Uuid::from_u128(7);
//! let ended = StudentDeallocated {
//!     allocation_id: Uuid::from_u128(1),
//!     trainer_id: Uuid::from_u128(2),
//!     student_id,
//!     course_id: Uuid::from_u128(3),
//!     reason: "moved away".to_owned(),
//!     deallocated_at: "2026-03-01T10:00:00Z".parse().unwrap(),
//! };
//! let event = BusinessEvent::new(ended);
//! assert_eq!(serde_json::to_value(&event).unwrap()["type"], "STUDENT_DEALLOCATED");
//! let _message = message(&event);
//! ```

mod event;
mod key;
mod kinds;
mod notification;

pub use event::{BusinessEvent, Kind, message};
pub use key::EventKey;
pub use kinds::*;

#[cfg(test)]
mod tests;
