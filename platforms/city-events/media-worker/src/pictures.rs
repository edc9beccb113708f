//! Creates the pictures of an upload.

use city_events_contract::{PictureFocus, PicturePurpose};
use seaworthy::{
    images::{Focus, ImageError, Images, Rendition},
    storage::{InvalidKey, ObjectKey, PutOptions},
    uploads::{Details, IncomingUpload, ProcessError, ProcessUpload, Upload},
};
use serde_json::json;

/// Creates the sizes of a picture.
#[derive(Debug)]
pub(crate) struct Pictures(pub(crate) Images);

impl ProcessUpload for Pictures {
    fn results(&self, upload: &Upload) -> Result<Vec<ObjectKey>, InvalidKey> {
        let Ok(purpose) = upload.purpose.parse::<PicturePurpose>() else {
            return Ok(Vec::new());
        };
        let sizes = purpose.sizes().into_iter();
        sizes
            .map(|size| ObjectKey::new(purpose.derived_key(upload.id, size)))
            .collect()
    }

    async fn process(&self, incoming: IncomingUpload<'_>) -> Result<Details, ProcessError> {
        let upload = incoming.upload();
        let purpose: PicturePurpose = upload
            .purpose
            .parse()
            .map_err(|error| ProcessError::rejected("UNKNOWN_PURPOSE", format!("{error}")))?;
        let keys = self.results(upload).map_err(ProcessError::failed)?;
        let max_size = self.0.config().max_input_size.get();
        let file = incoming.bytes(max_size).await?;
        // A picture without a focus was cropped by the client.
        let focus = upload.metadata.as_deref().map(str::parse::<PictureFocus>);
        let focus = focus
            .transpose()
            .map_err(|error| ProcessError::rejected("INVALID_FOCUS", error.to_string()))?;
        let renditions = purpose.sizes().map(|size| rendition(purpose, focus, size));
        let pictures = self.0.render(file, &renditions).await.map_err(rejection)?;
        for (key, picture) in keys.iter().zip(pictures) {
            let options = PutOptions::new("image/jpeg");
            incoming.results().put(key, picture.jpeg, &options).await?;
        }
        let keys: Vec<_> = keys.iter().map(ObjectKey::as_str).collect();
        Ok(json!({ "keys": keys }))
    }
}

fn rendition(purpose: PicturePurpose, focus: Option<PictureFocus>, size: u32) -> Rendition {
    let focus = focus.map(|focus| Focus {
        x: focus.x(),
        y: focus.y(),
        zoom: focus.zoom(),
    });
    match (purpose, focus) {
        (PicturePurpose::Avatar, focus) => Rendition::square(size).focus(focus.unwrap_or_default()),
        (PicturePurpose::EventCover, None) => Rendition::width(size),
        // The ratio of the covers that the pages crop.
        (PicturePurpose::EventCover, Some(focus)) => Rendition::fill(size, size / 2).focus(focus),
    }
}

fn rejection(error: ImageError) -> ProcessError {
    match error.is_transient() {
        true => ProcessError::failed(error),
        false => ProcessError::rejected(error.reason(), error.to_string()),
    }
}
