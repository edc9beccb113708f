use std::collections::HashMap;

use chrono::{SubsecRound as _, TimeDelta, Utc};
use seaworthy::data::sql;
use seaworthy_testkit::database::EmptyDatabase;
use uuid::Uuid;

use super::{super::JoinChange, app::TestDatabase};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn interests_count_joins_and_actions_at_a_time() {
    for empty in EmptyDatabase::every_engine() {
        let url = empty.url().to_owned();
        let test = TestDatabase::open(empty).await;
        let now = Utc::now().trunc_subsecs(3);
        let start_time = now + TimeDelta::days(1);
        let [joined, left, viewed, canceled] = [(); 4].map(|()| seaworthy::core::new_id());
        for (event, category) in [
            (joined, "music"),
            (left, "art"),
            (viewed, "music"),
            (canceled, "sport"),
        ] {
            test.publish(event, start_time).await;
            sql("UPDATE feed_events SET category = ? WHERE event_id = ?")
                .bind(category)
                .bind(event)
                .execute(&test.database)
                .await
                .unwrap();
        }
        let (user, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        for (user, event, is_joined) in [
            (user, joined, true),
            (user, left, true),
            (user, left, false),
            (user, canceled, true),
            (other, viewed, true),
        ] {
            let change = JoinChange {
                user,
                event,
                is_joined,
                revision: None,
                occurred_at: now,
            };
            test.join(change, now).await;
        }
        let actor = format!("u:{user}");
        for kind in ["view", "impression"] {
            let recorded = test.store.record_action(&actor, viewed, kind, now);
            recorded.await.unwrap();
        }
        test.index(
            canceled,
            start_time,
            "canceled",
            Utc::now() + TimeDelta::hours(1),
        )
        .await;

        let events = [joined, canceled, seaworthy::core::new_id()];
        let read = |at| test.store.details_and_interests(&events, &actor, at);
        let (details, interests) = read(now).await.unwrap();
        // One join and two actions of music events, and one join of a sport event. The message of
        // the cancelation has the category again.
        let expected = HashMap::from([("music".to_owned(), 1.6), ("tech".to_owned(), 1.0)]);
        assert_eq!(interests, expected, "{url}");
        let ids: Vec<_> = details.keys().copied().collect();
        assert_eq!(ids, [joined], "{url}: only published events have details");
        assert_eq!(details, test.store.details(&events).await.unwrap(), "{url}");
        assert_eq!(details[&joined].category, "music");
        assert_eq!(details[&joined].start_time, Some(start_time));

        let before = now - TimeDelta::milliseconds(1);
        let (details, interests) = read(before).await.unwrap();
        assert_eq!((details.len(), interests), (1, HashMap::new()), "{url}");
        let (none, _) = test
            .store
            .details_and_interests(&[], &actor, now)
            .await
            .unwrap();
        assert_eq!(none, HashMap::new(), "{url}");
    }
}
