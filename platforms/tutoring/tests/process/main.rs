//! Tests through the gateway, on embedded engines, on PostgreSQL with Redis, and with the feature
//! `kafka` on Kafka, too.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed unwrap fails the test"
)]

mod accounts;
mod admins;
mod app;
mod approval;
mod authorization;
mod availability;
#[path = "../../../city-events/tests/e2e/browser/chrome.rs"]
#[expect(dead_code, reason = "City Events uses more of it")]
mod chrome;
mod compose;
mod consumer_groups;
mod course_routes;
mod edge;
mod environment;
mod google;
mod home;
mod in_flight;
mod later_routes;
mod live;
mod page;
mod payments;
mod payroll;
mod peer;
mod program;
mod questions;
mod referrals;
mod rotation;
mod route_tables;
mod routes;
mod scale;
mod schemathesis;
mod sms;
mod student_pages;
mod students;
mod territories;
mod trainers;

/// Declares each test on embedded engines, and on PostgreSQL with Redis.
macro_rules! on_every_engine {
    ($($module:ident: $($name:ident),+;)+) => {
        mod embedded {
            $($(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let app = crate::app::TestPlatform::embedded().await;
                crate::$module::$name(&app).await;
                app.stop().await;
            })+)+
        }
        mod servers {
            $($(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let Some(app) = crate::app::TestPlatform::on_servers().await else {
                    return;
                };
                crate::$module::$name(&app).await;
                app.stop().await;
            })+)+
        }
    };
}

on_every_engine! {
    accounts:
        code_verifies_a_registration_auth_2,
        refresh_rotates_and_reuse_ends_session_auth_3,
        logout_all_ends_all_sessions_auth_3,
        fifth_failure_locks_the_account_auth_2,
        new_password_ends_sessions_auth_3,
        rival_registration_sets_no_password_auth_2;
    approval: approved_trainer_gets_a_student_auth_5;
    authorization:
        own_routes_need_token_and_role_auth_5,
        public_routes_need_no_token_auth_5,
        unknown_paths_are_404_api_1;
    payments: gateway_reaches_prices_and_payments_api_1;
    payroll:
        payroll_follows_students_and_substitutes_msg_5,
        rating_is_the_mean_of_the_students_reviews_msg_5;
    admins: gateway_reaches_admins_and_applications_auth_5;
    live:
        business_events_reach_their_users_only_auth_5,
        chats_reach_participants_only_auth_5,
        journey_and_code_reach_the_student_only_auth_5,
        connection_needs_a_valid_token_auth_1;
    home:
        home_has_unread_notifications_and_wallet_api_3,
        home_has_dates_of_sessions_api_3;
    questions: gateway_reaches_doubts_and_analytics_api_1;
    routes: every_route_rejects_callers_without_rights_auth_5;
    course_routes:
        course_routes_reject_callers_without_rights_auth_5,
        certificate_page_is_public_api_1,
        course_routes_have_aliases_api_1;
    later_routes: further_routes_reject_callers_without_rights_auth_5;
    trainers:
        bank_details_are_encrypted_and_masked_sec_5,
        performance_counts_sessions_on_time_api_1,
        place_and_availability_are_own_settings_auth_5;
    referrals:
        referral_rewards_once_after_a_course_msg_5,
        refund_takes_the_reward_back_msg_5;
    student_pages:
        pages_follow_messages_in_any_order_msg_5,
        older_messages_change_no_page_msg_5,
        refund_closes_a_course_in_any_order_msg_5,
        rejected_allocation_is_a_failed_trainer_msg_5;
    students:
        profile_follows_the_account_msg_5,
        service_removes_cached_pages_auth_5,
        empty_change_publishes_the_profile_msg_5,
        admin_lists_and_reads_students_auth_5;
    sms: code_by_sms_creates_an_account_auth_2, unverified_number_is_of_its_own_user_only_auth_2;
}

/// The acceptance tests of accounts, applications, events and routes.
#[cfg(feature = "kafka")]
mod kafka {
    macro_rules! on_kafka {
        ($($module:ident: $($name:ident),+;)+) => {
            $($(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let Some(app) = crate::app::TestPlatform::on_kafka().await else {
                    return;
                };
                crate::$module::$name(&app).await;
                app.stop().await;
            })+)+
        };
    }

    on_kafka! {
        accounts:
            refresh_rotates_and_reuse_ends_session_auth_3,
            logout_all_ends_all_sessions_auth_3,
            fifth_failure_locks_the_account_auth_2;
        admins: gateway_reaches_admins_and_applications_auth_5;
        approval: approved_trainer_gets_a_student_auth_5;
        course_routes: course_routes_reject_callers_without_rights_auth_5;
        later_routes: further_routes_reject_callers_without_rights_auth_5;
        live:
            business_events_reach_their_users_only_auth_5,
            chats_reach_participants_only_auth_5,
            connection_needs_a_valid_token_auth_1;
        payments: gateway_reaches_prices_and_payments_api_1;
        routes: every_route_rejects_callers_without_rights_auth_5;
        student_pages: pages_follow_messages_in_any_order_msg_5;
    }
}
