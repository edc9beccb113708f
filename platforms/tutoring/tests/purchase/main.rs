//! Whole purchases through the gateway. The program `tutoring` runs as a process on embedded
//! engines, on PostgreSQL with Redis, and with the feature `kafka` also on Kafka. The payment
//! provider is in the process of the tests, so that a test can kill the program.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by a panic"
)]

mod acceptance;
mod app;
mod bought;
mod broker;
mod check;
mod clock;
mod kill;
mod model;
mod outage;
#[path = "../process/peer.rs"]
mod peer;
mod play;
#[path = "../../payment/tests/service/provider.rs"]
#[expect(dead_code, reason = "the tests of the payment service use the rest")]
mod provider;
mod rate;
mod sessions;
mod story;
mod test_servers;
mod tokens;

/// Declares each test on embedded engines, and on PostgreSQL with Redis.
macro_rules! on_every_engine {
    ($($module:ident: $($name:ident),+;)+) => {
        mod embedded {
            $($(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() {
                let servers = crate::test_servers::TestServers::default();
                let app = crate::app::TestPlatform::start(servers).await;
                crate::$module::$name(app).await;
            })+)+
        }
        mod servers {
            $($(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() {
                let Some(servers) = crate::test_servers::TestServers::postgres_and_redis().await else {
                    return;
                };
                let app = crate::app::TestPlatform::start(servers).await;
                crate::$module::$name(app).await;
            })+)+
        }
        #[cfg(feature = "kafka")]
        mod kafka {
            $($(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() {
                let Some(servers) = crate::test_servers::TestServers::with_kafka().await else {
                    return;
                };
                let app = crate::app::TestPlatform::start(servers).await;
                crate::$module::$name(app).await;
            })+)+
        }
    };
}

on_every_engine! {
    acceptance:
        confirmations_and_webhooks_make_one_purchase_msg_5,
        forged_signatures_change_nothing_api_3,
        last_slot_goes_to_one_paying_student_data_3,
        session_day_counts_once_msg_5,
        taken_slot_rejects_a_reschedule_data_3,
        substitution_moves_the_reservation_data_3,
        cancelled_allocation_frees_its_slots_data_3;
    kill:
        killed_creation_of_an_order_is_completed_res_1,
        kill_before_the_confirmation_keeps_the_payment_res_1,
        killed_confirmation_is_completed_by_the_provider_res_1,
        kill_before_the_event_is_published_loses_nothing_res_1,
        kill_before_the_course_opens_loses_nothing_res_1,
        kill_before_the_allocation_loses_nothing_res_1,
        kill_between_allocation_and_sessions_loses_nothing_res_1,
        kill_after_the_sessions_repeats_nothing_res_1,
        killed_refund_returns_money_once_res_1;
    outage: purchases_survive_an_outage_of_the_broker_msg_5;
}
