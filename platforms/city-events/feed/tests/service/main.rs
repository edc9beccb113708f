//! The service as its clients meet it: over HTTP and messages, on every database.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what a test cannot unwrap has failed it"
)]

mod house;
mod news;
mod pages;
mod visitors;

seaworthy_testkit::on_every_database! {
    crate::house::open, in_the_test;
    news:
        the_index_follows_an_event_and_old_news_change_nothing_msg_5,
        joins_count_and_are_taken_back_msg_5,
        who_left_has_left_though_word_of_joining_comes_late_msg_5,
        of_two_replicas_whose_clocks_differ_the_order_of_places_counts_msg_5,
        what_cannot_be_read_is_set_aside_and_the_rest_goes_on_msg_3;
    pages:
        pages_hold_every_event_once_though_people_join_meanwhile_api_5,
        a_cursor_that_means_nothing_is_the_first_page,
        answers_probes_and_metrics_are_the_contracts;
    visitors:
        nobody_is_who_they_say_they_are_auth_6,
        looks_are_limited_and_remembered_once_a_day_res_6,
        views_of_unknown_events_are_not_stored_res_6,
        views_of_unknown_events_spend_no_limit_res_6,
        anonymous_views_count_up_to_a_limit_per_address_res_6,
        trending_answers_after_any_number_of_joins_res_6,
        what_people_did_long_ago_is_forgotten;
}
