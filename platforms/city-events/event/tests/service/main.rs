//! The service as its clients meet it: over HTTP, gRPC and messages, on every database.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what a test cannot unwrap has failed it"
)]

mod calls;
mod changes;
mod counts;
mod house;
mod life;
mod list;
mod messages;
mod own;
mod retention;
mod schema;

seaworthy_testkit::on_every_database! {
    crate::house::open, in_the_test;
    life:
        an_event_goes_from_draft_to_its_end,
        a_missing_event_is_not_found_and_a_bad_id_is_refused,
        who_may_not_is_told_so,
        what_is_beyond_a_limit_is_refused,
        a_token_that_was_taken_back_counts_no_more_auth_3,
        probes_and_headers_are_the_contracts;
    changes:
        a_patch_changes_what_it_gives,
        a_patch_never_undoes_a_cancellation_data_4;
    list:
        pages_hold_every_event_once_in_order_api_5,
        filters_choose_events,
        every_answer_is_of_now_and_of_its_own_query,
        a_query_that_means_nothing_is_refused,
        a_search_finds_beginnings_of_words_and_ranks_titles_first,
        a_batch_has_what_everybody_may_see_api_5,
        cities_are_suggested_and_large_ones_fill_the_list;
    own:
        ones_own_events_are_counted_pages_newest_first,
        ones_own_event_is_seen_in_any_state;
    messages:
        every_change_is_told_once_in_the_contracts_envelope_msg_4,
        states_are_written_down_obs_11,
        changes_are_written_down_by_the_names_of_fields_obs_11;
    counts:
        a_count_is_taken_from_every_message_once_and_never_back_msg_5,
        messages_of_earlier_services_count_one_by_one_msg_5;
    calls:
        both_transports_answer_from_one_implementation;
}
