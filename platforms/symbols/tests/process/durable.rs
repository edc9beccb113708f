use seaworthy_testkit::http::{Answer, request};

use crate::running::{Running, symbol};

fn create(service: &Running, key: &str, body: &str) -> Answer {
    let headers = [
        ("content-type", "application/json"),
        ("idempotency-key", key),
    ];
    request(service.http, "POST", "/v1/symbols", &headers, body).unwrap()
}

#[test]
fn what_was_answered_is_there_after_the_process_was_killed() {
    let service = Running::start(&[]);
    let created = service.send("POST", "/v1/symbols", &symbol(7, 1)).body;
    service.create(7, 2);
    service.send("DELETE", "/v1/symbols/2", "");
    let service = service.killed_and_started_again();
    assert_eq!(service.send("GET", "/v1/symbols/1", "").body, created);
    assert_eq!(service.send("GET", "/v1/symbols/2", "").status, 404);
    // A number is never given twice.
    assert_eq!(service.create(7, 2), "3");
}

#[test]
fn a_repeat_gets_the_first_answer_also_from_the_next_process_api_6() {
    let service = Running::start(&[]);
    let first = create(&service, "k1", &symbol(7, 1));
    assert_eq!(
        (first.status, first.header("idempotency-replayed")),
        (200, None)
    );
    let service = service.killed_and_started_again();
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
    // Without a key the project has the identifier already.
    let refused = service.send("POST", "/v1/symbols", &symbol(7, 1));
    assert_eq!(refused.status, 400, "{}", refused.body);
}

#[test]
fn a_repeat_of_the_largest_symbol_gets_the_whole_answer_api_6() {
    let service = Running::start(&[]);
    let data = "AAAA".repeat(4 * 1024 * 1024 / 3 + 1);
    let body = symbol(7, 1).replace("AP8Q", &data);
    let first = create(&service, "k1", &body);
    let again = create(&service, "k1", &body);
    assert_eq!((first.status, again.status), (200, 200));
    assert!(first.body == again.body, "the answers differ");
}
