use std::sync::atomic::Ordering;

use seaworthy_csv::{ImportError, ImportStatus};

use crate::fixture::{TestImports, file, new_import};

pub(crate) async fn undo_removes_all_rows_of_the_import_file_1(test: TestImports) {
    test.execute("INSERT INTO members (email, age) VALUES ('other', 1)")
        .await;
    let id = test
        .create(new_import(), &file((0..35).map(|_| "30")))
        .await;
    let early = test.imports.undo(id, "mira").await.unwrap_err();
    assert!(matches!(early, ImportError::Status(ImportStatus::Checking)));
    test.run().await;
    assert_eq!(test.members().await, 36);
    test.imports.undo(id, "mira").await.unwrap();
    test.run().await;
    let undone = test.find(id).await;
    assert_eq!(
        (undone.status, undone.rows_stored),
        (ImportStatus::Undone, 0)
    );
    assert_eq!(test.members().await, 1);
}

pub(crate) async fn canceled_import_stops_and_can_be_undone_file_1(test: TestImports) {
    let id = test
        .create(new_import(), &file((0..35).map(|_| "30")))
        .await;
    test.behavior.fails_after.store(3, Ordering::SeqCst);
    test.run().await;
    let canceled = test.imports.cancel(id, "mira").await.unwrap();
    assert_eq!(
        (canceled.status, canceled.rows_stored),
        (ImportStatus::Canceled, 20)
    );
    assert_eq!(test.pieces().await, 0);
    test.skip_backoff().await;
    test.run().await;
    assert_eq!(test.members().await, 20);
    assert!(test.imports.confirm(id, "mira").await.is_err());
    test.imports.undo(id, "mira").await.unwrap();
    test.run().await;
    assert_eq!(test.members().await, 0);
    assert_eq!(test.find(id).await.status, ImportStatus::Undone);
}

pub(crate) async fn failed_import_can_be_undone_file_1(test: TestImports) {
    let known = |row| format!("known{row}@example.org,30\n");
    let text: String = (0..60).map(known).collect();
    test.create(new_import(), &format!("email,age\n{text}"))
        .await;
    test.run().await;
    let new: String = (0..30)
        .map(|row| format!("new{row}@example.org,30\n"))
        .collect();
    let id = test
        .create(new_import(), &format!("email,age\n{new}{text}"))
        .await;
    test.run().await;
    let failed = test.find(id).await;
    assert_eq!(
        (failed.status, failed.rows_stored),
        (ImportStatus::Failed, 30),
        "{failed:?}"
    );
    assert_eq!(test.members().await, 90);
    test.imports.undo(id, "mira").await.unwrap();
    test.run().await;
    assert_eq!(test.find(id).await.status, ImportStatus::Undone);
    assert_eq!(test.members().await, 60);
}
