use city_events_contract::{PictureFocus, PicturePurpose};
use seaworthy::{
    axum::http::{Method, StatusCode, header},
    client::HttpResponse,
    prelude::Timeout,
};
use serde::Deserialize;
use uuid::Uuid;

use super::{Upstreams, forward_address};
use crate::caller::Caller;

/// Timeout of a call with a picture.
const PICTURE_TIMEOUT: Timeout = Timeout::from_secs(8);

/// A picture that a browser sent in a form.
#[derive(Debug)]
pub(crate) struct PictureFile {
    pub(crate) focus: PictureFocus,
    pub(crate) content_type: Option<String>,
    pub(crate) content: Vec<u8>,
}

/// The status of an upload.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum PictureStatus {
    /// A worker is creating the derived pictures.
    Processing,
    Ready,
    /// The reason, for the user.
    Failed(String),
}

/// An error of a request to the media service.
#[derive(Debug)]
pub(crate) enum PictureError {
    /// The service does not respond, or fails.
    Unavailable,
    /// The status and the reason, for the user.
    Rejected(StatusCode, String),
}

#[derive(Debug, Deserialize)]
struct Stored {
    upload_id: Uuid,
}

#[derive(Debug, Deserialize)]
struct StatusView {
    status: String,
    error: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Rejection {
    error: String,
}

impl Upstreams {
    /// Sends a cover. Returns the ID of its upload.
    pub(crate) async fn upload_cover(
        &self,
        caller: &Caller,
        file: PictureFile,
    ) -> Result<Uuid, PictureError> {
        let purpose = PicturePurpose::EventCover.as_str().to_owned();
        let mut request = self
            .media_http
            .request(Method::POST, "/media/v1/upload")
            .query(&[("purpose", purpose), ("focus", file.focus.to_string())])
            .timeout(PICTURE_TIMEOUT)
            .body(file.content);
        if let Some(authorization) = &caller.authorization {
            request = request.header(header::AUTHORIZATION, authorization.clone());
        }
        if let Some(content_type) = file.content_type {
            request = request.header(header::CONTENT_TYPE, content_type);
        }
        let answer = forward_address(request).send().await;
        let answer = accepted(answer.map_err(|_| PictureError::Unavailable)?).await?;
        let stored: Result<Stored, _> = answer.json().await;
        Ok(stored.map_err(|_| PictureError::Unavailable)?.upload_id)
    }

    /// Returns the status of an upload.
    pub(crate) async fn picture(&self, upload: Uuid) -> Result<PictureStatus, PictureError> {
        let path = format!("/media/v1/status/{upload}");
        let answer = self.media_http.request(Method::GET, &*path).send().await;
        let answer = accepted(answer.map_err(|_| PictureError::Unavailable)?).await?;
        let view: Result<StatusView, _> = answer.json().await;
        let view = view.map_err(|_| PictureError::Unavailable)?;
        Ok(match view.status.as_str() {
            "READY" => PictureStatus::Ready,
            "FAILED" => PictureStatus::Failed(view.error.unwrap_or_default()),
            _ => PictureStatus::Processing,
        })
    }
}

async fn accepted(answer: HttpResponse) -> Result<HttpResponse, PictureError> {
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    if status.is_server_error() {
        return Err(PictureError::Unavailable);
    }
    let rejection: Rejection = answer.json().await.unwrap_or_default();
    Err(PictureError::Rejected(status, rejection.error))
}
