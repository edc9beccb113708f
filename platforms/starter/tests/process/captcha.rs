use seaworthy_testkit::database::EmptyDatabase;
use serde_json::{Value, json};

use crate::app::{PASSWORD, Replica, assert_error, json_of};

const CAPTCHA: &[&str] = &["auth.captcha_enabled=true"];

/// Sends a code by mail and returns the ID and the code.
fn mailed(replica: &Replica, address: &str) -> (String, String) {
    let path = format!("/api/v1/auth/captcha?captcha_type=email&target={address}");
    let issued = json_of(&replica.send("GET", &path, "").unwrap());
    assert_eq!(issued["image_data"], "", "{issued}");
    let id = issued["captcha_id"].as_str().unwrap().to_owned();
    (id, replica.mailed_code())
}

pub(crate) fn registration_needs_a_captcha_of_its_address_auth_2(database: &EmptyDatabase) {
    let replica = Replica::start_with(database, CAPTCHA);
    let register = |fields: Value| {
        let mut body =
            json!({ "username": "ada", "password": PASSWORD, "email": "Ada@example.org" });
        body.as_object_mut()
            .unwrap()
            .extend(fields.as_object().unwrap().clone());
        replica.post("/api/v1/auth/register", &body)
    };
    assert_error(&register(json!({})), 400, "CAPTCHA_REQUIRED");
    assert_error(
        &register(json!({ "captcha_id": "x" })),
        400,
        "CAPTCHA_CODE_REQUIRED",
    );
    assert_error(
        &register(json!({ "captcha_code": "x" })),
        400,
        "CAPTCHA_ID_REQUIRED",
    );
    let answer = register(json!({ "captcha_id": "x", "captcha_code": "y" }));
    assert_error(&answer, 400, "CAPTCHA_INVALID");
    assert_eq!(json_of(&answer)["code"], "CAPTCHA_INVALID");
    assert_error(&replica.login("ada", PASSWORD), 400, "CAPTCHA_REQUIRED");

    let (id, code) = mailed(&replica, "eve@example.org");
    let stolen = register(json!({ "captcha_id": id, "captcha_code": code }));
    assert_error(&stolen, 400, "CAPTCHA_INVALID");
    let (id, code) = mailed(&replica, "ada@example.org");
    let registered = register(json!({ "captcha_id": id, "captcha_code": code }));
    assert_eq!(registered.status, 200, "{}", registered.body);
}

pub(crate) fn captcha_is_valid_once_on_all_replicas_auth_2(database: &EmptyDatabase) {
    let (first, second) = (
        Replica::start_with(database, CAPTCHA),
        Replica::start_with(database, CAPTCHA),
    );
    let get = |query: &str| {
        first
            .send("GET", &format!("/api/v1/auth/captcha?{query}"), "")
            .unwrap()
    };
    let image = json_of(&get("captcha_type=image"));
    let png = image["image_data"].as_str().unwrap();
    assert!(png.starts_with("iVBORw0KGgo"), "{png}");
    assert_eq!(image["captcha_id"].as_str().unwrap().len(), 32);
    let audio = json_of(&get("captcha_type=audio"));
    assert!(audio["audio_data"].as_str().unwrap().starts_with("UklGR"));
    assert_error(&get("captcha_type=email"), 400, "VALIDATION_FAILED");
    assert_error(&get("captcha_type=fax"), 400, "VALIDATION_FAILED");
    let sms = get("captcha_type=sms&target=%2B33612345678");
    assert_error(&sms, 503, "CAPTCHA_GENERATION_FAILED");

    let (id, code) = mailed(&first, "ada@example.org");
    let body = json!({ "captcha_id": id, "captcha_code": code });
    let verified = second.post("/api/v1/auth/captcha/verify", &body);
    assert_eq!(json_of(&verified)["success"], true, "{}", verified.body);
    for replica in [&first, &second] {
        let again = replica.post("/api/v1/auth/captcha/verify", &body);
        assert_error(&again, 400, "CAPTCHA_INVALID");
    }
}
