//! Tests over HTTP and messages: on SQLite, and on PostgreSQL.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by a panic"
)]

mod app;
mod conversations;
mod doubt_allocations;
mod doubts;
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
    conversations:
        message_is_sent_once_and_encrypted_sec_5,
        unrelated_users_cannot_write_or_read_auth_5,
        pages_and_read_state_follow_messages_api_3,
        legacy_client_sends_without_id_api_3,
        concurrent_repeats_store_one_message_msg_5,
        attachments_are_uploads_of_the_sender_file_1,
        participants_have_names_msg_5,
        every_route_needs_a_user_auth_5,
        operation_log_has_no_texts_of_messages_obs_11;
    doubt_allocations:
        allocation_assigns_waiting_doubts_once_msg_5,
        late_allocation_stays_ended_msg_5,
        old_ends_of_allocations_are_deleted_msg_5;
    doubts:
        doubt_moves_from_question_to_closed_api_3,
        contact_data_are_rejected_by_kind_sec_5,
        unrelated_users_and_wrong_roles_are_rejected_auth_5,
        admin_reassigns_a_doubt_obs_8,
        lists_show_own_doubts_only_auth_5,
        attachments_belong_to_their_type_file_1;
}
