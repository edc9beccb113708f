//! Logins by Google, with a real OpenID provider.

use data_encoding::BASE64;
use seaworthy_testkit::{
    http::{HttpResponse, request},
    oidc_provider::{OidcProvider, OidcRegistrations},
    requirement::required,
};
use serde_json::{Value, json};

use crate::app::{PASSWORD, TestPlatform, assert_error, json_of, tokens};

const CLIENT: &str = "tutoring";
const SECRET: &str = "c2hpcHMgYXJlIGJ1aWx0IGZvciB0aGUgb3BlbiBzZWE";
const PAGE: &str = "http://127.0.0.1:9/login";
const EMAIL: &str = "asha@example.org";
/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A platform whose students log in at a provider.
struct GoogleTest {
    app: TestPlatform,
    provider: OidcProvider,
}

impl GoogleTest {
    /// Returns `None` if the provider is not installed.
    async fn start() -> Option<Self> {
        let modules = required("SEAWORTHY_TEST_OIDC_PROVIDER")?;
        let registrations = OidcRegistrations::new()
            .client(CLIENT, SECRET, PAGE, &Value::Null)
            .client("other", SECRET, PAGE, &Value::Null)
            .account("asha", "Asha@example.org", true)
            .account("eve", "eve@example.org", false)
            .claims_in_token();
        let provider = OidcProvider::start(modules, &registrations).unwrap();
        let settings = [
            format!("issuer={}", provider.issuer()),
            format!("client_ids=[{CLIENT}]"),
            format!("client_secret={SECRET}"),
            format!("redirect_uris=[{PAGE}]"),
            "timeout=60s".to_owned(),
        ];
        let settings = settings.map(|setting| format!("student-auth.google.{setting}"));
        let clients = ["attempt_timeout=30s", "total_timeout=60s"];
        let clients =
            clients.map(|setting| format!("student-auth.clients.google.policies.{setting}"));
        let app = TestPlatform::with(settings.into_iter().chain(clients).collect()).await;
        Some(Self { app, provider })
    }

    /// Logs in at the provider, as an application does. Returns the code.
    fn code(&self, client: &str, account: &str) -> String {
        let page = "http%3A%2F%2F127.0.0.1%3A9%2Flogin";
        let address = format!(
            "{}/auth?client_id={client}&redirect_uri={page}&response_type=code&scope=openid+email&code_challenge={CHALLENGE}&code_challenge_method=S256&state=s",
            self.provider.issuer()
        );
        let back = self.provider.log_in(&address, account).unwrap();
        let (_, code) = back.split_once("code=").unwrap();
        code.split('&').next().unwrap().to_owned()
    }

    /// Returns an ID token for a client of the provider.
    fn id_token(&self, client: &str, account: &str) -> String {
        let code = self.code(client, account);
        let basic = format!(
            "Basic {}",
            BASE64.encode(format!("{client}:{SECRET}").as_bytes())
        );
        let headers = [
            ("authorization", basic.as_str()),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        let body = format!(
            "grant_type=authorization_code&code={code}&redirect_uri={PAGE}&code_verifier={VERIFIER}"
        );
        let answer = request(self.provider.address(), "POST", "/token", &headers, &body).unwrap();
        let token = &json_of(&answer)["id_token"];
        token
            .as_str()
            .unwrap_or_else(|| panic!("{}", answer.body))
            .to_owned()
    }

    fn by_token(&self, token: &str) -> HttpResponse {
        self.app.post("/google", &json!({ "idToken": token }))
    }

    fn by_code(&self, code: &str, page: &str, verifier: &str) -> HttpResponse {
        let body = json!({ "code": code, "redirectUri": page, "codeVerifier": verifier });
        self.app.post("/google/web", &body)
    }
}

fn user_of(answer: &HttpResponse) -> Value {
    tokens(answer);
    json_of(answer)["data"]["user"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn google_token_logs_in_and_links_a_verified_account_auth_4() {
    let Some(test) = GoogleTest::start().await else {
        return;
    };
    let session = test.app.student(EMAIL);
    let profile = test
        .app
        .call(&session.access, "GET", "/profile", &Value::Null);
    let user = user_of(&test.by_token(&test.id_token(CLIENT, "asha")));
    assert_eq!(user["id"], json_of(&profile)["data"]["id"]);
    assert_eq!(user["googleLinked"], true);
    // Tokens of another client and of an unverified address, and text that is not a token.
    let foreign = test.id_token("other", "asha");
    let unverified = test.id_token(CLIENT, "eve");
    for token in [foreign.as_str(), unverified.as_str(), "a.b.c"] {
        assert_error(&test.by_token(token), 401, "TOKEN_INVALID");
    }
    assert_error(&test.by_token(""), 400, "VALIDATION_ERROR");
    // The access token of a login by a password is not an ID token.
    assert_error(&test.by_token(&session.access), 401, "TOKEN_INVALID");
    test.app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn google_code_needs_its_verifier_and_page_auth_4() {
    let Some(mut test) = GoogleTest::start().await else {
        return;
    };
    // A user has registered the address of another person, and cannot verify it.
    let body = json!({ "email": EMAIL, "password": PASSWORD });
    let rival = json_of(&test.app.post("/register", &body))["data"]["studentId"].clone();
    let code = test.code(CLIENT, "asha");
    let foreign = test.by_code(&code, "https://evil.example/login", VERIFIER);
    assert_error(&foreign, 400, "VALIDATION_ERROR");
    let user = user_of(&test.by_code(&code, PAGE, VERIFIER));
    assert_ne!(user["id"], rival);
    assert_eq!(
        (&user["email"], &user["isEmailVerified"]),
        (&json!(EMAIL), &json!(true))
    );
    let refused = test.app.log_in(EMAIL, PASSWORD);
    assert_error(&refused, 401, "INVALID_CREDENTIALS");
    // A code is valid once, and only with its verifier.
    assert_error(&test.by_code(&code, PAGE, VERIFIER), 401, "TOKEN_INVALID");
    let stolen = test.by_code(&test.code(CLIENT, "asha"), PAGE, CHALLENGE);
    assert_error(&stolen, 401, "TOKEN_INVALID");
    let again = user_of(&test.by_code(&test.code(CLIENT, "asha"), PAGE, VERIFIER));
    assert_eq!(again["id"], user["id"]);
    test.provider.kill();
    let unavailable = test.by_code("code", PAGE, VERIFIER);
    assert_error(&unavailable, 503, "SERVICE_DEGRADED");
    test.app.stop().await;
}
