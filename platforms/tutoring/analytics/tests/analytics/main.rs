//! Tests over HTTP and messages: on SQLite, and on PostgreSQL with Redis.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by a panic"
)]

mod app;
mod clients;
mod ingest;
mod reports;
mod retention;
mod settings;

/// Runs each test on the embedded engine, and on PostgreSQL with Redis.
macro_rules! on_both {
    ($($module:ident: $($name:ident),+;)+) => {
        mod embedded {
            $($(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() {
                crate::$module::$name(crate::app::embedded().await).await;
            })+)+
        }
        mod servers {
            $($(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() {
                let Some(app) = crate::app::on_servers().await else {
                    return;
                };
                crate::$module::$name(app).await;
            })+)+
        }
    };
}

on_both! {
    clients:
        users_record_own_events_only_auth_5,
        bulk_has_at_most_100_events_sec_3,
        every_invalid_field_is_named_api_3,
        wrong_roles_are_rejected_auth_5,
        ended_sessions_are_rejected_auth_3,
        setting_switches_the_operation_log_on_obs_11;
    ingest:
        every_business_topic_is_stored_once_msg_5,
        texts_and_codes_are_not_stored_sec_5,
        messages_that_are_not_events_are_dead_letters_msg_6;
    reports:
        counts_are_by_type_and_course_api_3,
        trends_follow_the_time_zone_api_3,
        timelines_are_own_only_auth_5;
    retention:
        months_are_partitions_data_2,
        old_events_are_removed_data_2;
}
