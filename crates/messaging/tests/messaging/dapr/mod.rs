//! The conformance suite on a real Dapr sidecar with a real Redis, which the tests also kill.
//!
//! These tests of the suite need a function that Dapr does not have. [`limits`] tests that the
//! engine rejects these functions instead:
//!
//! - `lag_counts_unacknowledged_messages`: the lag.
//! - `unsettled_message_is_redelivered_and_counted`, `crashing_message_is_dead_lettered`: the
//!   number of deliveries.
//! - `messages_of_key_arrive_in_order`, `next_message_of_key_waits_for_previous`,
//!   `retries_keep_key_order`, `dead_member_keeps_key_order`,
//!   `ordered_group_handles_key_in_one_member`, `publishes_key_in_order_under_faults`,
//!   `stop_returns_fetched_messages`, `returned_message_counts_no_delivery`: order.
//! - `dead_letters_have_the_positions_of_their_messages`: positions.

mod harness;
mod limits;
mod messages;

use harness::{own, shared};

crate::faulty::measurement!();

seaworthy_messaging::conformance_tests!(shared();
    messages_arrive_unchanged_msg_1,
    concurrent_publishers_and_members_lose_nothing_msg_1,
    concurrent_topics_lose_nothing_msg_1,
    topics_are_isolated_msg_1,
    every_group_receives_every_message_msg_1,
    one_member_of_group_receives_message_msg_1,
    messages_wait_for_group_without_members_msg_1,
    joining_and_leaving_members_lose_nothing_life_4,
    concurrent_stops_lose_nothing_life_4,
    empty_large_and_binary_payloads_arrive_msg_1,
    prefetch_bounds_unsettled_messages_msg_7,
    concurrency_bounds_running_handlers_msg_7,
    paused_group_receives_nothing_until_resumed_msg_7,
    failed_message_is_retried_msg_3,
    group_continues_after_many_failures_msg_3,
    exhausted_message_is_dead_lettered_with_reason_msg_3,
    rejected_message_is_dead_lettered_at_once_msg_3,
    dropped_message_is_removed_msg_3,
    undecodable_message_is_dead_lettered_at_once_msg_3,
    unknown_type_or_version_is_dead_lettered_at_once_msg_6,
    failing_message_does_not_block_group_msg_3,
    panic_of_handler_is_failure_obs_8,
    handler_timeout_cancels_endless_handler_life_6,
    dead_letters_can_be_browsed_and_removed_msg_3,
    dead_letter_of_unplanned_topic_is_stored_msg_3,
    browsing_unknown_topic_creates_nothing_msg_3,
    pages_of_dead_letters_have_bounded_size_msg_3,
    dead_letter_above_size_limit_is_cut_msg_3,
    replay_reaches_only_failed_group_msg_3,
    replay_to_all_groups_reaches_every_group_msg_3,
    repeated_dead_letter_counts_its_replays_msg_3,
    replay_by_fingerprint_leaves_other_letters_msg_3,
    discard_removes_only_selected_letters_msg_3,
    interrupted_replay_loses_nothing_and_can_be_repeated_msg_3,
    concurrent_replays_lose_nothing_msg_3,
    forged_dead_letter_reaches_no_other_topic_msg_3,
    stop_finishes_handled_message_life_4,
    stop_returns_message_between_attempts_life_4,
    stop_cancels_no_handler_life_4,
    publish_without_subscriber_is_error_msg_2,
    topic_may_be_declared_without_subscriber_msg_2,
    batch_has_result_per_message_msg_4,
    message_confirmed_before_close_arrives_life_4,
    publish_after_close_is_error_life_4,
    unpublishable_message_is_rejected_msg_2,
    message_for_one_group_reaches_no_other_msg_3,
    message_carries_request_context_msg_8,
    expired_message_is_not_handled_msg_8,
);

seaworthy_messaging::conformance_tests!(own();
    broker_restart_loses_nothing_msg_1,
    publish_during_outage_is_error_msg_2,
);
