//! Types and rules of events, without I/O.

mod actor;
mod cities;
mod cursor;
mod details;
mod error;
mod event;
mod filter;
mod page;
mod search;
mod state;

pub(crate) use actor::Actor;
pub(crate) use cities::{CityPrefix, large_cities};
pub(crate) use cursor::{Cursor, Rank};
pub(crate) use details::{Details, Patch};
pub(crate) use error::EventError;
pub(crate) use event::Event;
pub(crate) use filter::{Filter, Order};
pub(crate) use page::{OwnPage, PageSize};
pub(crate) use search::{SearchTerms, normalize_words};
pub(crate) use state::{State, StateName};
