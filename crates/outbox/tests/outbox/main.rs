//! Outbox and inbox on every database: no event is lost, no effect happens twice, and each key
//! keeps its order.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod budget;
mod cancellation;
mod fixture;
mod inbox;
mod migrations;
mod relay;
mod takeover;

seaworthy_testkit::on_every_database! {
    crate::fixture::open, run_in_test;
    cancellation:
        handler_dropped_at_any_await_has_effect_and_event_once_msg_5,
        grouped_handler_dropped_at_any_await_has_effect_once_msg_5;
    migrations:
        rolling_upgrade_keeps_inbox_of_earlier_version_msg_5,
        migration_of_partitions_keeps_events_and_claims_msg_4,
        database_with_previous_migration_is_accepted_msg_5;
    relay:
        event_is_published_only_after_commit_msg_4,
        three_relays_publish_each_event_once_in_key_order_msg_4,
        linger_batches_events_and_stop_ends_it,
        stop_ends_backoff_of_unavailable_broker_life_4,
        unavailable_broker_loses_and_dead_letters_nothing_msg_4,
        rejected_event_delays_only_its_key_msg_4,
        full_queue_delays_its_keys_and_counts_no_attempt_msg_4,
        relay_publishes_past_many_rejected_keys_msg_4,
        relay_bounds_batches_of_rejected_events_msg_4,
        relay_keeps_order_after_partly_failed_batch_msg_4,
        relay_publishes_largest_batch_at_once_msg_4,
        relay_respects_row_limit_of_database_msg_4,
        permanently_rejected_event_is_dead_lettered_at_once_msg_4,
        remaining_events_are_published_at_stop_life_4,
        event_carries_request_context_msg_8;
    takeover:
        expired_claim_is_taken_over_msg_4,
        relay_renews_claim_while_it_publishes_msg_4;
    inbox:
        repeated_message_has_its_effect_once_msg_5,
        concurrent_deliveries_have_one_effect_msg_5,
        failed_effect_is_rolled_back_and_retried_msg_5,
        grouped_messages_have_their_own_outcomes_msg_5,
        aborted_message_leaves_group_intact_msg_5,
        subscription_alone_limits_attempts_of_inbox_msg_3;
}

seaworthy_testkit::on_every_database! {
    @ pgbouncer crate::fixture::open, run_in_test;
    relay:
        event_is_published_only_after_commit_msg_4,
        three_relays_publish_each_event_once_in_key_order_msg_4,
        rejected_event_delays_only_its_key_msg_4;
    takeover:
        expired_claim_is_taken_over_msg_4;
    inbox:
        repeated_message_has_its_effect_once_msg_5,
        concurrent_deliveries_have_one_effect_msg_5;
}
