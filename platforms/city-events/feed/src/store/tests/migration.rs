use chrono::{SubsecRound as _, TimeDelta, Utc};
use seaworthy::data::{Migrator, Value, sql};
use seaworthy_testkit::database::EmptyDatabase;
use uuid::Uuid;

use super::{super::MIGRATIONS, app::TestDatabase, naive};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn migration_computes_scores_of_existing_rows_data_2() {
    for empty in EmptyDatabase::every_engine() {
        let test = TestDatabase::open(empty).await;
        let migrator = Migrator::new(&test.database, &MIGRATIONS[..1]);
        migrator.down(2, false).await.unwrap();
        let now = Utc::now().trunc_subsecs(3);
        let events: Vec<Uuid> = (0..3).map(|_| seaworthy::core::new_id()).collect();
        let rows: Vec<[Value; 3]> = events[..2]
            .iter()
            .map(|event| {
                let start = now + TimeDelta::days(1);
                [(*event).into(), start.into(), now.into()]
            })
            .collect();
        test.insert("INSERT INTO feed_events (event_id, title, city, category, words, start_time, status, cover_image_ids, told_at) VALUES (?, 't', 'c', 'k', 'w', ?, 'published', '[]', ?)**", &rows)
            .await;
        let mut rows: Vec<[Value; 5]> = Vec::new();
        for (index, minutes) in (0..).zip((1..12_000).step_by(97)) {
            let actor = format!("u:{}", index % 40);
            let at = now - TimeDelta::minutes(minutes);
            let kind = if index % 5 == 0 { "leave" } else { "join" };
            let event = events[usize::try_from(index % 3).unwrap()];
            let revision: Option<i64> = (index % 2 == 0).then_some(1_000 - index);
            rows.push([
                actor.into(),
                event.into(),
                kind.into(),
                revision.into(),
                at.into(),
            ]);
        }
        for row in &rows {
            let [actor, event, kind, revision, at] = row.clone();
            sql("INSERT INTO feed_joins (actor, event_id, kind, revision, told_at, heard_at) VALUES (?, ?, ?, ?, ?, ?)")
                .bind(actor)
                .bind(event)
                .bind(kind)
                .bind(revision)
                .bind(at.clone())
                .bind(at)
                .execute(&test.database)
                .await
                .unwrap();
        }
        for hours in 0..40 {
            let at = now - TimeDelta::hours(hours) - TimeDelta::minutes(1);
            sql("INSERT INTO feed_actions (actor, event_id, kind, on_day, happened_at) VALUES (?, ?, 'view', ?, ?)")
                .bind(format!("a:{}", hours % 30))
                .bind(events[0])
                .bind(at.format("%Y-%m-%d").to_string())
                .bind(at)
                .execute(&test.database)
                .await
                .unwrap();
        }
        migrator.up(false).await.unwrap();
        let now = Utc::now();
        let naive = naive::points(&test.database, now).await;
        let stored: Vec<(Uuid, i64)> = sql("SELECT event_id, points FROM feed_scores")
            .fetch_all(&test.database)
            .await
            .unwrap();
        assert_eq!(stored.len(), 3);
        for (event, points) in stored {
            assert_eq!(naive.get(&event).copied().unwrap_or_default(), points);
        }
        let listed = test.store.trending(now, now, None, 10).await.unwrap();
        assert_eq!(listed.len(), 2);
        // The contributions expire as if the service had recorded them.
        for days in [1, 3, 8] {
            let later = now + TimeDelta::days(days);
            test.expire(later).await;
            let naive = naive::points(&test.database, later).await;
            let stored: Vec<(Uuid, i64)> = sql("SELECT event_id, points FROM feed_scores")
                .fetch_all(&test.database)
                .await
                .unwrap();
            for (event, points) in stored {
                assert_eq!(
                    naive.get(&event).copied().unwrap_or_default(),
                    points,
                    "{days}"
                );
            }
        }
    }
}
