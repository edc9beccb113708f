//! Pages for students, trainers and administrators, which demonstrate a whole purchase. They call
//! the gateway with the rights of the visitor. Use them in development only: they suggest the
//! sample accounts.

mod admin;
mod chat;
mod gateway;
mod layout;
mod start;
mod student;
mod trainer;
mod visitor;

use std::sync::{Arc, OnceLock};

use seaworthy::{
    axum::{
        http::{HeaderMap, header::CONTENT_TYPE},
        response::{IntoResponse as _, Redirect, Response},
        routing::{MethodRouter, get, post},
    },
    client::{HttpClient, HttpClientConfig},
    config::Profile,
    prelude::*,
};
use serde_json::Value;

use gateway::{Gateway, GatewayError};
use visitor::Role;

const NAME: &str = "tutoring-page";
const STYLE: &str = include_str!("page.css");
const CONTENT_SECURITY_POLICY: &str =
    "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'";

/// A page, or the error that prevents it.
type PageResult = Result<Response, GatewayError>;

/// The pages have no settings of their own.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct PageConfig {}

/// The services that the pages use. They are known after the pages have started.
#[derive(Debug, Clone, Default)]
pub(crate) struct Page(Arc<OnceLock<Targets>>);

#[derive(Debug)]
struct Targets {
    gateway: Gateway,
    /// The URL of the accounts of students, which has the mailbox.
    accounts: String,
    /// The URL of the catalogue, which has the pages of certificates.
    catalogue: String,
}

/// Returns the service of the pages with its default ports: HTTP 3020, admin listener 3120.
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
    /// Sets the URLs of the gateway, of the accounts of students, and of the catalogue.
    ///
    /// # Errors
    /// The client of the gateway cannot be created.
    pub(crate) fn connect(
        &self,
        [gateway, accounts, catalogue]: [String; 3],
    ) -> Result<(), StartError> {
        let targets = Targets {
            gateway: Gateway::new(client(&gateway)?),
            accounts,
            catalogue,
        };
        // The platform connects its pages once.
        let _ = self.0.set(targets);
        Ok(())
    }

    /// Assembles the service.
    ///
    /// # Errors
    /// [`StartError`] outside of development and tests, because the pages show public passwords.
    pub(crate) fn assemble(self, service: &Assembly<PageConfig>) -> Result<(), StartError> {
        if !matches!(service.profile(), Profile::Development | Profile::Test) {
            return Err(StartError::new(
                "the pages show public passwords: start them with the profile development",
            ));
        }
        let pages: [(&str, MethodRouter<Self>); 19] = [
            ("/", get(start::show)),
            ("/login/{role}", post(start::log_in)),
            ("/logout/{role}", post(start::log_out)),
            ("/register", post(start::register)),
            ("/verify", post(start::verify)),
            ("/student", get(student::show)),
            ("/student/quote", post(student::quote)),
            ("/student/buy", post(student::buy)),
            ("/student/confirm", post(student::confirm)),
            ("/trainer", get(trainer::show)),
            ("/trainer/start", post(trainer::start)),
            ("/trainer/verify", post(trainer::verify)),
            ("/trainer/end", post(trainer::end)),
            ("/admin", get(admin::show)),
            ("/admin/approve", post(admin::approve)),
            ("/admin/allocate", post(admin::allocate)),
            ("/chat/{role}/{peer}", get(chat::show)),
            ("/chat/{role}/{peer}/messages", post(chat::send)),
            ("/page.css", get(async || style())),
        ];
        let options = RouteOptions::new().access(Access::Public).sets_session();
        let routes = pages
            .into_iter()
            .fold(Routes::new(), |routes, (path, methods)| {
                routes.route_with(path, methods, options.clone())
            });
        service.http(routes.with_state(self));
        Ok(())
    }

    /// Writes with the rights of the visitor in a role, and shows the page of the role.
    async fn act(&self, role: Role, headers: &HeaderMap, path: &str, body: &Value) -> PageResult {
        let visitor = role.visitor(headers)?;
        self.gateway()?.post(&visitor, path, body).await?;
        Ok(Redirect::to(role.home()).into_response())
    }

    fn gateway(&self) -> Result<&Gateway, Error> {
        Ok(&self.targets()?.gateway)
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
    let because = |error| {
        StartError::with_cause(
            format!("no HTTP client can be created for {address}"),
            error,
        )
    };
    let config = HttpClientConfig {
        base_url: address.parse().ok(),
        ..HttpClientConfig::default()
    };
    HttpClient::builder("tutoring")
        .config(config)
        .build()
        .map_err(because)
}

fn style() -> Response {
    ([(CONTENT_TYPE, "text/css")], STYLE).into_response()
}
