//! Tests over HTTP: on SQLite, and on PostgreSQL.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by a panic"
)]

mod app;
mod discounts;
mod prices;
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
    discounts:
        last_redemption_goes_to_one_student_data_3,
        reservation_is_repeatable_and_settled_once_api_6;
    prices:
        price_list_follows_its_operator_api_1,
        every_route_refuses_callers_without_rights_auth_5;
}
