use seaworthy::prelude::Timeout;
use serde_json::{Value, json};
use tutoring_contract::Role;

use super::Client;
use crate::{
    app::{TestPlatform, assert_error},
    authorization::{USER, token_of},
};

pub(crate) async fn connection_needs_a_valid_token_auth_1(app: &TestPlatform) {
    let session = app.student("asha@example.org");
    for (auth, message) in [
        (json!({}), "Authentication token required"),
        (json!({ "token": "a.b.c" }), "Authentication failed"),
        // A user that the client names is ignored.
        (
            json!({ "userId": USER, "role": "admin" }),
            "Authentication token required",
        ),
    ] {
        let (_client, result) = Client::connect(app.gateway, &auth).await;
        let refused = result
            .strip_prefix("44")
            .unwrap_or_else(|| panic!("{result}"));
        let refused: Value = serde_json::from_str(refused).unwrap();
        assert_eq!(refused["message"], message);
    }
    let mut client = Client::join(app.gateway, &session.access).await;
    client.send(r#"421["subscribe:journey",{}]"#).await;
    let event = r#"42["subscribe:journey:error",{"message":"journeyId required"}]"#;
    let mut packets = [client.packet().await, client.packet().await];
    packets.sort();
    assert_eq!(packets[0], event);
    assert!(
        packets[1].starts_with(r#"431[{"#) && packets[1].contains(r#""ok":false"#),
        "{packets:?}"
    );

    // The connection ends when its token expires, unless the client sends a new one.
    let short = token_of(USER, Role::Student, &session.access, Timeout::from_secs(2));
    let mut expiring = Client::join(app.gateway, &short).await;
    assert_eq!(expiring.packet().await, "41");
    // A token of an ended session is rejected.
    assert_eq!(
        app.call(&session.access, "POST", "/logout-all", &Value::Null)
            .status,
        200
    );
    let auth = json!({ "token": session.access });
    let (_client, result) = Client::connect(app.gateway, &auth).await;
    assert!(result.contains("Authentication failed"), "{result}");
    // Errors of the protocol are envelopes, too.
    let path = "/socket.io/?EIO=4&transport=polling&sid=unknown";
    assert_error(&app.send("GET", path, &[], ""), 400, "VALIDATION_ERROR");
}

/// The handshake of a page, by WebSocket or by polling.
const TRANSPORTS: [(&str, &[(&str, &str)]); 2] = [
    ("polling", &[]),
    (
        "websocket",
        &[
            ("connection", "upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ],
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn handshakes_of_other_origins_are_rejected_sec_2() {
    let allowed = "https://app.example.org";
    let cors = format!("gateway.server.http.cors.allowed_origins=[\"{allowed}\"]");
    let app = TestPlatform::with(vec![cors]).await;
    for (transport, headers) in TRANSPORTS {
        let path = format!("/socket.io/?EIO=4&transport={transport}");
        for other in [
            "https://evil.example",
            "https://app.example.org.evil.example",
            "null",
        ] {
            let headers = [headers, &[("origin", other)]].concat();
            let refused = app.send("GET", &path, &headers, "");
            assert_eq!(refused.status, 403, "{transport} {other}: {}", refused.body);
        }
    }
    let path = "/socket.io/?EIO=4&transport=polling";
    for headers in [vec![("origin", allowed)], vec![]] {
        assert_eq!(app.send("GET", path, &headers, "").status, 200);
    }
    let session = app.student("asha@example.org");
    Client::join_from(app.gateway, &session.access, allowed).await;
    app.stop().await;
}
