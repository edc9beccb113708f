//! Tests captchas on every database.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed unwrap fails the test"
)]

mod answers;
mod messages;
mod sms;
mod test_database;
mod windows;

seaworthy_testkit::on_every_database! {
    crate::test_database::open, run_in_test;
    answers:
        right_answer_is_valid_once_in_any_case_auth_2,
        switched_off_captcha_accepts_every_answer_flag_2,
        concurrent_right_answers_succeed_once_auth_2,
        captcha_is_invalid_after_five_wrong_answers_auth_2,
        concurrent_wrong_answers_count_like_sequential_ones_auth_2,
        expired_captcha_is_rejected_auth_2,
        answer_leaves_captcha_until_it_is_consumed_auth_2,
        dump_reveals_no_code_and_no_address_sec_5;
    messages:
        code_counts_only_for_its_kind_and_address_auth_2,
        failing_provider_is_unavailable_without_its_text_auth_2,
        codes_per_address_are_limited_on_all_replicas_auth_2,
        spellings_of_an_address_share_its_limit_auth_2,
        address_gets_codes_again_after_the_ttl_auth_2,
        address_is_limited_longer_than_the_ttl_auth_2,
        codes_of_an_ip_are_limited_on_all_replicas_auth_2,
        addresses_of_an_ipv6_network_share_a_limit_auth_2,
        codes_in_total_are_limited_by_kind_auth_2,
        networks_of_an_ipv6_site_share_a_limit_auth_2,
        few_ips_do_not_use_all_codes_auth_2,
        mail_has_its_own_total_auth_2,
        rejected_message_does_not_count_auth_2,
        message_with_unknown_outcome_counts_auth_2,
        rejected_code_does_not_count_auth_2,
        ip_gets_codes_again_after_the_window_auth_2,
        missing_provider_names_the_offered_kinds_auth_2;
    windows:
        released_code_leaves_later_codes_auth_2,
        database_error_does_not_count_auth_2,
        code_counts_while_expired_rows_are_deleted_auth_2;
}
