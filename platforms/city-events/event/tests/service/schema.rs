//! On PostgreSQL, what others may do to the schema `public` under a running service.

use seaworthy::data::{Database, DatabaseConfig, sql};
use seaworthy_testkit::database::EmptyDatabase;

use crate::house::{draft, open_with, user};

/// The tables as others make them: exactly the columns of the written contract.
const OTHERS: [&str; 6] = [
    "DROP SCHEMA public CASCADE",
    "CREATE SCHEMA public",
    "CREATE TABLE events (
        id uuid PRIMARY KEY, owner_id text NOT NULL, title text NOT NULL, description text NOT NULL, city text NOT NULL, category text NOT NULL,
        start_time timestamptz NOT NULL, end_time timestamptz NOT NULL, capacity int NOT NULL DEFAULT 0, active_participants int NOT NULL DEFAULT 0, status text NOT NULL,
        published_at timestamptz, canceled_at timestamptz, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, city_norm text NOT NULL,
        cover_image_ids jsonb DEFAULT '[]'::jsonb)",
    "ALTER TABLE events ADD COLUMN search_vector tsvector GENERATED ALWAYS AS (setweight(to_tsvector('simple', title), 'A') || setweight(to_tsvector('simple', description), 'B')) STORED",
    "CREATE TYPE outbox_status AS ENUM ('pending', 'sent', 'failed', 'dead', 'processing')",
    "CREATE TABLE event_outbox (
        id bigserial PRIMARY KEY, message_id uuid UNIQUE NOT NULL, routing_key text NOT NULL, body jsonb NOT NULL, created_at timestamptz DEFAULT now(), sent_at timestamptz,
        attempts int DEFAULT 0, last_error text, status outbox_status DEFAULT 'pending', next_retry_at timestamptz)",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_service_survives_losing_and_regaining_the_schema_public_data_2() {
    let Some(empty) = EmptyDatabase::postgres() else {
        return;
    };
    let config = DatabaseConfig::at(empty.url().parse().unwrap());
    let outside = Database::builder("outside", config).open().await.unwrap();
    sql("CREATE SCHEMA city_events_event")
        .execute(&outside)
        .await
        .unwrap();
    let path = "options=-csearch_path%3Dcity_events_event%2Cpublic";
    let separator = if empty.url().contains('?') { '&' } else { '?' };
    let url = format!("database.url={}{separator}{path}", empty.url());
    let house = open_with(empty, &[&url]).await;
    let owner = user();
    let mut last = String::new();
    for _ in 0..3 {
        let id = house
            .published(&owner, &draft("All about microservices"))
            .await;
        assert_eq!(house.act("cancel", &id, &owner).await.0, 200);
        assert_eq!(house.act("cancel", &id, &owner).await.0, 409);
        let mut seen = Vec::new();
        for _ in 0..5 {
            house
                .published(&owner, &draft("All about microservices"))
                .await;
        }
        let (_, first) = house.get("/events?page_size=2").await;
        let cursor = first["data"]["next_cursor"].as_str().unwrap();
        let (_, second) = house
            .get(&format!("/events?page_size=2&cursor={cursor}"))
            .await;
        for page in [&first, &second] {
            for item in page["data"]["items"].as_array().unwrap() {
                seen.push(item["id"].as_str().unwrap().to_owned());
            }
        }
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 4);
        let (_, found) = house.get("/events?q=microservices&sort=relevance").await;
        assert_eq!(
            found["data"]["items"][0]["title"],
            "All about microservices"
        );
        house
            .until(async || !house.heard("event.canceled", &id).is_empty())
            .await;
        last = id;
        for statement in OTHERS {
            sql(statement).execute(&outside).await.unwrap();
        }
    }
    assert_eq!(house.act("publish", &last, &owner).await.0, 404);
}
