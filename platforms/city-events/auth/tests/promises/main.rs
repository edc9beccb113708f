//! What the service promises, over HTTP and gRPC, on every database.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test cannot unwrap has failed it"
)]

mod abuse;
mod calls;
mod cross_site;
mod devices;
mod enumeration;
mod flood;
mod links;
mod login;
mod moderation;
mod oauth;
mod oauth_accounts;
mod overlaps;
mod place;
mod profile;
mod provider;
mod refresh;

seaworthy_testkit::on_every_database! {
    crate::place::open, in_the_test;
    login: who_registers_is_logged_in, an_address_belongs_to_one, what_is_missing_or_weak_is_named, every_wrong_login_looks_the_same, a_banned_user_does_not_log_in, a_long_password_is_taken;
    refresh: a_refresh_token_is_good_once, of_two_refreshes_at_once_one_wins, a_token_used_again_later_ends_the_session, a_banned_user_keeps_the_token_and_gets_nothing, a_logout_ends_the_session, a_planted_token_is_not_taken_over;
    links: an_address_is_verified_by_its_link_once, a_link_that_is_none_is_401_everywhere, a_forgotten_password_is_replaced, asking_tells_nobody_who_is_known, a_new_password_ends_everything;
    moderation: a_ban_takes_effect_at_once, nobody_moderates_themselves_or_above, roles_are_given_by_admins, two_admins_cannot_demote_each_other, an_id_that_is_none_is_404, moderation_is_written_down;
    profile: a_user_sees_themselves, an_avatar_is_the_id_in_its_address, other_services_show_the_secret, names_are_never_addresses, sessions_are_revoked;
    overlaps:
        a_ban_in_the_middle_of_a_login_lets_nobody_in_auth_3,
        a_role_given_in_the_middle_of_a_login_is_the_tokens_auth_3,
        a_password_replaced_in_the_middle_of_a_login_is_the_one_that_counts_auth_3,
        the_same_password_hashed_anew_in_the_middle_of_a_login_is_right_auth_2,
        a_password_replaced_in_the_middle_of_a_change_stays_auth_3,
        a_ban_in_the_middle_of_a_refresh_takes_its_token_back_auth_3;
    calls: the_door_alone_is_answered_and_proves_who_it_is_auth_6, everybody_whose_tokens_were_taken_back_is_told_page_by_page_auth_3;
    cross_site: another_site_logs_nobody_in_or_out_auth_4, the_platforms_pages_and_programs_log_in_auth_4;
    devices: known_device_logs_in_while_account_is_locked_auth_2, forged_and_foreign_device_cookies_are_ignored_auth_2, stolen_device_cookie_has_few_tries_auth_2, known_device_survives_a_rotation_of_the_secret_auth_2, new_password_ends_known_devices_auth_2;
    abuse: tokens_of_others_are_refused, another_site_does_nothing_with_the_cookie, routes_are_limited_by_name, a_lockout_tells_nobody_who_is_known, what_whoever_tries_leaves_behind_is_removed_when_it_is_over;
}

/// The same without a lockout.
mod unlocked {
    seaworthy_testkit::on_every_database! {
        crate::enumeration::open, in_the_test;
        enumeration: nobody_learns_from_an_answer_who_has_an_account_auth_2;
    }
}

/// The same with hashes that take long, of which few wait.
mod busy {
    seaworthy_testkit::on_every_database! {
        crate::flood::open, in_the_test;
        flood: a_login_flood_costs_others_nothing_and_counts_against_nobody_auth_2;
    }
}

/// The same with a provider beside it.
mod by_a_provider {
    seaworthy_testkit::on_every_database! {
        crate::provider::open, in_the_test;
        oauth_accounts:
            somebody_new_gets_an_account_and_is_known_from_then_on_auth_4,
            an_account_is_linked_where_both_sides_have_seen_the_address_auth_4,
            linking_drops_access_of_earlier_registrant_auth_4,
            linking_drops_identities_with_unproven_addresses_auth_4,
            an_account_that_has_not_shown_its_address_is_not_linked_auth_4,
            a_provider_that_has_not_seen_the_address_links_nothing_auth_4,
            whoever_made_an_account_of_anothers_address_loses_it_to_the_owner_auth_4,
            a_banned_user_does_not_come_in_by_a_provider_auth_4,
            a_login_is_good_once_over_all_replicas_auth_4,
            two_windows_of_somebody_new_make_one_account_auth_4;
    }
}
