use seaworthy_testkit::http::{HttpResponse, request};

use crate::app::{SymbolsApp, symbol};

fn create(service: &SymbolsApp, key: &str, body: &str) -> HttpResponse {
    let headers = [
        ("content-type", "application/json"),
        ("idempotency-key", key),
    ];
    request(service.http, "POST", "/v1/symbols", &headers, body).unwrap()
}

#[test]
fn confirmed_changes_survive_kill() {
    let service = SymbolsApp::start(&[]);
    let created = service.send("POST", "/v1/symbols", &symbol(7, 1)).body;
    service.create(7, 2);
    service.send("DELETE", "/v1/symbols/2", "");
    let service = service.restart();
    assert_eq!(service.send("GET", "/v1/symbols/1", "").body, created);
    assert_eq!(service.send("GET", "/v1/symbols/2", "").status, 404);
    // The store never reuses an ID.
    assert_eq!(service.create(7, 2), "3");
}

#[test]
fn repeated_key_replays_answer_after_restart_api_6() {
    let service = SymbolsApp::start(&[]);
    let first = create(&service, "k1", &symbol(7, 1));
    assert_eq!(
        (first.status, first.header("idempotency-replayed")),
        (200, None)
    );
    let service = service.restart();
    let again = create(&service, "k1", &symbol(7, 1));
    assert_eq!(
        (
            again.status,
            &again.body,
            again.header("idempotency-replayed")
        ),
        (200, &first.body, Some("true"))
    );
    let other = create(&service, "k1", &symbol(7, 2));
    assert_eq!(other.status, 422, "{}", other.body);
    assert!(other.body.contains(r#""code":422"#), "{}", other.body);
    assert!(
        other.body.contains(r#""reason":"IDEMPOTENCY_KEY_REUSED""#),
        "{}",
        other.body
    );
    // Without a key the uid already exists.
    let refused = service.send("POST", "/v1/symbols", &symbol(7, 1));
    assert_eq!(refused.status, 400, "{}", refused.body);
}

#[test]
fn repeated_key_replays_largest_answer_api_6() {
    let service = SymbolsApp::start(&[]);
    let data = "AAAA".repeat(4 * 1024 * 1024 / 3 + 1);
    let body = symbol(7, 1).replace("AP8Q", &data);
    let first = create(&service, "k1", &body);
    let again = create(&service, "k1", &body);
    assert_eq!((first.status, again.status), (200, 200));
    assert!(first.body == again.body, "the responses differ");
}
