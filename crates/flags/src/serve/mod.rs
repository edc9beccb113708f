//! Flags for operators and for clients in other languages.

mod admin;
mod ofrep;

pub(crate) use admin::routes as admin_routes;
