//! Writes that fail, and entries that are lost.

use std::time::Instant;

use axum::response::Response;
use http_body_util::BodyExt as _;
use seaworthy_core::RequestContext;
use seaworthy_data::{Database, sql};
use seaworthy_testkit::{database::EmptyDatabase, eventually, http::get};
use tokio::task::spawn_blocking;

use super::{delete_entries, grpc, has_user_and_change, new_context, only_entry, record, start};
use crate::{
    OperationLog, OperationQuery,
    outcome::{OK, Outcome},
    record::{CallEnd, CallStart},
    store::Entry,
};

async fn execute(database: &Database, statement: &'static str) {
    sql(statement).execute(database).await.unwrap();
}

/// Returns an entry that is not stored.
fn new_entry(log: &OperationLog, context: &RequestContext) -> Entry {
    let [operation, target, path] = ["POST", "/users", "/users"].map(str::to_owned);
    Entry::new(log, CallStart::new(context, operation, target, path))
}

fn end_of_a_call() -> CallEnd {
    let outcome = Outcome::of_response(&Response::default()).unwrap();
    CallEnd::default().with_outcome(outcome, Instant::now())
}

/// Gives the only stored entry the ID of another one.
async fn take_id(database: &Database, entry: &Entry) {
    let taken = sql("UPDATE operation_logs SET id = ?").bind(entry.id());
    taken.execute(database).await.unwrap();
}

const REJECT: &str = "CREATE TRIGGER reject BEFORE UPDATE ON operation_logs BEGIN SELECT RAISE(ABORT, 'no space'); END";

#[tokio::test]
async fn entry_that_is_incomplete_is_counted_once_obs_11() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let (service, database, log) = start(&empty).await;
    execute(&database, REJECT).await;
    // The change of a stream and its status are stored apart.
    let call = async |_| grpc::respond_with_change().await;
    let response = record(&log, grpc::WATCH, grpc::EMPTY_MESSAGE, call).await;
    response.into_body().collect().await.unwrap();
    eventually(async || log.dropped().get() == 1).await;
    let admin = service.addresses().admin;
    let page = spawn_blocking(move || get(admin, "/metrics")).await;
    let page = page.unwrap().unwrap().body;
    let mut lines = page.lines();
    let dropped = lines.find_map(|line| line.strip_prefix("operation_log_dropped_total "));
    assert_eq!(dropped, Some("1"), "{page}");
    service.stop().await;
}

#[tokio::test]
async fn call_whose_entry_was_deleted_is_counted_obs_11() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let (service, database, log) = start(&empty).await;
    record(&log, "/users", "{}", async |_| Response::default()).await;
    assert_eq!(log.dropped().get(), 0);
    record(&log, "/users", "{}", async |_| {
        delete_entries(&database).await;
        Response::default()
    })
    .await;
    assert_eq!(log.dropped().get(), 1);
    service.stop().await;
}

#[test]
fn end_after_the_runtime_is_counted_obs_11() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let empty = EmptyDatabase::sqlite().unwrap();
    let (log, entry) = runtime.block_on(async {
        let (service, _database, log) = start(&empty).await;
        let entry = new_entry(&log, &new_context());
        log.store_start(&entry).await;
        service.stop().await;
        (log, entry)
    });
    drop(runtime);
    log.spawn_store_end(&entry, end_of_a_call());
    assert_eq!(log.dropped().get(), 0);
    drop(entry);
    assert_eq!(log.dropped().get(), 1);
}

#[tokio::test]
async fn status_of_a_stream_stores_what_an_earlier_write_lost_obs_11() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let (service, database, log) = start(&empty).await;
    execute(&database, REJECT).await;
    let call = async |_| grpc::respond_with_change().await;
    let response = record(&log, grpc::WATCH, grpc::EMPTY_MESSAGE, call).await;
    let running = only_entry(&log).await;
    assert_eq!((running.user_id, running.content), (None, None));
    execute(&database, "DROP TRIGGER reject").await;
    response.into_body().collect().await.unwrap();
    let entry = only_entry(&log).await;
    assert!(has_user_and_change(&entry), "{entry:?}");
    assert_eq!(
        (entry.status, entry.content.as_deref()),
        (Some(0), Some("{}"))
    );
    assert_eq!(log.dropped().get(), 0);
    service.stop().await;
}

#[tokio::test]
async fn start_that_was_stored_unnoticed_has_one_entry_obs_11() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let (service, database, log) = start(&empty).await;
    let context = new_context();
    let stored = new_entry(&log, &context);
    log.store_start(&stored).await;
    // A second attempt after a lost connection.
    let entry = new_entry(&log, &context);
    take_id(&database, &entry).await;
    log.store_start(&entry).await;
    log.store_end(&entry, end_of_a_call(), &context).await;
    assert_eq!(only_entry(&log).await.result, OK);
    service.stop().await;
}

#[tokio::test]
async fn entry_gets_another_id_if_its_own_is_in_use_obs_11() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let (service, database, log) = start(&empty).await;
    record(&log, "/other", "{}", async |_| Response::default()).await;
    // The start of the call is not stored, and its ID is that of the other call.
    let context = new_context();
    let entry = new_entry(&log, &context);
    take_id(&database, &entry).await;
    log.store_end(&entry, end_of_a_call(), &context).await;
    let entries = log.page(&OperationQuery::default()).await.unwrap();
    let mut ended: Vec<_> = entries
        .iter()
        .map(|entry| (entry.path.as_str(), entry.result.as_str()))
        .collect();
    ended.sort_unstable();
    assert_eq!(ended, [("/other", OK), ("/users", OK)]);
    service.stop().await;
}

#[tokio::test]
async fn user_of_a_call_is_not_stored_in_another_entry_obs_11() {
    let empty = EmptyDatabase::sqlite().unwrap();
    let (service, database, log) = start(&empty).await;
    record(&log, "/other", "{}", async |_| Response::default()).await;
    let entry = new_entry(&log, &new_context());
    take_id(&database, &entry).await;
    let stored = log.store_user(&database, &entry, "user-7").await;
    stored.unwrap();
    assert_eq!(only_entry(&log).await.user_id, None);
    service.stop().await;
}
