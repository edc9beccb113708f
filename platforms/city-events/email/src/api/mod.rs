//! The pages that links lead to, and what they ask.

mod limits;
mod pages;
mod questions;
mod routes;

pub(crate) use limits::Limits;
pub(crate) use routes::routes;
