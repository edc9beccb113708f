//! What everybody does.

use crate::{cluster::Cluster, flow};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_people_do_works_on_real_servers() {
    let Some(cluster) = Cluster::open().await else {
        return;
    };
    flow::somebody_registers_publishes_is_found_and_takes_it_back(&cluster).await;
    flow::places_are_taken_waited_for_and_given_on(&cluster).await;
    flow::the_feed_hears_of_events_and_of_who_goes(&cluster).await;
    flow::an_address_is_verified_by_mail_and_a_session_ends_at_the_logout_auth_3(&cluster).await;
    flow::the_owner_ends_an_event_and_nobody_joins_it_any_more(&cluster).await;
    flow::who_is_banned_is_refused_at_once_auth_3(&cluster).await;
}
