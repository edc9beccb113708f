//! The service as its clients meet it: over HTTP, gRPC and messages, on every database.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test cannot unwrap has failed it"
)]

mod calls;
mod crowd;
mod history;
mod house;
mod keys;
mod news;
mod organisers;
mod own;
mod ready;
mod stop;
mod wire;

seaworthy_testkit::on_every_database! {
    crate::house::open, in_the_test;
    own:
        a_place_a_waitlist_and_then_the_event_is_full,
        who_gives_a_place_back_lets_the_longest_waiting_in,
        who_joins_again_waits_behind_everybody,
        only_who_may_joins,
        a_cancel_of_what_is_over_changes_nothing,
        ones_own_joins_are_pages_newest_first,
        thirty_joins_of_one_person_at_once_are_one;
    organisers:
        a_kick_frees_a_place_and_is_written_down_obs_11,
        a_ban_keeps_out_until_it_ends_or_is_lifted_obs_11,
        only_the_owner_and_moderators_look_after_an_event,
        participants_and_waitlist_are_pages_in_order;
    keys:
        a_repeat_gets_the_first_answer_api_6,
        a_key_is_good_for_one_person_event_and_action_api_6,
        a_key_is_forgotten_when_its_time_is_over_api_6,
        a_cancel_is_repeated_when_its_key_is_forgotten_api_6;
    news:
        a_cancellation_ends_every_join_and_tells_everybody_once_msg_5,
        old_news_change_nothing,
        a_raise_lets_in_who_waits_and_a_cut_expels_nobody,
        counts_are_told_with_every_change_and_again_msg_5,
        what_cannot_be_read_is_set_aside_and_the_rest_goes_on_msg_3;
    wire:
        answers_have_the_contracts_envelopes_and_codes,
        headers_and_probes_are_the_contracts,
        a_token_that_was_taken_back_counts_no_more_auth_3,
        of_many_whose_tokens_another_replica_took_back_none_is_forgotten_auth_3,
        wishes_and_messages_are_counted_under_the_names_of_dashboards_obs_4;
    calls:
        both_transports_answer_from_one_implementation;
    crowd:
        with_the_contracts_waitlist_one_hundred_wait_and_the_rest_are_told_that_it_is_full,
        a_crowd_that_comes_and_goes_leaves_a_history_that_one_after_the_other_could_have_made;
}

/// With a waitlist that is as long as anybody likes.
mod wide {
    seaworthy_testkit::on_every_database! {
        crate::house::open_wide, in_the_test;
        crowd: of_two_thousand_at_once_one_hundred_get_places_and_the_rest_wait_in_order;
    }
}

/// The service with continuous publication of counts.
mod counting {
    seaworthy_testkit::on_every_database! {
        crate::house::open_counting, in_the_test;
        news: failing_event_keeps_counts_of_others_published_msg_5;
    }
}

/// Without a pause before the stop.
mod brief {
    seaworthy_testkit::on_every_database! {
        crate::house::open_brief, in_the_test;
        stop:
            stop_waits_for_a_join_whose_client_left_life_4;
    }
}
