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
        "invalid type: string \"x\", expected a whole number that is not negative"
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

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delivery {
    #[serde(rename = "customerId")]
    _customer: String,
    #[serde(rename = "mode")]
    _mode: Mode,
    #[serde(rename = "count")]
    _count: std::num::NonZeroU8,
    #[serde(rename = "items")]
    _items: Vec<Item>,
    #[serde(rename = "address")]
    _address: Address,
    #[serde(rename = "note")]
    _note: Option<String>,
    #[serde(rename = "isGift")]
    _is_gift: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Mode {
    Home,
    Shop,
}

#[derive(Debug, Deserialize)]
struct Address {
    #[serde(rename = "city")]
    _city: String,
}

/// Rejects `last` below `first`.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Bounds")]
struct Range;

#[derive(Deserialize)]
struct Bounds {
    first: u8,
    last: u8,
}

impl TryFrom<Bounds> for Range {
    type Error = &'static str;

    fn try_from(bounds: Bounds) -> Result<Self, Self::Error> {
        match bounds.last < bounds.first {
            true => Err("must not end before it begins"),
            false => Ok(Self),
        }
    }
}

#[derive(Debug, Deserialize)]
struct Report {
    #[serde(rename = "range")]
    _range: Range,
    #[serde(rename = "title")]
    _title: String,
}

fn fields<T: serde::de::DeserializeOwned + std::fmt::Debug>(body: &str) -> Vec<String> {
    let error = Json::<T>::from_bytes(body.as_bytes()).unwrap_err();
    let fields = error.fields().iter();
    fields.map(|field| field.field.clone()).collect()
}

#[test]
fn all_bad_fields_are_named_at_once_api_3() {
    assert_eq!(
        fields::<Delivery>("{}"),
        ["customerId", "mode", "count", "items", "address", "isGift"]
    );
    let wrong = r#"{"customerId":1,"mode":"air","count":0,"items":[{},{"price":-1}],"address":{},"note":2,"isGift":true}"#;
    let mut named = fields::<Delivery>(wrong);
    named.sort();
    assert_eq!(
        named,
        [
            "address.city",
            "count",
            "customerId",
            "items[0].price",
            "items[1].price",
            "mode",
            "note"
        ]
    );
}

/// A full hour of a working day, for which no empty value is valid.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
struct Hour;

impl TryFrom<String> for Hour {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match ("06:00".."20:00").contains(&&*text) && text.ends_with(":00") {
            true => Ok(Self),
            false => Err("is not a full hour from 06:00 to 19:00"),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Visit {
    #[serde(rename = "hour")]
    _hour: Hour,
    #[serde(rename = "groupSize")]
    _group_size: u8,
    #[serde(rename = "from")]
    _from: Option<u32>,
    #[serde(rename = "mode")]
    _mode: Mode,
}

#[test]
fn fields_after_a_bad_hour_are_named_api_3() {
    assert_eq!(fields::<Visit>("{}"), ["hour", "groupSize", "mode"]);
    let wrong = r#"{"groupSize":"x","hour":"20:00","mode":"air"}"#;
    assert_eq!(fields::<Visit>(wrong), ["groupSize", "hour", "mode"]);
}

#[derive(Debug, Deserialize)]
struct Booked {
    #[serde(rename = "ids")]
    _ids: Vec<u8>,
    #[serde(flatten)]
    _visit: Visit,
}

#[test]
fn missing_fields_of_a_flattened_type_are_named_api_3() {
    assert_eq!(fields::<Booked>("{}"), ["ids", "hour", "groupSize", "mode"]);
    let part = r#"{"ids":[],"groupSize":2}"#;
    assert_eq!(fields::<Booked>(part), ["hour", "mode"]);
}

#[tokio::test]
async fn all_bad_parameters_are_named_at_once_api_3() {
    let fields = async |query: &str| {
        let request = Request::get(format!("/{query}")).body(()).unwrap();
        let (mut parts, ()) = request.into_parts();
        let error = Query::<Visit>::from_request_parts(&mut parts, &()).await;
        let error = error.unwrap_err();
        let fields = error.fields().iter();
        let named = fields.map(|field| (field.field.clone(), field.description.clone()));
        named.collect::<std::collections::BTreeMap<_, _>>()
    };
    let names = async |query: &str| fields(query).await.into_keys().collect::<Vec<_>>();
    let missing = fields("").await;
    assert_eq!(
        missing.keys().collect::<Vec<_>>(),
        ["groupSize", "hour", "mode"]
    );
    assert!(missing.values().all(|problem| problem == "is required"));
    let wrong = "?from=soon&hour=20:00&groupSize=-1&mode=air";
    assert_eq!(names(wrong).await, ["from", "groupSize", "hour", "mode"]);
    let twice = "?hour=12:00&hour=13:00&groupSize=1&mode=home";
    assert_eq!(names(twice).await, ["query"]);
}

#[test]
fn problem_of_a_replaced_value_is_not_reported_api_3() {
    assert_eq!(
        fields::<Report>(r#"{"range":{"first":9,"last":"x"}}"#),
        ["range.last"]
    );
    assert_eq!(fields::<Report>(r#"{"range":7}"#), ["range", "title"]);
    let bounds = r#"{"range":{"first":9,"last":1}}"#;
    assert_eq!(fields::<Report>(bounds)[0], "range");
}

#[derive(Debug, Deserialize)]
struct Tagged {
    #[serde(rename = "shape")]
    _shape: Shape,
}

/// serde reads the members of a tagged type from a copy without paths.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Shape {
    Circle {
        #[serde(rename = "radius")]
        _radius: u8,
    },
}

#[test]
fn search_for_problems_ends_api_3() {
    for body in [
        r#"{"shape":5}"#,
        "{}",
        r#"{"shape":{}}"#,
        r#"{"shape":{"kind":"circle"}}"#,
    ] {
        assert!(!fields::<Tagged>(body).is_empty(), "{body}");
    }
}

#[test]
fn large_body_gets_its_first_problem_api_3() {
    let note = "n".repeat(16 * 1024);
    let body = format!(r#"{{"note":"{note}"}}"#);
    assert_eq!(fields::<Delivery>(&body), ["customerId"]);
}

#[tokio::test]
async fn optional_body_may_be_empty_api_2() {
    use axum::extract::OptionalFromRequest;
    for kind in [None, Some("application/json"), Some("text/plain")] {
        let mut request = Request::new(Body::empty());
        if let Some(kind) = kind {
            request
                .headers_mut()
                .insert("content-type", kind.parse().unwrap());
        }
        let body = <Json<Order> as OptionalFromRequest<()>>::from_request(request, &());
        assert_eq!(body.await.unwrap(), None, "{kind:?}");
    }
    let request = Request::new(Body::from("{}"));
    let read = <Json<Order> as OptionalFromRequest<()>>::from_request(request, &());
    assert_eq!(read.await.unwrap(), None);
}

proptest! {
    /// Each rejection names a field or reports malformed JSON, and parsing terminates.
    #[test]
    fn every_wrong_body_names_a_field_api_3(body in "\\{(\"(mode|count|note|items)\":(1|\"a\"|null|\\[\\]|\\{\\}),?){0,3}\\}") {
        if let Err(error) = Json::<Delivery>::from_bytes(body.as_bytes()) {
            prop_assert!(error.reason() == "MALFORMED_JSON" || !error.fields().is_empty());
        }
    }
}
