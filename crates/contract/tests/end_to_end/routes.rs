//! Every form of `google.api.http`.

use http::StatusCode;
use serde_json::json;

use crate::server::Running;

const JSON: (&str, &str) = ("content-type", "application/json");

#[tokio::test]
async fn reads_long_variable_and_body_field_api_1() {
    let server = Running::start().await;
    let response = server
        .post(
            "/v1/shelves/3/books?dryRun=true&book.title=ignored",
            r#"{"title":"Emma","pages":400}"#,
        )
        .await;
    assert_eq!(response.status, StatusCode::OK, "{}", response.text());
    assert_eq!(
        response.json(),
        json!({"name":"shelves/3/books/7","title":"Emma","pages":400,"id":"18446744073709551615"})
    );
}

#[tokio::test]
async fn serves_additional_bindings_and_response_body_api_1() {
    let server = Running::start().await;
    let first = server.get("/v1/shelves/1/books/2").await;
    assert_eq!(first.json()["name"], "shelves/1/books/2");
    let second = server.get("/v1/books/9780306406157").await;
    assert_eq!(second.json()["title"], "isbn 9780306406157");
    let third = server.get("/v1/titles/9780306406157").await;
    assert_eq!(third.json(), json!("isbn 9780306406157"));
    let list = server.get("/v1/shelves/1/bare").await;
    assert_eq!(list.json()[0]["name"], "shelves/1/books/1");
}

