use super::cluster::Cluster;
use crate::flow;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_flows_work_on_real_servers() {
    let Some(cluster) = Cluster::start().await else {
        return;
    };
    flow::user_registers_publishes_and_unpublishes(&cluster).await;
    flow::users_join_wait_and_move_up(&cluster).await;
    flow::joins_rank_events_in_the_feed(&cluster).await;
    flow::mail_verifies_address_and_logout_ends_session_auth_3(&cluster).await;
    flow::owner_cancels_event_and_joins_end(&cluster).await;
    flow::ban_rejects_tokens_of_the_user_auth_3(&cluster).await;
}
