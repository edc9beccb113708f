use seaworthy_data::{
    Connection as _, DataErrorKind, DataResult, Database, Engine, FromRow, Invariants, Row,
    chrono::{DateTime, SubsecRound as _, Utc},
    from_json, from_optional_text, from_text, sql,
    uuid::Uuid,
};
use serde_json::{Value as Json, json};

use crate::test_database::{TestDatabase, add};

async fn table(database: &Database) {
    sql("")
        .on_postgres("CREATE TABLE kinds (id BIGINT PRIMARY KEY, yes BOOLEAN, small INTEGER, number BIGINT, real_number DOUBLE PRECISION, words TEXT, raw BYTEA, key UUID, at TIMESTAMPTZ, document JSONB)")
        .on_mysql("CREATE TABLE kinds (id BIGINT PRIMARY KEY, yes BOOLEAN, small INTEGER, number BIGINT, real_number DOUBLE, words LONGTEXT CHARACTER SET utf8mb4, raw LONGBLOB, \"key\" BINARY(16), at DATETIME(6), document JSON)")
        .on_sqlite("CREATE TABLE kinds (id INTEGER PRIMARY KEY, yes BOOLEAN, small INTEGER, number BIGINT, real_number REAL, words TEXT, raw BLOB, key BLOB, at TEXT, document TEXT)")
        .execute(database)
        .await
        .unwrap();
}

pub(crate) async fn values_of_every_kind_round_trip_data_1(test_database: TestDatabase) {
    type Kinds = (
        bool,
        i32,
        i64,
        f64,
        String,
        Vec<u8>,
        Uuid,
        DateTime<Utc>,
        Json,
    );
    let database = test_database.open().await;
    table(&database).await;
    let at: DateTime<Utc> = Utc::now();
    let key = Uuid::from_u128(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);
    let words = "it's \"quoted\" \\ ? ?? $1 ü 🦀\n";
    let insert = "INSERT INTO kinds (id, yes, small, number, real_number, words, raw, \"key\", at, document) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    sql(insert)
        .bind(1)
        .bind(true)
        .bind(-7_i32)
        .bind(i64::MIN)
        .bind(0.1_f64)
        .bind(words)
        .bind(vec![0_u8, 255, 39])
        .bind(key)
        .bind(at)
        .bind(json!({"a": [1, "ü", null]}))
        .execute(&database)
        .await
        .unwrap();
    sql(insert)
        .bind(2)
        .bind(None::<bool>)
        .bind(None::<i32>)
        .bind(None::<i64>)
        .bind(None::<f64>)
        .bind(None::<String>)
        .bind(None::<Vec<u8>>)
        .bind(None::<Uuid>)
        .bind(None::<DateTime<Utc>>)
        .bind(None::<Json>)
        .execute(&database)
        .await
        .unwrap();
    let select = "SELECT yes, small, number, real_number, words, raw, \"key\", at, document FROM kinds WHERE id = ?";
    let kinds: Kinds = sql(select).bind(1).fetch_one(&database).await.unwrap();
    assert_eq!(
        kinds,
        (
            true,
            -7,
            i64::MIN,
            0.1,
            words.to_owned(),
            vec![0, 255, 39],
            key,
            at.trunc_subsecs(6),
            json!({"a": [1, "ü", null]})
        )
    );
    type Missing = (
        Option<bool>,
        Option<i32>,
        Option<i64>,
        Option<f64>,
        Option<String>,
        Option<Vec<u8>>,
        Option<Uuid>,
        Option<DateTime<Utc>>,
        Option<Json>,
    );
    let missing: Missing = sql(select).bind(2).fetch_one(&database).await.unwrap();
    assert_eq!(
        missing,
        (None, None, None, None, None, None, None, None, None)
    );
    let (sum, count): (i64, i64) = sql("SELECT sum(small), count(*) FROM kinds")
        .fetch_one(&database)
        .await
        .unwrap();
    assert_eq!((sum, count), (-7, 2));
    let found: Vec<i64> = sql("SELECT id FROM kinds WHERE at <= ? AND \"key\" = ?")
        .bind(at)
        .bind(key)
        .fetch_all(&database)
        .await
        .unwrap();
    assert_eq!(found, [1]);
    let all: Vec<Option<Uuid>> = sql("SELECT \"key\" FROM kinds ORDER BY id")
        .fetch_all(&database)
        .await
        .unwrap();
    assert_eq!(all, [Some(key), None]);
}

