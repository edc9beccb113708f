//! The flows on SQLite and the embedded broker.

use crate::{app::TestApp, flow};

macro_rules! flow_tests {
    ($($name:ident),+ $(,)?) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let app = TestApp::start().await;
            flow::$name(&app).await;
            app.stop().await;
        }
    )+};
}

flow_tests! {
    user_registers_publishes_and_unpublishes,
    users_join_wait_and_move_up,
    joins_rank_events_in_the_feed,
    mail_verifies_address_and_logout_ends_session_auth_3,
    owner_cancels_event_and_joins_end,
    ban_rejects_tokens_of_the_user_auth_3,
}
