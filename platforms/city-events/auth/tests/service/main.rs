//! Tests over HTTP and gRPC, on every database engine.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed unwrap fails the test"
)]

mod abuse;
#[path = "../adoption/mod.rs"]
mod adoption;
mod app;
mod budget;
mod calls;
mod concurrent;
mod cross_site;
mod deployment;
mod devices;
mod enumeration;
mod flood;
mod in_flight;
mod legacy_passwords;
mod links;
mod login;
mod moderation;
mod oauth;
mod oauth_accounts;
mod operations;
mod profile;
mod provider;
mod refresh;
mod second_factor;
mod token_versions;

seaworthy_testkit::on_every_database! {
    crate::app::open, run_in_test;
    login: registration_logs_user_in, duplicate_address_conflicts, missing_or_weak_fields_are_named, failed_logins_are_indistinguishable, banned_user_cannot_log_in, long_passwords_are_not_truncated;
    refresh: refresh_token_is_single_use, one_concurrent_refresh_wins, reused_refresh_token_ends_session, banned_user_cannot_refresh, logout_ends_session, login_replaces_planted_session;
    links: verification_link_works_once, invalid_links_are_401, reset_link_replaces_password, reset_ends_the_other_reset_links, link_requests_do_not_reveal_users, password_change_ends_sessions_and_links;
    moderation: ban_revokes_tokens_immediately, moderation_of_self_or_admin_is_forbidden, only_admins_set_roles, concurrent_demotions_keep_one_admin, invalid_user_ids_are_404, moderation_is_audited;
    profile: me_returns_the_caller, avatar_is_parsed_from_its_url, internal_route_requires_the_secret, display_names_are_never_addresses, revoking_sessions_ends_all_of_them;
    concurrent:
        ban_during_login_rejects_it_auth_3,
        role_set_during_login_is_in_the_token_auth_3,
        password_replaced_during_login_rejects_it_auth_3,
        rehash_during_login_does_not_reject_it_auth_2,
        password_replaced_during_change_stays_auth_3,
        rehash_during_change_does_not_reject_it_auth_2,
        ban_during_refresh_revokes_new_token_auth_3;
    calls: only_the_authenticated_gateway_may_call_auth_6;
    token_versions: token_versions_are_listed_in_pages_auth_3;
    cross_site: cross_site_login_and_logout_are_forbidden_auth_4, own_pages_and_programs_can_log_in_auth_4;
    legacy_passwords: legacy_hash_logs_in_and_is_replaced_auth_2, wrong_password_for_legacy_hash_counts_auth_2, unusable_hash_is_a_failed_login_auth_2;
    second_factor:
        login_needs_code_once_enabled_auth_4,
        recovery_code_signs_in_once_auth_4,
        enrollment_needs_verified_email_and_password_auth_4,
        wrong_codes_are_limited_apart_from_passwords_auth_4,
        enabled_factor_ends_other_sessions_and_devices_auth_4,
        new_password_ends_an_enrollment_auth_4,
        admin_resets_lost_second_factor_auth_4;
    devices: known_device_logs_in_while_account_is_locked_auth_2, forged_and_foreign_device_cookies_are_ignored_auth_2, stolen_device_cookie_has_its_own_lockout_auth_2, known_device_survives_secret_rotation_auth_2, new_password_ends_known_devices_auth_2;
    abuse: forged_tokens_are_rejected, cross_site_requests_cannot_use_the_cookie, routes_have_separate_rate_limits, lockout_does_not_reveal_users, workers_remove_expired_tokens_and_failures;
}

/// Tests without a lockout.
mod unlocked {
    seaworthy_testkit::on_every_database! {
        crate::enumeration::open, run_in_test;
        enumeration: responses_do_not_reveal_accounts_auth_2;
    }
}

/// Tests with slow hashes and a short queue.
mod busy {
    seaworthy_testkit::on_every_database! {
        crate::flood::open, run_in_test;
        flood: login_flood_does_not_affect_other_users_auth_2;
    }
}

/// Tests with a real OpenID provider.
mod by_a_provider {
    seaworthy_testkit::on_every_database! {
        crate::provider::open, run_in_test;
        oauth_accounts:
            new_identity_creates_an_account_auth_4,
            identity_is_linked_if_both_addresses_are_verified_auth_4,
            linking_drops_access_of_earlier_registrant_auth_4,
            linking_drops_identities_with_unproven_addresses_auth_4,
            account_with_unverified_address_is_not_linked_auth_4,
            identity_with_unverified_address_is_not_linked_auth_4,
            password_reset_removes_unverified_identities_auth_4,
            banned_user_cannot_log_in_by_provider_auth_4,
            provider_login_is_single_use_across_replicas_auth_4,
            concurrent_first_logins_create_one_account_auth_4;
    }
}
