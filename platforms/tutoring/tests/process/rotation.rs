//! Rotation of secrets while the platform runs.

use std::{fs, path::Path};

use aws_lc_rs::hmac;
use data_encoding::HEXLOWER;
use seaworthy::prelude::Secret;
use seaworthy_testkit::http::request;
use serde_json::{Value, json};
use tutoring_contract::{
    AccessTokenConfig, LiveEvent, ServiceTokenConfig, ServiceTokens, events::NotificationRequested,
};
use tutoring_identity::{LiveSealer, NoticeSealer};
use tutoring_testkit::SERVICES;
use uuid::Uuid;

use crate::app::{PASSWORD, TestPlatform, open_zone, tokens, wait_for};

const PREVIOUS: &str = "Vb2n5Mx8Zq1Ws4Ed7Rf0Tg3Yh6Uj9Ik2";
const FIRST: &str = "Kx3v9Qp2LmT7wZr5Yb8NcD4FgH6JsA1e";
const SECOND: &str = "Qw8e5Rt2Yu7iOp4As1Df6Gh9Jk3Lz0Xc";
const EMAIL: &str = "asha@example.org";

/// Returns whether a secret signed an access token.
async fn has_signed(secret: &str, token: &str) -> bool {
    let config = AccessTokenConfig {
        secret: Some(Secret::new(secret.to_owned())),
        ..AccessTokenConfig::default()
    };
    let verifier = config.verifier(None).unwrap();
    verifier.verify(token).await.is_ok()
}

