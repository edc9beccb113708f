//! Tests over HTTP: on SQLite alone, and on PostgreSQL with Redis.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by a panic"
)]

mod admins;
mod app;
mod in_flight;
mod routes;
mod sessions;
mod settings;

/// Runs each test on the embedded engines and on servers.
macro_rules! on_both {
    ($($module:ident: $($name:ident),+;)+) => {
        mod embedded {
            $($(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let empty = seaworthy_testkit::database::EmptyDatabase::sqlite().unwrap();
                crate::$module::$name(crate::app::open(empty, None).await).await;
            })+)+
        }
        mod servers {
            $($(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let empty = seaworthy_testkit::database::EmptyDatabase::postgres();
                let (Some(empty), Some(redis)) = (empty, crate::app::redis()) else {
                    return;
                };
                crate::$module::$name(crate::app::open(empty, Some(redis)).await).await;
            })+)+
        }
    };
}

on_both! {
    sessions:
        command_creates_first_admin_who_logs_in_auth_2,
        refresh_rotates_and_reuse_ends_session_auth_3,
        cookies_carry_the_refresh_token_of_browsers_auth_3,
        fifth_failure_locks_the_account_auth_2,
        logins_of_an_account_are_limited_res_6,
        login_needs_the_second_factor_once_enabled_auth_4,
        new_second_factor_ends_other_sessions_auth_4,
        new_password_cancels_an_enrollment_auth_4,
        login_after_new_hash_parameters_succeeds_auth_2,
        surplus_session_ends_its_access_tokens_auth_3,
        new_password_ends_all_sessions_auth_3;
    admins:
        territory_limits_what_an_admin_sees_and_manages_auth_5,
        suspension_ends_sessions_at_once_auth_5,
        concurrent_demotions_keep_one_super_admin_auth_5,
        permissions_of_a_role_apply_at_once_auth_5,
        changes_are_in_the_audit_log_obs_11,
        invalid_admins_name_every_field_api_3;
    routes:
        every_route_rejects_callers_without_rights_auth_5;
}
