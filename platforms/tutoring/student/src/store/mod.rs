//! SQL statements.

pub(crate) mod cards;
pub(crate) mod courses;
pub(crate) mod payments;
pub(crate) mod referrals;
pub(crate) mod sessions;
pub(crate) mod students;
pub(crate) mod tickets;

pub(crate) use courses::MyCourse;
pub(crate) use referrals::DueReward;
pub(crate) use sessions::MySession;
pub(crate) use students::{Status, Student};
pub(crate) use tickets::{DEFAULT_PRIORITY, Ticket};
