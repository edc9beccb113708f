//! What everybody does, on files and the embedded broker in one process. `distributed` does the same on real servers.

use crate::{flow, house::House};

macro_rules! promises {
    ($($name:ident),+) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let house = House::open().await;
            flow::$name(&house).await;
            house.platform.stop().await;
        }
    )+};
}

promises! {
    somebody_registers_publishes_is_found_and_takes_it_back,
    places_are_taken_waited_for_and_given_on,
    the_feed_hears_of_events_and_of_who_goes,
    an_address_is_verified_by_mail_and_a_session_ends_at_the_logout_auth_3,
    the_owner_ends_an_event_and_nobody_joins_it_any_more,
    who_is_banned_is_refused_at_once_auth_3
}
