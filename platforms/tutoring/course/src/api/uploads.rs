use tutoring_contract::{Json, Reply};
use tutoring_identity::caller;

use super::{HandlerResult, State};
use crate::courses::UploadRequest;

/// Signs an upload. The response has the method, the URL and the headers of the upload, and the key
/// by which further requests name the file.
pub(super) async fn sign(courses: State, Json(request): Json<UploadRequest>) -> HandlerResult {
    let (key, signed) = courses.sign_upload(caller()?, &request).await?;
    let mut data = signed.members();
    data.insert("key".to_owned(), key.to_string().into());
    data.insert("maxSize".to_owned(), request.max_size().into());
    Reply::ok("upload the file", data)
}
