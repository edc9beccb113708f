//! Rotation of secrets while the services run.

use std::fs;

use aws_lc_rs::hmac;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use seaworthy_testkit::http::request;

use crate::{app::TestApp, client::sign_token, eventually::eventually};

const NEXT: &str = "Qw8e5Rt2Yu7iOp4As1Df6Gh9Jk3Lz0Xc";
const USER: &str = "00000000-0000-4000-8000-00000000beef";

/// Returns whether a secret signed a token.
fn has_signed(secret: &[u8], token: &str) -> bool {
    let (text, signature) = token.rsplit_once('.').unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
    hmac::verify(&key, text.as_bytes(), &signature).is_ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotated_jwt_secret_signs_and_old_tokens_verify_conf_5() {
    let app = TestApp::start().await;
    let first = app.jwt_secret();
    let old = app.register("ada").await;
    assert!(has_signed(&first, old.token.as_ref().unwrap()));
    let next = app.with_token(sign_token(NEXT.as_bytes(), "HS256", USER));
    // The gateway and the services of joins and of events verify tokens.
    let joins = "/api/me/joins";
    assert_eq!(next.get(joins).await.status, 401);

    fs::write(app.directory().join("secrets/jwt"), NEXT).unwrap();
    // Each service reads the file by itself.
    for path in [joins, "/api/me/events"] {
        eventually(async || match next.get(path).await.status {
            200 => Ok(()),
            status => Err(status),
        })
        .await;
    }
    let signed = eventually(async || {
        let user = app.register("grace").await.token.unwrap();
        has_signed(NEXT.as_bytes(), &user)
            .then_some(user)
            .ok_or("the previous secret signed")
    })
    .await;
    let new = app.with_token(signed);
    for (host, guest) in [(&old, &new), (&new, &old)] {
        let event = host.publish("Jazz", 0).await;
        assert_eq!(guest.join(&event, "k").await.status, 200);
        assert_eq!(host.get(joins).await.status, 200);
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotated_secret_of_the_internal_route_takes_effect_conf_5() {
    let app = TestApp::start().await;
    let file = app.directory().join("secrets/internal");
    let first = fs::read_to_string(&file).unwrap();
    let auth = app.platform.addresses("auth").unwrap().http;
    let status = |secret: &str| {
        let path = format!("/internal/users/{USER}");
        let headers = [("x-internal-secret", secret)];
        request(auth, "GET", &path, &headers, "").unwrap().status
    };
    // The user does not exist.
    assert_eq!([first.as_str(), NEXT].map(status), [404, 401]);
    fs::write(&file, NEXT).unwrap();
    eventually(async || match status(NEXT) {
        404 => Ok(()),
        status => Err(status),
    })
    .await;
    assert_eq!(status(&first), 401);
    app.stop().await;
}
