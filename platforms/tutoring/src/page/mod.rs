//! A page that walks through the main flow as student, trainer and admin. It is for development.

use std::sync::{Arc, OnceLock};

use seaworthy::{
    axum::{
        extract::{Query, State},
        http::header::CONTENT_TYPE,
        response::{Html, IntoResponse, Json, Response},
        routing::get,
    },
    client::{HttpClient, HttpClientConfig},
    prelude::*,
};
use serde_json::{Value, json};
use tutoring_admin::{SEED_EMAIL, SEED_PASSWORD};

use crate::seed;

const NAME: &str = "tutoring-page";
const INDEX: &str = include_str!("index.html");
const SCRIPT: &str = include_str!("page.js");
const STYLE: &str = include_str!("page.css");
/// The page calls the gateway, whose port the operator chooses.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    connect-src 'self' http:; frame-ancestors 'none'";
/// The text before the code in a mail.
const CODE: &str = "Your code is ";
const CODE_LENGTH: usize = 6;

/// The page has no settings of its own.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct PageConfig {}

/// The addresses that the page uses. They are known after the page has started.
#[derive(Debug, Clone, Default)]
pub(crate) struct Page(Arc<OnceLock<Targets>>);

#[derive(Debug)]
struct Targets {
    gateway: String,
    accounts: HttpClient,
}

#[derive(Debug, Deserialize)]
struct Mail {
    email: String,
}

/// Returns the service of the page with its default ports: HTTP 3020, admin listener 3120.
pub(crate) fn service() -> Service {
    Service::new(NAME, env!("CARGO_PKG_VERSION"))
        .default_value("server.http.addr", "127.0.0.1:3020")
        .default_value("admin.addr", "127.0.0.1:3120")
        .default_value(
            "server.http.security_headers.content_security_policy",
            CONTENT_SECURITY_POLICY,
        )
}

impl Page {
    /// Sets the addresses of the gateway and of the accounts of students.
    ///
    /// # Errors
    /// The client of the accounts cannot be created.
    pub(crate) fn connect(&self, gateway: &str, accounts: &str) -> Result<(), StartError> {
        let targets = Targets {
            gateway: gateway.to_owned(),
            accounts: client(accounts)?,
        };
        // The platform connects its page once.
        let _ = self.0.set(targets);
        Ok(())
    }

    /// Assembles the service.
    ///
    /// # Errors
    /// [`StartError`] in production, because the page shows codes and public passwords.
    pub(crate) fn assemble(self, service: &Assembly<PageConfig>) -> Result<(), StartError> {
        if service.profile() == seaworthy::config::Profile::Production {
            return Err(StartError::new("the page is for development only"));
        }
        let open = || RouteOptions::new().access(Access::Public);
        let routes = Routes::new()
            .route_with("/", get(async || Html(INDEX)), open())
            .route_with(
                "/page.js",
                get(async || asset("text/javascript", SCRIPT)),
                open(),
            )
            .route_with("/page.css", get(async || asset("text/css", STYLE)), open())
            .route_with("/config", get(config), open())
            .route_with("/code", get(code), open())
            .with_state(self);
        service.http(routes);
        Ok(())
    }

    fn targets(&self) -> Result<&Targets, Error> {
        let message = "the platform is starting: try again";
        let starting = || Error::new(Code::Unavailable, "STARTING", message);
        self.0.get().ok_or_else(starting)
    }
}

/// Returns a client of a service on this machine.
///
/// # Errors
/// The address is not a URL.
pub(crate) fn client(address: &str) -> Result<HttpClient, StartError> {
    let because = |error| StartError::with_cause(format!("no client of {address}"), error);
    let config = HttpClientConfig {
        base_url: address.parse().ok(),
        ..HttpClientConfig::default()
    };
    HttpClient::builder("tutoring")
        .config(config)
        .build()
        .map_err(because)
}

fn asset(media_type: &'static str, text: &'static str) -> Response {
    ([(CONTENT_TYPE, media_type)], text).into_response()
}

async fn config(State(page): State<Page>) -> Result<Json<Value>, Error> {
    Ok(Json(json!({
        "gateway": page.targets()?.gateway,
        "password": seed::PASSWORD,
        "trainer": seed::APPLICANT,
        "admin": { "email": SEED_EMAIL, "password": SEED_PASSWORD },
    })))
}

/// Returns the code in the newest mail to an address.
async fn code(State(page): State<Page>, mail: Query<Mail>) -> Result<Json<Value>, Error> {
    let code = mailed_code(&page.targets()?.accounts, &mail.email).await?;
    let missing = || Error::new(Code::NotFound, "NO_CODE", "no mail with a code");
    Ok(Json(json!({ "code": code.ok_or_else(missing)? })))
}

/// Returns the code in the newest mail to an address, if there is one.
///
/// # Errors
/// The mailbox cannot be read.
pub(crate) async fn mailed_code(
    accounts: &HttpClient,
    email: &str,
) -> Result<Option<String>, Error> {
    let mails = accounts.get("/mailbox.json").send().await?;
    let mails: Vec<Value> = mails.success()?.json().await?;
    let texts = mails.iter().map(Value::to_string);
    let mut to_address = texts.filter(|mail| mail.contains(email));
    Ok(to_address.find_map(|mail| Some(mail.split_once(CODE)?.1.get(..CODE_LENGTH)?.to_owned())))
}
