//! The HTTP interface of the legacy media service.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, Utc};
use city_events_contract::{PictureFocus, PicturePurpose};
use seaworthy::{
    axum::{
        Extension,
        body::Bytes,
        extract::{Request, State},
        http::{StatusCode, header},
        response::{IntoResponse, Response},
        routing::{MethodRouter, get, post},
    },
    core::context,
    health::Health,
    http::PublicErrorBody,
    prelude::*,
    storage::Content,
    uploads::{NewUpload, Upload, UploadError, UploadStatus, Uploads},
};
use serde::de::DeserializeOwned;
use serde_json::json;
use uuid::Uuid;

/// The state of the routes.
#[derive(Clone)]
pub(crate) struct Api {
    uploads: Uploads,
    /// The base URL of pictures, without a slash at its end.
    pictures: Arc<str>,
}

impl Api {
    pub(crate) fn new(uploads: Uploads, pictures_url: &str) -> Self {
        Self {
            uploads,
            pictures: pictures_url.trim_end_matches('/').into(),
        }
    }
}

/// An error in the format of the legacy service.
#[derive(Debug)]
pub(crate) struct MediaError {
    status: StatusCode,
    text: String,
}

impl MediaError {
    fn new(status: StatusCode, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { status, text }
    }

    fn invalid(text: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, text)
    }
}

impl From<&Error> for MediaError {
    fn from(error: &Error) -> Self {
        let status = StatusCode::from_u16(error.code().http_status())
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self::new(status, error.message())
    }
}

impl From<UploadError> for MediaError {
    fn from(error: UploadError) -> Self {
        match error {
            UploadError::NotUploaded => Self::invalid("file not uploaded yet"),
            UploadError::TooLarge(_) => Self::invalid("file too large"),
            UploadError::NotFound => Self::new(StatusCode::NOT_FOUND, "upload not found"),
            error => {
                let error = Error::from(error);
                if error.code() == Code::Internal {
                    tracing::error!(cause = ?error.cause(), "a request failed");
                }
                Self::from(&error)
            }
        }
    }
}

impl IntoResponse for MediaError {
    fn into_response(self) -> Response {
        let body = Json(json!({ "error": self.text }));
        (self.status, Extension(PublicErrorBody), body).into_response()
    }
}

/// The memory of a file that the service receives: one part of an object in S3.
const RECEIVE_MEMORY: ByteSize = ByteSize::mebibytes(8);

pub(crate) fn routes(api: Api, health: &Health) -> Routes {
    let health = health.clone();
    let probes = Routes::new()
        .get("/healthz", async || "ok")
        .get("/readyz", async move || ready(&health))
        .with_options(|options| options.access(Access::Public).probe());
    let max_size = api.uploads.store().config().max_size;
    let receiving = RouteOptions::new()
        .access(Access::Authenticated)
        .body_limit(max_size)
        .buffers_body(RECEIVE_MEMORY.min(max_size));
    let routes_with_files = Routes::new().route_with("/media/v1/upload", post(receive), receiving);
    let routes: [(&str, MethodRouter<Api>, Access); 3] = [
        (
            "/media/v1/request-upload",
            post(request),
            Access::Authenticated,
        ),
        ("/media/v1/complete", post(complete), Access::Authenticated),
        ("/media/v1/status/{id}", get(status), Access::Public),
    ];
    routes
        .into_iter()
        .fold(routes_with_files, |routes, (path, methods, access)| {
            routes.route_with(path, methods, RouteOptions::new().access(access))
        })
        .with_state(api)
        .merge(probes)
}

fn ready(health: &Health) -> Response {
    if health.readiness().accepts_traffic() {
        return "ok".into_response();
    }
    let response = (StatusCode::SERVICE_UNAVAILABLE, "db not ready");
    (Extension(PublicErrorBody), response).into_response()
}

/// Returns the ID of the authenticated user.
///
/// # Errors
/// 401 without a user, and 400 if the ID of the token is not a UUID.
fn user() -> Result<String, MediaError> {
    let user = context::with_current(|context| {
        let actor = context.and_then(|context| context.actor().cloned());
        actor.map(|actor| actor.as_str().to_owned())
    });
    let user = user.ok_or_else(|| MediaError::new(StatusCode::UNAUTHORIZED, "sign in first"))?;
    match Uuid::try_parse(&user) {
        Ok(_) => Ok(user),
        Err(_) => Err(MediaError::invalid("invalid user id in the access token")),
    }
}

fn parse<T: DeserializeOwned>(body: &Bytes) -> Result<T, MediaError> {
    serde_json::from_slice(body)
        .map_err(|error| MediaError::invalid(format!("the body is not valid: {error}")))
}

