use seaworthy_data::{
    Connection as _, DataErrorKind, Field, Isolation, Kind, List, ListRequest, Operator, Page,
    TransactionOptions, sql,
};

use crate::test_database::TestDatabase;

fn symbols() -> List {
    let id = Field::new("id", "id", Kind::Integer).filter(Operator::EXACT);
    List::new("id, label", "symbols", id)
        .with_condition("id > ?")
        .field(
            Field::new("label", "label", Kind::Text)
                .filter(&[Operator::Prefix, Operator::Contains, Operator::In])
                .sort(),
        )
        .field(
            Field::new("places", "places", Kind::Integer)
                .filter(Operator::RANGE)
                .sort(),
        )
}

pub(crate) async fn pages_show_each_row_once_in_every_order_data_4(test_database: TestDatabase) {
    let database = test_database.open().await;
    for id in 1..=25_i64 {
        sql("INSERT INTO symbols (id, label, places) VALUES (?, ?, ?)")
            .bind(id)
            .bind(format!(
                "{}{id:02}%",
                if id % 2 == 0 { "even_" } else { "Odd_" }
            ))
            .bind(id % 3)
            .execute(&database)
            .await
            .unwrap();
    }
    for sort in [
        "places",
        "-places",
        "label",
        "-places,label",
        "id",
        "-id",
        "",
    ] {
        let mut cursor = String::new();
        let mut seen = Vec::new();
        loop {
            let mut pairs = vec![("sort", sort), ("limit", "4"), ("total", "true")];
            if !cursor.is_empty() {
                pairs.push(("cursor", &cursor));
            }
            let asked = ListRequest::new(pairs);
            let query = symbols().query(&asked).unwrap().bind(5);
            let page: Page<(i64, String)> = query.fetch(&database).await.unwrap();
            assert_eq!(page.total, Some(20));
            seen.extend(page.items.into_iter().map(|(id, _)| id));
            match page.next {
                Some(next) => cursor = next,
                None => break,
            }
        }
        let mut ids = seen.clone();
        ids.sort_unstable();
        assert_eq!(ids, (6..=25).collect::<Vec<_>>(), "{sort}: {seen:?}");
        match sort {
            "id" | "" => assert_eq!(seen[0], 6),
            "-id" => assert_eq!(seen[0], 25),
            "label" => assert_eq!(seen[0], 7, "by code points: O before e"),
            "-places,label" => assert_eq!(seen[0] % 3, 2),
            _ => {}
        }
    }
    for (filter, count) in [
        (("label.prefix", "even_1"), 5),
        (("label.prefix", "EVEN"), 0),
        (("label.contains", "_1"), 10),
        (("label.contains", "%"), 25),
        (("label.in", "even_02%,Odd_03%,none"), 2),
        (("places.from", "1"), 17),
    ] {
        let asked = ListRequest::new([filter, ("limit", "200")]);
        let query = symbols().query(&asked).unwrap().bind(0);
        let page: Page<(i64, String)> = query.fetch(&database).await.unwrap();
        assert_eq!(page.items.len(), count, "{filter:?}");
        assert_eq!(page.next, None);
    }
    // A cursor of another order is an error that names the parameter.
    let first = symbols()
        .query(&ListRequest::new([("limit", "1")]))
        .unwrap();
    let page: Page<(i64, String)> = first.bind(0).fetch(&database).await.unwrap();
    let cursor = page.next.unwrap();
    let other = ListRequest::new([("sort", "label"), ("cursor", &cursor)]);
    let error = symbols().query(&other).unwrap_err();
    assert_eq!(error.fields()[0].field, "cursor");
}

pub(crate) async fn transaction_runs_again_after_conflict_data_3(test_database: TestDatabase) {
    let mut config = test_database.config();
    config.max_transaction_retries = 100;
    config.transaction_timeout = seaworthy_core::Timeout::from_secs(30);
    let database = test_database.open_with(config).await;
    sql("INSERT INTO symbols (id, label, places) VALUES (1, 'counter', 0)")
        .execute(&database)
        .await
        .unwrap();
    let mut tasks = Vec::new();
    for _ in 0..6 {
        let database = database.clone();
        tasks.push(tokio::spawn(async move {
            for _ in 0..5 {
                let options = TransactionOptions::new().isolation(Isolation::Serializable);
                database
                    .transaction_with(options, |tx| async move {
                        let (places,): (i64,) = sql("SELECT places FROM symbols WHERE id = 1")
                            .fetch_one(&tx)
                            .await?;
                        sql("UPDATE symbols SET places = ? WHERE id = 1")
                            .bind(places + 1)
                            .execute(&tx)
                            .await?;
                        Ok::<_, seaworthy_data::DataError>(())
                    })
                    .await
                    .unwrap();
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let (places,): (i64,) = sql("SELECT places FROM symbols WHERE id = 1")
        .fetch_one(&database)
        .await
        .unwrap();
    assert_eq!(places, 30, "on {}", database.engine());
}

pub(crate) async fn read_only_transaction_cannot_write(test_database: TestDatabase) {
    let database = test_database.open().await;
    let reading = TransactionOptions::new().read_only();
    let tx = database.begin_with(reading).await.unwrap();
    let error = sql("INSERT INTO projects (id) VALUES (1)")
        .execute(&tx)
        .await;
    assert_eq!(error.unwrap_err().kind(), DataErrorKind::ReadOnly);
    tx.rollback().await.unwrap();
    // The connection is read-write again.
    for _ in 0..3 {
        let done = sql("UPDATE projects SET id = 2").execute(&database).await;
        assert_eq!(done.unwrap().rows_affected(), 0);
    }
}
