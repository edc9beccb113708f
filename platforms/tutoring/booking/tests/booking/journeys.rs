use seaworthy::data::{
    chrono::{TimeDelta, Utc},
    sql,
};
use seaworthy_testkit::http::HttpResponse;
use serde_json::{Value, json};
use tutoring_contract::Role;
use uuid::Uuid;

use crate::{
    app::{CENTRE, TestApp, data, json_of, operator, student, token, trainer, wait_for},
    session_day::today,
};

const METRES_PER_DEGREE: f64 = 111_195.0;

/// A trainer on the way to a session.
struct Traveller<'a> {
    app: &'a TestApp,
    token: String,
    session: String,
}

impl Traveller<'_> {
    fn post(&self, path: &str, body: &Value) -> HttpResponse {
        let path = format!("/admin/journeys/{path}");
        self.app.call("POST", &path, &self.token, body)
    }

    fn start(&self) -> HttpResponse {
        self.post("start", &json!({ "sessionId": self.session }))
    }

    /// Sends a location north of the student's place.
    fn locate(&self, journey: &str, sequence: u64, metres: f64) -> HttpResponse {
        let latitude = CENTRE.0 + metres / METRES_PER_DEGREE;
        let body = json!({
            "sequence": sequence, "latitude": latitude, "longitude": CENTRE.1, "accuracy": 5,
        });
        self.post(&format!("{journey}/location"), &body)
    }

    fn live(&self, journey: &str, token: &str) -> HttpResponse {
        self.app
            .get(&format!("/admin/journeys/{journey}/live"), token)
    }
}

