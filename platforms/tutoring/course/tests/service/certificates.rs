use seaworthy_testkit::browser::Browser;
use serde_json::{Value, json};
use tutoring_contract::events::{BusinessEvent, StudentChanged};
use uuid::Uuid;

use crate::{
    app::{TestApp, data, json_of, student_token, wait_for},
    purchases::hold,
};

const STUDENT: Uuid = Uuid::from_u128(7);

/// Holds all sessions of a purchase. Returns the path of the certificate's page.
async fn earn(app: &TestApp) -> String {
    let course = app.course();
    app.pay(1, STUDENT, course, 30).await;
    app.wait_for_events("COURSE_ACCESS_GRANTED", STUDENT, 1);
    for session in 1..=30 {
        hold(app, session, STUDENT, course).await;
    }
    let issued = app.wait_for_events("CERTIFICATE_ISSUED", STUDENT, 1);
    let url = issued["certificateUrl"].as_str().unwrap();
    let path = url.strip_prefix("https://app.example.org").unwrap();
    path.to_owned()
}

async fn rename(app: &TestApp, version: i64, snapshot: Value) {
    let changed = StudentChanged {
        student_id: STUDENT,
        version,
        snapshot,
    };
    app.publish(&BusinessEvent::new(changed)).await;
}

pub(crate) async fn purchase_has_one_certificate_msg_5(app: TestApp) {
    let page = earn(&app).await;
    let course = app.course();
    // The last session is delivered three times, and a further one after it.
    for session in [30, 30, 30, 31] {
        hold(&app, session, STUDENT, course).await;
    }
    app.wait_for_events("COURSE_PROGRESS_UPDATED", STUDENT, 31);
    assert_eq!(app.events_of("CERTIFICATE_ISSUED", STUDENT).len(), 1);
    assert_eq!(app.events_of("COURSE_COMPLETED", STUDENT).len(), 1);
    let path = format!("/students/{STUDENT}/courses/{course}/progress");
    let progress = data(&app.get(&path, &student_token(STUDENT)));
    let url = format!("https://app.example.org{page}");
    assert_eq!(progress["certificateUrl"], url);
    let notification = app.wait_for_notifications(STUDENT, 1);
    assert_eq!(notification["data"]["certificateUrl"], url);
    // 29 of 30 sessions earn nothing.
    let other = Uuid::from_u128(8);
    app.pay(2, other, course, 30).await;
    app.wait_for_events("COURSE_ACCESS_GRANTED", other, 1);
    for session in 101..=129 {
        hold(&app, session, other, course).await;
    }
    app.wait_for_events("COURSE_PROGRESS_UPDATED", other, 29);
    assert!(app.events_of("CERTIFICATE_ISSUED", other).is_empty());
    app.check_invariants();
}

pub(crate) async fn everyone_checks_a_certificate_api_1(app: TestApp) {
    let page = earn(&app).await;
    rename(
        &app,
        2,
        json!({ "fullName": "Asha <Nair>", "gender": null }),
    )
    .await;
    // An older version, and a message about the account.
    rename(&app, 1, json!({ "fullName": "Old" })).await;
    rename(&app, 9, json!({ "username": "asha" })).await;
    let shown = wait_for("the name", || {
        let shown = data(&app.get(&page, ""));
        (shown["studentName"] == "Asha <Nair>").then_some(shown)
    });
    let number = page.strip_prefix("/certificates/").unwrap();
    assert_eq!(shown["certificateNumber"], number);
    assert_eq!(shown["courseTitle"], "Robotics");
    // The page, without a token, for every case of the letters.
    for path in [page.clone(), page.to_lowercase()] {
        let html = app.page(&path);
        assert_eq!(html.status, 200, "{}", html.body);
        assert!(
            html.header("content-type")
                .unwrap()
                .starts_with("text/html")
        );
        assert!(html.body.contains("Asha &lt;Nair&gt;") && html.body.contains(number));
    }
    if let Some(browser) = Browser::find() {
        for path in [&*page, "/certificates/7"] {
            let found = browser.violations(&app.page(path).body).unwrap();
            assert_eq!(found.unwrap_or_default(), [""; 0], "{path}");
        }
    }
    let pdf = app.page(&format!("/api/v1{page}/pdf"));
    assert_eq!(
        (pdf.status, pdf.header("content-type")),
        (200, Some("application/pdf"))
    );
    assert!(pdf.body.starts_with("%PDF-1."), "{}", pdf.body);
    assert!(pdf.body.contains(&format!("Number {number}")));
    assert!(pdf.body.contains("Asha <Nair>"));
    // Unknown numbers.
    for number in ["7", "%27", &number.replace(char::is_numeric, "0")] {
        let unknown = app.page(&format!("/certificates/{number}"));
        assert_eq!(unknown.status, 404);
        assert!(unknown.body.contains("No certificate has this number"));
        let unknown = app.get(&format!("/certificates/{number}/pdf"), "");
        assert_eq!(
            (unknown.status, &json_of(&unknown)["code"]),
            (404, &json!("NOT_FOUND"))
        );
    }
}
