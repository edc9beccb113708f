use seaworthy::data::{
    chrono::{TimeDelta, Utc},
    sql,
};
use seaworthy_testkit::http::HttpResponse;
use serde_json::{Value, json};
use tutoring_testkit::audit_entries;
use uuid::Uuid;

use crate::app::{TestApp, data, json_of, operator, student_token};

const STUDENT: Uuid = Uuid::from_u128(7);
const QUESTIONS: u64 = 30;

/// The correct option of a question of the exam in these tests.
fn correct(index: u64) -> u64 {
    index % 3
}

fn exam() -> Value {
    let question = |index| {
        json!({
            "text": format!("Question {index}?"),
            "options": ["left", "right", "straight on"],
            "correctAnswerIndex": correct(index),
        })
    };
    json!({ "questions": (0..QUESTIONS).map(question).collect::<Vec<_>>() })
}

/// Returns answers to the questions that a student got, of which the first ones are right.
fn answers(shown: &Value, right: u64) -> Value {
    let questions = shown["questions"].as_array().unwrap();
    let answer = |(index, question): (u64, &Value)| {
        let shift = u64::from(index >= right);
        json!({ "questionId": question["id"], "selectedAnswerIndex": (correct(index) + shift) % 3 })
    };
    let answers: Vec<_> = (0..).zip(questions).map(answer).collect();
    json!({ "answers": answers })
}

/// Opens the first level of the sample course to a student, and stores its exam. Returns the level.
async fn prepare(app: &TestApp) -> String {
    let course = app.course();
    app.pay(1, STUDENT, course, 10).await;
    app.wait_for_events("COURSE_ACCESS_GRANTED", STUDENT, 1);
    let level = app.level(course, 0);
    let stored = app.call("PUT", &exam_path(&level), &operator(), &exam());
    assert_eq!(stored.status, 200, "{}", stored.body);
    level
}

fn exam_path(level: &str) -> String {
    format!("/levels/{level}/exam")
}

fn submit(app: &TestApp, level: &str, body: &Value) -> HttpResponse {
    let path = format!("/students/{STUDENT}/levels/{level}/exam/submit");
    app.call("POST", &path, &student_token(STUDENT), body)
}

/// Moves the attempts of the student into the past, as if a day had passed.
async fn pass_a_day(app: &TestApp) {
    let database = app.database().await;
    let moved = sql("UPDATE exam_attempts SET created_at = ? WHERE student_id = ?")
        .bind(Utc::now() - TimeDelta::hours(24))
        .bind(STUDENT)
        .execute(&database)
        .await;
    moved.unwrap();
}

pub(crate) async fn questions_have_no_answers_sec_4(app: TestApp) {
    let level = prepare(&app).await;
    let path = exam_path(&level);
    let answer = app.get(&path, &student_token(STUDENT));
    let shown = data(&answer);
    assert_eq!(shown["maxAttempts"], 3);
    let questions = shown["questions"].as_array().unwrap();
    assert_eq!(questions.len(), 30);
    for question in questions {
        let members: Vec<_> = question.as_object().unwrap().keys().collect();
        assert_eq!(members, ["id", "text", "options"]);
    }
    assert!(!answer.body.to_lowercase().contains("correct"));
    // The audit log names the change and has no answers.
    let changes = audit_entries(&app.database().await, "exam.change").await;
    let expected = json!({ "actor": Uuid::from_u128(1), "permission": "course:write" });
    assert_eq!(changes.last(), Some(&expected));
    // A level that is not bought, and a student without a purchase.
    let other = exam_path(&app.level(app.course(), 1));
    assert_eq!(app.get(&other, &student_token(STUDENT)).status, 403);
    assert_eq!(
        app.get(&path, &student_token(Uuid::from_u128(8))).status,
        403
    );
    let unknown = exam_path(&STUDENT.to_string());
    assert_eq!(app.get(&unknown, &student_token(STUDENT)).status, 404);
    // An exam has 30 valid questions.
    let store = |exam: &Value| app.call("PUT", &path, &operator(), exam);
    let mut wrong = exam();
    wrong["questions"][7]["correctAnswerIndex"] = json!(3);
    let refused = store(&wrong);
    assert_eq!(refused.status, 400);
    assert_eq!(
        json_of(&refused)["errors"][0]["field"],
        "questions[7].correctAnswerIndex"
    );
    wrong["questions"].as_array_mut().unwrap().pop();
    assert_eq!(store(&wrong).status, 400);
}

