//! The macros of `seaworthy::data` on every installed engine.
#![cfg(feature = "data")]
#![expect(
    clippy::unwrap_used,
    reason = "the lint knows only functions marked as tests"
)]

use seaworthy::data::{Database, DatabaseConfig, prelude::*};
use seaworthy_testkit::database::EmptyDatabase;

#[derive(Debug, PartialEq, FromRow)]
struct Person {
    id: i64,
    #[from_row(column = "full_name")]
    name: String,
    #[from_row(with = upper)]
    city: String,
    #[from_row(map = Cents, column = "balance")]
    coins: Cents,
    #[from_row(flatten)]
    note: Note,
}

#[derive(Debug, PartialEq)]
struct Cents(i64);

#[derive(Debug, PartialEq, FromRow)]
struct Note {
    r#type: Option<String>,
}

fn upper(row: &Row, column: &str) -> Result<String, DataError> {
    Ok(row.get::<String>(column)?.to_uppercase())
}

#[tokio::test]
async fn expressions_are_bound_and_rows_are_read_data_4() {
    for empty in EmptyDatabase::every_engine() {
        let config = DatabaseConfig {
            url: empty.url().parse().unwrap(),
            ..DatabaseConfig::default()
        };
        let database = Database::builder("test", config).open().await.unwrap();
        sql!("CREATE TABLE people (id BIGINT PRIMARY KEY, full_name VARCHAR(80), city VARCHAR(80), balance BIGINT, type VARCHAR(80))")
            .apply(&database)
            .await
            .unwrap();
        let (id, names) = (7_i64, ["O'Hara; DROP TABLE people", "Rao"]);
        let insert = |id: i64| {
            sql!("INSERT INTO people (id, full_name, city, balance, type) VALUES ({id}, {names[0]}, {names[1].to_lowercase()}, {id + 1}, NULL) ON CONFLICT DO NOTHING",
                mysql: "INSERT IGNORE INTO people (id, full_name, city, balance, type) VALUES ({id}, {names[0]}, {names[1].to_lowercase()}, {id + 1}, NULL)")
        };
        for is_new in [true, false] {
            assert_eq!(insert(id).changes(&database).await.unwrap(), is_new);
        }
        let found: Vec<Person> = sql!(
            "SELECT * FROM people WHERE full_name <> '{{}}' AND ",
            "id = {id}"
        )
        .fetch_all(&database)
        .await
        .unwrap();
        let expected = Person {
            id: 7,
            name: "O'Hara; DROP TABLE people".to_owned(),
            city: "RAO".to_owned(),
            coins: Cents(8),
            note: Note { r#type: None },
        };
        assert_eq!(found, [expected], "{}", empty.url());
    }
}
