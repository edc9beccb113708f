use seaworthy::redis::RedisConfig;
use serde_json::{Value, json};
use tutoring_contract::{AccessTokenConfig, AccessTokens, Role, Subject, Territory};
use tutoring_identity::{ActiveSessions, SessionRecord};
use uuid::Uuid;

use crate::app::{SECRET, TestApp};

/// Every route that needs an admin, with a permission that a locality supervisor lacks.
const ROUTES: [(&str, &str, Option<&str>); 14] = [
    ("GET", "/auth/me", None),
    ("POST", "/auth/logout-all", None),
    ("POST", "/auth/password/change", None),
    ("POST", "/auth/totp/enroll", None),
    ("POST", "/auth/totp/confirm", None),
    ("POST", "/auth/totp/disable", None),
    ("GET", "/admins", Some("admin:read")),
    ("POST", "/admins", Some("admin:write")),
    ("GET", "/admins/{id}", Some("admin:read")),
    ("PATCH", "/admins/{id}", Some("admin:write")),
    ("GET", "/roles", Some("role:read")),
    ("PUT", "/roles/state_admin", Some("role:write")),
    ("GET", "/permissions", Some("role:read")),
    ("GET", "/audit-log", Some("audit:read")),
];

/// Returns the access token of a student whose session is active if there is a Redis.
async fn student_token(app: &TestApp) -> String {
    let config = AccessTokenConfig {
        secret: Some(seaworthy::core::Secret::new(SECRET.to_owned())),
        ..AccessTokenConfig::default()
    };
    let student = Subject {
        id: Uuid::from_u128(7),
        role: Role::Student,
        admin_roles: Vec::new(),
        permissions: Vec::new(),
        territory: Territory::default(),
        email: None,
        phone: None,
    };
    if let Some(redis) = &app.redis {
        let config = RedisConfig {
            url: redis.url().parse().unwrap(),
            ..RedisConfig::default()
        };
        let record = SessionRecord {
            session_id: "s1".to_owned(),
            user_id: student.id,
            role: Role::Student,
            created_at: String::new(),
            last_activity_at: String::new(),
            ip: String::new(),
            user_agent: String::new(),
        };
        ActiveSessions::new(Some(&config))
            .unwrap()
            .put(&record)
            .await
            .unwrap();
    }
    AccessTokens::new(&config)
        .unwrap()
        .sign(&student, "s1")
        .unwrap()
        .expose()
        .clone()
}

pub(crate) async fn every_route_rejects_callers_without_rights_auth_5(app: TestApp) {
    let root = app.super_admin();
    let place = ["Karnataka", "Mysuru", "South", "Kuvempunagar"];
    let supervisor = app.create(&root, "s@example.org", "locality_supervisor", &place);
    let student = student_token(&app).await;
    for (method, path, permission) in ROUTES {
        let path = path.replace("{id}", &root.id);
        let body = if method == "GET" {
            Value::Null
        } else {
            json!({})
        };
        let status = |token: &str| app.call(method, &path, token, &body).status;
        assert_eq!(status(""), 401, "{method} {path} without a token");
        assert_eq!(status("a.b.c"), 401, "{method} {path} with a bad token");
        assert_eq!(status(&student), 403, "{method} {path} as a student");
        if permission.is_some() {
            assert_eq!(
                status(&supervisor.token),
                403,
                "{method} {path} without {permission:?}"
            );
        }
    }
}
