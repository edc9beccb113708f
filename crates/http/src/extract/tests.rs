use axum::{body::Body, extract::FromRequest as _, extract::FromRequestParts as _};
use http::Request;
use proptest::prelude::*;
use seaworthy_core::{Code, Error};
use serde::Deserialize;

use super::*;

#[derive(Debug, Deserialize, PartialEq)]
struct Order {
    items: Vec<Item>,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Item {
    price: u32,
}

async fn json(kind: Option<&str>, body: &'static str) -> Result<Json<Order>, Error> {
    let mut request = Request::new(Body::from(body));
    if let Some(kind) = kind {
        request
            .headers_mut()
            .insert("content-type", kind.parse().unwrap());
    }
    Json::from_request(request, &()).await
}

#[tokio::test]
async fn a_bad_field_is_named_by_its_path_api_3() {
    let error = json(
        Some("application/json"),
        r#"{"items":[{"price":1},{"price":"x"}]}"#,
    )
    .await
    .unwrap_err();
    assert_eq!(error.code(), Code::Invalid);
    assert_eq!(error.fields()[0].field, "items[1].price");
    assert_eq!(
        error.fields()[0].description,
        "invalid type: string \"x\", expected u32"
    );
}

#[tokio::test]
async fn a_missing_field_is_named_with_its_place_api_3() {
    let error = json(Some("application/json"), r#"{"items":[{}]}"#)
        .await
        .unwrap_err();
    assert_eq!(error.fields()[0].field, "items[0].price");
    assert_eq!(error.fields()[0].description, "is required");
    let error = json(Some("application/json"), "{}").await.unwrap_err();
    assert_eq!(error.fields()[0].field, "items");
}

#[tokio::test]
async fn malformed_json_is_named_with_line_and_column_api_2() {
    for (text, place) in [
        ("{\"items\":\n oops}", "line 2 column 2"),
        ("{\"items\":[", "line 1 column 10"),
        ("{\"items\":[]} trailing", "line 1 column 14"),
    ] {
        let error = json(Some("application/json"), text).await.unwrap_err();
        assert_eq!(
            (error.code(), error.reason()),
            (Code::Invalid, "MALFORMED_JSON")
        );
        assert!(error.message().contains(place), "{error}");
    }
}

#[tokio::test]
async fn only_json_media_types_are_read_api_2() {
    for kind in [
        "application/json",
        "APPLICATION/JSON; charset=utf-8",
        "application/vnd.x+json",
    ] {
        assert!(json(Some(kind), r#"{"items":[]}"#).await.is_ok(), "{kind}");
    }
    for kind in [
        None,
        Some("text/plain"),
        Some("application/jsonp"),
        Some("+json"),
        Some("text/html+xml"),
    ] {
        let error = json(kind, "{}").await.unwrap_err();
        assert_eq!(error.code(), Code::UnsupportedMediaType, "{kind:?}");
        assert_eq!(error.reason(), "UNSUPPORTED_MEDIA_TYPE", "{kind:?}");
    }
}

#[tokio::test]
async fn a_bad_query_parameter_is_named_api_3() {
    #[derive(Debug, Deserialize)]
    struct Page {
        #[expect(dead_code, reason = "only the rejection is looked at")]
        limit: u32,
    }
    let (mut parts, ()) = Request::get("/?limit=many").body(()).unwrap().into_parts();
    let error = Query::<Page>::from_request_parts(&mut parts, &())
        .await
        .unwrap_err();
    assert_eq!(error.fields()[0].field, "limit");
    assert_eq!(error.code(), Code::Invalid);
}

proptest! {
    #[test]
    fn no_text_makes_the_json_reader_panic_api_3(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        if let Err(error) = Json::<Order>::from_bytes(&bytes) {
            prop_assert_eq!(error.code(), Code::Invalid);
        }
    }
}
