//! Feature flags from the outside: files, rules, changes at run time, servers and clients.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod audited_store;
mod differential;
mod distribution;
mod evaluation;
mod files;
mod gherkin;
mod open_feature;
mod operators;
mod process;
mod providers;
mod redis_store;
mod remote;
mod requirement;
mod runtime;
mod service;
mod store_conformance;
mod test_database;

seaworthy_testkit::on_every_database! {
    crate::test_database::open, run_in_test;
    audited_store:
        change_is_logged_with_its_state_flag_1,
        rejected_change_is_not_logged_flag_1;
    store_conformance:
        database_keeps_newest_state_flag_1;
}
