use futures::stream;
use seaworthy_contract::error::from_status;

use crate::{
    generated::{Book, GetBookRequest},
    server::Running,
};

fn book(title: &str) -> Book {
    Book {
        title: title.to_owned(),
        pages: 10,
        ..Book::default()
    }
}

fn named(name: &str) -> GetBookRequest {
    GetBookRequest {
        name: name.to_owned(),
        ..GetBookRequest::default()
    }
}

#[tokio::test]
async fn both_transports_use_one_implementation_api_1() {
    let server = Running::start().await;
    let mut library = server.library().await;
    let response = library.get_book(named("shelves/1/books/2")).await.unwrap();
    let json = server.get("/v1/shelves/1/books/2").await.json();
    assert_eq!(json["name"], response.into_inner().name);
}

#[tokio::test]
async fn error_has_format_of_transport_and_keeps_cause_api_2() {
    let server = Running::start().await;
    let status = server
        .library()
        .await
        .get_book(named("shelves/1/books/404"))
        .await
        .unwrap_err();
    assert_eq!(status.code(), tonic::Code::NotFound);
    assert_eq!(status.message(), "there is no such book");
    assert_eq!(from_status(&status).reason(), "BOOK_NOT_FOUND");
    let response = server.get("/v1/shelves/1/books/404").await;
    assert_eq!(response.status, http::StatusCode::NOT_FOUND);
    assert_eq!(response.content_type(), "application/problem+json");
    assert_eq!(response.json()["reason"], "BOOK_NOT_FOUND");
    assert!(!response.text().contains("table books"));
}

#[tokio::test]
async fn streams_of_both_directions_are_checked_message_by_message_api_3() {
    let server = Running::start().await;
    let mut library = server.library().await;
    let count = library
        .import_books(stream::iter([book("a"), book("b")]))
        .await
        .unwrap();
    assert_eq!(count.into_inner().count, 2);
    let refused = library
        .import_books(stream::iter([book("a"), book("")]))
        .await
        .unwrap_err();
    assert_eq!(from_status(&refused).fields()[0].field, "title");
    let mut mirrored = library
        .mirror(stream::iter([book("a")]))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(mirrored.message().await.unwrap(), Some(book("a")));
    assert_eq!(mirrored.message().await.unwrap(), None);
}
