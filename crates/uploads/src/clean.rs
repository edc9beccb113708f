//! Removes the objects of an upload.

use seaworthy_storage::ListOptions;

use crate::{Upload, UploadError, append::Stored, keys, store::Inner};

/// Removes the content and the results.
pub(crate) async fn remove_objects(store: &Inner, upload: &Upload) -> Result<(), UploadError> {
    for key in &upload.results {
        store.results.delete(key).await?;
    }
    remove_content(store, upload).await
}

/// Removes all objects that the client has sent.
pub(crate) async fn remove_content(store: &Inner, upload: &Upload) -> Result<(), UploadError> {
    if let Some(stored) = Stored::of(upload)? {
        if let Some(multipart) = stored.multipart {
            store.incoming.abort_multipart(&multipart).await?;
        }
        // One page is enough: it has more entries than an upload has pieces.
        let pieces = ListOptions::new(keys::pieces(upload.id));
        for piece in store.incoming.list(&pieces).await?.objects {
            store.incoming.delete(&piece.key).await?;
        }
    }
    store.incoming.delete(&keys::content(upload.id)?).await?;
    Ok(())
}
