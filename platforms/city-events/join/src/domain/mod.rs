//! Rules of seats, waitlists and joins, without I/O.

mod actor;
mod admission;
mod candidate;
mod command;
mod idempotency_key;
mod join;
mod outcome;
mod page;
mod rejection;
mod seats;
mod status;

pub(crate) use actor::Actor;
pub(crate) use admission::{Waitlist, admit, check_join};
pub(crate) use candidate::{Ban, Candidate, StoredJoin, UsedKey};
pub(crate) use command::{Action, Command};
pub(crate) use idempotency_key::IdempotencyKey;
pub(crate) use join::{Join, StatusChange};
pub(crate) use outcome::{Decision, Outcome};
pub(crate) use page::{Cursor, Limit, OwnFilter, Page};
pub(crate) use rejection::Rejection;
pub(crate) use seats::{EventState, Seats};
pub(crate) use status::JoinStatus;
