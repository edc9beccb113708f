use std::{convert::Infallible, sync::atomic::Ordering};

use bytes::Bytes;
use futures::{StreamExt as _, stream};
use seaworthy_csv::{FileError, ImportError, ImportStatus};

use crate::fixture::{MAX_BAD_ROWS, TestImports, file, new_import};

pub(crate) async fn rejected_files_leave_nothing_file_1(test: TestImports) {
    let create = async |pieces: Vec<Result<Bytes, &'static str>>| {
        let created = test.imports.create(new_import(), stream::iter(pieces));
        created.await.unwrap_err()
    };
    let big = Bytes::from(vec![b'x'; 300_000]);
    let large = create(vec![Ok(big.clone()); 8]).await;
    assert!(matches!(large, ImportError::File(FileError::TooLarge(_))));
    let cut = create(vec![Ok(big.clone()), Err("the connection is lost")]).await;
    assert!(matches!(cut, ImportError::Body(_)));
    let binary = create(vec![Ok(big), Ok(Bytes::from_static(b"\n\0"))]).await;
    assert!(matches!(
        binary,
        ImportError::File(FileError::Binary { line: 2 })
    ));
    assert_eq!(test.count("SELECT COUNT(*) FROM csv_imports").await, 0);
    assert_eq!(test.pieces().await, 0);
}

pub(crate) async fn too_many_bad_rows_fail_the_import_file_1(test: TestImports) {
    let max = MAX_BAD_ROWS as usize;
    let id = test
        .create(new_import(), &file((0..max + 1).map(|_| "1")))
        .await;
    test.run().await;
    let failed = test.find(id).await;
    assert_eq!(failed.status, ImportStatus::Failed);
    assert!(failed.failure.unwrap().message.contains("40 rows"));
    let ages = (0..=max).map(|row| if row < max { "1" } else { "30" });
    let id = test.create(new_import(), &file(ages)).await;
    test.run().await;
    assert_eq!(test.find(id).await.status, ImportStatus::Done);
    assert_eq!(test.imports.report(id, "mira").await.unwrap().len(), max);
    let id = test.create(new_import(), "email,years\nx,1\n").await;
    test.run().await;
    let failure = test.find(id).await.failure.unwrap();
    assert_eq!(failure.reason, "FILE_INVALID");
    assert!(failure.message.contains("email, age"), "{failure:?}");
}

pub(crate) async fn imports_of_others_do_not_exist_file_1(test: TestImports) {
    let id = test.create(new_import().dry_run(), &file(["30"])).await;
    let is_missing = |error: ImportError| matches!(error, ImportError::NotFound);
    assert!(is_missing(test.imports.find(id, "jo").await.unwrap_err()));
    assert!(is_missing(test.imports.report(id, "jo").await.unwrap_err()));
    assert!(is_missing(test.imports.cancel(id, "jo").await.unwrap_err()));
    assert!(is_missing(test.imports.undo(id, "jo").await.unwrap_err()));
    assert!(is_missing(
        test.imports.confirm(id, "jo").await.unwrap_err()
    ));
    assert!(test.imports.list("jo").await.unwrap().is_empty());
    assert_eq!(test.imports.list("mira").await.unwrap().len(), 1);
    test.create(new_import(), &file(["30"])).await;
    let pieces = stream::iter([Ok::<_, &str>(Bytes::from_static(b"email\n"))]);
    let refused = test.imports.create(new_import(), pieces).await.unwrap_err();
    assert!(matches!(refused, ImportError::TooManyOpen(2)));
}

