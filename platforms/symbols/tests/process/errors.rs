use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

use serde_json::Value;

use crate::app::{SymbolsApp, symbol};

/// Sends a request, checks the fields of the error, and returns its status and reason.
fn send_invalid(service: &SymbolsApp, method: &str, path: &str, body: &str) -> (u16, String) {
    let answer = service.send(method, path, body);
    let problem: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(problem["code"], answer.status, "{problem}");
    assert_eq!(problem["status"], answer.status, "{problem}");
    assert_eq!(problem["message"], problem["detail"], "{problem}");
    assert_eq!(problem["metadata"], serde_json::json!({}), "{problem}");
    assert_eq!(
        problem["request_id"].as_str(),
        answer.header("x-request-id"),
        "{problem}"
    );
    (
        answer.status,
        problem["reason"].as_str().unwrap().to_owned(),
    )
}

#[test]
fn errors_have_status_and_reason_of_the_contract_api_2() {
    let service = SymbolsApp::start(&[]);
    let id = service.create(7, 1);
    let this = format!("/v1/symbols/{id}");
    let with = |from: &str, to: &str| symbol(7, 2).replace(from, to);
    let list = "/v1/projects/7/symbols";
    let cases = [
        ("POST", "/v1/symbols", symbol(7, 1), 400, "DUPLICATE_SYMBOL"),
        ("POST", "/v1/symbols", "{".to_owned(), 400, "CODEC"),
        ("POST", "/v1/symbols", "[]".to_owned(), 400, "CODEC"),
        ("POST", "/v1/symbols", "{}{}".to_owned(), 400, "CODEC"),
        (
            "POST",
            "/v1/symbols",
            with("\"version\":1", "\"version\":1,\"version\":1"),
            400,
            "CODEC",
        ),
        (
            "POST",
            "/v1/symbols",
            with("\"version\":1", "\"version\":1.5"),
            400,
            "CODEC",
        ),
        (
            "POST",
            "/v1/symbols",
            with("\"version\":1", "\"version\":4294967296"),
            400,
            "CODEC",
        ),
        ("POST", "/v1/symbols", with("\"7\"", "\"-7\""), 400, "CODEC"),
        (
            "POST",
            "/v1/symbols",
            String::new(),
            400,
            "VALIDATION_ERROR",
        ),
        (
            "POST",
            "/v1/symbols",
            with("\"version\":1", "\"version\":0"),
            400,
            "VALIDATION_ERROR",
        ),
        (
            "POST",
            "/v1/symbols",
            with("\"7\"", "\"0\""),
            400,
            "VALIDATION_ERROR",
        ),
        (
            "POST",
            "/v1/symbols",
            with("-4000-", "-1000-"),
            400,
            "VALIDATION_ERROR",
        ),
        (
            "POST",
            "/v1/symbols",
            with("-8000-", "-A000-"),
            400,
            "VALIDATION_ERROR",
        ),
        (
            "POST",
            "/v1/symbols",
            with("Hero", &"ä".repeat(256)),
            400,
            "VALIDATION_ERROR",
        ),
        (
            "POST",
            "/v1/symbols",
            with("c-hero", ""),
            400,
            "VALIDATION_ERROR",
        ),
        (
            "POST",
            "/v1/symbols",
            with("page", &"p".repeat(101)),
            400,
            "VALIDATION_ERROR",
        ),
        (
            "POST",
            "/v1/symbols",
            with("AP8Q", ""),
            400,
            "VALIDATION_ERROR",
        ),
        ("GET", "/v1/symbols/0", String::new(), 400, "INVALID_ID"),
        ("DELETE", "/v1/symbols/0", String::new(), 400, "INVALID_ID"),
        ("PUT", "/v1/symbols/0", String::new(), 400, "INVALID_ID"),
        ("GET", "/v1/symbols/abc", String::new(), 400, "CODEC"),
        ("GET", "/v1/symbols/-1", String::new(), 400, "CODEC"),
        ("GET", "/v1/symbols/1.0", String::new(), 400, "CODEC"),
        ("GET", "/v1/symbols/1e0", String::new(), 400, "CODEC"),
        (
            "GET",
            "/v1/symbols/18446744073709551616",
            String::new(),
            400,
            "CODEC",
        ),
        (
            "GET",
            "/v1/symbols/18446744073709551615",
            String::new(),
            404,
            "SYMBOL_NOT_FOUND",
        ),
        (
            "DELETE",
            "/v1/symbols/99",
            String::new(),
            404,
            "SYMBOL_NOT_FOUND",
        ),
        (
            "PUT",
            "/v1/symbols/99",
            symbol(7, 9),
            404,
            "SYMBOL_NOT_FOUND",
        ),
        (
            "PUT",
            &this,
            with("\"label\":\"Hero\",", ""),
            400,
            "VALIDATION_ERROR",
        ),
        (
            "GET",
            &format!("{list}?limit=101"),
            String::new(),
            400,
            "VALIDATION_ERROR",
        ),
        (
            "GET",
            &format!("{list}?offset=9223372036854775808"),
            String::new(),
            400,
            "VALIDATION_ERROR",
        ),
        (
            "GET",
            &format!("{list}?limit=-1"),
            String::new(),
            400,
            "CODEC",
        ),
        (
            "GET",
            &format!("{list}?limit=1.0"),
            String::new(),
            400,
            "CODEC",
        ),
        (
            "POST",
            "/v1/symbols",
            with(
                "{",
                &format!("{{\"other\":{}{},", "[".repeat(9_999), "]".repeat(9_999)),
            ),
            400,
            "CODEC",
        ),
        (
            "GET",
            &format!("{list}?label=a&label=b"),
            String::new(),
            400,
            "CODEC",
        ),
        (
            "GET",
            &format!("{list}?component_target=a&componentTarget=b"),
            String::new(),
            400,
            "CODEC",
        ),
        ("GET", "/v1/projects/x/symbols", String::new(), 400, "CODEC"),
        ("GET", "/v1/nothing", String::new(), 404, "ROUTE_NOT_FOUND"),
        ("PATCH", &this, String::new(), 405, "METHOD_NOT_ALLOWED"),
    ];
    for (method, path, body, status, reason) in cases {
        let found = send_invalid(&service, method, path, &body);
        assert_eq!(found, (status, reason.to_owned()), "{method} {path} {body}");
    }
}

