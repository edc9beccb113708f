use std::collections::HashMap;

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use seaworthy::data::Value;
use seaworthy_testkit::database::EmptyDatabase;
use uuid::Uuid;

use super::{
    super::{Candidate, EventFilter, JoinChange},
    app::TestDatabase,
};
use crate::{
    cursor::Cursor,
    rank::{FeedType, Page, Ranking},
};

/// Points that put events into few levels, into adjacent levels and into distant levels.
fn points(count: i64) -> Vec<Vec<i64>> {
    vec![
        vec![0; usize::try_from(count).unwrap()],
        (0..count).map(|index| index % 4).collect(),
        (0..count).map(|index| index % 12).collect(),
        (0..count).map(|index| (index * index) % 97).collect(),
        (0..count).collect(),
    ]
}

/// Returns a page of a list by score.
fn page(
    candidates: Vec<Candidate>,
    ranked_at: DateTime<Utc>,
    after: Option<Cursor>,
    limit: usize,
) -> Page {
    let ranking = Ranking::new(candidates, ranked_at);
    ranking.page(FeedType::Trending, &HashMap::new(), (after, limit))
}

/// Returns the IDs of all pages, with a join of the last event of the list between pages.
async fn all_pages(
    test: &TestDatabase,
    now: DateTime<Utc>,
    limit: usize,
    last: Option<Uuid>,
) -> Vec<Uuid> {
    let mut ids = Vec::new();
    let mut after: Option<Cursor> = None;
    loop {
        let candidates = test.store.trending(now, now, after, limit).await.unwrap();
        let (items, next) = page(candidates, now, after, limit);
        ids.extend(items.iter().map(|item| item.id));
        let Some(next) = next else { return ids };
        after = Some(next);
        if let Some(event) = last {
            let join = JoinChange {
                user: seaworthy::core::new_id(),
                event,
                is_joined: true,
                revision: None,
                occurred_at: now,
            };
            test.join(join, now + TimeDelta::seconds(1)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trending_pages_equal_the_ranking_of_all_events_api_5() {
    for empty in EmptyDatabase::every_engine() {
        let url = empty.url().to_owned();
        let test = TestDatabase::open(empty).await;
        let now = Utc::now().trunc_subsecs(3);
        for points in points(70) {
            for table in [
                "DELETE FROM feed_events",
                "DELETE FROM feed_scores",
                "DELETE FROM feed_score_changes",
            ] {
                seaworthy::data::sql(table)
                    .execute(&test.database)
                    .await
                    .unwrap();
            }
            test.seed_events(&points, now).await;
            let filter = EventFilter::default();
            let all = test.store.upcoming(&filter, now, now).await.unwrap();
            let (items, _) = page(all, now, None, 1_000);
            let expected: Vec<_> = items.iter().map(|item| item.id).collect();
            for limit in [1, 7, 50] {
                let ids = all_pages(&test, now, limit, None).await;
                assert_eq!(ids, expected, "{url} {limit} {points:?}");
            }
            let ids = all_pages(&test, now, 9, expected.last().copied()).await;
            assert_eq!(ids, expected, "{url} with joins {points:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn started_and_unpublished_events_leave_the_list_api_5() {
    for empty in EmptyDatabase::every_engine() {
        let test = TestDatabase::open(empty).await;
        let now = Utc::now().trunc_subsecs(3);
        let (soon, later) = (now + TimeDelta::minutes(1), now + TimeDelta::days(1));
        let [started, unpublished, listed] = [(); 3].map(|()| seaworthy::core::new_id());
        for (event, start_time) in [(started, soon), (unpublished, later), (listed, later)] {
            test.publish(event, start_time).await;
        }
        test.index(unpublished, later, "draft", now + TimeDelta::hours(1))
            .await;
        let now = now + TimeDelta::minutes(2);
        for _ in 0..2 {
            assert_eq!(all_pages(&test, now, 10, None).await, [listed]);
            test.expire(now).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cursor_with_any_score_returns_a_page_api_5() {
    for empty in EmptyDatabase::every_engine() {
        let test = TestDatabase::open(empty).await;
        let now = Utc::now().trunc_subsecs(3);
        test.seed_events(&[0, 1, 12], now).await;
        for (score, count) in [(f64::MIN, 0), (-1.0, 0), (f64::MAX, 3)] {
            let cursor = Cursor {
                ranked_at: now,
                score,
                start_time: now,
                id: Uuid::max(),
            };
            let after = Cursor::parse(&cursor.to_string(), now);
            let found = test.store.trending(now, now, after, 10).await.unwrap();
            let (items, _) = page(found, now, after, 10);
            assert_eq!(items.len(), count, "{score}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cursor_before_many_changes_is_expired_res_6() {
    for empty in EmptyDatabase::every_engine() {
        let test = TestDatabase::open(empty).await;
        let now = Utc::now().trunc_subsecs(3);
        let event = seaworthy::core::new_id();
        let rows: Vec<[Value; 2]> = (0..20_001)
            .map(|index| [event.into(), (now - TimeDelta::milliseconds(index)).into()])
            .collect();
        test.insert(
            "INSERT INTO feed_score_changes (event_id, changed_at, points) VALUES (?, ?, 4)**",
            &rows,
        )
        .await;
        let is_expired = |seconds| {
            let since = now - TimeDelta::seconds(seconds);
            test.store.has_too_many_changes(since)
        };
        assert!(!is_expired(20).await.unwrap());
        assert!(is_expired(21).await.unwrap());
    }
}