pub(crate) async fn sweeper_removes_old_imports_file_1(test: TestImports) {
    let waits = test.create(new_import().dry_run(), &file(["30"])).await;
    let done = test.create(new_import(), &file(["30", "1"])).await;
    test.run().await;
    test.imports.sweep().await.unwrap();
    assert_eq!(test.find(waits).await.status, ImportStatus::Checked);
    // Two days: the confirmation is late.
    test.execute("UPDATE csv_imports SET changed_us = changed_us - 172800000000")
        .await;
    test.imports.sweep().await.unwrap();
    assert_eq!(test.find(waits).await.status, ImportStatus::Canceled);
    assert_eq!(test.find(done).await.status, ImportStatus::Done);
    assert_eq!(test.pieces().await, 0);
    test.execute("UPDATE csv_imports SET changed_us = changed_us - 2678400000000")
        .await;
    test.imports.sweep().await.unwrap();
    for left in [
        "SELECT COUNT(*) FROM csv_imports",
        "SELECT COUNT(*) FROM csv_import_bad_rows",
        "SELECT COUNT(*) FROM csv_import_owners",
    ] {
        assert_eq!(test.count(left).await, 0, "{left}");
    }
    // The client disconnected while it sent the file.
    test.create(new_import(), &file(["30"])).await;
    test.execute(
        "UPDATE csv_imports SET status = 'receiving', changed_us = changed_us - 700000000",
    )
    .await;
    test.imports.sweep().await.unwrap();
    assert_eq!(test.pieces().await, 0);
}

pub(crate) async fn report_has_every_problem_file_1(test: TestImports) {
    test.behavior.problems.store(3, Ordering::SeqCst);
    let max = MAX_BAD_ROWS as usize;
    let ages = (0..=max).map(|row| if row < max { "1" } else { "30" });
    let id = test.create(new_import(), &file(ages)).await;
    test.run().await;
    assert_eq!(test.find(id).await.status, ImportStatus::Done);
    let report = test.imports.report(id, "mira").await.unwrap();
    assert_eq!(report.len(), 3 * max);
}

pub(crate) async fn rows_that_become_bad_fail_the_import_file_1(test: TestImports) {
    let ages = (0..=MAX_BAD_ROWS).map(|_| "30");
    let id = test.create(new_import().dry_run(), &file(ages)).await;
    test.run().await;
    assert_eq!(test.find(id).await.status, ImportStatus::Checked);
    test.behavior.min_age.store(200, Ordering::SeqCst);
    test.imports.confirm(id, "mira").await.unwrap();
    test.run().await;
    let failed = test.find(id).await;
    assert_eq!(failed.status, ImportStatus::Failed, "{failed:?}");
    assert!(failed.failure.unwrap().message.contains("40 rows"));
}

pub(crate) async fn reported_row_that_is_rejected_is_left_out_file_1(test: TestImports) {
    let text = "email,age\na@example.org,30\na@example.org,1\nb@example.org,30\n";
    let id = test.create(new_import().dry_run(), text).await;
    test.run().await;
    // The check accepts the second row now, but its address is taken.
    test.behavior.min_age.store(0, Ordering::SeqCst);
    test.imports.confirm(id, "mira").await.unwrap();
    test.run().await;
    let done = test.find(id).await;
    assert_eq!(done.status, ImportStatus::Done, "{done:?}");
    assert_eq!((done.rows_stored, done.rows_bad), (2, 1));
    assert_eq!(test.imports.report(id, "mira").await.unwrap().len(), 1);
}

pub(crate) async fn concurrent_files_stay_within_the_quota_file_1(test: TestImports) {
    let create = |_| {
        test.imports
            .create_from(new_import(), "email\na@example.org\n")
    };
    let created = futures::future::join_all((0..20).map(create)).await;
    let refused = |created: &Result<_, _>| matches!(created, Err(ImportError::TooManyOpen(2)));
    assert_eq!(created.iter().filter(|created| created.is_ok()).count(), 2);
    assert_eq!(
        created.iter().filter(|created| refused(created)).count(),
        18
    );
}

pub(crate) async fn canceled_file_leaves_nothing_file_1(test: TestImports) {
    let piece = Bytes::from(vec![b'x'; 300_000]);
    let pieces = stream::iter(0..3).then(|number| {
        let (imports, piece) = (test.imports.clone(), piece.clone());
        async move {
            if number == 1 {
                let open = imports.list("mira").await.unwrap();
                imports.cancel(open[0].id, "mira").await.unwrap();
            }
            Ok::<_, Infallible>(piece)
        }
    });
    let refused = test.imports.create(new_import(), pieces).await.unwrap_err();
    assert!(
        matches!(refused, ImportError::Status(ImportStatus::Canceled)),
        "{refused:?}"
    );
    assert_eq!(test.pieces().await, 0);
}
