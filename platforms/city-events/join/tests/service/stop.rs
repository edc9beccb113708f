use std::{sync::Arc, time::Duration};

use seaworthy::data::sql;
use tokio::time::sleep;

use crate::{app::TestApp, user::user};

/// Consecutive samples in which a connection is in use. The statements of the relays are shorter.
const SAMPLES: u32 = 20;

pub(crate) async fn stop_waits_for_join_of_disconnected_client_life_4(app: TestApp) {
    let event = app.create_event(5).await;
    let user = user();
    // The join waits for the lock of the event's row.
    let tx = app.database.begin().await.unwrap();
    sql("UPDATE event_capacity SET revision = revision WHERE event_id = ?")
        .bind(event.id)
        .execute(&tx)
        .await
        .unwrap();
    let app = Arc::new(app);
    let request = tokio::spawn({
        let (app, event) = (Arc::clone(&app), event.clone());
        async move { app.join(&event, &user).await }
    });
    let mut in_use = 0;
    while in_use < SAMPLES {
        let is_in_use = app.metric("join_service_database_pool_in_use") > 0;
        in_use = if is_in_use { in_use + 1 } else { 0 };
        assert!(!request.is_finished(), "the row is locked");
        sleep(Duration::from_millis(5)).await;
    }
    request.abort();
    assert!(request.await.is_err());
    let database = app.database.clone();
    let Some(app) = Arc::into_inner(app) else {
        panic!("the request still uses the app");
    };
    let (_kept, ()) = tokio::join!(app.stop(), async {
        // A stop that does not wait has stopped the relays within this time.
        sleep(Duration::from_secs(1)).await;
        tx.commit().await.unwrap();
    });
    let (joined,): (i64,) = sql("SELECT count(*) FROM joins WHERE event_id = ?")
        .bind(event.id)
        .fetch_one(&database)
        .await
        .unwrap();
    let (unpublished,): (i64,) = sql("SELECT count(*) FROM outbox WHERE state < 3")
        .fetch_one(&database)
        .await
        .unwrap();
    assert_eq!((joined, unpublished), (1, 0));
}
