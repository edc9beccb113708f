//! Tests over HTTP: on SQLite alone, and on PostgreSQL with Redis.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by a panic"
)]

mod accounts;
mod app;
mod apply;
mod review;
mod routes;
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
    accounts:
        disabled_account_is_logged_out_until_enabled_auth_3;
    apply:
        application_is_sent_once_and_editable_until_decided_api_2,
        documents_must_be_own_uploads_of_their_type_file_1,
        invalid_application_names_every_field_api_3,
        courses_follow_their_events_msg_5;
    review:
        only_admin_with_the_territory_approves_auth_5,
        trainer_on_hold_edits_and_is_rejected_obs_11,
        one_of_two_concurrent_decisions_wins_data_3;
    routes:
        every_route_rejects_callers_without_rights_auth_5;
}
