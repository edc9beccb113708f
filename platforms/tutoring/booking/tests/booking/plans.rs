use seaworthy::data::{Database, Statement, Value, chrono::Utc, sql};
use serde_json::json;
use uuid::Uuid;

use crate::app::{COURSE, TestApp, operator};

/// Trainers of the small and of the large platform.
const SMALL: u128 = 100;
const LARGE: u128 = 100_000;
/// A zone has as many trainers on both platforms.
const TRAINERS_OF_A_ZONE: u128 = 50;
/// The zone of the queries.
const ZONE: Uuid = Uuid::from_u128(1);
/// A zone with all trainers of the platform.
const BIG_ZONE: Uuid = Uuid::from_u128(u128::MAX);
/// Trainers of one page of candidates.
const PAGE: u64 = 200;
const FIRST_TRAINER: u128 = 0x10_0000;
/// Rows of one statement.
const BATCH: u128 = 1_000;
/// A search in an index of the large platform reads three or four pages, and one of the table. The
/// tables have thousands.
const MAX_PAGES_PER_ROW: u64 = 6;

/// A statement of the service, explained. PostgreSQL also runs it and counts pages.
macro_rules! explained {
    ($text:literal) => {
        sql(concat!(
            "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, SUMMARY OFF) ",
            $text
        ))
        .on_sqlite(concat!("EXPLAIN QUERY PLAN ", $text))
    };
}

