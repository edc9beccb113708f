//! SQL statements.

mod cards;
mod courses;
mod payments;
mod referrals;
mod students;
mod tickets;

pub(crate) use cards::Cards;
pub(crate) use courses::{MyCourse, MyCourses, MySession, MySessions};
pub(crate) use payments::{MyPayments, PaidSessions};
pub(crate) use referrals::{DueReward, Referrals};
pub(crate) use students::{AccountCopy, Student, Students};
pub(crate) use tickets::{Ticket, Tickets};