fn outcome(answer: &HttpResponse) -> (u16, String) {
    let code = json_of(answer)["code"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    (answer.status, code)
}

fn id_of(journey: &Value) -> String {
    journey["journeyId"].as_str().unwrap().to_owned()
}

fn gone() -> (u16, String) {
    (410, "GONE".to_owned())
}

pub(crate) async fn journey_follows_its_trainer_api_1(app: TestApp) {
    let (owner, holder, session) = today(&app).await;
    let way = Traveller {
        app: &app,
        token: trainer(holder),
        session,
    };
    let body = json!({ "sessionId": way.session });
    let other = trainer(Uuid::from_u128(0x99));
    let refused = app.call("POST", "/admin/journeys/start", &other, &body);
    assert_eq!(refused.status, 403);
    let tomorrow = json!({ "sessionId": app.sessions(owner)[1]["id"] });
    assert_eq!(way.post("start", &tomorrow).status, 409);
    let started = way.start();
    assert_eq!(started.status, 201, "{}", started.body);
    let journey = data(&started);
    assert_eq!(
        (
            &journey["studentId"],
            &journey["trainerId"],
            &journey["sequence"]
        ),
        (&json!(owner), &json!(holder), &json!(0))
    );
    // One active journey of a session.
    assert_eq!(outcome(&way.start()), (409, "CONFLICT".to_owned()));

    let id = id_of(&journey);
    let arrived = || way.post(&format!("{id}/arrived"), &json!({}));
    assert_eq!(arrived().status, 400, "without a location");
    let moved = way.locate(&id, 5, 200.0);
    assert_eq!(data(&moved)["sequence"], 5, "{}", moved.body);
    for sequence in [5, 4, 1] {
        let stale = outcome(&way.locate(&id, sequence, 200.0));
        assert_eq!(stale, (409, "STALE_SEQUENCE".to_owned()), "{sequence}");
    }
    let jump = way.locate(&id, 6, 90_000.0);
    assert_eq!(outcome(&jump), (400, "VALIDATION_ERROR".to_owned()));
    let invalid = json!({
        "sequence": 9_007_199_254_740_992_u64, "latitude": 91, "longitude": 0, "heading": 400,
    });
    let invalid = way.post(&format!("{id}/location"), &invalid);
    assert_eq!(json_of(&invalid)["errors"].as_array().unwrap().len(), 3);
    let other_user = app.call(
        "POST",
        &format!("/admin/journeys/{id}/location"),
        &other,
        &json!({
            "sequence": 7, "latitude": CENTRE.0, "longitude": CENTRE.1,
        }),
    );
    assert_eq!(other_user.status, 403);

    // Only the student of the session and permitted administrators see the place.
    let seen = data(&way.live(&id, &student(7)));
    assert_eq!(
        (
            &seen["sequence"],
            &seen["sessionId"],
            &seen["location"]["accuracy"]
        ),
        (&json!(5), &json!(way.session), &json!(5.0))
    );
    assert_eq!(way.live(&id, &operator()).status, 200);
    let without = token(Uuid::from_u128(2), Role::Admin, &["coins:write"]);
    for caller in [&student(8), &without, &way.token] {
        assert_eq!(way.live(&id, caller).status, 403);
    }

    // 200 m are too far.
    let far = arrived();
    assert_eq!(outcome(&far), (400, "VALIDATION_ERROR".to_owned()));
    let near = wait_for("a plausible way of 60 m", || {
        let near = way.locate(&id, 7, 140.0);
        (near.status == 200).then(|| data(&near))
    });
    assert_eq!(near["sequence"], 7);
    let room = format!("journey:{id}");
    let sent = app.wait_for_live("journey:location", &room, 2);
    let sequences: Vec<_> = sent.iter().map(|one| &one["data"]["sequence"]).collect();
    assert_eq!(sequences, [5, 7]);
    assert_eq!(sent[0]["isSealed"], true);
    assert_eq!(sent[0]["data"]["journeyId"], json!(id));
    assert!(sent[0]["data"]["location"]["timestamp"].is_string());
    assert!(sent[0]["data"]["timestamp"].is_string());
    assert_eq!(data(&arrived())["reason"], "arrived");
    let ended = app.wait_for_live("journey:ended", &room, 1);
    assert_eq!(
        (&ended[0]["data"]["journeyId"], &ended[0]["data"]["reason"]),
        (&json!(id), &json!("arrived"))
    );
    assert_eq!(outcome(&arrived()), gone());
    assert_eq!(outcome(&way.locate(&id, 8, 120.0)), gone());
    assert_eq!(outcome(&way.live(&id, &student(7))), gone());
    assert_eq!(way.live(&id, &student(8)).status, 404);
    let unknown = Uuid::from_u128(1).to_string();
    assert_eq!(way.locate(&unknown, 1, 0.0).status, 404);

    // The database has no place, and the session may have another journey.
    let again = id_of(&data(&way.start()));
    let ended = data(&way.post(&format!("{again}/end"), &json!({})));
    assert_eq!(ended["reason"], "cancelled");
    let database = app.database().await;
    let reasons: Vec<(String,)> = sql("SELECT end_reason FROM journeys ORDER BY started_at")
        .fetch_all(&database)
        .await
        .unwrap();
    assert_eq!(
        reasons,
        [("arrived".to_owned(),), ("cancelled".to_owned(),)]
    );
}

/// Of locations that arrive at the same time, each stored one has a higher sequence than the
/// stored one before it.
pub(crate) async fn locations_at_the_same_time_stay_in_order_data_3(app: TestApp) {
    let (_, holder, session) = today(&app).await;
    let way = Traveller {
        app: &app,
        token: trainer(holder),
        session,
    };
    let id = id_of(&data(&way.start()));
    let accepted: Vec<u64> = std::thread::scope(|scope| {
        let sent: Vec<_> = (0..12)
            .map(|sequence| {
                let (way, id) = (&way, &id);
                scope.spawn(move || (sequence, way.locate(id, sequence, 100.0)))
            })
            .collect();
        let sent = sent.into_iter().map(|one| one.join().unwrap());
        sent.filter_map(|(sequence, answer)| {
            assert!([200, 409].contains(&answer.status), "{}", answer.body);
            (answer.status == 200).then_some(sequence)
        })
        .collect()
    });
    let last = data(&way.live(&id, &student(7)))["sequence"].clone();
    assert_eq!(last, json!(accepted.iter().max()));
    let room = format!("journey:{id}");
    let sent = app.wait_for_live("journey:location", &room, accepted.len());
    let mut sequences: Vec<_> = sent
        .iter()
        .map(|one| one["data"]["sequence"].as_u64().unwrap())
        .collect();
    sequences.sort_unstable();
    assert_eq!(sequences, accepted);
}

pub(crate) async fn silent_journey_ends_and_another_starts_data_4(mut app: TestApp) {
    let (_, holder, session) = today(&app).await;
    app.restart_with("journey_idle_timeout=1s").await;
    let way = Traveller {
        app: &app,
        token: trainer(holder),
        session,
    };
    let id = id_of(&data(&way.start()));
    let watch = |journey: &str| outcome(&way.live(journey, &student(7)));
    wait_for("the silence", || (watch(&id) == gone()).then_some(()));
    assert_eq!(outcome(&way.locate(&id, 1, 100.0)), gone());
    assert_eq!(
        outcome(&way.post(&format!("{id}/arrived"), &json!({}))),
        gone()
    );
    // A new journey ends the silent one at once. Otherwise a worker ends it.
    let next = id_of(&data(&way.start()));
    for journey in [&id, &next] {
        let ended = app.wait_for_live("journey:ended", &format!("journey:{journey}"), 1);
        assert_eq!(ended[0]["data"]["reason"], "timeout");
    }
}

pub(crate) async fn substitution_ends_the_journey_data_3(app: TestApp) {
    let (owner, holder, session) = today(&app).await;
    let way = Traveller {
        app: &app,
        token: trainer(holder),
        session,
    };
    let id = id_of(&data(&way.start()));
    let second = app.approve(0x7b, 3.0).await;
    // Substitutions are for working days only, and this day may be a Sunday.
    let date = app.sessions(owner)[1]["scheduledDate"].clone();
    let database = app.database().await;
    sql("UPDATE tutoring_sessions SET scheduled_date = ? WHERE session_number = 1")
        .bind(date.as_str().unwrap())
        .execute(&database)
        .await
        .unwrap();
    let body = json!({
        "sessionDate": date, "originalTrainerId": holder, "studentId": owner,
        "substituteTrainerId": second,
    });
    let substituted = app.call("POST", "/admin/substitutions", &operator(), &body);
    assert_eq!(substituted.status, 201, "{}", substituted.body);
    let ended = app.wait_for_live("journey:ended", &format!("journey:{id}"), 1);
    assert_eq!(ended[0]["data"]["reason"], "trainer_replaced");
    assert_eq!(outcome(&way.locate(&id, 1, 100.0)), gone());
    assert_eq!(way.start().status, 403);
}

pub(crate) async fn cancelled_allocation_ends_the_journey_data_3(app: TestApp) {
    let (owner, holder, session) = today(&app).await;
    let way = Traveller {
        app: &app,
        token: trainer(holder),
        session,
    };
    let id = id_of(&data(&way.start()));
    let database = app.database().await;
    sql("UPDATE tutoring_sessions SET starts_at = ? WHERE session_number = 1")
        .bind(Utc::now() + TimeDelta::hours(1))
        .execute(&database)
        .await
        .unwrap();
    let allocation = app.allocations(owner)[0]["id"].clone();
    let path = format!("/admin/allocations/{}/cancel", allocation.as_str().unwrap());
    let body = json!({ "reason": "moved away" });
    let cancelled = app.call("POST", &path, &operator(), &body);
    assert_eq!(cancelled.status, 200, "{}", cancelled.body);
    let ended = app.wait_for_live("journey:ended", &format!("journey:{id}"), 1);
    assert_eq!(ended[0]["data"]["reason"], "cancelled");
    assert_eq!(outcome(&way.locate(&id, 1, 100.0)), gone());
}

pub(crate) async fn start_of_the_session_ends_the_journey_data_3(app: TestApp) {
    let (_, holder, session) = today(&app).await;
    let way = Traveller {
        app: &app,
        token: trainer(holder),
        session,
    };
    let id = id_of(&data(&way.start()));
    data(&way.locate(&id, 1, 10.0));
    let path = format!("/admin/sessions/{}/start", way.session);
    let body = json!({ "trainerLocation": { "latitude": CENTRE.0, "longitude": CENTRE.1 } });
    data(&app.call("POST", &path, &way.token, &body));
    let ended = app.wait_for_live("journey:ended", &format!("journey:{id}"), 1);
    assert_eq!(ended[0]["data"]["reason"], "arrived");
    assert_eq!(outcome(&way.locate(&id, 2, 10.0)), gone());
    assert_eq!(outcome(&way.live(&id, &student(7))), gone());
}

pub(crate) async fn session_starts_while_redis_is_down(app: TestApp) {
    let (_, holder, session) = today(&app).await;
    let way = Traveller {
        app: &app,
        token: trainer(holder),
        session,
    };
    let id = id_of(&data(&way.start()));
    data(&way.locate(&id, 1, 10.0));
    let redis = app.redis.as_ref().unwrap();
    redis.freeze();
    let path = format!("/admin/sessions/{}/start", way.session);
    let body = json!({ "trainerLocation": { "latitude": CENTRE.0, "longitude": CENTRE.1 } });
    let started = data(&app.call("POST", &path, &way.token, &body));
    assert_eq!(started["status"], "pending_verification");
    let ended = app.wait_for_live("journey:ended", &format!("journey:{id}"), 1);
    assert_eq!(ended[0]["data"]["reason"], "arrived");
    // Redis still has the journey when it returns. A worker removes it.
    redis.resume();
    wait_for("the end of the journey in Redis", || {
        app.run_worker("end silent journeys");
        (outcome(&way.locate(&id, 2, 10.0)) == gone()).then_some(())
    });
    assert_eq!(outcome(&way.live(&id, &student(7))), gone());
}