#[test]
fn values_at_their_limits_are_valid_api_3() {
    let service = SymbolsApp::start(&[]);
    let body = symbol(7, 1)
        .replace("Hero", &"ä".repeat(255))
        .replace("page", &"ö".repeat(100))
        .replace("\"version\":1", "\"version\":4294967295")
        .replace("\"7\"", "\"18446744073709551615\"");
    let answer = service.send("POST", "/v1/symbols", &body);
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[test]
fn validation_error_lists_all_invalid_fields_api_3() {
    let service = SymbolsApp::start(&[]);
    let answer = service.send("POST", "/v1/symbols", "{}");
    let problem: Value = serde_json::from_str(&answer.body).unwrap();
    let fields = problem["fields"].as_array().unwrap();
    let names: Vec<_> = fields
        .iter()
        .map(|field| field["field"].as_str().unwrap())
        .collect();
    let all = [
        "projectId",
        "uid",
        "label",
        "className",
        "componentTarget",
        "version",
        "data",
    ];
    assert_eq!(names, all);
    assert!(
        problem["message"]
            .as_str()
            .unwrap()
            .starts_with("validation failed: ")
    );
}

#[test]
fn body_without_json_type_is_codec_error_api_2() {
    let service = SymbolsApp::start(&[]);
    for headers in [
        &[][..],
        &[("content-type", "text/plain")],
        &[("content-type", "application/xml")],
    ] {
        let sent = seaworthy_testkit::http::request(
            service.http,
            "POST",
            "/v1/symbols",
            headers,
            &symbol(7, 1),
        );
        let answer = sent.unwrap();
        let problem: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(
            (answer.status, &problem["reason"]),
            (400, &Value::from("CODEC"))
        );
        assert!(
            problem["message"]
                .as_str()
                .unwrap()
                .starts_with("unregister Content-Type:")
        );
    }
}

#[test]
fn body_limit_accepts_four_mebibytes_of_data_sec_3() {
    let service = SymbolsApp::start(&[]);
    let data = "AAAA".repeat(4 * 1024 * 1024 / 3 + 1);
    let body = symbol(7, 1).replace("AP8Q", &data);
    assert_eq!(service.send("POST", "/v1/symbols", &body).status, 200);

    // The service rejects this request by its head, without reading the body.
    let mut stream = TcpStream::connect(service.http).unwrap();
    let head = "POST /v1/symbols HTTP/1.1\r\nhost: symbols\r\ncontent-type: application/json\r\ncontent-length: 7340032\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(
        answer.contains(r#""code":413"#) && answer.contains(r#""reason":"BODY_TOO_LARGE""#),
        "{answer}"
    );
}