#[tokio::test]
async fn nested_variable_overrides_body_api_1() {
    let server = Running::start().await;
    let path = "/v1/shelves/1/books/2";
    let body = r#"{"name":"shelves/8/books/8","title":"Emma","pages":1}"#;
    let patched = server
        .call(
            "PATCH",
            &format!("{path}?updateMask=title,pages"),
            &[JSON],
            body,
        )
        .await;
    assert_eq!(patched.status, StatusCode::OK, "{}", patched.text());
    assert_eq!(patched.json()["name"], "shelves/1/books/2");
    assert_eq!(patched.json()["note"], "title,pages");
    let whole = format!(r#"{{"book":{body},"update_mask":"tags"}}"#);
    let put = server.call("PUT", path, &[JSON], whole).await;
    assert_eq!(put.json()["name"], "shelves/1/books/2");
    assert_eq!(put.json()["note"], "tags");
}

#[tokio::test]
async fn empty_response_is_empty_object_api_1() {
    let server = Running::start().await;
    let response = server
        .call("DELETE", "/v1/shelves/1/books/2", &[], "")
        .await;
    assert_eq!(response.status, StatusCode::OK);
    assert_eq!(response.text(), "{}");
}

#[tokio::test]
async fn query_parameters_reach_nested_repeated_and_well_known_fields_api_1() {
    let server = Running::start().await;
    let response = server
        .get(
            "/v1/shelves/1/books?pageSize=5&title=a+b%26c&genres=GENRE_NOVEL&genres=2\
             &filter.label=x&filter.range.from=-3&filter.range.to=4&since=2026-01-02T03:04:05Z&least_pages=9\
             &unknown=1&filter.unknown=2",
        )
        .await;
    assert_eq!(response.status, StatusCode::OK, "{}", response.text());
    let asked = response.json()["books"][0]["note"]
        .as_str()
        .unwrap()
        .to_owned();
    for part in [
        "page_size: 5",
        r#"title: Some("a b&c")"#,
        "genres: [Novel, Poetry]",
        r#"label: Some("x")"#,
        "from: -3",
        "to: 4",
        "seconds: 1767323045",
        "least_pages: Some(9)",
    ] {
        assert!(asked.contains(part), "{part} is not in {asked}");
    }
}

#[tokio::test]
async fn ignores_empty_and_rejects_repeated_parameters_api_1() {
    let server = Running::start().await;
    let absent = server.get("/v1/shelves/1/books?title=").await;
    assert!(absent.text().contains("title: None"), "{}", absent.text());
    let twice = server
        .get("/v1/shelves/1/books?page_size=1&pageSize=2&title=a&title=b")
        .await;
    assert_eq!(twice.status, StatusCode::BAD_REQUEST);
    assert_eq!(twice.bad_fields(), ["pageSize", "title"]);
}

#[tokio::test]
async fn serves_verbs_and_custom_methods_api_1() {
    let server = Running::start().await;
    let lent = server
        .post(
            "/v1/shelves/1/books/2:lend",
            r#"{"reader":"ada@example.com"}"#,
        )
        .await;
    assert_eq!(lent.status, StatusCode::OK, "{}", lent.text());
    assert_eq!(lent.json()["note"], "ada@example.com");
    let report = server.call("REPORT", "/v1/shelves/1/books", &[], "").await;
    assert_eq!(report.status, StatusCode::OK);
    let long = format!("/v1/books/{}", "9".repeat(1025));
    assert_eq!(server.get(&long).await.status, StatusCode::BAD_REQUEST);
    let missing = server.post("/v1/shelves/1/books/2:burn", "{}").await;
    assert_eq!(missing.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn named_method_precedes_any_method_api_1() {
    let server = Running::start().await;
    let path = "/v1/any/thing/9780306406157";
    for method in ["GET", "POST", "PROPFIND"] {
        let response = server.call(method, path, &[], "").await;
        assert_eq!(response.json()["title"], "isbn 9780306406157", "{method}");
    }
    let named = server.call("PUT", path, &[], "").await;
    assert_eq!(named.json(), json!("isbn 9780306406157"));
}

#[tokio::test]
async fn unnamed_wildcards_match_without_field_api_1() {
    let server = Running::start().await;
    for path in ["/v1/any-files", "/v1/any-files/a", "/v1/any-files/a/b"] {
        let response = server.get(&format!("{path}?path=c")).await;
        assert_eq!(response.status, StatusCode::OK, "{path}");
        assert_eq!(response.json()["path"], "c", "{path}");
    }
    let missing = server.get("/v1/any/thing").await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn reads_and_validates_typed_path_variables_api_1() {
    let server = Running::start().await;
    let response = server
        .get("/v1/shelves/1/since/2026-01-02T03:04:05Z/pages/5?page_size=9")
        .await;
    let asked = response.json()["books"][0]["note"].to_string();
    assert!(asked.contains("seconds: 1767323045"), "{asked}");
    assert!(asked.contains("page_size: 5"), "{asked}");
    let bad = server
        .get("/v1/shelves/1/since/yesterday/pages/4294967296")
        .await;
    assert_eq!(bad.status, StatusCode::BAD_REQUEST);
    assert_eq!(bad.bad_fields(), ["pageSize", "since"]);
}

#[tokio::test]
async fn path_of_any_depth_is_one_field_api_1() {
    let server = Running::start().await;
    for (path, expected) in [
        ("/v1/files/a/b%20c/d", "a/b c/d"),
        ("/v1/files/a%2Fb/c", "a%2Fb/c"),
        ("/v1/files/a/b:raw", "a/b"),
        ("/v1/files/a:b", "a:b"),
    ] {
        let response = server.get(path).await;
        assert_eq!(response.status, StatusCode::OK, "{path}");
        assert_eq!(response.json()["path"], expected, "{path}");
    }
    for path in ["/v1/files", "/v1/files/"] {
        assert_eq!(server.get(path).await.status, StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn other_method_is_405_with_allowed_methods_api_2() {
    let server = Running::start().await;
    let response = server.call("POST", "/v1/shelves/1/books/2", &[], "").await;
    assert_eq!(response.status, StatusCode::METHOD_NOT_ALLOWED);
    let allowed = response.headers["allow"].to_str().unwrap();
    for method in ["GET", "HEAD", "PATCH", "PUT", "DELETE"] {
        assert!(allowed.contains(method), "{method} is not in {allowed}");
    }
    assert_eq!(response.content_type(), "application/problem+json");
    let head = server.call("HEAD", "/v1/shelves/1/books/2", &[], "").await;
    assert_eq!(head.status, StatusCode::OK);
    assert!(head.body.is_empty());
}

#[tokio::test]
async fn responds_with_protobuf_on_request_api_1() {
    use prost::Message;

    use crate::generated::{Book, LendBookRequest};

    let server = Running::start().await;
    let request = LendBookRequest {
        reader: "ada@example.com".to_owned(),
        ..LendBookRequest::default()
    };
    let headers = [
        ("content-type", "application/proto"),
        ("accept", "application/proto, application/json;q=0.5"),
    ];
    let response = server
        .call(
            "POST",
            "/v1/shelves/1/books/2:lend",
            &headers,
            request.encode_to_vec(),
        )
        .await;
    assert_eq!(response.content_type(), "application/proto");
    let book = Book::decode(response.body.as_slice()).unwrap();
    assert_eq!(book.name, "shelves/1/books/2");
    let bad = server
        .call(
            "POST",
            "/v1/echo",
            &headers[..1],
            b"\x0a\xff\xff\xff\xff\x03x".as_slice(),
        )
        .await;
    assert_eq!(bad.status, StatusCode::BAD_REQUEST, "{}", bad.text());
}

#[tokio::test]
async fn rejects_bodies_of_wrong_type_or_size_api_2() {
    let server = Running::start().await;
    for headers in [&[][..], &[("content-type", "text/plain")][..]] {
        let response = server.call("POST", "/v1/echo", headers, "{}").await;
        assert_eq!(response.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
        assert_eq!(response.json()["reason"], "UNSUPPORTED_MEDIA_TYPE");
    }
    let large = format!(r#"{{"aString":"{}"}}"#, "x".repeat(7 * 1024 * 1024));
    let response = server.post("/v1/echo", large).await;
    assert_eq!(response.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(response.json()["reason"], "BODY_TOO_LARGE");
}
