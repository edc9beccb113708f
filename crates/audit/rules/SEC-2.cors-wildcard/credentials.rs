//! Services in which a wildcard origin shows a page only what it could request without a browser.

use crate::model::facts::Cors;
use crate::model::{Model, Resolution, Service};
use crate::repository::Role;

/// The header that allows cookies, and names of its constants.
const CREDENTIALS_HEADERS: &[&str] = &[
    "Access-Control-Allow-Credentials",
    "access-control-allow-credentials",
    "ACCESS_CONTROL_ALLOW_CREDENTIALS",
    "AccessControlAllowCredentials",
];
/// Code that sets or reads a cookie or a session.
const COOKIES: &[&str] = &[
    "Set-Cookie",
    "set-cookie",
    "SET_COOKIE",
    "cookie(",
    "cookies(",
    "cookies.",
    "cookies[",
    "Cookie(",
    "Cookie::",
    ".Cookies",
    "CookieJar",
    "CookieTransport",
    "CookieValue",
    "ResponseCookie",
    "cookie-parser",
    "cookieParser",
    "cookie-session",
    "express-session",
    "@fastify/cookie",
    "@fastify/session",
    "req.cookies",
    "request.cookies",
    "request.COOKIES",
    "req.session",
    "request.session",
    "ctx.session",
    "SessionMiddleware",
    "django.contrib.sessions",
    "flask_login",
    "flask import session",
    "session[",
    "HttpSession",
    "AddSession(",
    "sessions.Sessions(",
    "gorilla/sessions",
    "gin-contrib/sessions",
    "alexedwards/scs",
    "tower_sessions",
    "tower_cookies",
    "actix_session",
    "actix_identity",
    "axum_login",
    "$_COOKIE",
    "$_SESSION",
    "session_start(",
    "formLogin",
    "next-auth",
    "better-auth",
    "iron-session",
    "express-openid-connect",
    "AddIdentity",
    "'supports_credentials' => true",
    "EnsureFrontendRequestsAreStateful",
    "devise_for",
];
/// Code that lets a browser authenticate by a stored password or a certificate.
const BROWSER_LOGINS: &[&str] = &[
    ".BasicAuth()",
    "BasicAuth(",
    "basicAuth(",
    "httpBasic",
    "HTTPBasic(",
    "HTTPBasicCredentials",
    "HTTPBasicAuth()",
    "Basic realm",
    "BasicStrategy",
    "BasicAuthentication",
    "basicauth.New(",
    "HttpAuthentication::basic",
    "ValidateRequestHeaderLayer::basic(",
    "Authorization<Basic>",
    "AddNegotiate(",
    "RequireAndVerifyClientCert",
    "RequireAnyClientCert",
    "requestCert: true",
    "WebPkiClientVerifier",
    "client-auth: need",
    "client-auth=need",
];
/// Clients that send a password. They authenticate no browser.
const CLIENT_LOGINS: &[&str] = &[
    "SetBasicAuth(",
    ".setBasicAuth(",
    "WithBasicAuth(",
    "BasicAuthenticationInterceptor",
];
/// Spring Security keeps a session and its cookie, unless the settings are stateless.
const SPRING_SECURITY: &[&str] = &[
    "SecurityFilterChain",
    "SecurityWebFilterChain",
    "EnableWebSecurity",
    "EnableWebFluxSecurity",
];
const STATELESS: &[&str] = &["STATELESS", "NoOpServerSecurityContextRepository"];
/// Code that authenticates callers by a token.
const TOKENS: &[&str] = &[
    "jwt",
    "JWT",
    "Jwt",
    "Bearer",
    "bearer",
    "passport",
    "oauth",
    "OAuth",
    "apiKey",
    "api_key",
    "APIKey",
    "x-api-key",
    "X-API-Key",
];
/// Words of the names of services for people inside of a network.
const INSIDE: &[&str] = &["admin", "backoffice", "intranet", "management"];

/// The credentials that the callers of a service send.
pub(super) struct Callers {
    /// Whether the code contains the header that allows cookies.
    header_allows_credentials: bool,
    /// Whether every caller outside of a browser gets the same responses. The service does not accept credentials that a browser sends on its own, and it is not a service for administrators that
    /// trusts its network.
    are_public: bool,
}

