//! Deletes pictures that are not in use. A repeated message has no effect. If the storage fails,
//! the message is retried, and the sweeper removes what is left.

use city_events_contract::{
    PicturePurpose,
    groups::MEDIA,
    messages::{AvatarUpdated, EventCoversRemoved},
    subscription_with_retries,
};
use seaworthy::{
    axum::body::Bytes,
    messaging::{Event, Failure, Received, Subscription, Topics},
    uploads::{UploadError, UploadStore},
};
use serde::de::DeserializeOwned;
use uuid::Uuid;

/// Returns the topics that the service consumes.
pub(crate) fn topics() -> Topics {
    Topics::from_event::<AvatarUpdated>().with::<EventCoversRemoved>()
}

pub(crate) fn subscription(store: &UploadStore) -> Subscription {
    let subscription = subscription_with_retries(MEDIA);
    let subscription = on::<AvatarUpdated>(subscription, store);
    on::<EventCoversRemoved>(subscription, store)
}

/// A message about pictures to delete.
trait Removal: Event + DeserializeOwned {
    const PURPOSE: PicturePurpose;

    fn owner(&self) -> &str;

    fn pictures(&self) -> Vec<Uuid>;
}

impl Removal for AvatarUpdated {
    const PURPOSE: PicturePurpose = PicturePurpose::Avatar;

    fn owner(&self) -> &str {
        &self.user_id
    }

    fn pictures(&self) -> Vec<Uuid> {
        let id = Uuid::try_parse(&self.old_avatar_id);
        id.into_iter().collect()
    }
}

impl Removal for EventCoversRemoved {
    const PURPOSE: PicturePurpose = PicturePurpose::EventCover;

    fn owner(&self) -> &str {
        &self.owner_id
    }

    fn pictures(&self) -> Vec<Uuid> {
        self.cover_image_ids.clone()
    }
}

fn on<M: Removal>(subscription: Subscription, store: &UploadStore) -> Subscription {
    let store = store.clone();
    subscription.on_topic(M::TYPE, move |received: Received<Bytes>| {
        let store = store.clone();
        async move {
            let message: M = serde_json::from_slice(received.event()).map_err(|_| {
                Failure::reject("the body is not valid for this topic").with_class("BAD_JSON")
            })?;
            for id in message.pictures() {
                let deleted = delete(&store, id, message.owner(), M::PURPOSE).await;
                deleted.map_err(Failure::retry)?;
            }
            Ok(())
        }
    })
}

async fn delete(
    store: &UploadStore,
    id: Uuid,
    owner: &str,
    purpose: PicturePurpose,
) -> Result<(), UploadError> {
    match store.find_for_owner(id, owner).await {
        Ok(upload) if upload.purpose == purpose.as_str() => store.delete(id).await,
        // A user may have named the picture of another user.
        Ok(_) | Err(UploadError::NotFound | UploadError::Forbidden) => Ok(()),
        Err(error) => Err(error),
    }
}