/// Returns the statements of the service with their numbers of rows.
fn statements() -> [(&'static str, u64, Statement); 6] {
    let first = TRAINERS_OF_A_ZONE + FIRST_TRAINER;
    let trainers = || (first..first + TRAINERS_OF_A_ZONE).map(Uuid::from_u128);
    let candidates = |zone: Uuid| {
        explained!("SELECT t.trainer_id, t.account FROM candidates c JOIN trainer_copies t ON t.trainer_id = c.trainer_id WHERE c.zone_id = ? AND c.course_id = ? AND (c.rating_tenths, c.trainer_id) < (?, ?) ORDER BY c.rating_tenths DESC, c.trainer_id DESC LIMIT ?")
            .bind(zone)
            .bind(COURSE)
            .bind(51)
            .bind(Uuid::nil())
            .bind(PAGE)
    };
    let busy = explained!("SELECT DISTINCT trainer_id, timeslot FROM schedule_slots WHERE trainer_id IN (?*) AND slot_date IN (?*) AND timeslot IN (?*) AND state <> 'available'")
        .bind_list(trainers())
        .bind_list(["2026-12-01", "2026-12-02"])
        .bind_list(["16:00"]);
    let load = explained!("SELECT trainer_id, timeslot, COUNT(*) FROM allocations WHERE trainer_id IN (?*) AND status IN ('approved', 'active') GROUP BY trainer_id, timeslot")
        .bind_list(trainers());
    let demand = explained!("SELECT COUNT(*) FROM allocations a WHERE a.zone_id = ? AND a.status IN ('approved', 'active')")
        .bind(ZONE);
    let now = Utc::now();
    let price = explained!("SELECT class_type, base_price_minor FROM pricing_config WHERE class_type = ? AND session_count = ? AND is_active = ? AND (is_summer = ? OR is_summer = ?) AND (valid_from IS NULL OR valid_from <= ?) AND (valid_until IS NULL OR valid_until > ?) ORDER BY is_summer DESC LIMIT 1")
        .bind("ONE_ON_ONE")
        .bind(30)
        .bind(true)
        .bind(false)
        .bind(true)
        .bind(now)
        .bind(now);
    [
        ("candidates", TRAINERS_OF_A_ZONE as u64, candidates(ZONE)),
        ("candidates of a big zone", PAGE, candidates(BIG_ZONE)),
        ("busy", TRAINERS_OF_A_ZONE as u64, busy),
        ("load", TRAINERS_OF_A_ZONE as u64, load),
        ("demand", TRAINERS_OF_A_ZONE as u64, demand),
        ("price", TRAINERS_OF_A_ZONE as u64, price),
    ]
}

/// The queries read one zone, so their cost does not depend on the number of trainers.
pub(crate) async fn candidate_and_price_queries_stay_flat_data_1(app: TestApp) {
    let database = app.database().await;
    fill(&database, 0..SMALL).await;
    fill_big_zone(&database).await;
    if app.is_postgres() {
        // A table of some pages needs no index, and an index of it must exist.
        check_plans(&database, true).await;
        fill(&database, SMALL..LARGE).await;
        fill_big_zone(&database).await;
        check_plans(&database, false).await;
    } else {
        for (name, _, statement) in statements() {
            let rows: Vec<(i64, i64, i64, String)> = statement.fetch_all(&database).await.unwrap();
            let plan: Vec<_> = rows.into_iter().map(|(_, _, _, line)| line).collect();
            assert!(!plan.concat().contains("SCAN "), "{name}: {plan:#?}");
        }
    }
    // The service has the explained statements, and the routes use them.
    let sources = [
        include_str!("../../src/store/candidates.rs"),
        include_str!("../../src/store/prices.rs"),
        include_str!("../../src/store/trainer_copies.rs"),
        include_str!("../../src/store/zones.rs"),
    ];
    for part in [
        "WHERE c.zone_id = {zone} AND c.course_id = {course} AND (c.rating_tenths, c.trainer_id) < ({rating}, {trainer}) ORDER BY c.rating_tenths DESC, c.trainer_id DESC LIMIT {PAGE}",
        "SELECT DISTINCT trainer_id, timeslot FROM schedule_slots WHERE trainer_id IN (?*) AND slot_date IN (?*) AND timeslot IN (?*) AND state <> 'available'",
        "SELECT trainer_id, timeslot, COUNT(*) FROM allocations WHERE trainer_id IN (?*) AND status IN ('approved', 'active') GROUP BY trainer_id, timeslot",
        "(SELECT COUNT(*) FROM allocations a WHERE a.zone_id = z.id AND a.status IN ('approved', 'active'))",
        "WHERE class_type = {class_type.as_str()} AND session_count = {session_count} AND is_active = {true} AND (is_summer = {false} OR is_summer = {with_summer})",
        "AND (valid_from IS NULL OR valid_from <= {now}) AND (valid_until IS NULL OR valid_until > {now}) ORDER BY is_summer DESC LIMIT 1",
    ] {
        assert!(sources.iter().any(|source| source.contains(part)), "{part}");
    }
    let path = "/pricing/calculate?classType=ONE_ON_ONE&sessionCount=30";
    assert_eq!(app.get(path, &operator()).status, 200);
}

/// Checks that PostgreSQL reads few pages for each statement, and no whole table except the price
/// list, which has a dozen rows on every platform.
async fn check_plans(database: &Database, without_scans: bool) {
    for statement in [
        sql("ANALYZE candidates"),
        sql("ANALYZE trainer_copies"),
        sql("ANALYZE schedule_slots"),
        sql("ANALYZE allocations"),
    ] {
        statement.execute(database).await.unwrap();
    }
    let explained = database.transaction(|tx| async move {
        let mut explained = Vec::new();
        for (name, rows_of, statement) in statements() {
            if without_scans || name == "price" {
                sql("SET LOCAL enable_seqscan = off").execute(&tx).await?;
            }
            let rows: Vec<(String,)> = statement.fetch_all(&tx).await?;
            let lines = rows.into_iter().map(|(line,)| line);
            explained.push((name, rows_of, lines.collect::<Vec<_>>()));
        }
        Ok::<_, seaworthy::data::DataError>(explained)
    });
    for (name, rows, plan) in explained.await.unwrap() {
        let text = plan.join("\n");
        let has_index = text.contains("Index") && !text.contains("Seq Scan");
        assert!(has_index, "{name}: {text}");
        let (pages, most) = (total(&plan), MAX_PAGES_PER_ROW * rows);
        assert!((1..=most).contains(&pages), "{name}: {pages} {text}");
    }
}

/// Returns the pages of the whole statement, which its first line of buffers has.
fn total(plan: &[String]) -> u64 {
    let line = plan.iter().find(|line| line.contains("Buffers: shared"));
    let parts = line.map_or("", |line| line.trim()).split(['=', ' ']);
    parts.filter_map(|part| part.parse::<u64>().ok()).sum()
}

/// Puts all trainers into the zone, too.
async fn fill_big_zone(database: &Database) {
    for statement in [
        sql("DELETE FROM candidates WHERE zone_id = ?").bind(BIG_ZONE),
        sql("INSERT INTO candidates (zone_id, course_id, rating_tenths, trainer_id) SELECT ?, course_id, rating_tenths, trainer_id FROM candidates").bind(BIG_ZONE),
    ] {
        statement.execute(database).await.unwrap();
    }
}

async fn fill(database: &Database, trainers: std::ops::Range<u128>) {
    let now = Utc::now();
    for first in trainers.clone().step_by(BATCH as usize) {
        let end = trainers.end.min(first + BATCH);
        let ids = || {
            (first..end).map(|id| {
                (
                    Uuid::from_u128(id / TRAINERS_OF_A_ZONE),
                    Uuid::from_u128(FIRST_TRAINER + id),
                )
            })
        };
        let copies = ids().map(|(zone, trainer)| -> [Value; 7] {
            [
                trainer.into(),
                json!({}).into(),
                json!({}).into(),
                true.into(),
                12.3_f64.into(),
                76.6_f64.into(),
                zone.into(),
            ]
        });
        sql("INSERT INTO trainer_copies (trainer_id, account, account_version, profile, profile_version, is_allocatable, latitude, longitude, zone_id, rating_tenths) VALUES (?, ?, 1, ?, 1, ?, ?, ?, ?, 40)**")
            .bind_rows(copies)
            .execute(database)
            .await
            .unwrap();
        let candidates = ids()
            .map(|(zone, trainer)| -> [Value; 3] { [zone.into(), COURSE.into(), trainer.into()] });
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
        let allocations = ids().map(|(zone, trainer)| -> [Value; 8] {
            [
                Uuid::new_v4().into(),
                Uuid::new_v4().into(),
                trainer.into(),
                COURSE.into(),
                zone.into(),
                json!({}).into(),
                now.into(),
                now.into(),
            ]
        });
        sql("INSERT INTO allocations (id, student_id, trainer_id, course_id, zone_id, status, session_count, package, timeslot, created_at, updated_at) VALUES (?, ?, ?, ?, ?, 'approved', 10, ?, '16:00', ?, ?)**")
            .bind_rows(allocations)
            .execute(database)
            .await
            .unwrap();
    }
}
