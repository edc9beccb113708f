//! What the words mean, without any I/O.

mod actor;
mod answer;
mod decision;
mod error;
mod idempotency_key;
mod join;
mod page;
mod places;
mod status;

pub(crate) use actor::Actor;
pub(crate) use answer::{Action, Answer, Decided};
pub(crate) use decision::{Waitlist, admit};
pub(crate) use error::JoinError;
pub(crate) use idempotency_key::IdempotencyKey;
pub(crate) use join::{Change, Join};
pub(crate) use page::{Cursor, Limit, Listed, OwnFilter};
pub(crate) use places::{Places, PlacesState};
pub(crate) use status::JoinStatus;
