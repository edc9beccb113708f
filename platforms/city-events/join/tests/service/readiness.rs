use city_events_contract::messages::EventPublished;
use seaworthy_testkit::{
    database::EmptyDatabase,
    eventually,
    fault::{Disruption, Fault, FaultProxy},
    http::get,
};

use crate::{
    app::{TestApp, start_with},
    event::TestEvent,
};

async fn eventually_ready(app: &TestApp, status: u16) {
    eventually(async || get(app.admin, "/readyz").unwrap().status == status).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn service_without_database_is_unready_and_catches_up_hlth_2_msg_3() {
    let Some(empty) = EmptyDatabase::postgres() else {
        return;
    };
    let proxy = FaultProxy::start(empty.server().unwrap()).await.unwrap();
    let proxied = format!("database.url={}", empty.url_at(proxy.address()));
    let app = start_with(empty, &[&proxied]).await;
    eventually_ready(&app, 200).await;
    proxy.set(Fault::of(Disruption::Down));
    eventually_ready(&app, 503).await;
    let alive = get(app.admin, "/healthz").unwrap();
    assert_eq!(alive.status, 200, "the process is alive");
    let event = TestEvent::with_capacity(3);
    app.publish(&EventPublished(event.envelope("published")))
        .await;
    proxy.heal();
    eventually_ready(&app, 200).await;
    app.eventually_capacity_is(&event, 3).await;
}
