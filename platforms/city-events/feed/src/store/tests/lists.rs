//! Pages of lists, whose first ones share rankings.

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use seaworthy::{
    data::sql,
    messaging::{Envelope, Topic},
    outbox::{Inbox, InboxConfig},
};
use seaworthy_testkit::database::EmptyDatabase;
use serde_json::Value as Json;
use uuid::Uuid;

use super::{
    super::{EventFilter, JoinChange},
    app::{TestDatabase, message},
};
use crate::{
    consumers::index_event,
    cursor::Cursor,
    lists::{Lists, PageRequest},
    rank::FeedType,
};

const KINDS: [FeedType; 3] = [FeedType::Trending, FeedType::Personalized, FeedType::Latest];
const USER: Uuid = Uuid::from_u128(7);

/// Returns a page as JSON.
async fn page(lists: &Lists, kind: FeedType, limit: usize, cursor: &str) -> Json {
    let now = Utc::now();
    let request = PageRequest {
        kind,
        filter: EventFilter::default(),
        after: Cursor::parse(cursor, now),
        limit,
        now,
        actor: Some(format!("u:{USER}")),
    };
    let page = lists.page(&request).await.unwrap();
    serde_json::to_value(page).unwrap()
}

fn ids(page: &Json) -> Vec<Uuid> {
    let items = page["items"].as_array().unwrap().iter();
    let id = |item: &Json| item["id"].as_str().unwrap().parse().unwrap();
    items.map(id).collect()
}

async fn join(test: &TestDatabase, user: Uuid, event: Uuid) {
    let now = Utc::now();
    let change = JoinChange {
        user,
        event,
        is_joined: true,
        revision: None,
        occurred_at: now,
    };
    test.join(change, now).await;
}

fn in_an_hour() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(3) + TimeDelta::hours(1)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changed_events_leave_pages_of_every_replica_at_once_msg_5() {
    for empty in EmptyDatabase::every_engine() {
        let url = empty.url().to_owned();
        let test = TestDatabase::open(empty).await;
        let now = Utc::now().trunc_subsecs(3);
        let mut listed = test.seed_events(&[0; 40], now).await;
        for kind in KINDS {
            // Neither replica receives the messages.
            let replicas = [(); 2].map(|()| Lists::new(test.store.clone()));
            let status_and_start = [
                ("canceled", in_an_hour()),
                ("draft", in_an_hour()),
                ("published", now - TimeDelta::hours(1)),
            ];
            for (status, start_time) in status_and_start {
                let first = ids(&page(&replicas[0], kind, 10, "").await);
                assert_eq!(ids(&page(&replicas[1], kind, 10, "").await), first, "{url}");
                let later = Utc::now() + TimeDelta::hours(1);
                test.index(first[3], start_time, status, later).await;
                listed.retain(|event| *event != first[3]);
                for lists in &replicas {
                    let page = ids(&page(lists, kind, 10, "").await);
                    assert!(!page.contains(&first[3]), "{url} {kind:?} {status}");
                    assert_eq!(page.len(), 10, "{url} {kind:?} {status}: the page is full");
                }
            }
        }
        assert_eq!(listed.len(), 31);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn consumed_messages_change_pages_at_once_msg_5() {
    for empty in EmptyDatabase::every_engine() {
        let url = empty.url().to_owned();
        let test = TestDatabase::open(empty).await;
        let lists = Lists::new(test.store.clone());
        let inbox = Inbox::new(test.database.clone(), "feed", InboxConfig::default());
        let mut expected = Vec::new();
        for _ in 0..5 {
            for kind in KINDS {
                assert_eq!(page(&lists, kind, 10, "").await["has_more"], false);
            }
            let event = seaworthy::core::new_id();
            let published = message(event, in_an_hour(), "published", Utc::now());
            let topic = Topic::new("event.published").unwrap();
            let envelope = Envelope::new(topic, "event.published", "event-service", "{}");
            index_event((&inbox, &lists), &envelope, &published, "published")
                .await
                .unwrap();
            expected.push(event);
            expected.sort();
            for kind in KINDS {
                let mut found = ids(&page(&lists, kind, 10, "").await);
                found.sort();
                assert_eq!(found, expected, "{url} {kind:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_after_a_shared_page_keep_its_ranking_api_5() {
    for empty in EmptyDatabase::every_engine() {
        let url = empty.url().to_owned();
        let test = TestDatabase::open(empty).await;
        let now = Utc::now().trunc_subsecs(3);
        let points: Vec<_> = (0..40).map(|index| index % 6).collect();
        let events = test.seed_events(&points, now).await;
        // Interests change the order of a personalized list.
        for event in &events[..13] {
            sql("UPDATE feed_events SET category = 'music' WHERE event_id = ?")
                .bind(*event)
                .execute(&test.database)
                .await
                .unwrap();
        }
        join(&test, USER, events[0]).await;
        for kind in KINDS {
            let lists = Lists::new(test.store.clone());
            let expected = ids(&page(&lists, kind, 50, "").await);
            assert_eq!(expected.len(), events.len(), "{url} {kind:?}");
            let (mut seen, mut cursor) = (Vec::new(), String::new());
            loop {
                // The last event of the list becomes the first one of a new ranking.
                join(&test, seaworthy::core::new_id(), expected[39]).await;
                let page = page(&lists, kind, 7, &cursor).await;
                seen.extend(ids(&page));
                cursor = page["next_cursor"].as_str().unwrap().to_owned();
                if page["has_more"] == false {
                    break;
                }
            }
            // A slow machine needs more than a second, and ranks the first page again.
            seen.sort();
            let mut all = events.clone();
            all.sort();
            assert_eq!(seen, all, "{url} {kind:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unreadable_interests_give_the_trending_order_res_6() {
    for empty in EmptyDatabase::every_engine() {
        let url = empty.url().to_owned();
        let test = TestDatabase::open(empty).await;
        let now = Utc::now().trunc_subsecs(3);
        test.seed_events(&[3, 1, 2], now).await;
        let lists = Lists::new(test.store.clone());
        sql("DROP TABLE feed_actions")
            .execute(&test.database)
            .await
            .unwrap();
        let trending = ids(&page(&lists, FeedType::Trending, 10, "").await);
        assert_eq!(trending.len(), 3);
        let personalized = ids(&page(&lists, FeedType::Personalized, 10, "").await);
        assert_eq!(personalized, trending, "{url}");
    }
}
