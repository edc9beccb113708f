//! Migrations that change stored rows.

#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::process::Command;

use seaworthy::data::{Database, DatabaseConfig, sql};
use seaworthy_testkit::database::EmptyDatabase;
use serde_json::{Value, json};
use uuid::Uuid;

/// Runs the command that operators run.
fn migrate(empty: &EmptyDatabase, arguments: &[&str]) {
    let done = Command::new(env!("CARGO_BIN_EXE_tutoring-student"))
        .arg("migrate")
        .args(arguments)
        .args(["--set", &format!("backend.database.url={}", empty.url())])
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
}

async fn insert_course(database: &Database, course: u128, tier: i32, metadata: Option<Value>) {
    sql("INSERT INTO my_courses (student_id, course_id, purchase_id, purchase_tier, is_ready, metadata, has_sessions, completed_sessions, total_sessions, percentage, progress_version) VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0)")
        .bind(Uuid::from_u128(7))
        .bind(Uuid::from_u128(course))
        .bind(Uuid::from_u128(course + 0x100))
        .bind(tier)
        .bind(tier > 0)
        .bind(metadata)
        .bind(false)
        .execute(database)
        .await
        .unwrap();
}

#[tokio::test]
async fn earlier_purchases_have_a_payment_data_2() {
    for empty in EmptyDatabase::every_engine() {
        migrate(&empty, &["up"]);
        for _ in [
            "territories",
            "reversal_calls",
            "reward_reversals",
            "refunds",
        ] {
            migrate(&empty, &["down"]);
        }
        let config = DatabaseConfig {
            url: empty.url().parse().unwrap(),
            ..DatabaseConfig::default()
        };
        let database = Database::builder("test", config).open().await.unwrap();
        let payment = Uuid::from_u128(0x1234_5678_9abc_def0);
        let metadata = json!({ "paymentId": payment, "sessionCount": 20 });
        insert_course(&database, 1, 30, Some(metadata)).await;
        insert_course(&database, 2, 10, Some(json!({}))).await;
        insert_course(&database, 3, 10, None).await;
        // The payment succeeded, and the course is not open.
        insert_course(&database, 4, 0, None).await;
        migrate(&empty, &["up"]);
        let payments: Vec<(Uuid, Uuid, i32, bool)> = sql("SELECT course_id, payment_id, session_count, is_refunded FROM my_payments ORDER BY course_id")
            .fetch_all(&database)
            .await
            .unwrap();
        let of = |course, payment, sessions| (Uuid::from_u128(course), payment, sessions, false);
        let expected = [
            of(1, payment, 30),
            of(2, Uuid::from_u128(0x102), 10),
            of(3, Uuid::from_u128(0x103), 10),
        ];
        assert_eq!(payments, expected, "{}", empty.url());
    }
}
