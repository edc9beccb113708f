//! The ends of calls.

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use http::header::CONTENT_TYPE;
use seaworthy_testkit::database::EmptyDatabase;

use super::{delete_entries, grpc, only_entry, record, start};
use crate::outcome::OK;

#[tokio::test]
async fn header_of_a_handler_does_not_mark_a_replay_obs_11() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let (service, _database, log) = start(&empty).await;
    record(&log, "/users", "{}", async |_| {
        [("idempotency-replayed", "true")].into_response()
    })
    .await;
    assert_eq!(only_entry(&log).await.result, OK);
    service.stop().await;
}

#[tokio::test]
async fn fault_without_a_message_is_not_a_rejection_obs_11() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let (service, database, log) = start(&empty).await;
    for (status, content) in [(13, Some("{}")), (14, Some("{}")), (3, None), (7, None)] {
        record(&log, grpc::LOG_IN, grpc::EMPTY_MESSAGE, async |_| {
            let mut response = Response::new(Body::empty());
            let headers = response.headers_mut();
            headers.insert(CONTENT_TYPE, grpc::MEDIA_TYPE);
            headers.insert("grpc-status", status.into());
            response
        })
        .await;
        let entry = only_entry(&log).await;
        assert_eq!(
            (entry.status, entry.content.as_deref()),
            (Some(status), content)
        );
        delete_entries(&database).await;
    }
    service.stop().await;
}
