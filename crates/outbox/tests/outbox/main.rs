//! Outbox and inbox on every database: nothing lost, nothing twice, in order by key.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what a test cannot unwrap has failed it"
)]

mod dropped;
mod house;
mod inbox;
mod relay;

seaworthy_testkit::on_every_database! {
    crate::house::place, in_the_test;
    dropped:
        effect_and_event_happen_once_when_their_handler_is_dropped_msg_5;
    relay:
        an_event_is_published_after_the_commit_and_never_without_one_msg_4,
        three_relays_publish_each_event_once_and_each_key_in_order_msg_4,
        what_comes_while_a_relay_gathers_is_published_together_and_a_stop_does_not_wait,
        a_broker_that_is_down_parks_nothing_and_loses_nothing_msg_4,
        an_event_that_is_refused_holds_up_its_key_alone_msg_4,
        full_queue_delays_its_keys_and_counts_no_attempt_msg_4,
        relay_publishes_past_many_refused_keys_msg_4,
        relay_bounds_batches_of_refused_events_msg_4,
        relay_keeps_order_after_partly_failed_batch_msg_4,
        an_event_that_can_never_be_published_is_set_aside_at_once_msg_4,
        a_claim_of_a_relay_that_died_ends_by_itself_msg_4,
        what_is_left_at_the_stop_is_published_life_4,
        the_request_travels_with_the_event_msg_8;
    inbox:
        a_message_that_comes_twice_has_its_effect_once_msg_5,
        a_message_that_comes_at_once_on_two_replicas_has_its_effect_once_msg_5,
        failed_effect_is_rolled_back_and_retried_msg_5,
        subscription_alone_limits_attempts_of_inbox_msg_3;
}
