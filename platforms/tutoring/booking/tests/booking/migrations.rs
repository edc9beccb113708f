//! Migrations that change stored rows.

use std::process::Command;

use seaworthy::data::{
    Database, DatabaseConfig,
    chrono::{TimeDelta, Utc},
    sql,
};
use seaworthy_testkit::database::EmptyDatabase;
use serde_json::json;
use uuid::Uuid;

const COURSE: Uuid = Uuid::from_u128(0xc0);

/// Runs the command that operators run.
fn migrate(empty: &EmptyDatabase, arguments: &[&str]) {
    let done = Command::new(env!("CARGO_BIN_EXE_tutoring-booking"))
        .arg("migrate")
        .args(arguments)
        .args(["--set", &format!("database.url={}", empty.url())])
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
}

async fn insert_booking(database: &Database, id: u128, student: u128, status: &str) {
    let at = Utc::now() + TimeDelta::seconds(i64::try_from(id).unwrap());
    sql("INSERT INTO bookings (id, student_id, course_id, timeslot, details, status, created_at, updated_at) VALUES (?, ?, ?, '16:00', ?, ?, ?, ?)")
        .bind(Uuid::from_u128(id))
        .bind(Uuid::from_u128(student))
        .bind(COURSE)
        .bind(json!({}))
        .bind(status)
        .bind(at)
        .bind(at)
        .execute(database)
        .await
        .unwrap();
}

async fn insert_allocation(database: &Database, id: u128, student: u128, status: &str) {
    let at = Utc::now();
    sql("INSERT INTO allocations (id, student_id, trainer_id, course_id, status, session_count, package, timeslot, created_at, updated_at) VALUES (?, ?, ?, ?, ?, 10, ?, '16:00', ?, ?)")
        .bind(Uuid::from_u128(id))
        .bind(Uuid::from_u128(student))
        .bind(Uuid::from_u128(0x7a))
        .bind(COURSE)
        .bind(status)
        .bind(json!({}))
        .bind(at)
        .bind(at)
        .execute(database)
        .await
        .unwrap();
}

#[tokio::test]
async fn earlier_bookings_follow_their_payments_data_2() {
    for empty in EmptyDatabase::every_engine() {
        migrate(&empty, &["up"]);
        for _ in ["territories", "live_journeys", "states"] {
            migrate(&empty, &["down"]);
        }
        let config = DatabaseConfig {
            url: empty.url().parse().unwrap(),
            ..DatabaseConfig::default()
        };
        let database = Database::builder("test", config).open().await.unwrap();
        // A course with an upgrade, a course that was refunded, and two bookings without payments.
        insert_allocation(&database, 0xa1, 7, "active").await;
        insert_allocation(&database, 0xa2, 8, "cancelled").await;
        for (id, student, status) in [
            (1, 7, "confirmed"),
            (2, 7, "confirmed"),
            (3, 8, "confirmed"),
            (4, 9, "confirmed"),
            (5, 7, "pending"),
        ] {
            insert_booking(&database, id, student, status).await;
        }
        for (payment, allocation, is_refunded) in
            [(0xb1, 0xa1, false), (0xb2, 0xa1, false), (0xb3, 0xa2, true)]
        {
            sql("INSERT INTO allocation_payments (payment_id, allocation_id, session_count, is_refunded) VALUES (?, ?, 10, ?)")
                .bind(Uuid::from_u128(payment))
                .bind(Uuid::from_u128(allocation))
                .bind(is_refunded)
                .execute(&database)
                .await
                .unwrap();
        }
        migrate(&empty, &["up"]);
        let bookings: Vec<(Uuid, String, Option<Uuid>, Option<Uuid>)> =
            sql("SELECT id, status, allocation_id, payment_id FROM bookings ORDER BY id")
                .fetch_all(&database)
                .await
                .unwrap();
        let of = |id, status: &str, paid: Option<(u128, u128)>| {
            let (allocation, payment) = paid.unzip();
            (
                Uuid::from_u128(id),
                status.to_owned(),
                allocation.map(Uuid::from_u128),
                payment.map(Uuid::from_u128),
            )
        };
        let expected = [
            of(1, "active", Some((0xa1, 0xb1))),
            of(2, "active", Some((0xa1, 0xb2))),
            of(3, "cancelled", Some((0xa2, 0xb3))),
            of(4, "confirmed", None),
            of(5, "pending", None),
        ];
        assert_eq!(bookings, expected, "{}", empty.url());
    }
}
