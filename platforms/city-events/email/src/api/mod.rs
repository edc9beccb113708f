//! The pages of links, and their requests.

mod forward;
mod limits;
mod pages;
mod routes;

pub(crate) use limits::Limits;
pub(crate) use routes::routes;
