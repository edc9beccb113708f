//! Tests the atomic steps of accounts on every database.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed unwrap fails the test"
)]

mod active_sessions;
mod api_keys;
mod lockout;
mod one_time_codes;
mod one_time_tokens;
mod replay_guard;
mod rotation;
mod second_factors;
mod sessions;
mod test_database;
mod wrong_codes;

seaworthy_testkit::on_every_database! {
    crate::test_database::open, run_in_test;
    sessions:
        reused_refresh_token_ends_its_session_auth_3,
        concurrent_refreshes_keep_the_session_auth_3,
        session_expires_after_its_timeouts_auth_3,
        logout_with_a_rotated_token_ends_the_session_auth_3,
        logout_ban_and_limit_revoke_sessions_auth_3,
        revoke_access_returns_revoked_sessions_auth_3,
        revoke_access_returns_more_sessions_than_a_page_auth_3,
        token_of_the_client_is_never_adopted_auth_3,
        ended_access_ends_checks_in_progress_auth_3,
        concurrent_raises_count_one_by_one_auth_3,
        pages_contain_every_raised_version_once_auth_3;
    lockout:
        account_waits_after_failures_if_it_exists_or_not_auth_2,
        concurrent_attempts_count_like_sequential_ones_auth_2,
        attempts_wait_for_running_ones_auth_2,
        waiting_attempt_does_not_delay_other_accounts_auth_2,
        running_attempt_that_fails_keeps_the_lock_auth_2,
        attempts_do_not_wait_for_rejected_ones_auth_2,
        ip_waits_over_all_accounts_despite_a_success_auth_2,
        attempt_below_the_limit_stores_no_lock_auth_2,
        success_does_not_end_the_lock_of_other_failures_auth_2,
        rejected_ip_does_not_count_against_accounts_auth_2,
        concurrent_accounts_and_ips_do_not_deadlock_auth_2,
        withdrawn_attempt_does_not_count_and_reset_ends_wait_auth_2,
        status_reads_failures_and_changes_nothing_auth_2,
        only_guarded_checks_that_fail_count_auth_2,
        attempts_fail_without_the_database_auth_2;
    api_keys:
        api_key_is_valid_until_its_owner_revokes_it_auth_5,
        api_keys_expire_and_are_limited_auth_5,
        raised_version_ends_api_keys_of_its_user_auth_5,
        dump_reveals_no_api_key_sec_5;
    one_time_codes:
        code_is_valid_once_for_its_purpose_auth_2,
        attempts_with_a_code_are_limited_auth_2,
        codes_of_a_subject_are_limited_auth_2;
    one_time_tokens:
        one_time_token_is_valid_once_for_its_purpose_auth_2,
        new_token_ends_the_oldest_above_the_limit_auth_2,
        concurrent_uses_of_a_token_succeed_once_auth_2;
    replay_guard:
        recorded_use_is_not_first_until_it_expires_auth_4,
        concurrent_uses_have_one_first_auth_4;
    wrong_codes:
        password_does_not_reset_wrong_codes_auth_4,
        concurrent_codes_count_like_sequential_ones_auth_4,
        only_a_right_code_ends_the_count_auth_4,
        reset_ends_the_wait_after_wrong_codes_auth_4,
        enrollment_codes_are_limited_auth_4,
        code_is_not_compared_if_it_cannot_be_counted_auth_4,
        known_device_verifies_codes_while_the_user_is_locked_auth_4,
        recovery_code_verifies_while_the_user_is_locked_auth_4,
        known_device_has_its_own_limit_for_wrong_codes_auth_4;
    rotation:
        codes_verify_after_a_key_rotation_sec_5,
        missing_key_is_an_error_and_not_a_wrong_code_sec_5;
    second_factors:
        second_factor_starts_at_its_confirmation_auth_4,
        enrollment_does_not_replace_a_confirmed_secret_auth_4,
        code_confirms_only_its_own_secret_auth_4,
        canceled_enrollment_cannot_be_confirmed_auth_4,
        rolled_back_enrollment_keeps_the_previous_one_auth_4,
        rolled_back_confirmation_has_no_effect_obs_11,
        moved_secret_does_not_decrypt_sec_5;
}