pub(crate) async fn value_of_other_kind_is_an_error_with_its_column(test_database: TestDatabase) {
    let database = test_database.open().await;
    add(&database, 1).await;
    let error = sql("SELECT label FROM symbols")
        .fetch_one::<(i64,)>(&database)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), DataErrorKind::UnexpectedRow);
    assert!(error.to_string().contains("label"), "{error}");
    assert!(!error.to_string().contains("label 1"), "{error}");
    let error = sql("SELECT id FROM symbols WHERE id = ?")
        .fetch_one::<(i64,)>(&database)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), DataErrorKind::InvalidStatement);
    let error = sql("UPDATE symbols SET places = ?")
        .bind(u64::MAX)
        .execute(&database)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), DataErrorKind::InvalidValue);
    let missing = sql("SELECT id FROM symbols WHERE id = ?").bind(7);
    let error = missing.fetch_one::<(i64,)>(&database).await.unwrap_err();
    assert_eq!(error.kind(), DataErrorKind::NotFound);
}

pub(crate) async fn list_is_bound_as_list(test_database: TestDatabase) {
    let database = test_database.open().await;
    for id in 1..=6 {
        add(&database, id).await;
    }
    for (wanted, expected) in [
        (vec![], vec![]),
        (vec![2], vec![2]),
        (vec![6, 1, 4], vec![1, 4, 6]),
    ] {
        let rows: Vec<(i64,)> =
            sql("SELECT id FROM symbols WHERE id IN (?*) AND label <> ? ORDER BY id")
                .bind_list(wanted)
                .bind("none")
                .fetch_all(&database)
                .await
                .unwrap();
        let ids: Vec<i64> = rows.into_iter().map(|(id,)| id).collect();
        assert_eq!(ids, expected);
    }
    let done = sql("UPDATE symbols SET places = 1 WHERE id < ?")
        .bind(4)
        .execute(&database)
        .await
        .unwrap();
    assert_eq!(done.rows_affected(), 3);
    let again = sql("UPDATE symbols SET places = 1 WHERE id < ?").bind(4);
    let found = again.execute(&database).await.unwrap().rows_affected();
    assert_eq!(found, 3, "found rows count, changed or not");
    assert!(Engine::ALL.contains(&database.engine()));
}

pub(crate) async fn exists_returns_whether_a_row_is_selected(test_database: TestDatabase) {
    let database = test_database.open().await;
    for id in 1..=2 {
        add(&database, id).await;
    }
    for (least, expected) in [(1, true), (2, true), (3, false)] {
        let found = sql("SELECT id FROM symbols WHERE id >= ?").bind(least);
        assert_eq!(found.exists(&database).await.unwrap(), expected, "{least}");
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Parsed {
    number: u8,
    missing: Option<u8>,
    document: Vec<u8>,
}

impl FromRow for Parsed {
    fn from_row(row: &Row) -> DataResult<Self> {
        Ok(Self {
            number: from_text(row, "words")?,
            missing: from_optional_text(row, "other_words")?,
            document: from_json(row, "document")?,
        })
    }
}

pub(crate) async fn texts_and_documents_are_parsed_data_1(test_database: TestDatabase) {
    const ROW: &str =
        "SELECT words, CASE WHEN id = 2 THEN words END AS other_words, document FROM kinds";
    let database = test_database.open().await;
    table(&database).await;
    sql("INSERT INTO kinds (id, words, document) VALUES (?, ?, ?)")
        .bind(1)
        .bind("7")
        .bind(json!([1, 2]))
        .execute(&database)
        .await
        .unwrap();
    let parsed: Parsed = sql(ROW).fetch_one(&database).await.unwrap();
    let expected = Parsed {
        number: 7,
        missing: None,
        document: vec![1, 2],
    };
    assert_eq!(parsed, expected);
    for wrong in [
        "UPDATE kinds SET words = '700' WHERE id = 1",
        "UPDATE kinds SET words = NULL WHERE id = 1",
    ] {
        sql(wrong).execute(&database).await.unwrap();
        let error = sql(ROW).fetch_one::<Parsed>(&database).await.unwrap_err();
        assert_eq!(error.kind(), DataErrorKind::UnexpectedRow, "{error}");
        assert!(error.to_string().contains("words"), "{error}");
    }
}

pub(crate) async fn violations_of_invariants_are_counted_data_3(test_database: TestDatabase) {
    const INVARIANTS: Invariants = Invariants(&[
        (
            "small_is_positive",
            "SELECT COUNT(*) FROM kinds WHERE small < 1",
        ),
        (
            "words_are_set",
            "SELECT COUNT(*) FROM kinds WHERE words IS NULL",
        ),
    ]);
    let database = test_database.open().await;
    table(&database).await;
    sql("INSERT INTO kinds (id, small, words) VALUES (1, 0, 'a'), (2, -1, 'b'), (3, 1, 'c')")
        .execute(&database)
        .await
        .unwrap();
    let violations = INVARIANTS.violations(&database).await.unwrap();
    assert_eq!(violations, [("small_is_positive", 2), ("words_are_set", 0)]);
}
