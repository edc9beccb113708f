//! The audit log on every database.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "what a test cannot unwrap has failed it"
)]

mod beginning;
mod chain;
mod keys;
mod service_log;
mod test_database;
mod writing;

seaworthy_testkit::on_every_database! {
    crate::test_database::open, run_in_test;
    chain:
        verify_names_altered_record_obs_11,
        verify_names_missing_record_obs_11,
        reference_detects_removed_end_obs_11,
        verify_detects_records_without_the_key_obs_11,
        log_is_valid_after_pruning_obs_11;
    beginning:
        verify_detects_removed_beginning_obs_11,
        proof_of_pruning_is_bound_to_its_position_obs_11,
        verify_reports_pruning_without_proof_obs_11,
        pruned_reference_is_not_reported_as_valid_obs_11,
        pruning_fails_on_altered_records_obs_11,
        verify_names_record_outside_of_chain_obs_11;
    keys:
        log_stays_valid_when_key_changes_obs_11,
        verify_detects_records_added_with_stolen_old_key_obs_11,
        verify_detects_records_altered_with_stolen_old_key_obs_11,
        append_signs_beginning_with_own_key_obs_11,
        key_without_records_ends_at_the_beginning_obs_11,
        missing_or_short_key_is_named_obs_11;
    service_log:
        service_log_contains_only_committed_records_obs_11;
    writing:
        entry_is_committed_with_its_change_obs_11,
        concurrent_appends_make_one_chain_obs_11,
        entry_contains_request_without_secrets_obs_11;
}
