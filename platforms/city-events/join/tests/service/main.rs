//! Tests of the service over HTTP, gRPC and messages, on every database.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic fails the test"
)]

#[path = "../adoption/mod.rs"]
mod adoption;
mod app;
mod audit;
mod budget;
mod concurrency;
mod deployment;
mod event;
mod events;
mod grpc;
mod history;
mod idempotency_keys;
mod log;
mod organizers;
mod participants;
mod peer;
mod platform;
mod readiness;
mod stop;
mod user;
mod wire;

seaworthy_testkit::on_every_database! {
    crate::app::start, run_in_test;
    participants:
        joins_fill_seats_then_waitlist_then_are_rejected,
        cancel_promotes_the_longest_waiting_user,
        second_join_goes_to_the_end_of_the_waitlist,
        join_is_rejected_by_owner_state_and_end_of_event,
        cancel_of_an_ended_join_has_no_effect,
        own_joins_are_paged_newest_first,
        thirty_concurrent_joins_of_a_user_create_one;
    organizers:
        kick_frees_a_seat_and_is_in_audit_log_obs_11,
        ban_rejects_joins_until_it_expires_or_is_lifted_obs_11,
        organizer_routes_require_owner_or_moderator,
        participants_and_waitlist_are_paged_in_order;
    idempotency_keys:
        repeated_key_returns_the_first_response_api_6,
        key_of_another_user_event_or_action_is_rejected_api_6,
        expired_key_can_be_reused_by_another_user_api_6,
        repeated_cancel_succeeds_after_its_key_expired_api_6;
    events:
        cancellation_expires_joins_and_notifies_each_user_once_msg_5,
        outdated_and_unsupported_event_messages_are_ignored,
        higher_capacity_promotes_and_lower_capacity_removes_no_user,
        messages_contain_counts_after_each_change_msg_5,
        event_messages_need_no_id_in_their_envelope_msg_5,
        unreadable_messages_are_dead_lettered_and_others_processed_msg_3;
    audit:
        status_changes_of_joins_are_in_audit_log_obs_11;
    wire:
        responses_have_envelopes_and_codes_of_the_contract,
        headers_and_probes_follow_the_contract,
        message_about_a_user_revokes_their_tokens_auth_3,
        all_revocations_of_another_replica_are_read_auth_3,
        joins_requests_and_messages_have_the_contract_metrics_obs_4;
    grpc:
        http_and_grpc_share_idempotency_keys_and_errors;
    concurrency:
        concurrent_joins_and_cancels_have_a_serial_history;
}

/// Tests with long queues.
mod long_queues {
    seaworthy_testkit::on_every_database! {
        crate::app::start_for_long_queues, run_in_test;
        concurrency: five_hundred_joins_fill_seats_and_default_waitlist_in_order;
    }
}

/// Tests with a long waitlist.
mod long_waitlist {
    seaworthy_testkit::on_every_database! {
        crate::app::start_with_long_waitlist, run_in_test;
        concurrency: two_thousand_joins_fill_seats_and_long_waitlist_in_order;
    }
}

/// Tests with one worker.
mod one_worker {
    seaworthy_testkit::on_every_database! {
        crate::app::start_with_one_worker, run_in_test;
        concurrency: locked_event_delays_others_by_one_attempt;
    }
}

/// Tests with continuous publication of counts.
mod short_recount {
    seaworthy_testkit::on_every_database! {
        crate::app::start_with_short_recount, run_in_test;
        events: counts_are_published_while_another_event_fails_msg_5;
    }
}

/// Tests of the stop, without a delay before it.
mod without_drain_delay {
    seaworthy_testkit::on_every_database! {
        crate::app::start_without_drain_delay, run_in_test;
        stop: stop_waits_for_join_of_disconnected_client_life_4;
    }
}