fn reference(file: &Path) -> String {
    format!("file:{}", file.display())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotated_secret_signs_and_old_tokens_verify_conf_5() {
    let folder = tempfile::tempdir().unwrap();
    let [file, previous] = ["access", "previous"].map(|name| folder.path().join(name));
    fs::write(&file, FIRST).unwrap();
    fs::write(&previous, PREVIOUS).unwrap();
    let settings = SERVICES.iter().flat_map(|(service, prefix)| {
        let section = format!("{service}.{prefix}access_tokens");
        [
            format!("{section}.secret={}", reference(&file)),
            format!(
                "{section}.additional_verification_keys=[\"{}\"]",
                reference(&previous)
            ),
        ]
    });
    // The test logs in until it sees the new secret.
    let unlimited = "student-auth.limits.enabled=false".to_owned();
    let app = TestPlatform::with(settings.chain([unlimited]).collect()).await;
    let old = app.student(EMAIL).access;
    let log_in = || tokens(&app.log_in(EMAIL, PASSWORD)).access;
    assert!(has_signed(FIRST, &log_in()).await);
    let accepts = |token: &str| {
        let profile = app.call(token, "GET", "/profile", &Value::Null);
        profile.status == 200
    };
    assert!(accepts(&old));

    // The old secret becomes the additional one.
    fs::write(&previous, FIRST).unwrap();
    fs::write(&file, SECOND).unwrap();
    let new = wait_for("the rotation", || {
        let token = log_in();
        let runtime = tokio::runtime::Handle::current();
        let is_new = tokio::task::block_in_place(|| runtime.block_on(has_signed(SECOND, &token)));
        is_new.then_some(token)
    });
    // The gateway and the service of accounts read the file at different times.
    wait_for("the new token", || accepts(&new).then_some(()));
    assert!(accepts(&old));
    app.stop().await;
}

/// Messages that were published before a rotation are read after it.
#[tokio::test]
async fn rotated_secret_opens_older_messages_conf_5() {
    let secret = |text: &str| Secret::new(text.to_owned());
    let config = |active: &str, additional: &[&str]| AccessTokenConfig {
        secret: Some(secret(active)),
        additional_verification_keys: additional.iter().map(|text| secret(text)).collect(),
        ..AccessTokenConfig::default()
    };
    let (old, new) = (config(FIRST, &[]), config(SECOND, &[PREVIOUS, FIRST]));
    let notice = NotificationRequested {
        recipient_id: Uuid::from_u128(7),
        notification_type: "course".to_owned(),
        title: "Your trainer has arrived".to_owned(),
        body: "Your session code is 123456.".to_owned(),
        data: Some(json!({ "otp": "123456" })),
    };
    let sealed = NoticeSealer::new(&old).unwrap().seal(notice).await.unwrap();
    let opened = NoticeSealer::new(&new)
        .unwrap()
        .open(&sealed)
        .await
        .unwrap();
    assert_eq!(opened.unwrap().body, "Your session code is 123456.");
    let event = LiveEvent::for_user(Uuid::from_u128(7), "session:otp", &json!("123456")).unwrap();
    let sealed = LiveSealer::new(&old).unwrap().seal(event).await.unwrap();
    let opened = LiveSealer::new(&new).unwrap().open(&sealed).await.unwrap();
    assert_eq!(opened, json!("123456"));
    let unknown = LiveSealer::new(&config(SECOND, &[PREVIOUS])).unwrap();
    assert!(unknown.open(&sealed).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotated_secret_of_services_signs_and_verifies_conf_5() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("services");
    fs::write(&file, FIRST).unwrap();
    let app = TestPlatform::with(vec![
        format!("student.backend.service_tokens.secret={}", reference(&file)),
        format!("payment.service_tokens.secret={}", reference(&file)),
        // This service has the new secret before the others.
        format!("booking.service_tokens.secret={SECOND}"),
    ])
    .await;
    let student = app.address("student");
    let path = format!("/api/v1/students/{}/invalidate-cache", Uuid::from_u128(7));
    let call = |secret: &str| {
        let config = ServiceTokenConfig {
            secret: Some(Secret::new(secret.to_owned())),
            ..ServiceTokenConfig::default()
        };
        let token = ServiceTokens::new("payment", &config).unwrap().sign();
        let bearer = format!("Bearer {}", token.unwrap().expose());
        let headers = [("authorization", bearer.as_str())];
        request(student, "POST", &path, &headers, "")
            .unwrap()
            .status
    };
    assert_eq!([FIRST, SECOND].map(call), [204, 401]);
    open_zone(&app, (12.28, 76.63));
    // The service of payments reserves a price at the service of bookings.
    let bearer = format!("Bearer {}", app.student(EMAIL).access);
    let courses = app.send("GET", "/api/v1/courses", &[], "");
    let courses: Value = serde_json::from_str(&courses.body).unwrap();
    let package = json!({
        "courseId": courses["data"]["items"][0]["id"],
        "sessionCount": 30,
        "groupSize": 1,
        "learningMode": "home",
        "schedule": {
            "timeSlot": "16:00",
            "startDate": "2026-12-01",
            "deliveryMode": "WEEKDAY_DAILY",
        },
        "location": { "address": "4th Cross", "latitude": 12.28, "longitude": 76.63 },
    });
    let buy = || {
        let headers = [("authorization", bearer.as_str())];
        let path = "/api/v1/payments/session-booking";
        app.send("POST", path, &headers, &package.to_string())
    };
    let refused = wait_for("the course", || {
        Some(buy()).filter(|answer| answer.status != 404)
    });
    assert!(refused.status >= 500, "{}", refused.body);

    fs::write(&file, SECOND).unwrap();
    wait_for("the new secret", || (call(SECOND) == 204).then_some(()));
    assert_eq!(call(FIRST), 204);
    let bought = wait_for("the purchase", || {
        Some(buy()).filter(|answer| answer.status < 300)
    });
    let bought: Value = serde_json::from_str(&bought.body).unwrap();
    assert!(bought["data"]["orderId"].is_string(), "{bought}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotated_secrets_of_providers_take_effect_conf_5() {
    let folder = tempfile::tempdir().unwrap();
    let [sms, webhook] = ["sms", "webhook"].map(|name| folder.path().join(name));
    fs::write(&sms, FIRST).unwrap();
    fs::write(&webhook, FIRST).unwrap();
    let app = TestPlatform::with(vec![
        "student-auth.limits.enabled=false".to_owned(),
        format!("student-auth.sms.auth_key={}", reference(&sms)),
        format!("payment.provider.webhook_secret={}", reference(&webhook)),
    ])
    .await;
    // Each number may request few codes.
    let mut numbers = 9_812_345_000_u64..;
    let mut is_sent = || {
        let phone = json!({ "phone": format!("+91{}", numbers.next().unwrap()) });
        app.post("/otp/request", &phone).status == 200
    };
    assert!(!is_sent());
    let is_accepted = |secret: &str| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let signature = HEXLOWER.encode(hmac::sign(&key, b"{}").as_ref());
        let headers = [("x-razorpay-signature", signature.as_str())];
        let path = "/api/v1/payments/webhook/razorpay";
        app.send("POST", path, &headers, "{}").status != 401
    };
    assert_eq!([FIRST, SECOND].map(is_accepted), [true, false]);

    // The provider of the tests knows this key.
    fs::write(&sms, "key-of-the-test").unwrap();
    fs::write(&webhook, SECOND).unwrap();
    wait_for("the new key", || is_sent().then_some(()));
    wait_for("the new secret", || is_accepted(SECOND).then_some(()));
    assert!(!is_accepted(FIRST));
    app.stop().await;
}
