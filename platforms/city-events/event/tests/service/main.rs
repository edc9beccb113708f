//! The service over HTTP, gRPC and messages, on each database engine.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic fails the test"
)]

#[path = "../adoption/mod.rs"]
mod adoption;
mod app;
mod audit;
mod budget;
mod calls;
mod changes;
mod counts;
mod deployment;
mod imports;
mod list;
mod messages;
mod own;
mod retention;
mod schema;
mod states;

seaworthy_testkit::on_every_database! {
    crate::app::start, run_in_test;
    states:
        event_passes_from_draft_to_canceled,
        missing_event_and_invalid_id_are_errors,
        roles_and_ownership_are_enforced,
        fields_beyond_limits_are_rejected,
        revoked_token_is_rejected_auth_3,
        tokens_of_other_issuers_are_accepted_auth_1,
        probes_and_headers_match_contract;
    changes:
        patch_changes_given_fields,
        patch_never_undoes_cancellation_data_4;
    list:
        pages_return_each_event_once_in_order_api_5,
        filters_select_events,
        answers_are_current_and_match_their_query,
        invalid_queries_are_rejected,
        search_matches_prefixes_and_ranks_titles_first,
        batch_returns_published_events_api_5,
        city_suggestions_are_filled_with_large_cities;
    own:
        own_events_are_counted_pages_newest_first,
        own_event_is_visible_in_any_state;
    messages:
        each_change_publishes_one_message_msg_4;
    audit:
        transitions_are_in_audit_log_obs_11,
        updates_are_in_audit_log_by_field_name_obs_11;
    counts:
        counts_apply_once_and_in_order_of_revision_msg_5,
        legacy_messages_change_count_by_one_msg_5;
    imports:
        import_stores_good_rows_after_confirmation_file_1,
        undo_deletes_drafts_and_cancels_events_file_1,
        imports_of_others_are_not_found_file_1,
        published_rows_beyond_the_quota_are_reported_file_1,
        ban_stops_a_confirmed_import_file_1;
    calls:
        http_and_grpc_share_one_implementation;
}
