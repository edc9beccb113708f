//! Removes the objects of an upload.

use crate::{Upload, UploadError, append::Stored, keys, store::Inner};

/// Removes the content and the results.
pub(crate) async fn remove_objects(store: &Inner, upload: &Upload) -> Result<(), UploadError> {
    for key in &upload.results {
        store.results.delete(key).await?;
    }
    remove_content(store, upload).await
}

/// Removes everything that the client has sent.
pub(crate) async fn remove_content(store: &Inner, upload: &Upload) -> Result<(), UploadError> {
    if let Some(stored) = Stored::of(upload)? {
        if let Some(multipart) = stored.multipart {
            store.incoming.abort_multipart(&multipart).await?;
        }
        store
            .incoming
            .delete(&keys::tail(upload.id, false)?)
            .await?;
        store.incoming.delete(&keys::tail(upload.id, true)?).await?;
    }
    store.incoming.delete(&keys::content(upload.id)?).await?;
    Ok(())
}
