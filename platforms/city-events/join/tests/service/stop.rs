use std::{sync::Arc, time::Duration};

use seaworthy::data::sql;
use tokio::time::sleep;

use crate::house::{House, user};

/// How often in a row a connection has to be in use: what the relays ask takes less.
const IN_A_ROW: u32 = 20;

pub(crate) async fn stop_waits_for_a_join_whose_client_left_life_4(house: House) {
    let event = house.event(5).await;
    let person = user();
    // The join waits for the row of the event.
    let tx = house.database.begin().await.unwrap();
    sql("UPDATE event_capacity SET revision = revision WHERE event_id = ?")
        .bind(event.id)
        .execute(&tx)
        .await
        .unwrap();
    let house = Arc::new(house);
    let asking = tokio::spawn({
        let (house, event) = (Arc::clone(&house), event.clone());
        async move { house.join(&event, &person).await }
    });
    let mut in_use = 0;
    while in_use < IN_A_ROW {
        let is_in_use = house.metric("join_service_database_pool_in_use") > 0;
        in_use = if is_in_use { in_use + 1 } else { 0 };
        assert!(!asking.is_finished(), "the row is locked");
        sleep(Duration::from_millis(5)).await;
    }
    asking.abort();
    assert!(asking.await.is_err());
    let database = house.database.clone();
    let Some(house) = Arc::into_inner(house) else {
        panic!("the client has gone");
    };
    let (_kept, ()) = tokio::join!(house.stop(), async {
        // Long enough that a stop that does not wait has stopped the relays.
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
