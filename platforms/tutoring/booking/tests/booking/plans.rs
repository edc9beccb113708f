use seaworthy::data::{Database, Value, sql};
use serde_json::json;
use uuid::Uuid;

use crate::app::{COURSE, TestApp, operator};

/// Trainers and slots of the large platform.
const TRAINERS: u128 = 20_000;
const ZONES: u128 = 400;
/// Rows of one statement.
const BATCH: u128 = 1_000;

/// The candidate query reads one zone, so its cost does not depend on the number of trainers.
pub(crate) async fn candidate_and_price_queries_use_indexes_data_1(app: TestApp) {
    app.open_zone().await;
    let database = app.database().await;
    fill(&database).await;
    let is_postgres = app.is_postgres();
    if is_postgres {
        for table in [
            "candidates",
            "trainer_copies",
            "schedule_slots",
            "allocations",
        ] {
            analyze(&database, table).await;
        }
    }
    let zone = Uuid::from_u128(7);
    let plan = |rows: Vec<String>| rows.join("\n");
    let candidates = sql("EXPLAIN SELECT t.trainer_id, t.account FROM candidates c JOIN trainer_copies t ON t.trainer_id = c.trainer_id WHERE c.zone_id = ? AND c.course_id = ? ORDER BY c.rating_tenths DESC, c.trainer_id LIMIT 200")
        .on_sqlite("EXPLAIN QUERY PLAN SELECT t.trainer_id, t.account FROM candidates c JOIN trainer_copies t ON t.trainer_id = c.trainer_id WHERE c.zone_id = ? AND c.course_id = ? ORDER BY c.rating_tenths DESC, c.trainer_id LIMIT 200")
        .bind(zone)
        .bind(COURSE);
    let busy = sql("EXPLAIN SELECT DISTINCT trainer_id FROM schedule_slots WHERE trainer_id IN (?*) AND slot_date IN (?*) AND timeslot IN (?*) AND state <> 'available'")
        .on_sqlite("EXPLAIN QUERY PLAN SELECT DISTINCT trainer_id FROM schedule_slots WHERE trainer_id IN (?*) AND slot_date IN (?*) AND timeslot IN (?*) AND state <> 'available'")
        .bind_list((0..50_u128).map(Uuid::from_u128))
        .bind_list(["2026-12-01", "2026-12-02"])
        .bind_list(["16:00"]);
    let load = sql("EXPLAIN SELECT trainer_id, COUNT(*) FROM allocations WHERE trainer_id IN (?*) AND status IN ('approved', 'active') GROUP BY trainer_id")
        .on_sqlite("EXPLAIN QUERY PLAN SELECT trainer_id, COUNT(*) FROM allocations WHERE trainer_id IN (?*) AND status IN ('approved', 'active') GROUP BY trainer_id")
        .bind_list((0..50_u128).map(Uuid::from_u128));
    let price = sql("EXPLAIN SELECT base_price_minor FROM pricing_config WHERE class_type = 'ONE_ON_ONE' AND session_count = 30 AND is_active = ?")
        .on_sqlite("EXPLAIN QUERY PLAN SELECT base_price_minor FROM pricing_config WHERE class_type = 'ONE_ON_ONE' AND session_count = 30 AND is_active = ?")
        .bind(true);
    for (name, statement) in [
        ("candidates", candidates),
        ("busy", busy),
        ("load", load),
        ("price", price),
    ] {
        let rows: Vec<Vec<String>> = match is_postgres {
            true => {
                let rows: Vec<(String,)> = statement.fetch_all(&database).await.unwrap();
                vec![rows.into_iter().map(|(line,)| line).collect()]
            }
            false => {
                let rows: Vec<(i64, i64, i64, String)> =
                    statement.fetch_all(&database).await.unwrap();
                vec![rows.into_iter().map(|(_, _, _, line)| line).collect()]
            }
        };
        let text = plan(rows.concat());
        // A list of ten prices, and an empty table, need no index on PostgreSQL.
        let is_small = is_postgres && matches!(name, "price" | "load");
        let scans = text.contains("Seq Scan") || text.contains("SCAN ");
        assert!(is_small || !scans, "{name}: {text}");
    }
    // The routes use the same statements.
    let path = "/pricing/calculate?classType=ONE_ON_ONE&sessionCount=30";
    assert_eq!(app.get(path, &operator()).status, 200);
}

async fn analyze(database: &Database, table: &str) {
    let statement = match table {
        "candidates" => sql("ANALYZE candidates"),
        "trainer_copies" => sql("ANALYZE trainer_copies"),
        "schedule_slots" => sql("ANALYZE schedule_slots"),
        _ => sql("ANALYZE allocations"),
    };
    statement.execute(database).await.unwrap();
}

async fn fill(database: &Database) {
    for first in (0..TRAINERS).step_by(BATCH as usize) {
        let ids = || (first..first + BATCH).map(|id| (id, Uuid::from_u128(0x10_0000 + id)));
        let copies = ids().map(|(id, trainer)| -> [Value; 7] {
            [
                trainer.into(),
                json!({}).into(),
                json!({}).into(),
                true.into(),
                12.3_f64.into(),
                76.6_f64.into(),
                Uuid::from_u128(id % ZONES).into(),
            ]
        });
        sql("INSERT INTO trainer_copies (trainer_id, account, account_version, profile, profile_version, is_allocatable, latitude, longitude, zone_id, rating_tenths) VALUES (?, ?, 1, ?, 1, ?, ?, ?, ?, 40)**")
            .bind_rows(copies)
            .execute(database)
            .await
            .unwrap();
        let candidates = ids().map(|(id, trainer)| -> [Value; 3] {
            [
                Uuid::from_u128(id % ZONES).into(),
                COURSE.into(),
                trainer.into(),
            ]
        });
        sql("INSERT INTO candidates (zone_id, course_id, rating_tenths, trainer_id) VALUES (?, ?, 40, ?)**")
            .bind_rows(candidates)
            .execute(database)
            .await
            .unwrap();
        let slots = ids().map(|(_, trainer)| -> [Value; 1] { [trainer.into()] });
        sql("INSERT INTO schedule_slots (trainer_id, slot_date, timeslot, state) VALUES (?, '2026-12-01', '16:00', 'blocked')**")
            .bind_rows(slots)
            .execute(database)
            .await
            .unwrap();
    }
}