#[derive(Debug, Deserialize)]
struct UploadRequest {
    purpose: String,
    /// The size in bytes. With it and the media type, the URL accepts only such a file.
    #[serde(default)]
    size: Option<u64>,
    #[serde(default)]
    content_type: Option<String>,
}

fn purpose(text: &str) -> Result<PicturePurpose, MediaError> {
    text.parse()
        .map_err(|_| MediaError::invalid("invalid purpose: use avatar or event_cover"))
}

#[derive(Debug, Serialize)]
struct UploadGrant {
    upload_id: Uuid,
    presigned_url: String,
    object_key: String,
    expires_at: DateTime<Utc>,
}

async fn request(State(api): State<Api>, body: Bytes) -> Result<Json<UploadGrant>, MediaError> {
    let (user, request) = (user()?, parse::<UploadRequest>(&body)?);
    let purpose = purpose(&request.purpose)?;
    let mut new = NewUpload::new(user, purpose.as_str());
    if let Some(size) = request.size {
        new = new.size(size);
    }
    if let Some(content_type) = request.content_type {
        new = new.content_type(content_type);
    }
    let (upload, signed) = api.uploads.create_signed(new).await?;
    Ok(Json(UploadGrant {
        upload_id: upload.id,
        presigned_url: signed.url().to_string(),
        object_key: upload.content_key(),
        expires_at: signed.expires_at().into(),
    }))
}

#[derive(Debug, Deserialize)]
struct ReceivedUpload {
    purpose: String,
    /// The part to show, as `X,Y,ZOOM`. Without it, the whole cover or the center of an avatar.
    focus: Option<String>,
}

/// Stores a file that the gateway received in a form.
async fn receive(
    State(api): State<Api>,
    Query(query): Query<ReceivedUpload>,
    request: Request,
) -> Result<Json<serde_json::Value>, MediaError> {
    let mut new = NewUpload::new(user()?, purpose(&query.purpose)?.as_str());
    if let Some(focus) = query.focus {
        let focus: PictureFocus = focus
            .parse()
            .map_err(|error| MediaError::invalid(format!("{error}")))?;
        new = new.metadata(focus.to_string());
    }
    let content_type = request.headers().get(header::CONTENT_TYPE);
    if let Some(content_type) = content_type.and_then(|value| value.to_str().ok()) {
        new = new.content_type(content_type);
    }
    let content = Content::stream(request.into_body());
    let upload = api.uploads.receive(new, content).await?;
    Ok(Json(json!({ "upload_id": upload.id })))
}

#[derive(Debug, Deserialize)]
struct Completion {
    upload_id: String,
}

async fn complete(
    State(api): State<Api>,
    body: Bytes,
) -> Result<Json<serde_json::Value>, MediaError> {
    let (user, completion) = (user()?, parse::<Completion>(&body)?);
    let id = id(&completion.upload_id)?;
    let upload = api.uploads.complete(id, &user).await?;
    let status = match upload.status {
        // A message to the worker is stored.
        UploadStatus::Uploaded => "PROCESSING",
        status => name(status),
    };
    Ok(Json(json!({ "status": status })))
}

fn id(text: &str) -> Result<Uuid, MediaError> {
    Uuid::try_parse(text).map_err(|_| MediaError::invalid("invalid upload id"))
}

/// Returns the name of a status in the legacy interface.
fn name(status: UploadStatus) -> &'static str {
    match status {
        UploadStatus::Pending => "PENDING",
        UploadStatus::Uploaded => "UPLOADED",
        UploadStatus::Scanning | UploadStatus::Processing => "PROCESSING",
        UploadStatus::Ready => "READY",
        UploadStatus::Failed | UploadStatus::Expired => "FAILED",
    }
}

#[derive(Debug, Serialize)]
struct StatusView {
    id: Uuid,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    derived_urls: Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

async fn status(
    State(api): State<Api>,
    Path(text): Path<String>,
) -> Result<Json<StatusView>, MediaError> {
    let upload = api.uploads.store().find(id(&text)?).await?;
    Ok(Json(StatusView {
        id: upload.id,
        status: name(upload.status),
        derived_urls: derived_urls(&api, &upload),
        error: match upload.status {
            UploadStatus::Expired => Some("the upload was not completed in time".to_owned()),
            _ => upload.failure.map(|failure| failure.message),
        },
    }))
}

fn derived_urls(api: &Api, upload: &Upload) -> Option<BTreeMap<String, String>> {
    if upload.status != UploadStatus::Ready {
        return None;
    }
    let purpose: PicturePurpose = upload.purpose.parse().ok()?;
    let urls = purpose.sizes().map(|size| {
        let key = purpose.derived_key(upload.id, size);
        (size.to_string(), format!("{}/{key}", api.pictures))
    });
    Some(urls.into())
}
