//! `AroundCalls` with calls whose requests or responses are streams.

use std::sync::Arc;

use futures::stream;
use http::StatusCode;
use parking_lot::Mutex;
use seaworthy_contract::{
    AroundCalls, CallFuture, Code, ContractMethod as _, Error, MethodDescription,
    error::from_status,
};
use tonic::Status;

use crate::{
    generated::{Book, GetBookRequest, LibraryMethod},
    server::Running,
};

/// The methods with streams.
const STREAMING: [LibraryMethod; 3] = [
    LibraryMethod::WatchBook,
    LibraryMethod::ImportBooks,
    LibraryMethod::Mirror,
];

/// The methods whose calls ran, and whether they succeeded.
type Calls = Arc<Mutex<Vec<(&'static str, bool)>>>;

/// Records calls.
struct Recorder(Calls);

impl AroundCalls for Recorder {
    fn around<'a>(&'a self, method: MethodDescription, call: CallFuture<'a>) -> CallFuture<'a> {
        Box::pin(async move {
            let result = call.await;
            self.0.lock().push((method.grpc_path, result.is_ok()));
            result
        })
    }
}

/// Rejects calls.
struct Guard;

impl AroundCalls for Guard {
    fn around<'a>(&'a self, _: MethodDescription, _: CallFuture<'a>) -> CallFuture<'a> {
        let message = "the call is not permitted";
        Box::pin(async move { Err(Error::new(Code::Forbidden, "GUARDED", message)) })
    }
}

/// Neither runs nor rejects calls.
struct Idle;

impl AroundCalls for Idle {
    fn around<'a>(&'a self, _: MethodDescription, _: CallFuture<'a>) -> CallFuture<'a> {
        Box::pin(async { Ok(()) })
    }
}

async fn recording(method: LibraryMethod) -> (Running, Calls) {
    let calls = Calls::default();
    let server = Running::start_around(Recorder(Arc::clone(&calls)), method).await;
    (server, calls)
}

fn book(title: &str) -> Book {
    Book {
        title: title.to_owned(),
        pages: 10,
        ..Book::default()
    }
}

fn named(number: &str) -> GetBookRequest {
    GetBookRequest {
        name: format!("shelves/1/books/{number}"),
        ..GetBookRequest::default()
    }
}

/// Calls a method with streams. A stream of requests never ends. Returns the error of the call
/// before the first response.
async fn failed(server: &Running, method: LibraryMethod) -> Status {
    let mut library = server.library().await;
    let requests = stream::pending();
    match method {
        LibraryMethod::WatchBook => library.watch_book(named("2")).await.err(),
        LibraryMethod::ImportBooks => library.import_books(requests).await.err(),
        _ => library.mirror(requests).await.err(),
    }
    .unwrap()
}

#[tokio::test]
async fn around_calls_wraps_streamed_responses_plug_2() {
    let (server, calls) = recording(LibraryMethod::WatchBook).await;
    let mut library = server.library().await;
    let mut lendings = library.watch_book(named("2")).await.unwrap().into_inner();
    let mut numbers = Vec::new();
    while let Some(lending) = lendings.message().await.unwrap() {
        numbers.push(lending.number);
    }
    assert_eq!(numbers, [1, 2]);
    let failed = library.watch_book(named("404")).await.unwrap_err();
    assert_eq!(from_status(&failed).reason(), "BOOK_NOT_FOUND");
    // `AroundCalls` gets valid requests only.
    let invalid = library.watch_book(named("none")).await.unwrap_err();
    assert_eq!(from_status(&invalid).fields()[0].field, "name");
    let path = LibraryMethod::WatchBook.description().grpc_path;
    assert_eq!(*calls.lock(), [(path, true), (path, false)]);
}

#[tokio::test]
async fn around_calls_wraps_streamed_requests_plug_2() {
    let (server, calls) = recording(LibraryMethod::ImportBooks).await;
    let mut library = server.library().await;
    let books = stream::iter([book("a"), book("b")]);
    let count = library.import_books(books).await.unwrap().into_inner();
    assert_eq!(count.count, 2);
    let books = stream::iter([book("a"), book("")]);
    let invalid = library.import_books(books).await.unwrap_err();
    assert_eq!(from_status(&invalid).fields()[0].field, "title");
    let path = LibraryMethod::ImportBooks.description().grpc_path;
    assert_eq!(*calls.lock(), [(path, true), (path, false)]);
}

#[tokio::test]
async fn around_calls_wraps_streams_of_both_directions_plug_2() {
    let (server, calls) = recording(LibraryMethod::Mirror).await;
    let mut library = server.library().await;
    let books = stream::iter([book("a")]);
    let mut mirrored = library.mirror(books).await.unwrap().into_inner();
    assert_eq!(mirrored.message().await.unwrap(), Some(book("a")));
    assert_eq!(mirrored.message().await.unwrap(), None);
    let path = LibraryMethod::Mirror.description().grpc_path;
    assert_eq!(*calls.lock(), [(path, true)]);
}

#[tokio::test]
async fn rejected_streams_do_not_reach_their_method_plug_2() {
    for method in STREAMING {
        let server = Running::start_around(Guard, method).await;
        let status = failed(&server, method).await;
        assert_eq!(status.code(), tonic::Code::PermissionDenied, "{method:?}");
        assert_eq!(from_status(&status).reason(), "GUARDED", "{method:?}");
    }
}

#[tokio::test]
async fn stream_fails_if_around_calls_neither_runs_nor_rejects_it_plug_2() {
    for method in STREAMING {
        let server = Running::start_around(Idle, method).await;
        let status = failed(&server, method).await;
        assert_eq!(status.code(), tonic::Code::Internal, "{method:?}");
    }
}

#[tokio::test]
async fn around_calls_wraps_streamed_http_responses_plug_2() {
    let method = LibraryMethod::WatchBook;
    let (server, calls) = recording(method).await;
    let watched = server.get("/v1/shelves/1/books/2:watch").await;
    assert_eq!(watched.text().lines().count(), 2);
    assert_eq!(*calls.lock(), [(method.description().grpc_path, true)]);
    let guarded = Running::start_around(Guard, method).await;
    let rejected = guarded.get("/v1/shelves/1/books/2:watch").await;
    assert_eq!(rejected.status, StatusCode::FORBIDDEN);
    assert_eq!(rejected.json()["reason"], "GUARDED");
}
