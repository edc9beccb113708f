//! Every bad field in one response, on both transports (API-3).

use http::StatusCode;
use prost::Message;
use seaworthy_contract::{Code, error::from_status};

use crate::{
    generated::{Book, CreateBookRequest, LendBookRequest},
    server::Running,
};

#[tokio::test]
async fn names_every_broken_rule_over_http_api_3() {
    let server = Running::start().await;
    let response = server
        .post(
            "/v1/shelves/1/books",
            r#"{"name":"x","title":"","genre":9,"pages":10001,"tags":["ok","a","ok","zz"]}"#,
        )
        .await;
    assert_eq!(response.status, StatusCode::BAD_REQUEST);
    assert_eq!(response.json()["reason"], "VALIDATION_FAILED");
    assert_eq!(
        response.bad_fields(),
        [
            "book.genre",
            "book.name",
            "book.pages",
            "book.tags",
            "book.tags",
            "book.tags[1]",
            "book.title",
        ]
    );
}

#[tokio::test]
async fn names_malformed_and_invalid_fields_together_api_3() {
    let server = Running::start().await;
    let response = server
        .post(
            "/v1/shelves/1/books",
            r#"{"title":5,"pages":"x","genre":"NONE","tags":["a"]}"#,
        )
        .await;
    assert_eq!(response.json()["reason"], "MALFORMED_REQUEST");
    assert_eq!(
        response.bad_fields(),
        ["book.genre", "book.pages", "book.tags[0]", "book.title"]
    );
}

#[tokio::test]
async fn names_every_broken_rule_over_grpc_api_3() {
    let server = Running::start().await;
    let mut library = server.library().await;
    let request = CreateBookRequest {
        parent: "rooms/1".to_owned(),
        book: Some(Book {
            title: "é".repeat(21),
            tags: vec!["a".to_owned()],
            ..Book::default()
        }),
        dry_run: false,
    };
    let status = library.create_book(request).await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::InvalidArgument);
    let error = from_status(&status);
    assert_eq!(error.code(), Code::Invalid);
    assert_eq!(error.reason(), "VALIDATION_FAILED");
    let fields: Vec<&str> = error.fields().iter().map(|f| f.field.as_str()).collect();
    assert_eq!(
        fields,
        ["parent", "book.title", "book.pages", "book.tags[0]"]
    );

    let missing = library
        .create_book(CreateBookRequest {
            parent: "shelves/1".to_owned(),
            ..CreateBookRequest::default()
        })
        .await
        .unwrap_err();
    assert_eq!(from_status(&missing).fields()[0].field, "book");
}

#[tokio::test]
async fn bounds_of_durations_and_formats_hold_api_3() {
    let server = Running::start().await;
    let response = server
        .post(
            "/v1/shelves/1/books/2:lend",
            r#"{"reader":"not an address","time":"59.5s"}"#,
        )
        .await;
    assert_eq!(response.bad_fields(), ["reader", "time"]);
    let ignored = server.get("/v1/shelves/1/books/2").await;
    assert_eq!(ignored.status, StatusCode::OK);
    let bad = server.get("/v1/books/12").await;
    assert_eq!(bad.bad_fields(), ["isbn"]);
}

#[tokio::test]
async fn malformed_message_is_client_error_over_grpc_api_3() {
    let server = Running::start().await;
    let channel = server.grpc_channel().await;
    for bytes in [
        b"\x0a\xff\xff\xff\xff\x03x".to_vec(),
        b"\x12\x02\xff\xff".to_vec(),
        b"\x80".to_vec(),
    ] {
        let mut client = tonic::client::Grpc::new(channel.clone());
        client.ready().await.unwrap();
        let path = "/seaworthy.test.v1.Library/LendBook".parse().unwrap();
        let status = client
            .unary(
                tonic::Request::new(Raw(bytes)),
                path,
                tonic_prost::ProstCodec::<Raw, Book>::default(),
            )
            .await
            .unwrap_err();
        assert_eq!(status.code(), tonic::Code::InvalidArgument, "{status:?}");
        assert_eq!(from_status(&status).reason(), "MALFORMED_REQUEST");
    }
    let valid = LendBookRequest {
        reader: "ada@example.com".to_owned(),
        ..LendBookRequest::default()
    };
    assert!(server.library().await.lend_book(valid).await.is_ok());
}

/// Bytes that pretend to be a message.
#[derive(Debug, Default)]
struct Raw(Vec<u8>);

impl Message for Raw {
    fn encode_raw(&self, buffer: &mut impl prost::bytes::BufMut) {
        buffer.put_slice(&self.0);
    }

    fn merge_field(
        &mut self,
        _tag: u32,
        _wire_type: prost::encoding::WireType,
        _buffer: &mut impl prost::bytes::Buf,
        _context: prost::encoding::DecodeContext,
    ) -> Result<(), prost::DecodeError> {
        Ok(())
    }

    fn encoded_len(&self) -> usize {
        self.0.len()
    }

    fn clear(&mut self) {
        self.0.clear();
    }
}
