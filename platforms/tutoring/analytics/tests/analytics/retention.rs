use std::time::Duration;

use seaworthy::data::{
    Connection as _, Database, Engine,
    chrono::{DateTime, TimeDelta, Utc},
    sql,
};
use seaworthy_testkit::eventually;
use serde_json::json;
use tutoring_contract::events::{BusinessEvent, CourseCompleted};
use uuid::Uuid;

use crate::app::{COURSE, STUDENT, TestApp, create_partition, data, student};

async fn partitions(database: &Database) -> Vec<String> {
    let found: Vec<(String,)> = sql("SELECT CAST(c.relname AS TEXT) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'events'::regclass ORDER BY c.relname")
        .fetch_all(database)
        .await
        .unwrap();
    found.into_iter().map(|(name,)| name).collect()
}

fn name(time: DateTime<Utc>) -> String {
    time.format("events_%Y_%m").to_string()
}

fn occurred(time: DateTime<Utc>) -> BusinessEvent<CourseCompleted> {
    let mut event = BusinessEvent::new(CourseCompleted {
        course_id: Uuid::from_u128(COURSE),
        student_id: Uuid::from_u128(STUDENT),
        completion_date: "2026-03-01".parse().unwrap(),
        total_sessions: 30,
        completed_sessions: 30,
    });
    event.timestamp = time.timestamp_millis();
    event
}

pub(crate) async fn months_are_partitions_data_2(app: TestApp) {
    let database = app.database().await;
    if database.engine() != Engine::Postgres {
        // One table has all months.
        app.publish(&occurred(Utc::now())).await;
        app.wait_for_events("eventType=COURSE_COMPLETED", 1);
        return;
    }
    let now = Utc::now();
    let expected = [now, now + Duration::from_secs(31 * 24 * 60 * 60)].map(name);
    assert_eq!(partitions(&database).await, expected);
    // An event of an earlier month gets its partition, also if many arrive at once.
    let earlier = now - TimeDelta::days(100);
    for _ in 0..5 {
        app.publish(&occurred(earlier)).await;
    }
    app.publish(&occurred(now)).await;
    app.wait_for_events("eventType=COURSE_COMPLETED", 6);
    assert!(partitions(&database).await.contains(&name(earlier)));
    let stored: Vec<(String, u64)> =
        sql("SELECT CAST(tableoid::regclass AS TEXT), COUNT(*) FROM events GROUP BY 1 ORDER BY 1")
            .fetch_all(&database)
            .await
            .unwrap();
    assert_eq!(stored, [(name(earlier), 5), (name(now), 1)]);
}

pub(crate) async fn old_events_are_removed_data_2(app: TestApp) {
    let database = app.database().await;
    let now = Utc::now();
    let (kept, old) = (now - TimeDelta::days(390), now - TimeDelta::days(399));
    for time in [kept, old, now] {
        app.publish(&occurred(time)).await;
    }
    // A replayed message is older than all that is kept.
    app.publish(&occurred(now - TimeDelta::days(500))).await;
    app.wait_for_events("eventType=COURSE_COMPLETED", 3);
    let event = json!({ "eventType": "page_view" });
    data(&app.call("POST", "/events", &student(), &event));
    // Two days later. The old event is in the partition of its month.
    let expired = now - TimeDelta::days(401);
    create_partition(&database, expired).await;
    sql("UPDATE events SET occurred_at = ? WHERE occurred_at < ?")
        .bind(expired)
        .bind(now - TimeDelta::days(398))
        .execute(&database)
        .await
        .unwrap();
    app.purge();
    let count = async || -> u64 {
        let (count,): (u64,) = sql("SELECT COUNT(*) FROM events")
            .fetch_one(&database)
            .await
            .unwrap();
        count
    };
    eventually(async || count().await == 3).await;
    if database.engine() != Engine::Postgres {
        return;
    }
    // The partition of a month that ended is dropped as a whole.
    let month = now - TimeDelta::days(450);
    create_partition(&database, month).await;
    assert!(partitions(&database).await.contains(&name(month)));
    app.purge();
    eventually(async || !partitions(&database).await.contains(&name(month))).await;
    assert_eq!(count().await, 3);
    assert!(partitions(&database).await.contains(&name(kept)));
}
