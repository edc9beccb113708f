//! The audit log on every database: whoever alters it is found out.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "what a test cannot unwrap has failed it"
)]

mod beginning;
mod chain;
mod keys;
mod place;
mod telling;
mod writing;

seaworthy_testkit::on_every_database! {
    crate::place::open, in_the_test;
    chain:
        a_record_that_was_altered_is_named_obs_11,
        a_record_that_is_missing_is_named_obs_11,
        an_end_that_was_cut_off_is_seen_by_what_was_seen_before_obs_11,
        who_has_not_the_key_can_write_nothing_obs_11,
        what_was_pruned_leaves_the_rest_whole_obs_11;
    beginning:
        a_beginning_that_was_erased_is_seen_obs_11,
        the_proof_of_a_pruning_is_of_no_other_place_obs_11,
        a_pruning_without_a_proof_is_said_to_have_none_obs_11,
        what_was_seen_before_a_pruning_is_not_said_to_be_whole_obs_11,
        a_pruning_signs_for_nothing_that_somebody_else_wrote_obs_11,
        a_record_beyond_the_ends_of_the_chain_is_named_obs_11;
    keys:
        a_log_goes_on_under_another_key_obs_11,
        who_has_stolen_an_earlier_key_adds_nothing_after_its_last_record_obs_11,
        who_has_stolen_an_earlier_key_alters_nothing_before_its_last_record_obs_11,
        a_pruning_is_proved_anew_by_the_key_that_signs_now_obs_11,
        a_key_that_is_missing_or_too_short_is_named_obs_11;
    telling:
        only_what_was_committed_is_told_to_the_log_of_the_process_obs_11;
    writing:
        an_entry_is_there_with_its_change_and_not_without_obs_11,
        many_at_once_make_one_chain_obs_11,
        the_request_is_written_down_and_no_secret_is_obs_11;
}
