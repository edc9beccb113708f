use seaworthy_testkit::{database::EmptyDatabase, http::request};
use serde_json::{Value, json};

use crate::{
    app::{PASSWORD, Replica, assert_error, grant_admin, json_of, tokens},
    contract_variables::start,
};

const CAPTCHA: &[&str] = &["auth.captcha_enabled=true"];

/// Sends a code by mail and returns the ID and the code.
pub(crate) fn mailed(replica: &Replica, address: &str) -> (String, String) {
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

    // "x1<ada@example.org>" and "a\da"@example.org reach ada@example.org too.
    for other in ["x1%3Cada@example.org%3E", "%22a%5Cda%22@example.org"] {
        let path = format!("/api/v1/auth/captcha?captcha_type=email&target={other}");
        let refused = replica.send("GET", &path, "").unwrap();
        assert_error(&refused, 400, "VALIDATION_FAILED");
    }

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
    // The error names the field of the request.
    for query in ["email", "email&target=ada", "sms", "sms&target=call-me"] {
        let refused = get(&format!("captcha_type={query}"));
        assert_error(&refused, 400, "VALIDATION_FAILED");
        let field = &json_of(&refused)["field_errors"][0]["field"];
        assert_eq!(field, "target", "{query}");
    }
    assert_error(&get("captcha_type=fax"), 400, "VALIDATION_FAILED");
    let sms = get("captcha_type=sms&target=%2B33612345678");
    // In development, the log shows codes by SMS.
    assert_eq!(sms.status, 200, "{}", sms.body);

    let (id, code) = mailed(&first, "ada@example.org");
    let body = json!({ "captcha_id": id, "captcha_code": code });
    let verified = second.post("/api/v1/auth/captcha/verify", &body);
    assert_eq!(json_of(&verified)["success"], true, "{}", verified.body);
    for replica in [&first, &second] {
        let again = replica.post("/api/v1/auth/captcha/verify", &body);
        assert_error(&again, 400, "CAPTCHA_INVALID");
    }
}

pub(crate) fn mail_to_an_address_is_limited_and_recorded_auth_2(database: &EmptyDatabase) {
    let (first, second) = (Replica::start(database), Replica::start(database));
    let path = "/api/v1/auth/captcha?captcha_type=email&target=Victim@example.org";
    let statuses = [&first, &second, &first, &second]
        .map(|replica| replica.send("GET", path, "").unwrap().status);
    assert_eq!(statuses, [200, 200, 200, 429]);
    let refused = first.send("GET", path, "").unwrap();
    assert_error(&refused, 429, "RATE_LIMITED");

    first.register("root_user");
    grant_admin(database, "root_user");
    let (admin, _) = tokens(&first.login("root_user", PASSWORD));
    let listed = second.call("GET", "/api/v1/operations", &admin, "");
    let listed = json_of(&listed);
    let sent: Vec<_> = listed["operations"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["operation"] == "SendCaptcha")
        .collect();
    assert_eq!(sent.len(), 3, "{listed}");
    let content = sent[0]["content"].as_str().unwrap();
    assert!(content.contains("vi***@example.org"), "{content}");
    assert_eq!(
        (&sent[0]["result"], &sent[0]["client_ip"]),
        (&"ok".into(), &"127.0.0.1".into())
    );
}

#[test]
fn codes_are_shown_in_development_only_auth_2() {
    let folder = tempfile::tempdir().unwrap();
    // The profile is `test`.
    let mut process = start(folder.path(), &[]);
    let (http, _) = process.addresses().unwrap();
    process.line("\"message\":\"ready\"").unwrap();
    let get = |path: &str| request(http, "GET", path, &[], "").unwrap();
    for path in ["/mailbox", "/mailbox.json"] {
        assert_error(&get(path), 404, "ROUTE_NOT_FOUND");
    }
    for query in ["email&target=ada@example.org", "sms&target=%2B33612345678"] {
        let answer = get(&format!("/api/v1/auth/captcha?captcha_type={query}"));
        assert_error(&answer, 400, "CAPTCHA_KIND_NOT_OFFERED");
    }
}

pub(crate) fn verified_address_needs_its_own_code_auth_2(database: &EmptyDatabase) {
    let settings = ["auth.captcha_enabled=true", "auth.verify_addresses=true"];
    let replica = Replica::start_with(database, &settings);
    let register = |fields: Value| {
        let mut body = json!({ "username": "ada", "password": PASSWORD });
        body.as_object_mut()
            .unwrap()
            .extend(fields.as_object().unwrap().clone());
        replica.post("/api/v1/auth/register", &body)
    };
    let (id, code) = mailed(&replica, "eve@example.org");
    let other = json!({ "email": "ada@example.org", "captcha_id": id, "captcha_code": code });
    assert_error(&register(other), 400, "CAPTCHA_INVALID");
    let both = json!({ "email": "ada@example.org", "phone": "+33612345678" });
    assert_error(&register(both), 400, "VALIDATION_FAILED");
    let (id, code) = mailed(&replica, "ada@example.org");
    let own = json!({ "email": "ada@example.org", "captcha_id": id, "captcha_code": code });
    assert_eq!(register(own).status, 200);
}
