//! Data keys in a table, on every database (SEC-5).

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what a test cannot unwrap has failed it"
)]

pub(crate) mod deletion;
pub(crate) mod kill;
pub(crate) mod legacy;
pub(crate) mod outage;
pub(crate) mod roots;
pub(crate) mod rotation;
pub(crate) mod test_database;

seaworthy_testkit::on_every_database! {
    crate::data_keys::test_database::open, run_in_test;
    rotation:
        rotation_keeps_values_of_writing_replicas_sec_5,
        concurrent_rotations_leave_one_active_key_sec_5,
        expired_key_is_rotated_by_one_replica_sec_5,
        values_of_both_ciphers_are_read_sec_5;
    deletion:
        keys_are_deleted_after_two_proofs_sec_5,
        keys_of_slow_writers_are_not_deleted_sec_5,
        deletion_does_not_undo_a_rewrap_of_the_root_sec_5;
    outage:
        failed_root_call_stops_no_replica_sec_5,
        reading_process_finds_key_that_was_missing_sec_5;
    roots:
        changed_root_rewraps_only_keys_sec_5,
        wrong_root_stops_the_start_sec_5,
        altered_rows_do_not_decrypt_sec_5;
    kill:
        killed_rewrap_loses_nothing_sec_5;
    legacy:
        legacy_values_and_keys_are_read_and_moved_sec_5,
        shorter_legacy_roots_are_read_sec_5,
        older_legacy_texts_and_blanks_are_read_sec_5;
}
