use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::{COURSE, PDF, TestApp, fields, json_of, rejection};

pub(crate) async fn application_is_sent_once_and_editable_until_decided_api_2(app: TestApp) {
    let trainer = app.trainer("asha");
    let missing = app.call(
        "GET",
        "/trainers/auth/application",
        &trainer.token,
        &Value::Null,
    );
    assert_eq!(missing.status, 404);
    let mut form = app.form(&trainer);
    assert_eq!(app.send("PUT", &trainer, &form).status, 404);
    let sent = app.send("POST", &trainer, &form);
    assert_eq!(sent.status, 201, "{}", sent.body);
    assert_eq!(json_of(&sent)["data"]["reviewStatus"], "PENDING");
    let again = app.send("POST", &trainer, &form);
    assert_eq!(rejection(&again), (409, "CONFLICT".to_owned()));

    form["experienceYears"] = json!(7);
    let edited = app.send("PUT", &trainer, &form);
    assert_eq!(edited.status, 200, "{}", edited.body);
    let own = app.call(
        "GET",
        "/trainers/auth/application",
        &trainer.token,
        &Value::Null,
    );
    let own = &json_of(&own)["data"];
    assert_eq!(
        (&own["experienceYears"], &own["trainerId"]),
        (&json!(7), &json!(trainer.id))
    );
    assert_eq!(own["territory"]["district"], "Mysuru");

    let place = app.call("GET", "/trainers/auth/pincodes/570023", "", &Value::Null);
    let expected = json!({ "pincode": "570023", "city": "Mysuru", "district": "Mysuru", "state": "Karnataka" });
    assert_eq!(json_of(&place)["data"], expected);
    assert_eq!(
        app.call("GET", "/trainers/auth/pincodes/1", "", &Value::Null)
            .status,
        404
    );
    let slots = app.call(
        "GET",
        "/trainers/auth/apply/preview-availability?shiftType=evening",
        "",
        &Value::Null,
    );
    let slots = json_of(&slots)["data"]["slots"].as_array().unwrap().clone();
    assert_eq!(
        (slots.len(), &slots[0]["start"], &slots[7]["end"]),
        (8, &json!("12:00"), &json!("20:00"))
    );
}

pub(crate) async fn documents_must_be_own_uploads_of_their_type_file_1(app: TestApp) {
    let (asha, ravi) = (app.trainer("asha"), app.trainer("ravi"));
    let form = app.form(&asha);
    for (kind, key) in [
        ("id_proof", app.upload(&ravi, "id_proof", PDF)),
        ("id_proof", app.upload(&asha, "qualification", PDF)),
        (
            "qualification",
            app.upload(&asha, "qualification", "<script>not a PDF</script>"),
        ),
        (
            "face_verification",
            format!("applications/{}/face_verification/{}", asha.id, Uuid::nil()),
        ),
        ("id_proof", "https://example.org/id.pdf".to_owned()),
    ] {
        let mut wrong = form.clone();
        wrong["documents"][kind] = json!(key);
        let answer = app.send("POST", &asha, &wrong);
        assert_eq!(fields(&answer), [format!("documents.{kind}")], "{key}");
    }
    let sign = |content_type: &str, size: u64| {
        let body = json!({ "kind": "id_proof", "contentType": content_type, "size": size });
        fields(&app.call("POST", "/trainers/auth/apply/documents", &asha.token, &body))
    };
    assert_eq!(sign("text/html", 10), ["contentType"]);
    assert_eq!(sign("image/png", 11 * 1024 * 1024), ["size"]);
    // Legacy clients send further fields, which are ignored.
    let mut form = form;
    form["trainerId"] = json!(ravi.id);
    form["availability"]["timezone"] = json!("Asia/Kolkata");
    assert_eq!(app.send("POST", &asha, &form).status, 201);
}

pub(crate) async fn invalid_application_names_every_field_api_3(app: TestApp) {
    let trainer = app.trainer("asha");
    let mut form = app.form(&trainer);
    form["fullName"] = json!("A");
    form["dateOfBirth"] = json!("2020-01-01");
    form["location"]["longitude"] = json!(200.0);
    form["courses"] = json!([COURSE, COURSE]);
    form["bio"] = json!("short");
    form["availability"]["availableDays"] = json!(["Sun"]);
    form["documents"]
        .as_object_mut()
        .unwrap()
        .remove("id_proof");
    form["consents"]["backgroundCheck"] = json!(false);
    let expected = [
        "fullName",
        "dateOfBirth",
        "location.longitude",
        "courses",
        "bio",
        "availability.availableDays",
        "documents.id_proof",
        "consents.backgroundCheck",
    ];
    assert_eq!(fields(&app.send("POST", &trainer, &form)), expected);
    let mut unknown = app.form(&trainer);
    unknown["courses"] = json!([Uuid::nil()]);
    assert_eq!(
        fields(&app.send("POST", &trainer, &unknown)),
        ["courses[0]"]
    );
    unknown["courses"] = json!([COURSE]);
    unknown["location"]["pincode"] = json!("999999");
    assert_eq!(
        fields(&app.send("POST", &trainer, &unknown)),
        ["location.pincode"]
    );
    unknown["gender"] = json!("unknown");
    assert_eq!(fields(&app.send("POST", &trainer, &unknown)), ["gender"]);
}

pub(crate) async fn courses_follow_their_events_msg_5(app: TestApp) {
    let id = Uuid::from_u128(0xc1);
    app.publish_course(id, 1, "Drafts", "draft").await;
    app.publish_course(id, 3, "Python", "published").await;
    app.wait_for_course("Python", true);
    // An older version arrives late. The archive of the other course shows that it was handled.
    app.publish_course(id, 2, "Old Python", "archived").await;
    app.publish_course(COURSE, 2, "Robotics", "archived").await;
    app.wait_for_course("Robotics", false);
    app.wait_for_course("Python", true);
    app.wait_for_course("Drafts", false);
}
