//! Serves derived pictures.

use city_events_contract::PicturePurpose;
use seaworthy::{
    axum::{
        body::Body,
        http::{HeaderValue, StatusCode, header},
        response::{IntoResponse as _, Response},
        routing::get,
    },
    prelude::*,
    storage::{ObjectKey, Storage, StorageError},
};
use uuid::Uuid;

/// Caches keep a picture for one day. It never changes, and a deleted one disappears after a day.
const CACHE_CONTROL: HeaderValue = HeaderValue::from_static("public, max-age=86400");

/// Returns the route of pictures.
pub(crate) fn routes(public: Storage) -> Routes {
    let serve = move |Path((purpose, file)): Path<(String, String)>| {
        let public = public.clone();
        async move { picture(&public, &purpose, &file).await }
    };
    let options = RouteOptions::new().access(Access::Public);
    Routes::new().route_with("/derived/{purpose}/{file}", get(serve), options)
}

/// Returns the key of a picture, if a worker can have created it.
fn key_of(purpose: &str, file: &str) -> Option<ObjectKey> {
    let purpose: PicturePurpose = purpose.parse().ok()?;
    let (id, size) = file.strip_suffix(".jpg")?.split_once('_')?;
    let (id, size) = (Uuid::try_parse(id).ok()?, size.parse().ok()?);
    let is_known = purpose.sizes().contains(&size);
    is_known.then(|| ObjectKey::new(purpose.derived_key(id, size)).ok())?
}

async fn picture(public: &Storage, purpose: &str, file: &str) -> Result<Response, Error> {
    let not_found = || StatusCode::NOT_FOUND.into_response();
    let Some(key) = key_of(purpose, file) else {
        return Ok(not_found());
    };
    let object = match public.get(&key).await {
        Err(StorageError::NotFound(_)) => return Ok(not_found()),
        object => object?,
    };
    let mut response = Response::new(Body::new(object.into_body()));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("image/jpeg"));
    headers.insert(header::CACHE_CONTROL, CACHE_CONTROL);
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_keys_of_derived_pictures_are_served_file_1() {
        let id = "6ba7b810-9dad-41d1-80b4-00c04fd430c8";
        let key = |purpose: &str, file: &str| key_of(purpose, file).map(|key| key.to_string());
        assert_eq!(
            key("avatar", &format!("{id}_512.jpg")).unwrap(),
            format!("derived/avatar/{id}_512.jpg")
        );
        for (purpose, file) in [
            ("avatar", format!("{id}_800.jpg")),
            ("avatar", format!("{id}_512.png")),
            ("avatar", format!("../{id}_512.jpg")),
            ("..", format!("{id}_512.jpg")),
            ("raw", format!("{id}.bin")),
            ("event_cover", "x_800.jpg".to_owned()),
        ] {
            assert_eq!(key(purpose, &file), None, "{purpose} {file}");
        }
    }
}
