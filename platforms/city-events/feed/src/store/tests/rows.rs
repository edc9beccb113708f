use chrono::{SubsecRound as _, TimeDelta, Utc};
use seaworthy::data::{Connection as _, Database, Engine, Value, sql};
use seaworthy_testkit::database::EmptyDatabase;
use uuid::Uuid;

use super::{super::EventFilter, app::TestDatabase};

/// Returns the number of rows that this connection has read.
async fn rows_read(database: &Database) -> i64 {
    let statement = match database.engine() {
        Engine::Postgres => {
            // The server publishes the statistics of a session after a transaction.
            sql("SELECT pg_stat_force_next_flush()")
                .execute(database)
                .await
                .unwrap();
            sql("SELECT 1").execute(database).await.unwrap();
            sql("SELECT CAST((SELECT SUM(seq_tup_read + COALESCE(idx_tup_fetch, 0)) FROM pg_stat_user_tables)
                    + (SELECT SUM(idx_tup_read) FROM pg_stat_user_indexes) AS BIGINT)")
        }
        _ => sql(
            "SELECT CAST(SUM(VARIABLE_VALUE) AS SIGNED) FROM information_schema.SESSION_STATUS WHERE VARIABLE_NAME LIKE 'HANDLER_READ%'",
        ),
    };
    let (rows,): (i64,) = statement.fetch_one(database).await.unwrap();
    rows
}

/// Adds joins of the week and analyzes the tables, so that the server chooses its plans with
/// current statistics.
async fn seed_joins(test: &TestDatabase, events: &[Uuid], joins: usize) {
    let now = Utc::now();
    let at = |index: usize| now - TimeDelta::minutes(i64::try_from(index % 9_000).unwrap() + 10);
    let actor = |index: usize| format!("u:{}", Uuid::from_u128(index.try_into().unwrap()));
    let of = |index: usize| events[index % events.len()];
    let rows: Vec<[Value; 4]> = (0..joins)
        .map(|index| {
            [
                actor(index).into(),
                of(index).into(),
                at(index).into(),
                at(index).into(),
            ]
        })
        .collect();
    test.insert("INSERT INTO feed_joins (actor, event_id, kind, occurred_at, received_at) VALUES (?, ?, 'join', ?, ?)**", &rows)
        .await;
    let rows: Vec<[Value; 4]> = (0..joins)
        .map(|index| {
            let expiry = at(index) + TimeDelta::days(7);
            [
                of(index).into(),
                actor(index).into(),
                expiry.into(),
                expiry.into(),
            ]
        })
        .collect();
    test.insert("INSERT INTO feed_contributions (event_id, actor, kind, points, expires_at, ends_at) VALUES (?, ?, 'join', 4, ?, ?)**", &rows)
        .await;
    let rows: Vec<[Value; 2]> = (0..joins)
        .map(|index| [of(index).into(), at(index).into()])
        .collect();
    test.insert(
        "INSERT INTO feed_score_changes (event_id, changed_at, points) VALUES (?, ?, 12)**",
        &rows,
    )
    .await;
    let analyze = sql("ANALYZE feed_events, feed_scores, feed_score_changes, feed_contributions, feed_joins")
        .on_mysql("ANALYZE TABLE feed_events, feed_scores, feed_score_changes, feed_contributions, feed_joins");
    analyze.execute(&test.database).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_read_do_not_depend_on_events_and_joins_res_6() {
    for open in [EmptyDatabase::postgres, EmptyDatabase::mariadb] {
        let Some(empty) = open() else { continue };
        let test = TestDatabase::open(empty).await;
        let now = Utc::now().trunc_subsecs(3);
        let mut reads = Vec::new();
        for (events, joins) in [(100, 10), (1_900, 20_000), (18_000, 40_000)] {
            let points: Vec<_> = (0..events).map(|index| index % 40).collect();
            let ids = test.seed_events(&points, now).await;
            seed_joins(&test, &ids, joins).await;
            let now = Utc::now();
            let before = rows_read(&test.database).await;
            let page = test.store.trending(now, now, None, 10).await.unwrap();
            assert!(page.len() >= 10);
            let trending = rows_read(&test.database).await - before;
            let filter = EventFilter {
                city: "Hamburg".to_owned(),
                ..EventFilter::default()
            };
            let before = rows_read(&test.database).await;
            test.store.upcoming(&filter, now, now).await.unwrap();
            let filtered = rows_read(&test.database).await - before;
            reads.push((trending, filtered));
        }
        let [_, (trending, _), (more_trending, more_filtered)] = reads[..] else {
            panic!("three sizes are measured: {reads:?}");
        };
        // A list without filter reads a few levels of eleven events.
        assert!(trending < 1_000, "{reads:?}");
        assert!(more_trending <= trending + 50, "{reads:?}");
        // A filtered list ranks the next 2,000 of 20,000 events.
        assert!(more_filtered < 15_000, "{reads:?}");
    }
}
