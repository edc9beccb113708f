//! The proto3 JSON mapping, to the letter.

use http::StatusCode;
use serde_json::{Value, json};

use crate::server::Running;

async fn echo(server: &Running, body: &str) -> Value {
    let response = server.post("/v1/echo", body).await;
    assert_eq!(
        response.status,
        StatusCode::OK,
        "{body}: {}",
        response.text()
    );
    response.json()
}

#[tokio::test]
async fn echoes_every_kind_in_canonical_form_api_1() {
    let server = Running::start().await;
    for (given, expected) in [
        (
            r#"{"anInt64":-5,"aUint64":"18446744073709551615"}"#,
            json!({"anInt64":"-5","aUint64":"18446744073709551615"}),
        ),
        (
            r#"{"aUint32":480.0,"anInt32":"1e2","anInt64":1.5e3,"aSint32":-0.0}"#,
            json!({"aUint32":480,"anInt32":100,"anInt64":"1500"}),
        ),
        (
            r#"{"a_uint32":4294967295,"aSfixed64":"-9223372036854775808"}"#,
            json!({"aUint32":4_294_967_295_u32,"aSfixed64":"-9223372036854775808"}),
        ),
        (
            r#"{"aDouble":"NaN","aFloat":"-Infinity"}"#,
            json!({"aDouble":"NaN","aFloat":"-Infinity"}),
        ),
        (
            r#"{"aDouble":"1.5","aFloat":0.1}"#,
            json!({"aDouble":1.5,"aFloat":0.1}),
        ),
        (r#"{"someBytes":"AP8Q"}"#, json!({"someBytes":"AP8Q"})),
        (r#"{"someBytes":"-_-_"}"#, json!({"someBytes":"+/+/"})),
        (r#"{"someBytes":"AA"}"#, json!({"someBytes":"AA=="})),
        (
            r#"{"genre":"GENRE_POETRY","genres":[1,"GENRE_NOVEL",77]}"#,
            json!({"genre":"GENRE_POETRY","genres":["GENRE_NOVEL","GENRE_NOVEL",77]}),
        ),
        (
            r#"{"maybeString":"","maybeInt64":"0","maybeGenre":0}"#,
            json!({"maybeString":"","maybeInt64":"0","maybeGenre":"GENRE_UNSPECIFIED"}),
        ),
        (
            r#"{"aString":"","aBool":false,"numbers":[],"labels":{}}"#,
            json!({}),
        ),
        (
            r#"{"aString":null,"child":null,"numbers":null,"labels":null,"word":null}"#,
            json!({}),
        ),
        (
            r#"{"labels":{"b":"2","a":"1"},"byTruth":{"true":1},"byNumber":{"-5":{"aBool":true}}}"#,
            json!({"labels":{"a":"1","b":"2"},"byTruth":{"true":"GENRE_NOVEL"},"byNumber":{"-5":{"aBool":true}}}),
        ),
        (
            r#"{"timestamp":"2026-01-31T09:30:00.120+02:00"}"#,
            json!({"timestamp":"2026-01-31T07:30:00.120Z"}),
        ),
        (
            r#"{"timestamp":"0001-01-01T00:00:00Z","duration":"-1.5s"}"#,
            json!({"timestamp":"0001-01-01T00:00:00Z","duration":"-1.500s"}),
        ),
        (
            r#"{"duration":"315576000000s","mask":"aString,child.aBool"}"#,
            json!({"duration":"315576000000s","mask":"aString,child.aBool"}),
        ),
        (
            r#"{"object":{"a":[1,null,{"b":"c"}]},"value":null,"list":[true]}"#,
            json!({"object":{"a":[1.0,null,{"b":"c"}]},"value":null,"list":[true]}),
        ),
        (
            r#"{"empty":{},"stringValue":"","int64Value":"7","boolValue":false,"bytesValue":"AA=="}"#,
            json!({"empty":{},"stringValue":"","int64Value":"7","boolValue":false,"bytesValue":"AA=="}),
        ),
        (r#"{"nothing":null}"#, json!({"nothing":null})),
        (r#"{"number":"5"}"#, json!({"number":"5"})),
        (
            r#"{"thing":{"aBool":true}}"#,
            json!({"thing":{"aBool":true}}),
        ),
        (
            r#"{"child":{"child":{"aString":"\u00e9\ud83d\ude00"}}}"#,
            json!({"child":{"child":{"aString":"é😀"}}}),
        ),
        (
            r#"{"unknown":{"a":[1,2]},"type":"x","self":true,"@custom":"y"}"#,
            json!({"type":"x","self":true,"@custom":"y"}),
        ),
        (
            r#"{"custom_json":"z","times":["1970-01-01T00:00:00Z"]}"#,
            json!({"@custom":"z","times":["1970-01-01T00:00:00Z"]}),
        ),
        ("", json!({})),
        (" \n", json!({})),
    ] {
        assert_eq!(echo(&server, given).await, expected, "{given}");
    }
}

#[tokio::test]
async fn rejects_values_of_wrong_kind_by_name_api_3() {
    let server = Running::start().await;
    for (given, field) in [
        (r#"{"anInt32":2147483648}"#, "anInt32"),
        (r#"{"anInt32":0.5}"#, "anInt32"),
        (r#"{"anInt32":"0.5"}"#, "anInt32"),
        (r#"{"anInt32":" 1"}"#, "anInt32"),
        (r#"{"anInt32":"01"}"#, "anInt32"),
        (r#"{"anInt32":""}"#, "anInt32"),
        (r#"{"aUint64":18446744073709551616}"#, "aUint64"),
        (r#"{"aUint64":-1}"#, "aUint64"),
        (r#"{"anInt64":9007199254740993.0}"#, "anInt64"),
        (r#"{"aFloat":3.5e38}"#, "aFloat"),
        (r#"{"aDouble":"inf"}"#, "aDouble"),
        (r#"{"aBool":"true"}"#, "aBool"),
        (r#"{"aBool":1}"#, "aBool"),
        (r#"{"aString":5}"#, "aString"),
        (r#"{"aString":["a"]}"#, "aString"),
        (r#"{"someBytes":"*"}"#, "someBytes"),
        (r#"{"genre":"GENRE_HORROR"}"#, "genre"),
        (r#"{"genre":1.5}"#, "genre"),
        (r#"{"child":[]}"#, "child"),
        (r#"{"child":"x"}"#, "child"),
        (r#"{"numbers":5}"#, "numbers"),
        (r#"{"numbers":[1,null]}"#, "numbers[1]"),
        (r#"{"children":[{},{"aBool":0}]}"#, "children[1].aBool"),
        (r#"{"labels":{"a":1}}"#, "labels[\"a\"]"),
        (r#"{"labels":{"a":"1","a":"2"}}"#, "labels[\"a\"]"),
        (r#"{"byNumber":{"x":{}}}"#, "byNumber[\"x\"]"),
        (r#"{"timestamp":"2026-01-31"}"#, "timestamp"),
        (r#"{"timestamp":"2026-01-31t09:30:00z"}"#, "timestamp"),
        (r#"{"timestamp":"2026-02-30T00:00:00Z"}"#, "timestamp"),
        (r#"{"timestamp":"0000-01-01T00:00:00Z"}"#, "timestamp"),
        (r#"{"duration":"1"}"#, "duration"),
        (r#"{"duration":"315576000001s"}"#, "duration"),
        (r#"{"mask":"a_b"}"#, "mask"),
        (r#"{"object":[]}"#, "object"),
        (r#"{"object":{"a":1,"a":2}}"#, "object"),
        (r#"{"aBool":true,"aBool":true}"#, "aBool"),
        (r#"{"aString":"x","a_string":"y"}"#, "aString"),
        (r#"{"word":"x","number":"1"}"#, "number"),
        ("[]", ""),
        ("null", ""),
    ] {
        let response = server.post("/v1/echo", given).await;
        assert_eq!(
            response.status,
            StatusCode::BAD_REQUEST,
            "{given}: {}",
            response.text()
        );
        assert_eq!(response.json()["reason"], "MALFORMED_REQUEST", "{given}");
        assert_eq!(
            response.bad_fields(),
            [field],
            "{given}: {}",
            response.text()
        );
    }
}

#[tokio::test]
async fn rejects_malformed_json_with_position_api_3() {
    let server = Running::start().await;
    let deep = format!("{}1{}", r#"{"child":"#.repeat(200), "}".repeat(200));
    let deep_value = format!(r#"{{"value":{}{}}}"#, "[".repeat(200), "]".repeat(200));
    let deep_unknown = format!(
        r#"{{"unknown":{}{}}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let deep_refused = format!(
        r#"{{"aString":{}{}}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let invalid = b"{\"aString\":\"\xff\"}".to_vec();
    let unknown_invalid = b"{\"unknown\":\"\xff\"}".to_vec();
    for (given, part) in [
        (b"{".to_vec(), "line 1, column 1: the text ends too early"),
        (b"{}x".to_vec(), "text after the end"),
        (b"{a:1}".to_vec(), "an unexpected character"),
        (b"{\"a\":1,}".to_vec(), "a comma without a value"),
        (
            b"{\"aString\":\"\\ud800\"}".to_vec(),
            "an escape in a string",
        ),
        (b"{\"aDouble\":1e999}".to_vec(), "out of range"),
        (deep.into_bytes(), "nested too deeply"),
        (deep_value.into_bytes(), "nested too deeply"),
        (deep_unknown.into_bytes(), "nested too deeply"),
        (deep_refused.into_bytes(), "nested too deeply"),
        (b"{\"unknown\":[\"\\ud800\"]}".to_vec(), "line 1"),
        (invalid, "UTF-8"),
        (unknown_invalid, "UTF-8"),
    ] {
        let response = server.post("/v1/echo", given.clone()).await;
        assert_eq!(response.status, StatusCode::BAD_REQUEST);
        let detail = response.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(part), "{detail}");
    }
}
