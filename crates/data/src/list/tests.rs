use proptest::prelude::*;

use super::*;
use crate::{Engine, Kind};

fn symbols() -> List {
    List::new(
        "id, label",
        "symbols",
        Field::new("id", "id", Kind::Integer).filter(Operator::EXACT),
    )
    .with_condition("project_id = ?")
    .field(
        Field::new("label", "label", Kind::Text)
            .filter(&[
                Operator::Equals,
                Operator::In,
                Operator::Prefix,
                Operator::Contains,
            ])
            .sort(),
    )
    .field(
        Field::new("created", "created_at", Kind::Time)
            .filter(Operator::RANGE)
            .sort(),
    )
}

fn refused(query: &str) -> Vec<String> {
    let error = symbols()
        .query(&ListRequest::from_query(query))
        .unwrap_err();
    error
        .fields()
        .iter()
        .map(|field| field.field.clone())
        .collect()
}

#[test]
fn parameters_that_are_not_allowed_are_named_data_4() {
    for (query, name) in [
        ("sort=id;DROP+TABLE+symbols", "sort"),
        ("sort=secret", "sort"),
        ("sort=label,label", "sort"),
        ("limit=0", "limit"),
        ("limit=-1", "limit"),
        ("limit=201", "limit"),
        ("limit=1&limit=2", "limit"),
        ("offset=-1", "offset"),
        ("offset=1000000", "offset"),
        ("cursor=x", "cursor"),
        ("cursor=WyJ4IixbXV0", "cursor"),
        ("secret=1", "secret"),
        ("label.after=a", "label.after"),
        ("label.nothing=a", "label.nothing"),
        ("id=1+OR+1%3D1", "id"),
        ("created.from=yesterday", "created.from"),
        ("label=%00", "label"),
        ("total=perhaps", "total"),
    ] {
        assert_eq!(refused(query), [name], "{query}");
    }
    assert_eq!(refused("limit=0&sort=x&y=1"), ["limit", "sort", "y"]);
    assert!(symbols().query(&ListRequest::default()).is_ok());
    assert!(symbols().query(&ListRequest::from_query("label=")).is_ok());
}

#[test]
fn statement_records_its_request() {
    let asked = ListRequest::from_query(
        "label.prefix=ab&created.from=2026-01-01T00:00:00Z&sort=-created,label&limit=7&offset=3",
    );
    let query = symbols().query(&asked).unwrap().bind(1);
    let statement = query.rows(Engine::Sqlite);
    assert_eq!(
        statement.text(Engine::Sqlite).as_str(),
        "SELECT id, label, created_at AS sort_0, label AS sort_1, id AS sort_2 FROM symbols WHERE (project_id = ?) AND SUBSTR(label, 1, ?) = ? AND created_at >= ? ORDER BY created_at DESC, label ASC, id ASC LIMIT ? OFFSET ?"
    );
    assert_eq!(statement.values().len(), 6);
}

proptest! {
    #[test]
    fn text_of_clients_never_becomes_sql_data_4(
        name in prop_oneof![
            Just("label".to_owned()), Just("label.in".to_owned()), Just("label.prefix".to_owned()), Just("label.contains".to_owned()),
            Just("id".to_owned()), Just("sort".to_owned()), Just("cursor".to_owned()), Just("limit".to_owned()), ".*",
        ],
        value in ".*",
    ) {
        let marked = format!("{value}canary'\"{value}");
        let texts = |value: &str| {
            let query = symbols().query(&ListRequest::new([(name.clone(), value.to_owned())])).ok()?;
            Some(Engine::ALL.map(|engine| query.rows(engine).text(engine).as_str().to_owned()))
        };
        if let Some(all) = texts(&marked) {
            for text in &all {
                prop_assert!(!text.contains("canary"), "{text}");
                let is_plain = text.chars().all(|c| c.is_ascii_alphanumeric() || " _,().=<>?*".contains(c));
                prop_assert!(is_plain, "{text}");
            }
        }
        let _ = texts(&value);
    }
}
