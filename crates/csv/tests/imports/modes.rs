use seaworthy_csv::{ImportMode, ImportStatus};

use crate::fixture::{TestImports, file, new_import};

pub(crate) async fn batches_store_good_rows_and_report_bad_ones_file_1(test: TestImports) {
    let ages = (0..35).map(|row| match row {
        7 => "old",
        21 => "12",
        _ => "30",
    });
    let id = test.create(new_import(), &file(ages)).await;
    test.run().await;
    let done = test.find(id).await;
    assert_eq!(done.status, ImportStatus::Done, "{done:?}");
    assert_eq!(
        (done.rows_checked, done.rows_bad, done.rows_stored),
        (35, 2, 33)
    );
    assert_eq!((done.percent(), test.members().await), (100, 33));
    assert_eq!(test.pieces().await, 0);
    let report = test.imports.report(id, "mira").await.unwrap();
    let lines: Vec<_> = report.iter().map(|bad| bad.line).collect();
    assert_eq!(lines, [9, 23]);
    assert_eq!(report[1].column.as_deref(), Some("age"));
    assert_eq!(report[1].value.as_deref(), Some("… (2 characters)"));
    assert_eq!(report[1].message, "must be at least 18");
    let csv = test.imports.report_csv(id, "mira").await.unwrap();
    assert!(csv.starts_with(b"line,column,value,message\r\n9,age,"));
}

pub(crate) async fn rejected_rows_are_found_within_their_batch_file_1(test: TestImports) {
    test.execute("INSERT INTO members (email, age) VALUES ('13@example.org', 1)")
        .await;
    let mut text = file((0..25).map(|_| "30"));
    // The same key in another batch of the same file.
    text += "2@example.org,31\n";
    let id = test.create(new_import(), &text).await;
    test.run().await;
    let done = test.find(id).await;
    assert_eq!(done.status, ImportStatus::Done, "{done:?}");
    assert_eq!((done.rows_bad, done.rows_stored), (2, 24));
    assert_eq!(test.members().await, 25);
    let report = test.imports.report(id, "mira").await.unwrap();
    let lines: Vec<_> = report.iter().map(|bad| bad.line).collect();
    assert_eq!(lines, [15, 27]);
    assert!(report[0].message.contains("exists already"));
}

pub(crate) async fn all_or_nothing_stores_nothing_with_a_bad_row_file_1(test: TestImports) {
    let all = || new_import().mode(ImportMode::AllOrNothing);
    let bad = file((0..25).map(|row| if row == 24 { "1" } else { "30" }));
    let id = test.create(all(), &bad).await;
    test.run().await;
    let failed = test.find(id).await;
    assert_eq!(failed.status, ImportStatus::Failed);
    assert_eq!(failed.failure.unwrap().reason, "BAD_ROWS");
    assert_eq!((test.members().await, test.pieces().await), (0, 0));
    assert_eq!(test.imports.report(id, "mira").await.unwrap().len(), 1);

    let good = file((0..25).map(|_| "30"));
    let id = test.create(all(), &good).await;
    test.run().await;
    assert_eq!(test.find(id).await.status, ImportStatus::Done);
    assert_eq!(
        (test.find(id).await.rows_stored, test.members().await),
        (25, 25)
    );
}

pub(crate) async fn all_or_nothing_stores_nothing_with_a_rejected_row_file_1(test: TestImports) {
    let text = file((0..25).map(|_| "30")) + "3@example.org,30\n";
    let new = new_import().mode(ImportMode::AllOrNothing);
    let id = test.create(new, &text).await;
    test.run().await;
    let failed = test.find(id).await;
    assert_eq!(failed.failure.unwrap().reason, "ROWS_REJECTED");
    assert_eq!((failed.rows_stored, test.members().await), (0, 0));
    let report = test.imports.report(id, "mira").await.unwrap();
    assert_eq!(report.len(), 1);
    assert_eq!(report[0].line, 27);
}

pub(crate) async fn dry_run_stores_nothing_until_confirmed_file_1(test: TestImports) {
    let text = file((0..25).map(|row| if row == 3 { "x" } else { "30" }));
    let id = test.create(new_import().dry_run(), &text).await;
    assert!(test.imports.confirm(id, "mira").await.is_err());
    test.run().await;
    let checked = test.find(id).await;
    assert_eq!(checked.status, ImportStatus::Checked);
    assert_eq!((checked.rows_checked, checked.rows_bad), (25, 1));
    assert_eq!(test.members().await, 0);

    test.imports.confirm(id, "mira").await.unwrap();
    // A repeated click.
    test.imports.confirm(id, "mira").await.unwrap();
    test.run().await;
    assert_eq!(test.find(id).await.status, ImportStatus::Done);
    assert_eq!(
        (test.find(id).await.rows_bad, test.members().await),
        (1, 24)
    );
    test.imports.confirm(id, "mira").await.unwrap();
    test.run().await;
    assert_eq!(test.members().await, 24);
}
