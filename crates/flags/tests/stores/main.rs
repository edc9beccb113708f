//! The stores of changes on real servers.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod audited;
mod conformance;
mod redis;
mod test_database;

seaworthy_testkit::on_every_database! {
    crate::test_database::open, in_the_test;
    audited:
        change_is_logged_with_its_state_flag_1,
        refused_change_is_not_logged_flag_1;
    conformance:
        database_keeps_newest_state_flag_1;
}
