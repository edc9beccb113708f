//! Loss of the PostgreSQL schema `public` under a running service.

use seaworthy::data::{Database, DatabaseConfig, sql};
use seaworthy_testkit::database::EmptyDatabase;
use seaworthy_testkit::eventually;

use crate::app::{draft, start_with, user};

/// Recreates the tables as the legacy service does.
const RECREATE: [&str; 6] = [
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
async fn service_survives_loss_of_schema_public_data_2() {
    let Some(empty) = EmptyDatabase::postgres() else {
        return;
    };
    let config = DatabaseConfig::from_url(empty.url().parse().unwrap());
    let database = Database::builder("test", config).open().await.unwrap();
    sql("CREATE SCHEMA city_events_event")
        .execute(&database)
        .await
        .unwrap();
    let path = "options=-csearch_path%3Dcity_events_event%2Cpublic";
    let separator = if empty.url().contains('?') { '&' } else { '?' };
    let url = format!("database.url={}{separator}{path}", empty.url());
    let app = start_with(empty, &[&url]).await;
    let owner = user();
    let mut last = String::new();
    for _ in 0..3 {
        let id = app
            .create_published(&owner, &draft("All about microservices"))
            .await;
        assert_eq!(app.transition("cancel", &id, &owner).await.0, 200);
        assert_eq!(app.transition("cancel", &id, &owner).await.0, 409);
        let mut ids = Vec::new();
        for _ in 0..5 {
            app.create_published(&owner, &draft("All about microservices"))
                .await;
        }
        let (_, first) = app.get("/events?page_size=2").await;
        let cursor = first["data"]["next_cursor"].as_str().unwrap();
        let (_, second) = app
            .get(&format!("/events?page_size=2&cursor={cursor}"))
            .await;
        for page in [&first, &second] {
            for item in page["data"]["items"].as_array().unwrap() {
                ids.push(item["id"].as_str().unwrap().to_owned());
            }
        }
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 4);
        let (_, found) = app.get("/events?q=microservices&sort=relevance").await;
        assert_eq!(
            found["data"]["items"][0]["title"],
            "All about microservices"
        );
        eventually(async || !app.received("event.canceled", &id).is_empty()).await;
        last = id;
        for statement in RECREATE {
            sql(statement).execute(&database).await.unwrap();
        }
    }
    assert_eq!(app.transition("publish", &last, &owner).await.0, 404);
}
