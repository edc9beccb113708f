use seaworthy::data::sql;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    app::{TestApp, data, json_of, operator, student, trainer},
    session_day::today,
};

pub(crate) async fn each_side_reviews_a_completed_session_once_data_3(app: TestApp) {
    let (owner, holder, session) = today(&app).await;
    let review = |token: &str, rating: Value| {
        let body = json!({ "sessionId": session, "rating": rating, "feedback": " Patient. " });
        app.call("POST", "/admin/reviews", token, &body)
    };
    let (pupil, own) = (student(7), trainer(holder));
    assert_eq!(review(&pupil, json!(4.5)).status, 409, "not completed");
    let database = app.database().await;
    sql("UPDATE tutoring_sessions SET status = 'completed' WHERE session_number = 1")
        .execute(&database)
        .await
        .unwrap();
    for rating in [json!(0), json!(0.4), json!(4.7), json!(5.5)] {
        let refused = review(&pupil, rating);
        assert_eq!(refused.status, 400, "{}", refused.body);
        assert_eq!(json_of(&refused)["errors"][0]["field"], "rating");
    }
    let both = json!({ "sessionId": session, "rating": 0, "feedback": "x".repeat(1001) });
    let refused = json_of(&app.call("POST", "/admin/reviews", &pupil, &both));
    assert_eq!(refused["errors"][0]["field"], "rating");
    assert_eq!(refused["errors"][1]["field"], "feedback");
    for other_user in [student(8), trainer(Uuid::from_u128(0x99))] {
        assert_eq!(review(&other_user, json!(1)).status, 403);
    }
    // The same review three times at once.
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let sent: Vec<_> = (0..3)
            .map(|_| scope.spawn(|| review(&pupil, json!(4.5)).status))
            .collect();
        let sent = sent.into_iter().map(|one| one.join().unwrap());
        sent.collect()
    });
    let count = |status: u16| statuses.iter().filter(|one| **one == status).count();
    assert_eq!((count(201), count(409)), (1, 2), "{statuses:?}");
    let by_trainer = data(&review(&own, json!(5)));
    assert_eq!(
        (&by_trainer["reviewType"], &by_trainer["feedback"]),
        (&json!("trainer"), &json!("Patient."))
    );
    assert_eq!(review(&own, json!(1)).status, 409);
    app.wait_for_events("SESSION_REVIEWED", owner, 2);
    let events = app.events_of("SESSION_REVIEWED", owner);
    let of_student = events.iter().find(|one| one["reviewType"] == "student");
    let of_student = of_student.unwrap();
    assert_eq!(
        (&of_student["rating"], &of_student["trainerId"]),
        (&json!(4.5), &json!(holder))
    );
    assert_eq!(events.len(), 2);
    let of_trainer = events.iter().find(|one| one["reviewType"] == "trainer");
    let of_trainer = of_trainer.unwrap();
    assert_eq!(
        (&of_trainer["userId"], &of_trainer["role"]),
        (&json!(holder), &json!("trainer"))
    );
    let listed = data(&app.get("/admin/reviews", &operator()));
    assert_eq!(listed["pagination"]["total"], 2);
}
