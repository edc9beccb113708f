use seaworthy::data::chrono::{DateTime, Utc};
use serde_json::{Map, json};
use tutoring_contract::{Json, Reply};
use tutoring_identity::caller;

use super::{HandlerResult, State};
use crate::courses::UploadRequest;

/// Signs an upload. The response has the method, the URL and the headers of the upload, and the key
/// by which further requests name the file.
pub(super) async fn sign(courses: State, Json(request): Json<UploadRequest>) -> HandlerResult {
    let (key, signed) = courses.sign_upload(caller()?, &request).await?;
    let headers: Map<_, _> = signed
        .headers()
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.as_str().into()))
        .collect();
    let data = json!({
        "key": key.to_string(),
        "method": signed.method().as_str(),
        "url": signed.url().as_str(),
        "headers": headers,
        "expiresAt": DateTime::<Utc>::from(signed.expires_at()),
        "maxSize": request.max_size(),
    });
    Reply::ok("upload the file", data)
}
