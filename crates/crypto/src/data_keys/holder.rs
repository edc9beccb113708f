use super::{DataKeys, root::RootKey, view::View};
use crate::{
    Algorithm, CryptoError, DataKey, KeyId,
    envelope::LEGACY_ROOT,
    wrap::{WrapFuture, WrapKeys, WrappedKey},
};

/// Separates wrapped keys from values that the same key encrypts.
const PURPOSE: &[u8] = b"seaworthy key of values 1:";

impl DataKeys {
    async fn wrap_now(&self, key: &DataKey) -> Result<WrappedKey, CryptoError> {
        let view = self.fresh().await?;
        wrapped_by_active(&view, key)
    }

    async fn unwrap_now(&self, wrapped: &WrappedKey) -> Result<DataKey, CryptoError> {
        if wrapped.bytes.is_empty() && wrapped.key_id.as_str() == LEGACY_ROOT {
            let accepted = self.0.config.accept_legacy_values;
            // With two root keys, the other one is that of the legacy service.
            let root = self.0.root.legacy.last().filter(|_| accepted);
            return root
                .and_then(RootKey::data_key)
                .ok_or(CryptoError::Malformed);
        }
        let view = self.with_version(&wrapped.key_id).await?;
        let Some(open) = view.keys.get(&wrapped.key_id) else {
            return match &self.0.former {
                Some(former) => former.unwrap(wrapped).await,
                None => Err(CryptoError::UnknownKey(wrapped.key_id.to_string())),
            };
        };
        if wrapped.bytes.is_empty() {
            // The key encrypts a value of the legacy service directly.
            if !self.0.config.accept_legacy_values {
                return Err(CryptoError::Malformed);
            }
            return Ok(DataKey::new(&open.key));
        }
        DataKey::from_bytes(&open.aead.open(&wrapped.bytes, &bound(&wrapped.key_id))?)
    }

    async fn rewrap_now(&self, wrapped: &WrappedKey) -> Result<Option<WrappedKey>, CryptoError> {
        let view = self.fresh().await?;
        if view.active.as_ref() == Some(&wrapped.key_id) && !wrapped.bytes.is_empty() {
            return Ok(None);
        }
        let key = self.unwrap_now(wrapped).await?;
        wrapped_by_active(&view, &key).map(Some)
    }
}

fn wrapped_by_active(view: &View, key: &DataKey) -> Result<WrappedKey, CryptoError> {
    let active = view.active.clone();
    let active = active.ok_or(CryptoError::NoActiveKey)?;
    let open = view.keys.get(&active).ok_or(CryptoError::NoActiveKey)?;
    let bytes = open.aead.seal(key.expose().expose(), &bound(&active))?;
    Ok(WrappedKey {
        key_id: active,
        bytes: bytes.into(),
    })
}

fn bound(version: &KeyId) -> Vec<u8> {
    [PURPOSE, version.as_str().as_bytes()].concat()
}

impl WrapKeys for DataKeys {
    fn wrap<'a>(&'a self, key: &'a DataKey) -> WrapFuture<'a, WrappedKey> {
        Box::pin(self.wrap_now(key))
    }

    fn unwrap<'a>(&'a self, wrapped: &'a WrappedKey) -> WrapFuture<'a, DataKey> {
        Box::pin(self.unwrap_now(wrapped))
    }

    fn rewrap<'a>(&'a self, wrapped: &'a WrappedKey) -> WrapFuture<'a, Option<WrappedKey>> {
        Box::pin(self.rewrap_now(wrapped))
    }

    fn rotate(&self) -> WrapFuture<'_, ()> {
        Box::pin(async move { Self::rotate(self).await.map(drop) })
    }

    fn algorithm(&self) -> Algorithm {
        self.0.config.algorithm
    }

    fn is_current(&self, wrapped: &WrappedKey) -> bool {
        let view = self.view();
        view.active.as_ref() == Some(&wrapped.key_id)
            && view.is_younger_than(self.0.config.refresh_interval.get())
    }
}