pub(crate) async fn server_scores_exams_api_1(app: TestApp) {
    let level = prepare(&app).await;
    let shown = data(&app.get(&exam_path(&level), &student_token(STUDENT)));
    // The client cannot answer a question twice, or choose an unknown option.
    let mut body = answers(&shown, 30);
    body["answers"][1] = body["answers"][0].clone();
    body["answers"][2]["selectedAnswerIndex"] = json!(3);
    let refused = json_of(&submit(&app, &level, &body));
    let fields: Vec<_> = refused["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].clone())
        .collect();
    assert_eq!(
        fields,
        ["answers[1].questionId", "answers[2].selectedAnswerIndex"]
    );
    // 15 right and 15 wrong answers: 75 - 15. The score of a legacy client is ignored.
    let mut body = answers(&shown, 15);
    body["score"] = json!(150);
    let attempt = data(&submit(&app, &level, &body));
    assert_eq!(attempt["attemptNumber"], 1);
    assert_eq!(
        (&attempt["score"], &attempt["maxScore"]),
        (&json!(60), &json!(150))
    );
    assert_eq!(attempt["percentage"], 40);
    assert_eq!(attempt["certificateType"], Value::Null);
    assert_eq!(attempt["canAttempt"], true);
    let early = submit(&app, &level, &answers(&shown, 30));
    assert_eq!(early.status, 409, "{}", early.body);
    let early = json_of(&early);
    assert_eq!(early["code"], "CONFLICT");
    assert_eq!(early["data"]["nextAttemptDate"], attempt["nextAttemptDate"]);
    pass_a_day(&app).await;
    // 18 right answers, and no others: 90.
    let mut body = answers(&shown, 30);
    body["answers"].as_array_mut().unwrap().truncate(18);
    let attempt = data(&submit(&app, &level, &body));
    assert_eq!(
        (&attempt["score"], &attempt["percentage"]),
        (&json!(90), &json!(60))
    );
    assert_eq!(attempt["certificateType"], "normal");
    pass_a_day(&app).await;
    let attempt = data(&submit(&app, &level, &answers(&shown, 30)));
    assert_eq!(attempt["certificateType"], "excellence");
    assert_eq!(attempt["canAttempt"], false);
    assert!(attempt.get("nextAttemptDate").is_none());
}

pub(crate) async fn parallel_attempts_get_one_number_data_3(app: TestApp) {
    let level = prepare(&app).await;
    let shown = data(&app.get(&exam_path(&level), &student_token(STUDENT)));
    let body = answers(&shown, 0);
    for number in 1..=4 {
        let results: Vec<_> = std::thread::scope(|scope| {
            let submits: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| submit(&app, &level, &body)))
                .collect();
            submits
                .into_iter()
                .map(|submit| submit.join().unwrap())
                .collect()
        });
        let accepted = results.iter().filter(|answer| answer.status == 200);
        let numbers: Vec<_> = accepted
            .map(|answer| data(answer)["attemptNumber"].clone())
            .collect();
        // The fourth attempt is refused.
        let expected = if number == 4 {
            vec![]
        } else {
            vec![json!(number)]
        };
        assert_eq!(numbers, expected);
        let refused = results.iter().filter(|answer| answer.status == 409).count();
        assert_eq!(refused, 4 - expected.len());
        pass_a_day(&app).await;
    }
    // Another student cannot submit for this one.
    let path = format!("/students/{STUDENT}/levels/{level}/exam/submit");
    let other = student_token(Uuid::from_u128(8));
    assert_eq!(app.call("POST", &path, &other, &body).status, 403);
    app.check_invariants();
}
