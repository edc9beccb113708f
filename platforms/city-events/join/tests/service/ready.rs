use std::time::Duration;

use city_events_contract::messages::EventPublished;
use seaworthy_testkit::{
    database::EmptyDatabase,
    fault::{Disruption, Fault, FaultProxy},
    http::get,
};

use crate::house::{Announced, House, open_with};

const PATIENCE: Duration = Duration::from_secs(60);

async fn until_ready_is(house: &House, status: u16) {
    let begun = tokio::time::Instant::now();
    while get(house.admin, "/readyz").unwrap().status != status {
        assert!(begun.elapsed() < PATIENCE, "never {status}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_database_the_service_is_not_ready_and_hears_later_what_was_told_hlth_2_msg_3()
{
    let Some(empty) = EmptyDatabase::postgres() else {
        return;
    };
    let proxy = FaultProxy::start(empty.server().unwrap()).await.unwrap();
    let proxied = format!("database.url={}", empty.url_at(proxy.address()));
    let house = open_with(empty, &[&proxied]).await;
    until_ready_is(&house, 200).await;
    proxy.set(Fault::of(Disruption::Down));
    until_ready_is(&house, 503).await;
    let alive = get(house.admin, "/healthz").unwrap();
    assert_eq!(alive.status, 200, "it lives, and is not to be restarted");
    let event = Announced::of(3);
    house
        .publish(&EventPublished(event.envelope("published")))
        .await;
    proxy.heal();
    until_ready_is(&house, 200).await;
    let begun = tokio::time::Instant::now();
    while house.stats(&event).await.1["data"]["capacity"] != 3 {
        assert!(begun.elapsed() < PATIENCE, "it was never heard");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
