//! Deletes the previous picture of a user.

use city_events_contract::{PicturePurpose, messages::AvatarUpdated, subscription_with_retries};
use seaworthy::{
    axum::body::Bytes,
    messaging::{Event as _, Failure, Received, Subscription, Topics},
    uploads::{UploadError, UploadStore},
};
use uuid::Uuid;

/// The consumer group.
const GROUP: &str = "city-events.media";

/// Returns the topics that the service consumes.
pub(crate) fn topics() -> Topics {
    Topics::of::<AvatarUpdated>()
}

/// Returns the subscription. A repeated message has no effect.
pub(crate) fn subscription(store: &UploadStore) -> Subscription {
    let store = store.clone();
    let handle = move |received: Received<Bytes>| {
        let store = store.clone();
        async move {
            let event: AvatarUpdated = serde_json::from_slice(received.event()).map_err(|_| {
                Failure::reject("the body is not valid for this topic").with_class("BAD_JSON")
            })?;
            delete_previous(&store, &event)
                .await
                .map_err(Failure::retry)
        }
    };
    subscription_with_retries(GROUP).on_topic(AvatarUpdated::TYPE, handle)
}

async fn delete_previous(store: &UploadStore, event: &AvatarUpdated) -> Result<(), UploadError> {
    let Ok(id) = Uuid::try_parse(&event.old_avatar_id) else {
        return Ok(());
    };
    match store.find_of(id, &event.user_id).await {
        Ok(upload) if upload.purpose == PicturePurpose::Avatar.as_str() => store.delete(id).await,
        // A user may have named the picture of another user.
        Ok(_) | Err(UploadError::NotFound | UploadError::Forbidden) => Ok(()),
        Err(error) => Err(error),
    }
}
