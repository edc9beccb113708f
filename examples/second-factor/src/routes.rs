use std::sync::Arc;

use seaworthy::{
    account::{DeviceCookies, SessionCookie},
    axum::{
        extract::State,
        http::{HeaderMap, StatusCode, header::SET_COOKIE},
        response::{IntoResponse as _, Response},
    },
    prelude::*,
};

use crate::accounts::{Accounts, LoggedIn, Login};

/// State of all handlers.
#[derive(Clone)]
struct Api {
    accounts: Arc<Accounts>,
    cookie: SessionCookie,
    devices: Arc<DeviceCookies>,
}

#[derive(Deserialize)]
struct Credentials {
    email: String,
    password: Secret<String>,
}

#[derive(Deserialize)]
struct CodeForLogin {
    token: Secret<String>,
    code: Secret<String>,
}

#[derive(Deserialize)]
struct PasswordOnly {
    password: Secret<String>,
}

#[derive(Deserialize)]
struct CodeOnly {
    code: Secret<String>,
}

#[derive(Deserialize)]
struct PasswordAndCode {
    password: Secret<String>,
    code: Secret<String>,
}

#[derive(Serialize)]
struct Registered {
    id: String,
}

#[derive(Serialize)]
struct CodeNeeded {
    code_needed: bool,
    token: String,
}

#[derive(Serialize)]
struct EnrolledFactor {
    secret: String,
    uri: String,
}

#[derive(Serialize)]
struct Confirmed {
    recovery_codes: Vec<String>,
}

#[derive(Serialize)]
struct Me {
    id: String,
    has_second_factor: bool,
}

/// Returns all routes of the service.
pub(crate) fn routes(
    accounts: Arc<Accounts>,
    cookie: SessionCookie,
    devices: DeviceCookies,
) -> Routes {
    let public = Routes::new()
        .post("/register", register)
        .post("/login", log_in)
        .post("/login/code", log_in_by_code)
        .with_options(|options| options.access(Access::Public).sets_session());
    let authenticated = Routes::new()
        .get("/me", me)
        .post("/totp/enroll", enroll)
        .post("/totp/confirm", confirm)
        .post("/totp/disable", disable)
        .with_options(|options| options.access(Access::Authenticated));
    public.merge(authenticated).with_state(Api {
        accounts,
        cookie,
        devices: Arc::new(devices),
    })
}

impl Api {
    /// Sets the cookies of the session and of the known device.
    fn logged_in(&self, login: &Login) -> Result<Response, Error> {
        let max_age = self.accounts.sessions.idle_timeout();
        let cookies = [
            (SET_COOKIE, self.cookie.set(&login.token, max_age)?),
            (SET_COOKIE, self.devices.set(&login.user, login.version)?),
        ];
        let mut response = StatusCode::NO_CONTENT.into_response();
        for (name, value) in cookies {
            response.headers_mut().append(name, value);
        }
        Ok(response)
    }
}

/// Returns the user of the session.
fn caller() -> Result<String, Error> {
    let actor = context::current().and_then(|now| Some(now.actor()?.as_str().to_owned()));
    actor.ok_or_else(|| Error::internal("an authenticated route has no actor"))
}

async fn register(
    State(api): State<Api>,
    Json(request): Json<Credentials>,
) -> Result<(StatusCode, Json<Registered>), Error> {
    let user = api
        .accounts
        .register(&request.email, request.password)
        .await?;
    Ok((StatusCode::CREATED, Json(Registered { id: user.id })))
}

async fn log_in(
    State(api): State<Api>,
    headers: HeaderMap,
    Json(request): Json<Credentials>,
) -> Result<Response, Error> {
    let device = api.devices.read(&headers);
    let logged_in = api
        .accounts
        .log_in(&request.email, request.password, device.as_ref())
        .await?;
    match logged_in {
        LoggedIn::Session(login) => api.logged_in(&login),
        LoggedIn::CodeNeeded(token) => Ok(Json(CodeNeeded {
            code_needed: true,
            token: token.expose().to_owned(),
        })
        .into_response()),
    }
}

async fn log_in_by_code(
    State(api): State<Api>,
    headers: HeaderMap,
    Json(request): Json<CodeForLogin>,
) -> Result<Response, Error> {
    let device = api.devices.read(&headers);
    let login = api
        .accounts
        .log_in_by_code(&request.token, &request.code, device.as_ref())
        .await?;
    api.logged_in(&login)
}

async fn me(State(api): State<Api>) -> Result<Json<Me>, Error> {
    let id = caller()?;
    Ok(Json(Me {
        has_second_factor: api.accounts.factors.is_required(&id).await?,
        id,
    }))
}

async fn enroll(
    State(api): State<Api>,
    headers: HeaderMap,
    Json(request): Json<PasswordOnly>,
) -> Result<Json<EnrolledFactor>, Error> {
    let device = api.devices.read(&headers);
    let enrollment = api
        .accounts
        .enroll(&caller()?, request.password, device.as_ref())
        .await?;
    Ok(Json(EnrolledFactor {
        secret: enrollment.secret.expose().clone(),
        uri: enrollment.uri.expose().clone(),
    }))
}

async fn confirm(
    State(api): State<Api>,
    Json(request): Json<CodeOnly>,
) -> Result<Json<Confirmed>, Error> {
    let recovery_codes = api.accounts.confirm(&caller()?, &request.code).await?;
    Ok(Json(Confirmed { recovery_codes }))
}

async fn disable(
    State(api): State<Api>,
    headers: HeaderMap,
    Json(request): Json<PasswordAndCode>,
) -> Result<StatusCode, Error> {
    let device = api.devices.read(&headers);
    api.accounts
        .disable(&caller()?, request.password, &request.code, device.as_ref())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
