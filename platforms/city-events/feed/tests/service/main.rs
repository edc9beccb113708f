//! The service over HTTP and messages, on each database engine.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic fails the test"
)]

#[path = "../adoption/mod.rs"]
mod adoption;
mod app;
mod budget;
mod deployment;
mod messages;
mod pages;
mod visitors;

seaworthy_testkit::on_every_database! {
    crate::app::start, run_in_test;
    messages:
        index_follows_events_and_ignores_old_messages_msg_5,
        joins_and_leaves_change_the_score_msg_5,
        late_join_does_not_undo_leave_msg_5,
        revision_orders_joins_of_replicas_with_clock_skew_msg_5,
        event_messages_need_no_id_in_their_envelope_msg_5,
        invalid_messages_are_dead_lettered_and_others_continue_msg_3;
    pages:
        pages_return_each_event_once_during_joins_api_5,
        invalid_cursor_gives_first_page,
        responses_probes_and_metrics_match_contract;
    visitors:
        identity_headers_of_clients_are_ignored_auth_6,
        views_are_limited_and_stored_once_a_day_res_6,
        views_of_unknown_events_are_not_stored_res_6,
        views_of_unknown_events_spend_no_limit_res_6,
        anonymous_views_count_up_to_a_limit_per_ip_res_6,
        old_actions_and_joins_are_purged;
}
