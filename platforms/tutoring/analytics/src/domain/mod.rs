//! Rules without I/O.

mod business;
mod event;
mod interval;
mod range;

pub(crate) use business::business_event;
pub(crate) use event::{Event, EventRequest, checked_all};
pub(crate) use interval::{Hours, Interval};
pub(crate) use range::{RangeRequest, TimeRange};
