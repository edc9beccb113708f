//! Tests over HTTP with the booking service and a local provider: on SQLite, and on PostgreSQL.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by a panic"
)]

mod app;
mod coins;
mod model;
mod provider;
mod purchase;
mod reconciliation;
mod recovery;
mod refund;
mod routes;
mod settings;
mod state;
mod webhook;

/// Runs each test on the embedded engine and on PostgreSQL.
macro_rules! on_both {
    ($($module:ident: $($name:ident),+;)+) => {
        mod embedded {
            $($(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() {
                let empty = seaworthy_testkit::database::EmptyDatabase::sqlite().unwrap();
                crate::$module::$name(crate::app::open(empty).await).await;
            })+)+
        }
        mod servers {
            $($(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() {
                let Some(empty) = seaworthy_testkit::database::EmptyDatabase::postgres() else {
                    return;
                };
                crate::$module::$name(crate::app::open(empty).await).await;
            })+)+
        }
    };
}

on_both! {
    purchase:
        price_is_the_quote_and_not_the_clients_api_3,
        repeated_request_with_a_key_is_one_payment_api_6,
        confirmation_and_webhooks_make_one_success_msg_5,
        forged_confirmations_change_nothing_api_3,
        authorized_money_is_captured_once_msg_5,
        coupon_is_reserved_redeemed_and_released_api_1,
        coupon_leaves_the_minimum_of_the_provider_api_1,
        rejected_request_keeps_the_discount_of_another_api_6;
    webhook:
        bad_webhooks_change_nothing_api_3,
        reordered_webhooks_end_in_success_msg_5,
        late_and_second_captures_are_flagged_api_1,
        failed_attempt_can_be_repeated_in_time_api_1,
        authorized_attempt_after_a_failed_one_succeeds_api_1,
        money_beyond_thirty_sessions_is_flagged_api_1,
        flagged_money_completes_no_payment_api_1,
        flagged_money_of_an_authorized_payment_is_refunded_api_1;
    coins:
        coins_are_reserved_spent_and_returned_api_1,
        invariant_matches_coins_with_their_payment_api_1,
        redemption_is_counted_once_when_repeated_msg_5,
        reversal_takes_free_coins_once_msg_5,
        bonus_and_rewards_are_credited_once_msg_5;
    refund:
        refund_returns_money_and_coins_once_msg_5,
        lost_response_of_a_refund_refunds_once_msg_5,
        refund_at_the_provider_is_taken_over_api_1,
        refunded_money_does_not_open_a_course_api_1,
        refund_of_an_authorized_payment_is_accepted_api_1;
    recovery:
        lost_order_is_completed_msg_5,
        captured_money_without_news_is_found_msg_5,
        authorized_money_is_captured_at_expiry_msg_5,
        later_attempt_without_news_is_found_in_time_msg_5,
        provider_outage_keeps_payments_open_res_1,
        rejected_payments_do_not_delay_expired_ones_msg_5,
        rotated_api_key_takes_effect_conf_5;
    reconciliation:
        unknown_money_is_reported_api_1,
        changed_money_is_reported_api_1,
        refund_at_the_provider_is_found_api_1,
        discount_that_was_used_again_is_reported_api_1,
        late_money_of_an_old_order_is_flagged_api_1,
        every_open_capture_is_reported_api_1,
        unreadable_payments_do_not_end_the_run_res_1;
    routes:
        every_route_rejects_callers_without_rights_auth_5;
    model:
        random_interleavings_keep_the_invariants_msg_5;
}
