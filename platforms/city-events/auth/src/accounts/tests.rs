//! Tests the accounts on every database, without routes.

mod fixture;
mod stolen_token;
