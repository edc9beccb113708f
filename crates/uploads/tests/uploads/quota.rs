use seaworthy_data::sql;
use seaworthy_uploads::{NewUpload, UploadError, UploadStatus};

use crate::fixture::{MAX_OPEN, MAX_SIZE, TestApp};

pub(crate) async fn concurrent_requests_stay_within_quota_file_1(app: TestApp) {
    let creations = (0..12).map(|_| app.uploads.create(NewUpload::new("ada", "x").size(1)));
    let created = futures::future::join_all(creations).await;
    let accepted = created.iter().filter(|created| created.is_ok()).count();
    assert_eq!(u32::try_from(accepted).unwrap(), MAX_OPEN);
    for rejected in created.iter().filter_map(|created| created.as_ref().err()) {
        assert!(
            matches!(rejected, UploadError::TooManyOpen(MAX_OPEN)),
            "{rejected}"
        );
    }
    // Other owners have their own quota.
    app.uploads
        .create(NewUpload::new("bob", "x"))
        .await
        .unwrap();
    let first = created.into_iter().flatten().next().unwrap();
    app.uploads.store().delete(first.id).await.unwrap();
    app.uploads
        .create(NewUpload::new("ada", "x"))
        .await
        .unwrap();
}

pub(crate) async fn bytes_of_an_owner_are_limited_file_1(app: TestApp) {
    let above = app
        .uploads
        .create(NewUpload::new("ada", "x").size(MAX_SIZE + 1))
        .await;
    assert!(matches!(above, Err(UploadError::TooLarge(_))), "{above:?}");
    // An unknown size counts as the maximum, until the true size is known.
    let open = app
        .uploads
        .create(NewUpload::new("ada", "x"))
        .await
        .unwrap();
    for _ in 0..4 {
        app.uploads
            .create(NewUpload::new("ada", "x").size(MAX_SIZE))
            .await
            .unwrap();
    }
    assert_eq!(app.put(&open, "content").await, 200);
    app.uploads.complete(open.id, "ada").await.unwrap();
    app.reaches(open.id, UploadStatus::Ready).await;
    let rejected = app
        .uploads
        .create(NewUpload::new("ada", "x").size(MAX_SIZE))
        .await;
    assert!(
        matches!(rejected, Err(UploadError::Quota(_))),
        "{rejected:?}"
    );
    let fits = NewUpload::new("ada", "x").size(MAX_SIZE - 4096);
    app.uploads.create(fits).await.unwrap();
}

pub(crate) async fn empty_upload_reserves_space_file_1(app: TestApp) {
    for size in [0, 1] {
        let new = NewUpload::new("ada", "x").size(size);
        app.uploads.create(new).await.unwrap();
    }
    let (reserved,): (i64,) = sql("SELECT MIN(reserved_bytes) FROM uploads")
        .fetch_one(&app.database)
        .await
        .unwrap();
    assert_eq!(reserved, 4096);
}
