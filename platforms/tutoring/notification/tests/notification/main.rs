//! Tests over HTTP and messages: on SQLite, and on PostgreSQL.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by a panic"
)]

mod app;
mod lists;
mod providers;
mod push;
mod settings;

/// Runs each test on the embedded engine and on PostgreSQL.
macro_rules! on_both {
    ($($module:ident: $($name:ident),+;)+) => {
        mod embedded {
            $($(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() {
                let empty = seaworthy_testkit::database::EmptyDatabase::sqlite().unwrap();
                crate::$module::$name(crate::app::open(empty).await).await;
            })+)+
        }
        mod servers {
            $($(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() {
                let Some(empty) = seaworthy_testkit::database::EmptyDatabase::postgres() else {
                    return;
                };
                crate::$module::$name(crate::app::open(empty).await).await;
            })+)+
        }
    };
}

on_both! {
    lists:
        requested_notification_is_stored_once_msg_5,
        notification_of_another_service_reaches_its_user_msg_6,
        secret_request_is_opened_for_its_user_only_sec_5,
        secrets_are_encrypted_in_the_database_sec_5,
        own_notifications_are_filtered_and_marked_api_3,
        senders_need_a_permission_auth_5,
        texts_that_no_database_stores_are_rejected_sec_3,
        every_route_rejects_callers_without_rights_auth_5;
    push:
        pushes_reach_both_services_and_invalid_tokens_stop_int_1,
        rejected_push_is_tried_again_res_2,
        rotated_push_keys_take_effect_conf_5,
        device_token_belongs_to_one_user_auth_5,
        preferences_choose_channels_and_quiet_hours_api_2,
        retry_of_a_push_waits_for_quiet_hours_api_2;
}
