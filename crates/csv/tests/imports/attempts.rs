use std::sync::atomic::Ordering;

use seaworthy_csv::ImportStatus;

use crate::fixture::{TestImports, file, new_import};

pub(crate) async fn failed_import_continues_at_its_position_file_1(test: TestImports) {
    // Quoted line breaks, so that rows and lines differ.
    let rows = (0..95).map(|row| format!("\"{row}\n@example.org\",{}\n", 20 + row % 50));
    let text = format!("email,age\n{}", rows.collect::<String>());
    let id = test.create(new_import(), &text).await;
    test.behavior.fails_after.store(4, Ordering::SeqCst);
    test.run().await;
    let stopped = test.find(id).await;
    assert_eq!(stopped.status, ImportStatus::Storing);
    assert_eq!((stopped.rows_stored, test.members().await), (30, 30));
    assert!(stopped.position > 0 && stopped.position < stopped.size);
    test.skip_backoff().await;
    test.run().await;
    let done = test.find(id).await;
    assert_eq!(done.status, ImportStatus::Done, "{done:?}");
    assert_eq!((done.rows_stored, test.members().await), (95, 95));
}

pub(crate) async fn concurrent_workers_store_each_row_once_file_1(test: TestImports) {
    let text = file((0..300).map(|_| "30"));
    let id = test.create(new_import(), &text).await;
    let worker = async || {
        for _ in 0..20 {
            test.imports.step().await.unwrap();
            // Another worker may claim the import before this one has finished it.
            test.skip_backoff().await;
        }
    };
    tokio::join!(worker(), worker(), worker());
    test.run().await;
    let done = test.find(id).await;
    assert_eq!(done.status, ImportStatus::Done, "{done:?}");
    assert_eq!((done.rows_checked, done.rows_bad), (300, 0));
    assert_eq!((done.rows_stored, test.members().await), (300, 300));
}

pub(crate) async fn endless_failures_end_the_import_file_1(test: TestImports) {
    let id = test.create(new_import(), &file(["30"])).await;
    test.behavior.always_fails.store(true, Ordering::SeqCst);
    for _ in 0..3 {
        test.run().await;
        test.skip_backoff().await;
    }
    let failed = test.find(id).await;
    assert_eq!(failed.status, ImportStatus::Failed);
    assert_eq!(failed.failure.unwrap().reason, "TOO_MANY_ATTEMPTS");
    assert_eq!((test.members().await, test.pieces().await), (0, 0));
}
