use seaworthy::data::{
    chrono::{TimeDelta, Utc},
    sql,
};
use seaworthy_testkit::http::HttpResponse;
use serde_json::{Value, json};

use crate::{
    app::{CENTRE, TestApp, data, json_of, trainer},
    session_day::today,
};

fn require_wrong(answer: &HttpResponse) {
    assert_eq!(
        (answer.status, &json_of(answer)["code"]),
        (400, &json!("INVALID_CODE")),
        "{}",
        answer.body
    );
}

pub(crate) async fn code_ends_after_five_attempts_or_ten_minutes_auth_5(app: TestApp) {
    let (owner, holder, id) = today(&app).await;
    let own = trainer(holder);
    let post = |action: &str, body: &Value| {
        app.call(
            "POST",
            &format!("/admin/sessions/{id}/{action}"),
            &own,
            body,
        )
    };
    // Returns the code of a start.
    let start = |count: usize| {
        let place = json!({ "latitude": CENTRE.0, "longitude": CENTRE.1 });
        data(&post("start", &json!({ "trainerLocation": place })));
        let sent = app.wait_for_live("session:otp", &format!("user:{owner}"), count);
        let code = &sent.last().unwrap()["data"]["otp"];
        code.as_str().unwrap().to_owned()
    };
    let verify = |code: &str| post("verify-otp", &json!({ "otp": code }));
    let database = app.database().await;
    let issue = async |minutes: i64| {
        sql("UPDATE tutoring_sessions SET otp_issued_at = ? WHERE session_number = 1")
            .bind(Utc::now() - TimeDelta::minutes(minutes))
            .execute(&database)
            .await
            .unwrap();
    };
    let code = start(1);
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for _ in 0..5 {
        require_wrong(&verify(wrong));
    }
    require_wrong(&verify(&code));
    issue(11).await;
    // A new code has new attempts.
    let code = start(2);
    issue(11).await;
    require_wrong(&verify(&code));
    issue(9).await;
    assert_eq!(data(&verify(&code))["status"], "in_progress");
}
