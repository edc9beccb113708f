//! Accounts on every database: the steps that have to be atomic are.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test cannot unwrap has failed it"
)]

mod guesses;
mod lockout;
mod one_time_tokens;
mod place;
mod replay_guard;
mod rotation;
mod second_factors;
mod sessions;

seaworthy_testkit::on_every_database! {
    crate::place::open, in_the_test;
    sessions:
        a_refresh_token_is_good_once_and_its_theft_ends_the_session_auth_3,
        of_two_refreshes_at_once_one_goes_on_and_the_session_lives_auth_3,
        a_session_ends_when_nobody_refreshes_it_and_at_its_end_auth_3,
        a_logout_by_a_token_that_a_thief_has_exchanged_ends_the_session_auth_3,
        a_logout_a_ban_and_a_new_login_end_sessions_auth_3,
        a_token_that_a_client_brought_is_never_taken_over_auth_3,
        versions_rise_one_by_one_also_at_once_auth_3,
        everybody_whose_tokens_were_taken_back_is_told_however_many_auth_3;
    lockout:
        after_a_few_failures_an_account_waits_whether_it_exists_or_not_auth_2,
        a_thousand_at_once_are_counted_like_one_after_the_other_auth_2,
        an_address_waits_over_all_accounts_and_a_success_does_not_clear_it_auth_2,
        what_an_address_is_refused_costs_the_account_nothing_auth_2,
        many_accounts_and_addresses_at_once_are_each_counted_and_none_waits_for_ever_auth_2,
        an_attempt_that_came_to_nothing_is_no_failure_and_an_owner_is_forgiven_auth_2,
        without_the_database_nobody_is_let_in_auth_2;
    one_time_tokens:
        a_link_is_good_once_for_one_purpose_and_until_the_next_auth_2,
        of_two_who_follow_a_link_at_once_one_gets_it_auth_2;
    replay_guard:
        what_was_used_counts_no_second_time_until_its_end_auth_4,
        of_many_uses_at_once_one_is_the_first_auth_4;
    guesses:
        a_code_is_guessed_no_faster_by_who_knows_the_password_auth_4,
        guesses_at_once_are_counted_like_one_after_the_other_auth_4,
        a_right_code_alone_ends_the_count_of_wrong_ones_auth_4,
        a_secret_is_not_confirmed_by_guessing_auth_4,
        a_code_that_cannot_be_counted_is_not_looked_at_auth_4,
        known_device_verifies_codes_while_the_user_is_locked_auth_4,
        recovery_code_verifies_while_the_user_is_locked_auth_4,
        known_device_has_its_own_limit_for_wrong_codes_auth_4;
    rotation:
        codes_verify_after_a_rotation_and_the_removal_of_the_old_key_sec_5,
        a_key_that_is_removed_too_early_is_an_error_and_no_wrong_code_sec_5;
    second_factors:
        a_factor_counts_from_its_confirmation_and_each_code_once_auth_4,
        no_secret_takes_the_place_of_one_that_is_confirmed_meanwhile_auth_4,
        a_code_confirms_the_secret_that_it_proves_and_no_other_auth_4,
        a_confirmation_that_is_not_written_down_did_not_happen_obs_11,
        a_secret_that_was_moved_to_another_row_does_not_open_sec_5;
}