impl Callers {
    pub(super) fn of(model: &Model, service: &Service) -> Self {
        let texts: Vec<&str> = model
            .files_of(service)
            .filter(|found| found.file.role == Role::Production)
            .map(|found| &*found.file.text)
            .collect();
        Self {
            header_allows_credentials: contain(&texts, CREDENTIALS_HEADERS),
            are_public: !authenticates_browsers(&texts)
                && (!is_inside(service) || contain(&texts, TOKENS)),
        }
    }

    /// Whether every caller outside of a browser can read what the policy shows, because it allows
    /// no credentials.
    pub(super) fn can_read(&self, policy: &Cors) -> bool {
        let is_header = policy.library == "header";
        let allows_credentials = match &policy.credentials {
            Resolution::Known(true) => true,
            Resolution::Unknown(_) if !is_header => true,
            _ => is_header && self.header_allows_credentials,
        };
        !allows_credentials && self.are_public
    }
}

fn contain(texts: &[&str], words: &[&str]) -> bool {
    texts
        .iter()
        .any(|text| words.iter().any(|word| text.contains(word)))
}

/// Whether the code accepts a credential that a browser sends on its own: a cookie, a stored password
/// or a certificate.
fn authenticates_browsers(texts: &[&str]) -> bool {
    let logs_in = texts.iter().any(|text| {
        text.lines().any(|line| {
            BROWSER_LOGINS.iter().any(|word| line.contains(word))
                && !CLIENT_LOGINS.iter().any(|word| line.contains(word))
        })
    });
    logs_in
        || contain(texts, COOKIES)
        || contain(texts, SPRING_SECURITY) && !contain(texts, STATELESS)
}

fn is_inside(service: &Service) -> bool {
    let root = service.root.as_deref().unwrap_or_default();
    [root, service.name.as_str()]
        .iter()
        .flat_map(|name| name.split(['/', '-', '_', '.', ' ']))
        .any(|word| INSIDE.contains(&word.to_lowercase().as_str()))
}

#[cfg(test)]
mod tests {
    use super::authenticates_browsers;

    #[test]
    fn browser_credentials_are_recognized() {
        for text in [
            "app.use(session({ store }));\nconst id = req.session.id;",
            "http.SetCookie(w, &http.Cookie{Name: \"id\"})",
            "user, password, ok := r.BasicAuth()",
            "tls.Config{ClientAuth: tls.RequireAndVerifyClientCert}",
            "@EnableWebSecurity class Security {}",
            "@EnableWebFluxSecurity class Security {}",
            "SecurityWebFilterChain chain(ServerHttpSecurity http) {}",
            "def orders(session: str = Cookie(None)):",
            "self.set_secure_cookie(\"user\", name)",
            "set_access_cookies(response, token)",
            "const user = ctx.cookies.get(\"user\");",
            "user = cookies[:user]",
            "let cookie = Cookie::build((\"user\", user));",
            "CookieTransport(cookie_max_age=3600)",
            "headers.insert(header::SET_COOKIE, value);",
            "ctx.session.user = user;",
            "import { getIronSession } from \"iron-session\";",
            "import { betterAuth } from \"better-auth\";",
            "const { auth } = require(\"express-openid-connect\");",
            "use axum_login::AuthManagerLayerBuilder;",
            "use actix_identity::IdentityMiddleware;",
            "use tower_cookies::CookieManagerLayer;",
            "builder.Services.AddIdentity<User, Role>();",
            "'supports_credentials' => true,",
            "EnsureFrontendRequestsAreStateful::class,",
            "devise_for :users",
            "app.Use(basicauth.New(basicauth.Config{}))",
            "HttpAuthentication::basic(check)",
            "ValidateRequestHeaderLayer::basic(\"user\", password)",
            "authentication_classes = [BasicAuthentication]",
        ] {
            assert!(authenticates_browsers(&[text]), "{text}");
        }
    }

    #[test]
    fn tokens_and_outgoing_passwords_are_not_browser_credentials() {
        for text in [
            "passport.authenticate('jwt', { session: false })",
            "request.SetBasicAuth(user, password)",
            "basic_auth: Option<Vec<u8>>,",
            "\"www-authenticate\",",
            "@EnableWebSecurity class S { policy(SessionCreationPolicy.STATELESS) }",
            "@EnableWebFluxSecurity class S { NoOpServerSecurityContextRepository none; }",
            "new BasicAuthenticationInterceptor(user, password)",
        ] {
            assert!(!authenticates_browsers(&[text]), "{text}");
        }
    }
}
